"""Where the counts of a live process go: Prometheus, OpenTelemetry, or the log."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flake8_redis_ssot.census.census import Census
from flake8_redis_ssot.census.metrics import METRICS, Metric, line

if TYPE_CHECKING:
    from logging import Logger

    from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
    from prometheus_client import CollectorRegistry, Counter, Gauge
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.metrics_core import Metric as Family

_PREFIX = "redis_census_"


class Prometheus:
    """A collector, which is asked whenever Prometheus scrapes."""

    def __init__(self, census: Census, root: str, registry: CollectorRegistry) -> None:
        self._census = census
        self._root = root
        self._registry = registry
        registry.register(self)

    def collect(self) -> Iterator[Family]:
        counts = self._census.counts()
        for metric, family in zip(METRICS, self.describe(), strict=True):
            for labels, value in metric.values(counts, self._root):
                family.add_metric([*labels.values()], value)
            yield family

    def describe(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        """The names alone, so that the registry refuses a second collector."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        return [
            (CounterMetricFamily if metric.is_counter else GaugeMetricFamily)(
                _PREFIX + metric.name, metric.help, labels=metric.labels
            )
            for metric in METRICS
        ]

    def close(self) -> None:
        self._registry.unregister(self)


class PrometheusFiles:
    """For prometheus_client's multiprocess mode, in which no collector is asked: values are written now and then."""

    def __init__(self, census: Census, root: str, registry: CollectorRegistry, interval: float) -> None:
        from prometheus_client import Counter, Gauge

        self._census = census
        self._root = root
        self._registry = registry
        self._counters = {
            metric.name: Counter(_PREFIX + metric.name, metric.help, metric.labels, registry=registry)
            for metric in METRICS
            if metric.is_counter
        }
        self._gauges = {
            metric.name: Gauge(
                _PREFIX + metric.name,
                metric.help,
                metric.labels,
                registry=registry,
                multiprocess_mode="livesum",
            )
            for metric in METRICS
            if not metric.is_counter
        }
        self._told: dict[tuple[str, ...], int] = {}
        self._ticker = Ticker(interval, self.write)

    def write(self) -> None:
        counts = self._census.counts()
        for metric in METRICS:
            for labels, value in metric.values(counts, self._root):
                if metric.is_counter:
                    self._count(metric.name, self._counters[metric.name], [*labels.values()], value)
                else:
                    self._gauges[metric.name].labels(*labels.values()).set(value)

    def _count(self, name: str, counter: Counter, labels: list[str], value: int) -> None:
        """Add what is new; a forked process begins at nothing."""
        key = (str(os.getpid()), name, *labels)
        counter.labels(*labels).inc(value - self._told.get(key, 0))
        self._told[key] = value

    def close(self) -> None:
        self._ticker.stop()
        self.write()
        families: list[Counter | Gauge] = [*self._counters.values(), *self._gauges.values()]
        for family in families:
            self._registry.unregister(family)


class OpenTelemetry:
    """Observable instruments, which the SDK asks whenever it exports."""

    def __init__(self, census: Census, root: str, provider: MeterProvider | None) -> None:
        from opentelemetry.metrics import get_meter

        self._census: Census | None = census
        self._root = root
        meter = get_meter("flake8_redis_ssot.census", meter_provider=provider)
        for metric in METRICS:
            make: Callable[..., Any] = (
                meter.create_observable_counter if metric.is_counter else meter.create_observable_gauge
            )
            name = f"redis.census.{metric.name}"
            make(name, callbacks=[self._callback(metric)], description=metric.help)

    def _callback(self, metric: Metric) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            from opentelemetry.metrics import Observation

            if self._census is not None:
                for labels, value in metric.values(self._census.counts(), self._root):
                    yield Observation(value, dict(labels))

        return observe

    def close(self) -> None:
        """An instrument cannot be taken back: it is silent from now on."""
        self._census = None


class Log:
    """One line now and then."""

    def __init__(self, census: Census, root: str, logger: Logger | None, interval: float) -> None:
        from logging import getLogger

        self._census = census
        self._root = root
        self._logger = logger or getLogger("flake8_redis_ssot.census")
        self._ticker = Ticker(interval, self.write)

    def write(self) -> None:
        self._logger.info("%s", line(self._census.counts(), self._root))

    def close(self) -> None:
        self._ticker.stop()
        self.write()


class Ticker:
    """Calls something every so many seconds, in a thread that keeps no process alive; in forked processes too."""

    def __init__(self, interval: float, call: Callable[[], None]) -> None:
        self._interval = interval
        self._call = call
        self._is_over = False
        self._start()
        if hasattr(os, "register_at_fork"):
            mine = weakref.ref(self)
            os.register_at_fork(after_in_child=lambda: _restart(mine()))

    def _start(self) -> None:
        self._stopped = threading.Event()
        threading.Thread(target=self._run, args=(self._stopped,), name="redis-census", daemon=True).start()

    def _run(self, stopped: threading.Event) -> None:
        while not stopped.wait(self._interval):
            self._call()

    def stop(self) -> None:
        self._is_over = True
        self._stopped.set()

    def restart(self) -> None:
        """Go on in a forked process, which has no thread but one."""
        if not self._is_over:
            self._start()


def _restart(ticker: Ticker | None) -> None:
    if ticker is not None:
        ticker.restart()

"""A census of a live process, as on staging: it is on only while somebody asks for it."""

from __future__ import annotations

import os
from collections.abc import Collection
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, Protocol

from flake8_redis_ssot.census.census import Census, start, stop
from flake8_redis_ssot.census.counts import Counts

if TYPE_CHECKING:
    from logging import Logger
    from types import TracebackType

    from opentelemetry.metrics import MeterProvider
    from prometheus_client import CollectorRegistry

Exporter = Literal["prometheus", "opentelemetry", "log"]
_LIBRARIES: dict[Exporter, str] = {
    "prometheus": "prometheus_client",
    "opentelemetry": "opentelemetry.metrics",
}


class _Closing(Protocol):
    def close(self) -> None: ...


class Live:
    """A census that exports its counts; `uninstall` ends it and puts everything back."""

    def __init__(self, census: Census, exporters: dict[Exporter, _Closing]) -> None:
        self._census: Census | None = census
        self._exporters = exporters
        self._last = Counts()

    @property
    def exporters(self) -> tuple[Exporter, ...]:
        """Where the counts go."""
        return tuple(self._exporters)

    def counts(self) -> Counts:
        """The counts as they are now, or were when it ended."""
        return self._census.counts() if self._census is not None else self._last

    def uninstall(self) -> None:
        """Twice is once."""
        if self._census is not None:
            for exporter in self._exporters.values():
                exporter.close()
            self._last = self._census.counts()
            self._census.is_exported = False
            stop(self._census)
            self._census = None

    def __enter__(self) -> Live:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.uninstall()


def install(
    exporters: Collection[Exporter] | None = None,
    *,
    packages: Collection[str] = (),
    root: str | None = None,
    registry: CollectorRegistry | None = None,
    meter_provider: MeterProvider | None = None,
    logger: Logger | None = None,
    interval: float = 60.0,
) -> Live:
    """Count the Redis clients, pools and connections of this process, and export the counts.

    Without `exporters` they go to prometheus_client and OpenTelemetry, as far as these are installed, and to the log
    where neither is. The `packages` are this project's own, where it is installed into site-packages; paths are
    relative to `root`, the working directory unless it is given. `registry` and `meter_provider` are the global
    ones by default. The log has a line every `interval` seconds.
    """
    folder = os.path.abspath(root or os.getcwd())
    chosen = (
        [*exporters]
        if exporters is not None
        else [n for n, module in _LIBRARIES.items() if _is_there(module)]
    )
    unknown = {*chosen} - {*_LIBRARIES, "log"}
    if unknown:
        raise ValueError(
            f"no exporter is called {min(unknown)!r}; there are prometheus, opentelemetry and log"
        )
    census = start(packages=packages)
    if census.is_exported:  # each exporter would export all
        stop(census)
        raise RuntimeError("the census is on already; call `uninstall()` of what `install()` gave first")
    made: dict[Exporter, _Closing] = {}
    try:
        for name in chosen or ["log"]:
            made[name] = _exporter(name, census, folder, registry, meter_provider, logger, interval)
    except BaseException:
        for exporter in made.values():
            exporter.close()
        stop(census)
        raise
    census.is_exported = True
    return Live(census, made)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:  # its package is not there
        return False


def _exporter(
    name: Exporter,
    census: Census,
    root: str,
    registry: CollectorRegistry | None,
    meter_provider: MeterProvider | None,
    logger: Logger | None,
    interval: float,
) -> _Closing:
    from flake8_redis_ssot.census.exporters import Log, OpenTelemetry, Prometheus, PrometheusFiles

    match name:
        case "prometheus":
            from prometheus_client import REGISTRY

            if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
                return PrometheusFiles(census, root, registry or REGISTRY, min(interval, 15.0))
            return Prometheus(census, root, registry or REGISTRY)
        case "opentelemetry":
            return OpenTelemetry(census, root, meter_provider)
        case "log":
            return Log(census, root, logger, interval)

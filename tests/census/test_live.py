"""The census of a live process: what it exports, and that it is gone when nobody wants it."""

from __future__ import annotations

import json
import logging
import math
import os
import re
import shutil
import subprocess
import sys
import textwrap
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from flake8_redis_ssot.census import Live, install, live
from flake8_redis_ssot.census.census import running
from flake8_redis_ssot.census.metrics import METRICS

from .conftest import free_port, until

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "docs/census/dashboard.json").read_text())


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def answers(url: str) -> bool:
    try:
        return bool(fetched(url))
    except OSError:
        return False


@pytest.fixture(scope="module")
def port(address: str) -> Iterator[int]:
    """Where a program with 76 clients serves its metrics."""
    port = free_port()
    program = Path(__file__).parent / "live_app.py"
    process = subprocess.Popen([sys.executable, str(program), address, str(port)], stdin=subprocess.PIPE)
    try:
        until(lambda: answers(f"http://localhost:{port}/metrics"))
        yield port
    finally:
        process.communicate(timeout=20)


def samples(text: str) -> dict[str, dict[str, float]]:
    """The values of each metric, by the place."""
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name.startswith("redis_census_"):
                found.setdefault(sample.name, {})[sample.labels["site"]] = sample.value
    return found


def test_scraped_from_a_process_with_76_clients(port: int) -> None:
    url = f"http://localhost:{port}/metrics"
    until(lambda: sum(samples(fetched(url)).get("redis_census_pool_waiters", {}).values()) == 3)
    until(lambda: samples(fetched(url)).get("redis_census_second_loops_total"))
    found = samples(fetched(url))
    modules = {f"module_{number}.py:3" for number in range(76)}
    for name in ("clients", "pools", "connections"):
        values = found[f"redis_census_{name}"]
        assert {site: value for site, value in values.items() if site.startswith("module_")} == dict.fromkeys(
            modules, 1
        )
    program = str(Path(__file__).parent / "live_app.py")
    assert sum(found["redis_census_connections_in_use"].values()) >= 2
    assert all(site.startswith(program) for site in found["redis_census_blocking_commands_total"])
    assert sum(found["redis_census_blocking_commands_total"].values()) > 0
    assert {f"redis_census_{m.name}{'_total' * m.is_counter}" for m in METRICS} == {*found}


@pytest.fixture(scope="module")
def prometheus(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that scrapes the program every second."""
    program = shutil.which("prometheus")
    if program is None:
        message = "this test needs Prometheus: `apt install prometheus`"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    folder = tmp_path_factory.mktemp("prometheus")
    settings = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "chat", "static_configs": [{"targets": [f"localhost:{port}"]}]}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(settings))
    own = f"localhost:{free_port()}"
    options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([program, *options, f"--web.listen-address={own}"], stdout=log, stderr=log)
    try:
        until(lambda: answers(f"http://{own}/-/ready"))
        yield f"http://{own}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def queries() -> dict[str, str]:
    return {
        f"{panel['title']} {t['refId']}": t["expr"] for panel in DASHBOARD["panels"] for t in panel["targets"]
    }


def evaluated(prometheus: str, query: str) -> list[dict[str, Any]]:
    """What Prometheus answers, with Grafana's variables filled in."""
    filled = query.replace("$job", ".*").replace("$__rate_interval", "4s")
    answer = json.loads(fetched(f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': filled})}"))
    assert answer["status"] == "success", answer
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


@pytest.mark.parametrize("name", queries())
def test_every_query_of_the_dashboard_has_a_value(prometheus: str, name: str) -> None:
    query = queries()[name]
    until(lambda: any(float(one["value"][1]) > 0 for one in evaluated(prometheus, query)))
    for one in evaluated(prometheus, query):
        assert math.isfinite(float(one["value"][1]))


def test_dashboard_shows_every_metric_and_no_other() -> None:
    named = {
        name
        for query in queries().values()
        for name in re.findall(r"redis_census_(\w+?)(?:_total)?\{", query)
    }
    assert named == {metric.name for metric in METRICS}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_it_is_never_on_unless_called() -> None:
    script = "import redis, flake8_redis_ssot.census.live as live; from flake8_redis_ssot.census.census import running; print(running())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"


def test_uninstall_leaves_nothing() -> None:
    registry = CollectorRegistry()
    before = redis.Redis.__init__
    installed = install(["prometheus"], registry=registry)
    client = redis.Redis()
    assert registry.get_sample_value("redis_census_pools", labels_of(__file__, installed)) == 1
    installed.uninstall()
    installed.uninstall()
    assert redis.Redis.__init__ is before
    assert [*registry.collect()] == []
    assert running() is None
    assert installed.counts().total("pools").ever == 1
    assert client is not None


def labels_of(file: str, installed: Live) -> dict[str, str]:
    ((origin, _),) = installed.counts().origins.items()
    place = f"{os.path.relpath(file)}:{origin.site.line}"
    return {"site": place, "function": origin.site.function, "library": "redis", "via": ""}


def test_opentelemetry(address: str) -> None:
    reader = InMemoryMetricReader()
    with install(["opentelemetry"], meter_provider=MeterProvider([reader]), root=str(Path(__file__).parent)):
        client = redis.Redis.from_url(address)
        client.ping()
        data = reader.get_metrics_data()
        assert data is not None
        metrics = {
            metric.name: [(dict(point.attributes), point.value) for point in metric.data.data_points]
            for metric in data.resource_metrics[0].scope_metrics[0].metrics
        }
    ((labels, value),) = metrics["redis.census.connections"]
    assert value == 1
    assert re.fullmatch(r"test_live\.py:\d+", labels["site"])
    assert (labels["function"], labels["library"]) == ("test_opentelemetry", "redis")
    assert metrics["redis.census.pools_built"][0][1] == 1
    left = reader.get_metrics_data()
    assert left is None or not left.resource_metrics


def test_log_where_nothing_else_is_installed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "find_spec", lambda _: None)
    caplog.set_level(logging.INFO)
    with install(interval=0.05) as installed:
        assert installed.exporters == ("log",)
        client = redis.Redis()
        until(lambda: "clients=1 pools=1 connections=0" in caplog.text)
    assert re.search(r"most pools: \S*test_live\.py:\d+ \(1\)", caplog.text)
    assert client is not None


def test_both_where_both_are_installed() -> None:
    with install(registry=CollectorRegistry()) as installed:
        assert installed.exporters == ("prometheus", "opentelemetry")


def test_unknown_exporter() -> None:
    with pytest.raises(ValueError, match="no exporter is called 'statsd'; there are prometheus"):
        install(["statsd"])  # type: ignore[list-item]
    assert running() is None


def test_a_process_has_one_census() -> None:
    registry = CollectorRegistry()
    with install(["prometheus"], registry=registry) as installed:
        with pytest.raises(RuntimeError, match=r"the census is on already; call `uninstall\(\)`"):
            install(["log"])
        client = redis.Redis()
        assert registry.get_sample_value("redis_census_pools", labels_of(__file__, installed)) == 1
    assert running() is None
    assert client is not None


def test_prometheus_in_many_processes(tmp_path: Path) -> None:
    """In multiprocess mode no collector is asked: each process writes its values, and they are added up."""
    script = """
        import os, struct, sys, time
        from prometheus_client import CollectorRegistry, generate_latest, multiprocess
        from flake8_redis_ssot.census import install
        import redis
        installed = install(["prometheus"], interval=0.05)
        shared = redis.Redis()
        children = []
        for number in range(2):
            child = os.fork()
            if not child:
                mine = redis.Redis()
                time.sleep(1)
                os._exit(0)
            children.append(child)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        deadline, text = time.monotonic() + 20, ""
        while time.monotonic() < deadline:
            try:
                text = generate_latest(registry).decode()
            except struct.error:  # a child has made its file and not written to it yet
                continue
            lines = text.splitlines()
            sums = [float(l.split()[-1]) for l in lines if l.startswith("redis_census_pools{")]
            built = [float(l.split()[-1]) for l in lines if l.startswith("redis_census_pools_built_total{")]
            if sorted(sums) == [2, 3] and sorted(built) == [1, 2]:  # a child writes one after the other
                break
            time.sleep(0.05)
        print(sorted(sums), sorted(built))
        for child in children:
            os.waitpid(child, 0)
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "[2.0, 3.0] [1.0, 2.0]\n", done.stderr

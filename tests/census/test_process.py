"""What a census does to its process: it can come at any time, goes without a trace, and follows children."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
import redis
import redis.asyncio

import flake8_redis_ssot.census
from flake8_redis_ssot.census.census import Census, running, start, stop
from flake8_redis_ssot.census.counts import Counts
from flake8_redis_ssot.census.journal import ask_children, read


def script(text: str, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """What a Python process of its own prints."""
    command = [sys.executable, "-c", textwrap.dedent(text), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("first", ["import redis, redis.asyncio", ""])
def test_library_imported_before_or_after(first: str, address: str) -> None:
    found = script(
        f"""
        {first}
        import sys
        from flake8_redis_ssot.census.census import start
        census = start()
        import redis, redis.asyncio
        redis.Redis.from_url(sys.argv[1]).ping()
        redis.asyncio.Redis()
        print(census.counts().total("clients").ever, census.counts().total("connections").ever)
        """,
        address,
    )
    assert found == "2 1\n"


def test_importing_it_loads_neither_the_linter_nor_asyncio() -> None:
    loaded = script(
        """
        import sys
        from flake8_redis_ssot.census.census import start
        start()
        print(*sorted(sys.modules))
        """
    ).split()
    ours = {name for name in loaded if name.startswith("flake8_redis_ssot")}
    assert {name for name in ours if not name.startswith("flake8_redis_ssot.census")} == {"flake8_redis_ssot"}
    assert not {"asyncio", "json", "logging", "redis"} & {*loaded}


CENSUS = str(Path(flake8_redis_ssot.census.__file__).parent)
REPLACED = [
    (redis.Redis, "__init__"),
    (redis.ConnectionPool, "__init__"),
    (redis.connection.AbstractConnection, "send_packed_command"),
    (redis.connection.UnixDomainSocketConnection, "_connect"),
    (redis.asyncio.Connection, "_connect"),
    (redis.asyncio.connection.AbstractConnection, "disconnect"),
]


def test_all_is_put_back() -> None:
    before = [vars(owner)[name] for owner, name in REPLACED]
    path = [*sys.meta_path]
    first, second = start(), start()
    assert first is second is running()
    assert all(vars(owner)[name] is not old for (owner, name), old in zip(REPLACED, before, strict=True))
    stop(first)
    assert running() is first
    stop(second)
    assert [vars(owner)[name] for owner, name in REPLACED] == before
    assert sys.meta_path == path
    assert running() is None


def test_what_another_tool_put_on_top_stays(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(redis.Redis, "__init__", redis.Redis.__init__)  # to be put back
    census = start()
    ours = redis.Redis.__init__
    calls = []

    def theirs(self: redis.Redis, *args: object, **kwargs: object) -> None:
        calls.append(1)
        ours(self, *args, **kwargs)

    redis.Redis.__init__ = theirs
    stop(census)
    redis.Redis.from_url(address).ping()
    assert redis.Redis.__init__ is theirs
    assert calls == [1]
    assert not census.counts().origins


def test_methods_keep_their_signature_and_kind(census: Census) -> None:
    import inspect

    assert "connection_pool" in inspect.signature(redis.Redis).parameters
    connection = redis.asyncio.connection.AbstractConnection
    assert inspect.iscoroutinefunction(connection.disconnect)
    if sys.version_info >= (3, 12):
        assert inspect.iscoroutinefunction(connection.connect)
    else:
        import asyncio

        assert asyncio.iscoroutinefunction(connection.connect)


def test_error_while_connecting_is_the_users_own(census: Census) -> None:
    with pytest.raises(redis.ConnectionError, match="Connection refused"):
        redis.Redis(port=1, retry=None).ping()


def journals(folder: Path) -> dict[str, Counts]:
    """The counts of each process, by its name without the number."""
    return {counts.processes[0].partition("(")[2].strip(")"): counts for counts in read(str(folder))}


def asking(folder: Path) -> dict[str, str]:
    environment = dict(os.environ)
    ask_children(str(folder), [], {}, environment)
    return environment


CHILD = """
import os, sys, redis
client = redis.Redis.from_url(sys.argv[1])
client.ping()
os._exit(0)
"""


def test_child_process_writes_a_journal(tmp_path: Path, address: str) -> None:
    program = tmp_path / "child.py"
    program.write_text(CHILD)
    subprocess.run([sys.executable, str(program), address], env=asking(tmp_path), check=True)
    (counts,) = read(str(tmp_path))
    ((origin, here),) = counts.origins.items()
    assert (origin.site.file, origin.site.line) == (str(program), 3)
    assert (here.pools.ever, here.connections.now) == (1, 1)
    assert "child.py" in counts.processes[0]


def test_forked_process_writes_a_journal_of_its_own(tmp_path: Path, address: str) -> None:
    script(
        """
        import os, sys, redis
        client = redis.Redis.from_url(sys.argv[1])
        client.ping()
        child = os.fork()
        client.ping()
        if not child:
            redis.Redis.from_url(sys.argv[1]).ping()
            os._exit(0)
        os.waitpid(child, 0)
        """,
        address,
        environment=asking(tmp_path),
    )
    both = [(c.total("pools").ever, c.total("connections").ever) for c in read(str(tmp_path))]
    assert sorted(both) == [(1, 1), (1, 2)]


def test_process_without_redis_writes_nothing(tmp_path: Path) -> None:
    script("print()", environment=asking(tmp_path))
    assert not [*tmp_path.iterdir()]


def test_sitecustomize_of_the_user_still_runs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.marked = __file__\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ask_children(str(tmp_path), [], {}, environment)
    found = script(
        """
        import sys, sitecustomize
        from flake8_redis_ssot.census.census import running
        print(running() is not None, sys.marked == sitecustomize.__file__)
        """,
        environment=environment,
    )
    assert found == "True True\n"


def test_child_of_an_environment_without_the_package(tmp_path: Path) -> None:
    environment = asking(tmp_path)
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import site; site.execsitecustomize(); print(1)"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_limits_hold_in_child_processes(tmp_path: Path) -> None:
    """What is garbage does not count against them there either."""
    environment = dict(os.environ)
    ask_children(str(tmp_path), [], {"pools": 2}, environment)
    script("import redis\nfor _ in range(9):\n    redis.Redis()\n", environment=environment)
    (counts,) = read(str(tmp_path))
    assert (counts.pools.count, counts.total("pools").ever) == (2, 9)


def test_journal_that_two_threads_begin(tmp_path: Path) -> None:
    event = json.dumps(["Built", "pool", 1, [["a.py", 1, "f"], "redis", ""], 10])
    (tmp_path / "1.jsonl").write_text(f'{event}\n"process 1"\n"process 1"\n')
    (counts,) = read(str(tmp_path))
    assert (counts.processes, counts.total("pools").ever) == (["process 1"], 1)


def test_journal_that_is_cut_off(tmp_path: Path) -> None:
    event = ["Built", "pool", 1, [["a.py", 1, "f"], "redis", ""], 10]
    whole = f"{json.dumps('process 1')}\n{json.dumps(event)}\n"
    (tmp_path / "1.jsonl").write_text(whole + '["Built", "po')
    (tmp_path / "2.jsonl").write_text("")
    (counts,) = read(str(tmp_path))
    assert counts.total("pools").ever == 1


def test_what_cannot_be_counted_harms_nobody(
    census: Census, address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("flake8_redis_ssot.census.sites.Code.origin", lambda *_: 1 / 0)
    assert redis.Redis.from_url(address).ping()
    assert "could not be counted" in caplog.text


def test_client_library_that_lies_beside_the_code(tmp_path: Path, address: str) -> None:
    """As where an archive holds an application with all that it needs."""
    (tmp_path / "redis").symlink_to(Path(redis.__file__).parent)
    found = script(
        """
        import sys
        sys.path.insert(0, sys.argv[2])
        from flake8_redis_ssot.census.census import start
        census = start()
        import redis
        redis.BlockingConnectionPool.from_url(sys.argv[1]).get_connection()
        print(*{origin.site.file for origin in census.counts().origins}, redis.__file__)
        """,
        address,
        str(tmp_path),
    )
    assert found == f"<string> {tmp_path}/redis/__init__.py\n"


def calls(work: Callable[[], object]) -> int:
    """How many calls of functions it takes within the census, and of those in C from there."""
    made = 0

    def count(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call") and frame.f_code.co_filename.startswith(CENSUS)

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_a_command_costs_one_call_and_one_look_more(address: str, kind: str) -> None:
    loop = asyncio.new_event_loop()
    blocking, client = redis.Redis.from_url(address), redis.asyncio.Redis.from_url(address)

    def work() -> None:
        for _ in range(20):
            if kind == "blocking":
                blocking.get("key")
            else:
                loop.run_until_complete(client.get("key"))

    census = start()
    work()
    counted = calls(work)
    stop(census)
    loop.run_until_complete(client.aclose())
    blocking.close()
    loop.close()
    assert counted == 20 * 2

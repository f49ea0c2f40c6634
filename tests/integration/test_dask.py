"""`check --executor dask` says, byte for byte, what a run on this machine says."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import EXAMPLE, FIXTURES, Command
from dask_cluster import Cluster, cluster_in
from repository import commit, git

from flake8_redis_ssot import stamps
from flake8_redis_ssot.cli import cluster as cli
from flake8_redis_ssot.lint import remote
from flake8_redis_ssot.output import FORMATS

SETTINGS = '[tool.redis-ssot]\nmanager = "app.redis_manager"\nforbidden-managers = ["app.old_manager"]\n'
MANAGER = (
    "import redis\n\n\nclass RedisManager:\n    def __init__(self):\n        self.client = redis.Redis()\n"
)
USER = "import redis\n\nfrom app.store{n} import Store\nfrom app.old_manager import old\n\nclient = redis.Redis(db={n})\n"
STORE = "class Store:\n    pass\n"
DIES = """
work = remote.work
calls = []


def dying(setup, task):
    calls.append(task)
    if len(calls) == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    return work(setup, task)


remote.work = dying
"""
IS_DEADLY = "remote.work = lambda setup, task: os.kill(os.getpid(), signal.SIGKILL)\n"


StartCluster = Callable[..., Cluster]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster for all tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("away")
    with cluster_in(folder, [FIXTURES, EXAMPLE, folder.parent / "test_"]) as found:
        yield found


@pytest.fixture
def start_cluster(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartCluster]:
    """Starts a cluster of which something is to break; each of its workers runs some Python when it starts."""
    with ExitStack() as stack:

        def start(*workers: str, **settings: str) -> Cluster:
            folder = tmp_path_factory.mktemp("away")
            return stack.enter_context(cluster_in(folder, [tmp_path], workers=workers, settings=settings))

        yield start


@pytest.fixture
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_FIRST", 2_000)
    monkeypatch.setattr(remote, "_LEAST", 2_000)
    monkeypatch.setattr(remote, "_MOST", 2_000)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose files ask for others by and by."""
    app = tmp_path / "app"
    app.mkdir()
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (app / "redis_manager.py").write_text(MANAGER + "\n\nredis_manager = RedisManager()\n")
    (app / "old_manager.py").write_text("from app.redis_manager import redis_manager as old\n")
    for number in range(120):
        (app / f"user{number}.py").write_text(USER.format(n=number))
        (app / f"store{number}.py").write_text(STORE)
    return tmp_path


@pytest.fixture
def local(run: Command, project: Path) -> str:
    """What a run on this machine says."""
    done = run("check", "--no-cache", "--output-format", "json", cwd=project)
    assert done.returncode == 1, done.stderr
    return done.stdout


def all_formats(folder: Path) -> list[str]:
    return [
        part for name in FORMATS for part in ("--output-format", name, "--output-file", str(folder / name))
    ]


@pytest.mark.parametrize("tree", [FIXTURES, EXAMPLE], ids=["fixtures", "example"])
def test_every_format_has_the_same_bytes(
    run: Command, cluster: Cluster, tmp_path: Path, tree: Path, small_tasks: None
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    arguments = ("check", "--no-cache", "--extend-select", "RED", "--today", "2026-11-26")
    one = run(*arguments, *all_formats(here), cwd=tree)
    other = run(*arguments, *all_formats(there), *cluster.options, cwd=tree)
    assert (other.returncode, other.stderr) == (one.returncode, one.stderr)
    assert one.returncode == 1
    for name in FORMATS:
        assert (there / name).read_bytes() == (here / name).read_bytes(), name
    assert not cluster.tried.exists(), cluster.tried.read_text()


@pytest.mark.parametrize("option", ["--no-project", "--parse-all", "--ignore-noqa"])
def test_options_hold_for_the_workers_too(run: Command, cluster: Cluster, option: str) -> None:
    arguments = ("check", "--no-cache", "--output-format", "json", option)
    one = run(*arguments, cwd=EXAMPLE)
    other = run(*arguments, *cluster.options, cwd=EXAMPLE)
    assert (other.returncode, other.stdout, other.stderr) == (one.returncode, one.stdout, one.stderr)


def test_a_file_that_concerns_no_rule_stays_here(
    run: Command, cluster: Cluster, project: Path, local: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    submit = remote._Run._submit
    monkeypatch.setattr(
        remote._Run, "_submit", lambda self, sources: (sent.extend(sources), submit(self, sources))
    )
    done = run("check", "--no-cache", "--output-format", "json", *cluster.options, cwd=project)
    assert done.stdout == local
    assert sent
    assert not any("store" in Path(path).name for path in sent)


def test_what_a_worker_asks_for_is_sent_to_it(
    run: Command, cluster: Cluster, project: Path, small_tasks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # what is handed on there is known only from the module itself, which the first file does not ask for
    for number in range(100, 103):
        (project / "app" / f"user{number}.py").write_text(
            f"import redis\n\nfrom app.redis_manager import thing{number}\n\nx = redis.Redis(db={number})\n"
        )
    (project / "lib").mkdir()
    (project / "lib" / "clients.py").write_text("import redis\n")
    (project / "app" / "zlast.py").write_text(
        "import redis\nfrom lib.clients import redis as r\n\nr.Redis()\n"
    )
    one = run("check", "--no-cache", "--output-format", "json", cwd=project)
    questions: set[str] = set()
    take = remote._Run._take

    def taking(self, future, task):  # type: ignore[no-untyped-def]
        questions.update(path for _, path in remote.unpacked(future.result()).questions.values())
        take(self, future, task)

    monkeypatch.setattr(remote._Run, "_take", taking)
    other = run("check", "--no-cache", "--output-format", "json", *cluster.options, cwd=project)
    assert other.stdout == one.stdout
    assert questions


def test_the_cache_is_the_same(
    run: Command,
    process: Command,
    cluster: Cluster,
    project: Path,
    local: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stamps, "SETTLED", 0)
    arguments = ("check", "--output-format", "json")
    assert run(*arguments, *cluster.options, cwd=project).stdout == local
    # what the workers found is answered here, and what depends on other files is found anew
    assert run(*arguments, cwd=project).stdout == local
    (project / "app" / "redis_manager.py").write_text(MANAGER + "\n\nother = RedisManager()\n")
    (project / "app" / "user7.py").write_text("import redis\n")
    after = run("check", "--no-cache", "--output-format", "json", cwd=project).stdout
    assert after != local
    assert run(*arguments, *cluster.options, cwd=project).stdout == after
    # answered without a cluster: nothing has changed
    gone = process(*arguments, "--executor", "dask", "--scheduler", "tcp://127.0.0.1:1", cwd=project)
    assert (gone.stdout, gone.stderr) == (after, "")


def test_since_is_asked_of_the_workers_too(run: Command, cluster: Cluster, project: Path) -> None:
    git(project, "init", "-q")
    commit(project)
    (project / "app" / "new.py").write_text("import redis\n\nredis.Redis()\n")
    arguments = ("check", "--no-cache", "--output-format", "concise", "--since", "HEAD")
    one = run(*arguments, cwd=project)
    assert "app/new.py" in one.stdout
    assert run(*arguments, *cluster.options, cwd=project).stdout == one.stdout


def test_a_worker_that_is_killed_loses_nothing(
    run: Command, start_cluster: StartCluster, project: Path, local: str, small_tasks: None
) -> None:
    broken = start_cluster("", DIES.format(at=2))
    done = run("check", "--no-cache", "--output-format", "json", *broken.options, cwd=project)
    assert (done.stdout, done.stderr) == (local, "")
    assert broken.workers[1].wait(10) == -9
    assert broken.workers[0].poll() is None
    assert not broken.tried.exists()


def test_what_kills_workers_is_checked_here(
    run: Command, start_cluster: StartCluster, project: Path, local: str, small_tasks: None
) -> None:
    broken = start_cluster("", IS_DEADLY, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    done = run("check", "--no-cache", "--output-format", "json", *broken.options, cwd=project)
    assert done.stdout == local
    assert "checked here and not by a worker: KilledWorker" in " ".join(done.stderr.split())


def test_the_rest_is_checked_here_when_all_workers_are_gone(
    run: Command,
    start_cluster: StartCluster,
    project: Path,
    local: str,
    small_tasks: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remote, "_PATIENCE", 1.0)
    broken = start_cluster(DIES.format(at=2))
    done = run("check", "--no-cache", "--output-format", "json", *broken.options, cwd=project)
    assert done.stdout == local
    assert "checked here and not by a worker: there is no worker any more" in " ".join(done.stderr.split())


def test_another_version_on_a_worker_is_refused(
    run: Command, start_cluster: StartCluster, project: Path
) -> None:
    other = start_cluster("", 'from flake8_redis_ssot import installed\ninstalled.__version__ = "0.0.1"\n')
    done = run("check", "--no-cache", *other.options, cwd=project)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "has flake8-redis-ssot 0.0.1, here" in " ".join(done.stderr.split())


def test_a_scheduler_without_workers_is_said(
    run: Command, start_cluster: StartCluster, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_TIMEOUT", 2)
    empty = start_cluster()
    done = run("check", "--no-cache", *empty.options, cwd=project)
    assert done.returncode == 2
    assert f"it has no workers; start some with `dask worker {empty.address}`" in " ".join(
        done.stderr.split()
    )


def test_where_no_scheduler_is_that_is_said(
    run: Command, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_TIMEOUT", 1)
    done = run("check", "--no-cache", "--executor", "dask", "--scheduler", "tcp://127.0.0.1:1", cwd=project)
    assert done.returncode == 2
    assert "--scheduler tcp://127.0.0.1:1: no scheduler answers there" in " ".join(done.stderr.split())


def test_without_distributed_it_says_what_to_install(
    run: Command, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = run("check", "--no-cache", "--executor", "dask", "--scheduler", "tcp://127.0.0.1:1", cwd=project)
    assert done.returncode == 2
    assert "install flake8-redis-ssot[dask]" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scheduler", "tcp://127.0.0.1:1"], "add --executor dask"),
        (["--executor", "dask"], "add --scheduler ADDRESS"),
        (["--executor", "dask", "--scheduler", "localhost"], "write it as tcp://HOST:8786"),
        (["--executor", "ray", "--scheduler", "x"], "invalid choice: 'ray'"),
        (["--executor", "dask", "--scheduler", "x", "-"], "leave --executor out"),
    ],
)
def test_options_that_cannot_be(run: Command, project: Path, arguments: list[str], message: str) -> None:
    # an earlier run does not answer either
    run("check", cwd=project)
    done = run("check", *arguments, cwd=project, stdin=b"")
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())

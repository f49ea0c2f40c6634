"""What the server knows between two keystrokes, and what it does in the background."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from conftest import Command
from monorepo import write
from shimmed import FILES, TABLE

from flake8_redis_ssot.api import Result, check_paths, check_source
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.filesystem import DISK, Disk
from flake8_redis_ssot.server.background import WorkerDied, result_of
from flake8_redis_ssot.server.moving import moved
from flake8_redis_ssot.server.session import Document, Options, Run, Session
from flake8_redis_ssot.server.silencing import allowance, changes, noqa
from flake8_redis_ssot.server.worker import Check, Mend, Propose
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.tables import Table
from flake8_redis_ssot.source import Position, SourceFile

BAD = "import redis\n\nclient = redis.Redis()\n"


def session_of(root: Path) -> Session:
    return Session(Options(folders=(str(root),)))


def opened(session: Session, path: Path, text: str | None = None) -> Document:
    session.open(str(path), path.as_uri(), path.read_text() if text is None else text, 1)
    session.check(str(path))
    return session.documents[str(path)]


def test_a_keystroke_reads_no_file_and_looks_for_no_settings(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(project)
    document = opened(session, project / "app/jobs.py")
    touched: list[str] = []
    for name in ("read", "entries", "kind", "stamp", "is_file", "is_folder"):
        monkeypatch.setattr(Disk, name, lambda self, path: touched.append(path))
    assert session.change(document.source.path, BAD + "other = redis.Redis()\n", 2) == [document.source.path]
    session.check(document.source.path)
    assert len(document.own) == 2 and not touched


def test_a_change_that_defines_the_same_keeps_what_is_known(project: Path) -> None:
    session = session_of(project)
    manager = project / "app/redis_manager.py"
    opened(session, project / "app/old.py")
    checker = session.checker(str(manager))
    opened(session, manager)
    session.change(str(manager), manager.read_text() + "# more\n", 2)
    assert session.checker(str(manager)) is checker
    session.change(str(manager), "def redis_manager():\n    pass\n", 3)
    assert session.checker(str(manager)) is not checker


def test_a_file_that_is_only_a_buffer_is_there_until_it_is_closed(project: Path) -> None:
    session = session_of(project)
    document = opened(session, project / "app/user.py", "from app.extra import Manager\n\nManager()\n")
    extra = project / "app/extra.py"
    assert not document.own
    write(
        project, {"pyproject.toml": TABLE.replace("app.redis_manager", "app.extra").replace("app.db.", "x.")}
    )
    session.reload()
    opened(
        session,
        extra,
        "import redis\n\n\nclass Manager:\n    def __init__(self):\n        self.c = redis.Redis()\n",
    )
    session.check(document.source.path)
    assert [d.code for d in document.own] == ["RED203"]
    assert session.close(str(extra)) == [document.source.path]
    session.check(document.source.path)
    assert not document.own


def test_unsaved_buffers_are_those_that_differ_from_the_disk(project: Path) -> None:
    session = session_of(project)
    document = opened(session, project / "app/jobs.py")
    assert not session.unsaved
    session.change(document.source.path, "", 2)
    assert session.unsaved == {document.source.path: b""}
    assert session.state != session_of(project).state


def test_two_boundaries_that_claim_a_file_are_told_once(project: Path) -> None:
    entry = '[[tool.redis-ssot.boundary]]\nname = "{}"\npaths = ["app/**"]\nmanager = "{}"\n'
    write(project, {"pyproject.toml": TABLE + entry.format("a", "x.a") + entry.format("b", "x.b")})
    session = session_of(project)
    document = opened(session, project / "app/jobs.py")
    session.check(document.source.path)
    assert not document.own
    assert ["claim" in message for message in session.messages] == [True], session.messages


def at(text: str, line: int) -> Diagnostic:
    """The finding in a line of a text."""
    found = check_source(text, "/nowhere/a.py").diagnostics
    return next(d for d in found if d.range.start.line == line)


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (BAD, 3),
        ("\n" + BAD, 4),
        (BAD + "\n\n", 3),
        (BAD.replace("\n\n", "\n"), 2),
        (BAD.replace("client", "other"), None),
        ("", None),
    ],
)
def test_a_diagnostic_goes_with_its_line_and_goes_with_it(after: str, line: int | None) -> None:
    before, later = (SourceFile.of_buffer("/nowhere/a.py", text) for text in (BAD, after))
    found = [*moved([at(BAD, 3)], before, later)]
    assert [d.range.start.line for d in found] == ([] if line is None else [line])


def test_what_the_project_shows_goes_when_a_comment_silences_it(project: Path) -> None:
    source, silenced = (
        SourceFile.of_buffer("/nowhere/a.py", text)
        for text in (BAD, BAD.replace("import redis", "import redis  # noqa: RED201\n"))
    )
    finding = at(BAD, 3)
    document = Document(source, "uri", run=Run(source, (), (finding,)))
    assert document.diagnostics == (finding,)
    document.source = silenced
    assert [d.range.start.line for d in document.diagnostics] == [4]
    document.source = SourceFile.of_buffer(
        "/nowhere/a.py", BAD.replace("redis.Redis()\n", "redis.Redis()  # noqa\n")
    )
    assert not document.diagnostics


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("after", ["", "a\nb\n", "x\n\na\nb\nc", "a\nB\nc\n", "a\n\x0cb\nc\nd\n"])
def test_changes_make_the_other_text(after: str, end: str) -> None:
    before, later = (SourceFile.of_buffer("/a.py", text.replace("\n", end)) for text in ("a\nb\nc\n", after))
    text = before.text
    for edit in sorted(changes(before, later), reverse=True):
        start, stop = before.offset(edit.range.start), before.offset(edit.range.end)
        text = text[:start] + edit.content + text[stop:]
    assert text == later.text


def test_no_comment_where_none_silences() -> None:
    text = "import redis\nredis.Redis(\n"
    (finding,) = check_source(text, "/nowhere/a.py").diagnostics
    assert finding.code == "RED000" and not noqa(SourceFile.of_buffer("/nowhere/a.py", text), finding)


@pytest.mark.parametrize(
    ("before", "has"),
    [
        (TABLE, "[[tool.redis-ssot.allow]]\npaths"),
        (TABLE.rstrip("\n"), '"]\n\n[[tool.redis-ssot.allow]]\npaths'),
        (TABLE.replace("\n", "\r\n"), "[[tool.redis-ssot.allow]]\r\npaths"),
        (TABLE + 'allow = [{paths = ["x"], rules = ["RED201"], reason = "y"}]\n', 'reason = "y"}, {paths'),
        (TABLE + '\n[tool.other]\nkey = 1\n', "[[tool.redis-ssot.allow]]\npaths"),
    ],
)  # fmt: skip
def test_an_entry_goes_into_the_settings_as_they_are_written(project: Path, before: str, has: str) -> None:
    file = project / "pyproject.toml"
    file.write_bytes(before.encode())
    session = session_of(project)
    (finding,) = opened(session, project / "app/jobs.py").own
    source = DISK.source(str(file))
    edits = allowance(source, session.options, finding)
    assert edits
    after = source.text
    for edit in sorted(edits, reverse=True):
        start, stop = source.offset(edit.range.start), source.offset(edit.range.end)
        after = after[:start] + edit.content + after[stop:]
    assert has in after
    file.write_bytes(after.encode())
    assert finding.path not in {d.path for d in check_paths(finding.path, cache=False).diagnostics}


@pytest.mark.parametrize("name", ["jobs.py", "app/we [ird]*.py", "app/#x.py", "app/!x.py", "app/jö.py"])
def test_an_entry_is_of_one_file(project: Path, name: str) -> None:
    write(project, {name: BAD, "app/sub/jobs.py": BAD, "app/we i.py": BAD})
    session = session_of(project)
    (finding,) = opened(session, project / name).own
    source = DISK.source(str(project / "pyproject.toml"))
    (edit,) = allowance(source, session.options, finding)
    write(project, {"pyproject.toml": source.text + edit.content})
    left = {Path(d.path).name for d in check_paths(project, cache=False).diagnostics if d.code == "RED201"}
    assert left >= {"jobs.py", "we i.py"} and (Path(name).name not in left or name == "jobs.py")
    assert str(project / name) not in {d.path for d in check_paths(project, cache=False).diagnostics}


def options(root: Path) -> Options:
    return Options(folders=(str(root),))


def test_a_run_gives_what_the_command_gives(project: Path) -> None:
    files = (str(project / "app/old.py"), str(project / "app/db/redis_manager.py"))
    result = asyncio.run(result_of(Check(options(project), files)))
    assert isinstance(result, Result)
    assert result == check_paths(files, cache=False)
    assert {d.code for d in result.diagnostics} == {"RED101", "RED402"}


def test_a_run_over_what_is_not_saved_leaves_no_trace(project: Path) -> None:
    path = str(project / "app/old.py")
    check = Check(options(project), (path,), {path: b"print()\n"})
    assert asyncio.run(result_of(check)) == Result()
    cache = project / ".redis_ssot_cache"
    assert not [*cache.rglob("files-*")]
    assert asyncio.run(result_of(Check(options(project), (path,)))).diagnostics
    assert [*cache.rglob("files-*")]


def test_a_finding_that_has_no_fix_is_given_none(project: Path) -> None:
    files = (str(project / "app/old.py"), str(project / "app/db/redis_manager.py"))
    found = asyncio.run(result_of(Check(options(project), files))).diagnostics
    given = asyncio.run(result_of(Propose(options(project), files, {}, tuple(found))))
    assert {d.code for d in found} == {"RED101", "RED402"}
    assert {d.code for d, _ in given} == {"RED101"}


def test_a_fix_for_one_finding_leaves_what_must_move_together(project: Path) -> None:
    write(
        project,
        {
            "app/db/redis_manager.py": "cache = {}\n\n\ndef remember(key):\n    cache[key] = 1\n",
            "app/redis_manager.py": "cache = {}\n\n\ndef remember(key):\n    cache[key] = 1\n",
            "app/old.py": "from app.db.redis_manager import cache\nfrom app.db.redis_manager import remember\n\nremember(1)\nprint(cache)\n",
        },
    )
    path = str(project / "app/old.py")
    found = asyncio.run(result_of(Check(options(project), (path,)))).diagnostics
    asked = tuple(d for d in found if d.code == "RED101")
    assert len(asked) == 2
    assert not asyncio.run(result_of(Propose(options(project), (path,), {}, asked)))


def test_all_fixes_of_a_file_are_those_of_the_command(project: Path, run: Command) -> None:
    path = project / "app/old.py"
    changed = asyncio.run(result_of(Mend(options(project), (str(path),))))
    assert path.read_text() == FILES["app/old.py"]
    run("check", "--fix", "app/old.py", cwd=project)
    assert changed == {str(path): path.read_bytes()}


def test_what_is_wrong_with_settings_comes_back(project: Path) -> None:
    write(project, {"pyproject.toml": "[tool.redis-ssot]\nmanger = 1\n"})
    with pytest.raises(SettingsError, match="manger"):
        asyncio.run(result_of(Check(options(project), (str(project / "app/old.py"),))))


def test_a_run_that_dies_is_no_result(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(WorkerDied, match="status 1"):
        asyncio.run(result_of(Check(options(project), (str(project / "app/old.py"),))))


def test_a_run_that_nobody_wants_ends_at_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[asyncio.subprocess.Process] = []
    start = asyncio.create_subprocess_exec

    async def starting(*command: str, **streams: int) -> asyncio.subprocess.Process:
        started.append(await start(sys.executable, "-c", "import time; time.sleep(600)", **streams))
        return started[0]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", starting)

    async def cancelled() -> None:
        task = asyncio.create_task(result_of(Check(options(project), (str(project / "app/old.py"),))))
        while not started:
            await asyncio.sleep(0.01)
        assert started[0].returncode is None
        task.cancel()
        await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 60)
        assert task.cancelled() and started[0].returncode is not None

    asyncio.run(cancelled())


def test_a_module_of_the_project_takes_the_place_of_none(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, {"pickle.py": "raise SystemExit(3)\n", "flake8_redis_ssot.py": "raise SystemExit(4)\n"})
    monkeypatch.chdir(project)
    result = asyncio.run(result_of(Check(options(project), (str(project / "app/old.py"),))))
    assert result.diagnostics


def test_overrides_count_in_the_background_too(project: Path) -> None:
    table = Table("editor", str(project), {"ignore": ["RED101"]})
    asked = Options(overrides=(table,), folders=(str(project),))
    assert not asyncio.run(result_of(Check(asked, (str(project / "app/old.py"),)))).diagnostics


def test_without_the_extra_one_message_says_what_to_install(
    project: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [*sys.modules]:
        if name.startswith("flake8_redis_ssot.server.app"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pygls.lsp.server", None)
    done = run("server", cwd=project)
    assert done.returncode == 2
    assert "flake8-redis-ssot[lsp]" in done.stderr and done.stderr.count("error:") == 1


def test_wrong_options_are_told_before_anything_is_served(project: Path, run: Command) -> None:
    done = run("server", "--isolated", "--config", "x.toml", cwd=project)
    assert done.returncode == 2 and "--isolated" in done.stderr


def test_the_last_position_of_a_text() -> None:
    (edit,) = changes(SourceFile.of_buffer("/a.py", "x"), SourceFile.of_buffer("/a.py", "x\ny"))
    assert edit.range.end == Position(1, 2)
    assert DISK.is_folder("/")

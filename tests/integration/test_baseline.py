"""A baseline: what it silences wherever code moves, what is new all the same, and how its file is kept."""

from __future__ import annotations

import json
import os
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest
from conftest import Command, places

from flake8_redis_ssot.lint.check import Checked, FileChecker
from flake8_redis_ssot.locking import locked

FILE = "redis-ssot-baseline.jsonl"
SETTINGS = f"""\
[tool.redis-ssot]
manager = "app.manager"
forbidden-managers = ["app.old"]
baseline = "{FILE}"
"""
FILES = {
    "pyproject.toml": SETTINGS,
    "app/__init__.py": "",
    "app/manager.py": "import redis\n\nmanager = redis.Redis()\n",
    "app/old.py": "cache = 1\n",
    "app/user.py": """\
        import redis
        from app.old import cache


        def connect(host: str) -> redis.Redis:
            wanted = host.strip().lower()
            return redis.Redis(host=wanted, db=1, decode_responses=True)


        class Service:
            def open(self) -> None:
                self.client = redis.Redis.from_url("redis://here/2")
                self.name = "service of the chat"
        """,
}


@pytest.fixture
def project(tmp_path: Path, run: Command) -> Path:
    for name, text in FILES.items():
        write(tmp_path, name, text)
    recorded = run("baseline", cwd=tmp_path)
    assert (recorded.returncode, recorded.stdout) == (0, f"Recorded 3 diagnostics in {FILE}.\n")
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(textwrap.dedent(text))


def replace(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text()
    assert old in text
    (root / name).write_text(text.replace(old, new))


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=n", "-c", "user.email=n@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def entries(root: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / FILE).read_text().splitlines()[1:]]


def found(root: Path, run: Command, *arguments: str) -> list[tuple[str, int, str]]:
    """Path, line and code of what is reported by `check`, which flake8 must report just so."""
    by_check = places(run("check", "--output-format", "concise", *arguments, cwd=root).stdout)
    if not arguments:
        said = run("--select", "RED", ".", cwd=root, module="flake8")
        by_flake8 = {place for place in places(said.stdout)}
        assert by_flake8 == set(
            places(run("check", "--no-project", "--output-format", "concise", cwd=root).stdout)
        )
    return [(path, line, code) for path, line, _, code in by_check]


def test_what_is_recorded_is_reported_by_neither_command_nor_flake8(project: Path, run: Command) -> None:
    assert found(project, run) == []
    checked = run("check", cwd=project)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "All checks passed!\n", "")
    assert len(found(project, run, "--no-baseline")) == 3


MOVES = {
    "lines": ("import redis\n", "import os\n\n# a comment\nimport redis\n"),
    "neighbours": ("return redis", "other = 1\n    return redis"),
    "a variable": ("self.client =", "self.shared ="),
    "format": ("db=1, decode_responses=True)", "db = 0x1,\n        decode_responses = True,\n    )"),
    "quotes": ('"redis://here/2"', "'redis:' '//here/2'"),
    "parentheses": ('redis.Redis.from_url("redis://here/2")', '(redis.Redis).from_url(("redis://here/2"))'),
    "a function's name": ("def connect", "def connected"),
    "a class's name": ("class Service", "class Chat"),
    "a method's name": ("def open(self)", "def opened(self)"),
    "an import split": ("from app.old import cache\n", "from app.old import (\n    cache,\n)\n"),
    "a function into a block": (
        "def connect(host: str) -> redis.Redis:\n    wanted = host.strip().lower()\n    return redis",
        "if True:\n  def connect(host: str) -> redis.Redis:\n    wanted = host.strip().lower()\n    return redis",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MOVES)
def test_it_holds_where_code_moves(what: str, project: Path, run: Command) -> None:
    replace(project, "app/user.py", *MOVES[what])
    assert found(project, run) == []
    assert run("check", cwd=project).stderr == ""


def test_it_holds_where_definitions_change_places(project: Path, run: Command) -> None:
    text = (project / "app/user.py").read_text()
    head, first, second = text.partition("\n\n\ndef")[0], *text.split("\n\n\n")[1:]
    (project / "app/user.py").write_text(f"{head}\n\n\n{second}\n\n{first}\n")
    assert found(project, run) == []


NEW = {
    "a second in the same function": ("    return redis", "    redis.Redis(host=wanted, db=1, decode_responses=True)\n    return redis"),
    "the same in another function": ("class Service", "def more(wanted: str) -> None:\n    redis.Redis(host=wanted, db=1, decode_responses=True)\n\n\nclass Service"),
    "other arguments": ("db=1", "db=2"),
    "another name from the module": ("import cache", "import cache, other"),
    "a copy of the function": (
        "class Service",
        "def copied(host: str) -> redis.Redis:\n    wanted = host.strip().lower()\n    return redis.Redis(host=wanted, db=1, decode_responses=True)\n\n\nclass Service",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", NEW)
def test_it_does_not_absorb_what_is_new(what: str, project: Path, run: Command) -> None:
    replace(project, "app/user.py", *NEW[what])
    assert len(found(project, run)) == 1


def test_a_function_in_place_of_another_is_new(project: Path, run: Command) -> None:
    replace(project, "app/user.py", "def connect(host: str)", "def push(job: str)")
    replace(project, "app/user.py", "wanted = host.strip().lower()", "wanted = JOBS[job].queue(7).where")
    assert [code for *_, code in found(project, run)] == ["RED201"]


@pytest.mark.parametrize("is_tracked", [True, False])
def test_it_follows_files(is_tracked: bool, project: Path, run: Command) -> None:
    if is_tracked:
        git(project, "init")
        git(project, "add", ".")
        git(project, "commit", "-m", "one")
        git(project, "mv", "app/user.py", "app/users.py")
    else:
        (project / "app/user.py").rename(project / "app/users.py")
    assert found(project, run) == []
    (project / "app/copy.py").write_text((project / "app/users.py").read_text())
    assert len(found(project, run, ".")) == 3


def test_git_tells_of_a_renamed_file_whose_function_changed_too(project: Path, run: Command) -> None:
    rows = "".join(f"ROW_{n} = {n * n}\n" for n in range(60))
    replace(project, "app/user.py", "\n\ndef connect", f"{rows}\n\ndef connect")
    git(project, "init")
    git(project, "add", ".")
    git(project, "commit", "-m", "one")
    git(project, "mv", "app/user.py", "app/moved.py")
    replace(project, "app/moved.py", "host: str) -> redis.Redis", "self, job, *parts: bytes) -> object")
    replace(
        project, "app/moved.py", "wanted = host.strip().lower()", "wanted = JOBS[job].queue(7, *parts)[0]"
    )
    git(project, "add", ".")
    git(project, "commit", "-m", "two")
    assert found(project, run) == []
    (project / ".git").rename(project / "no-git")
    assert [code for *_, code in found(project, run)] == ["RED101", "RED201"]


def test_a_definition_is_known_as_it_was_when_the_file_was_last_written(project: Path, run: Command) -> None:
    for at in range(4):
        rows = "".join(f"    wanted = clean_{at}_{n}(wanted, {n})\n" for n in range(1 + at * 3))
        replace(project, "app/user.py", "    return redis", f"{rows}    return redis")
        before = (project / FILE).read_bytes()
        said = run("baseline", cwd=project).stdout
        is_same = before == (project / FILE).read_bytes()
        assert said.startswith("Nothing to change: " if is_same else "Recorded 3 diagnostics in ")
    replace(project, "app/user.py", "def connect", "def connected")
    assert found(project, run) == []


def test_two_copies_of_a_file_that_is_gone_are_not_both_known(project: Path, run: Command) -> None:
    text = (project / "app/user.py").read_text()
    (project / "app/user.py").unlink()
    for name in ("one.py", "two.py"):
        (project / "app" / name).write_text(text)
    assert len(found(project, run, ".")) == 3


def test_what_a_comment_silences_takes_no_entry(project: Path, run: Command) -> None:
    line = "redis.Redis(host=wanted, db=1, decode_responses=True)"
    replace(
        project, "app/user.py", f"    return {line}", f"    {line}  # noqa: RED201 once\n    return {line}"
    )
    assert found(project, run) == []


def test_an_entry_that_looks_mended_is_told(project: Path, run: Command) -> None:
    replace(project, "app/user.py", "from app.old import cache\n", "")
    note = f"note: {FILE}: 1 of 3 entries looks fixed; `redis-ssot baseline --prune` drops it\n"
    for arguments in ([], ["--statistics"], ["app/manager.py"], []):
        checked = run("check", *arguments, cwd=project)
        assert (checked.returncode, checked.stderr) == (0, note)
    counted = run("check", "--statistics", "--output-format", "json", cwd=project)
    assert [(row["code"], row["name"], row["count"]) for row in json.loads(counted.stdout)] == [
        (None, "mended-baseline-entry", 1)
    ]
    assert "1\t-\tmended-baseline-entry" in run("check", "--statistics", cwd=project).stdout
    assert run("check", "-q", cwd=project).stderr == ""


@pytest.mark.parametrize("arguments", [["--select", "RED2"], ["--no-project", "app/manager.py"]])
def test_what_a_run_does_not_look_at_is_not_mended(arguments: list[str], project: Path, run: Command) -> None:
    replace(project, "app/user.py", "from app.old import cache\n", "")
    assert run("check", *arguments, cwd=project).stderr == ""


def test_pruning_shrinks_and_follows(project: Path, run: Command) -> None:
    replace(project, "app/user.py", "from app.old import cache\n", "")
    replace(project, "app/user.py", "def connect", "def connected")
    replace(project, "app/user.py", "        self.name", "        redis.Redis(db=9)\n        self.name")
    pruned = run("baseline", "--prune", cwd=project)
    assert pruned.stdout == f"Recorded 2 diagnostics in {FILE}: 1 fixed and dropped, 1 moved and followed.\n"
    assert [(e["rule"], e["in"]) for e in entries(project)] == [
        ("RED201", "Service.open"),
        ("RED201", "connected"),
    ]
    assert len(found(project, run)) == 1


def test_growth_needs_a_reason_which_is_kept(project: Path, run: Command) -> None:
    before = (project / FILE).read_bytes()
    replace(project, "app/user.py", "        self.name", "        redis.Redis(db=9)\n        self.name")
    refused = run("baseline", cwd=project)
    assert refused.returncode == 1 and (project / FILE).read_bytes() == before
    assert "app/user.py:13: RED201" in refused.stderr and "--accept" in refused.stderr
    accepted = run("baseline", "--accept", "load test until May", cwd=project)
    assert accepted.stdout == f"Recorded 4 diagnostics in {FILE}: 1 accepted.\n"
    assert [e.get("reason") for e in entries(project)].count("load test until May") == 1
    assert found(project, run) == []
    replace(project, "app/user.py", "def open(self)", "def opened(self)")
    run("baseline", cwd=project)
    (moved,) = [e for e in entries(project) if "reason" in e]
    assert (moved["in"], moved["reason"]) == ("Service.opened", "load test until May")


def _written(path: Path) -> tuple[int, int, int]:
    """What is new of a file when it is written; not when it was read last."""
    stat = path.stat()
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def test_writing_again_changes_nothing(project: Path, run: Command) -> None:
    before = _written(project / FILE)
    for arguments in ([], ["--prune"], ["--accept", "nothing"]):
        assert run("baseline", *arguments, cwd=project).returncode == 0
    assert _written(project / FILE) == before


def test_lines_are_sorted_and_one_an_entry(project: Path) -> None:
    keys = [(e["path"], e["rule"], e["in"], e["digest"], e["nth"]) for e in entries(project)]
    assert keys == sorted(keys) and len(set(keys)) == 3
    assert "\r" not in (project / FILE).read_text()


@pytest.mark.parametrize("style", ["merge", "diff3"])
def test_branches_merge(style: str, project: Path, run: Command) -> None:
    git(project, "init", "-b", "main")
    git(project, "add", ".")
    git(project, "commit", "-m", "one")
    for branch, number in (("left", 11), ("right", 12)):
        git(project, "checkout", "-b", branch, "main")
        write(project, f"app/{branch}.py", f"import redis\n\nclient = redis.Redis(db={number})\n")
        assert run("baseline", "--accept", branch, cwd=project).returncode == 0
        git(project, "add", ".")
        git(project, "commit", "-m", branch)
    with pytest.raises(subprocess.CalledProcessError):
        git(project, "-c", f"merge.conflictStyle={style}", "merge", "left")
    refused = run("check", cwd=project)
    assert refused.returncode == 2
    assert "conflict markers; `redis-ssot baseline` resolves them" in refused.stderr
    assert run("baseline", cwd=project).stdout == f"Recorded 5 diagnostics in {FILE}.\n"
    assert sorted(filter(None, (e.get("reason") for e in entries(project)))) == ["left", "right"]
    assert found(project, run) == []


def test_a_union_of_lines_is_read(project: Path, run: Command) -> None:
    head, *lines = (project / FILE).read_text().splitlines()
    (project / FILE).write_text("\r\n".join([head, *reversed(lines), head, *lines]) + "\r\n")
    assert found(project, run) == []


BROKEN = {
    "": ":1: is no baseline: it is empty; restore it, or name another file",
    "# Hello\n": ":1: is no baseline: it does not begin with",
    '{"redis-ssot-baseline": 2}\n': "of version 2, and this redis-ssot reads version 1",
    '{"path": "a.py"}\n': "does not begin with",
    '{"redis-ssot-baseline": 1}\n{"path": 1}\n': ":2: the baseline is broken: `path` must be a string",
    '{"redis-ssot-baseline": 1}\n[]\n': ":2: the baseline is broken: an entry is an object",
    '{"redis-ssot-baseline": 1}\nno json\n': ":2: the baseline is broken: no JSON from column 1 on: Expecting value;",
    '{"redis-ssot-baseline": 1}\n{"line": 1}\n': "an entry has no `line`",
    '{"redis-ssot-baseline": 1}\n{"path": "a", "rule": "", "in": "", "text": "", "digest": "", "sketch": "", "nth": 0}\n': ":2: the baseline is broken: `nth` must be a number from 1",
    '{"redis-ssot-baseline": 1}\n{"path": "a", "rule": "", "in": "", "text": "", "digest": "", "sketch": "", "nth": 1, "reason": 2}\n': ":2: the baseline is broken: `reason` must be a string",
    "\udcff": ":1: is no baseline: it is not UTF-8; restore it, or name another file",
}  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_what_cannot_be_read_is_one_error(text: str, project: Path, run: Command) -> None:
    (project / FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    for arguments in (["check"], ["plan"], ["baseline"]):
        refused = run(*arguments, cwd=project)
        assert refused.returncode == 2 and refused.stdout == ""
        assert BROKEN[text] in refused.stderr and refused.stderr.count("error:") == 1
    said = run("--select", "RED", "app", cwd=project, module="flake8")
    assert said.returncode == 1 and BROKEN[text] in said.stdout + said.stderr


def test_a_missing_one_is_an_error_until_it_is_written(project: Path, run: Command) -> None:
    (project / FILE).unlink()
    for arguments in (["check"], ["baseline", "--prune"]):
        refused = run(*arguments, cwd=project)
        assert refused.returncode == 2
        assert f"{FILE}: there is no such baseline; write it by `redis-ssot baseline`" in refused.stderr
    assert run("baseline", cwd=project).returncode == 0


def test_one_that_is_no_file_cannot_be_read(project: Path, run: Command) -> None:
    (project / FILE).unlink()
    (project / FILE).mkdir()
    refused = run("check", cwd=project)
    assert refused.returncode == 2
    assert f"{FILE}: the baseline cannot be read: Is a directory; make it readable" in refused.stderr


def test_what_would_be_checked_is_no_baseline(project: Path, run: Command) -> None:
    for arguments in (["check", "--baseline", "app"], ["baseline", "app"]):
        refused = run(*arguments, cwd=project)
        assert refused.returncode == 2 and "app: is " in refused.stderr


def test_one_process_writes_at_a_time(project: Path, run: Command) -> None:
    lock = locked(str(project / f"{FILE}.lock"))
    refused = run("baseline", cwd=project)
    os.close(lock)
    assert refused.returncode == 2 and "another redis-ssot is writing this baseline" in refused.stderr
    assert run("baseline", cwd=project).returncode == 0
    assert not (project / f"{FILE}.lock").exists()


def test_where_it_cannot_be_written_it_says_so(project: Path, run: Command) -> None:
    for file in ("missing/deep/known.jsonl", "app/user.py/known.jsonl"):
        refused = run("baseline", file, cwd=project)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert f"{file}: there is no folder " in refused.stderr and "make it, or" in refused.stderr
        assert not (project / "missing").exists()


def test_what_is_not_looked_at_is_not_mended(
    project: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileChecker, "check", lambda self, source: Checked([], None, ("it is too much",)))
    pruned = run("baseline", "--prune", cwd=project)
    assert (
        pruned.stdout == f"Nothing to change: {FILE} has 3 diagnostics.\n"
        and "it is too much" in pruned.stderr
    )


def test_a_file_that_cannot_be_read_is_not_mended(project: Path, run: Command) -> None:
    before = (project / FILE).read_bytes()
    replace(project, "app/user.py", "class Service:", "<<<<<<< HEAD\nclass Service:")
    assert "mended" not in run("check", cwd=project).stderr
    assert run("baseline", cwd=project).returncode == 0
    assert (project / FILE).read_bytes() == before


def test_an_option_names_one_where_the_settings_do_not(project: Path, run: Command) -> None:
    replace(project, "pyproject.toml", f'baseline = "{FILE}"\n', "")
    assert len(found(project, run)) == 3
    (project / FILE).unlink()
    said = run("baseline", cwd=project).stdout
    assert f'with `baseline = "{FILE}"` in [tool.redis-ssot] `check` and flake8 always do.' in said
    assert found(project, run, "--baseline") == []
    (project / FILE).rename(project / "known.jsonl")
    assert found(project, run, "--baseline", "known.jsonl") == []
    assert run("check", "--baseline", cwd=project).returncode == 2


def test_each_project_has_its_own(project: Path, run: Command) -> None:
    write(project, "service/pyproject.toml", f'[tool.redis-ssot]\nbaseline = "{FILE}"\n')
    write(project, "service/app/user.py", "import redis\n\nclient = redis.Redis()\n")
    assert len(found(project, run, "--no-baseline")) == 4
    assert run("check", cwd=project).returncode == 2  # the service has none yet
    assert run("baseline", cwd=project).returncode == 0
    assert len((project / "service" / FILE).read_text().splitlines()) == 2
    assert found(project, run) == []


def test_projects_may_share_one(project: Path, run: Command) -> None:
    write(project, "service/pyproject.toml", '[tool.redis-ssot]\nextend = "../pyproject.toml"\n')
    write(project, "service/app/user.py", "import redis\n\nclient = redis.Redis()\n")
    assert run("baseline", "--accept", "the service came later", cwd=project).returncode == 0
    assert [e["path"] for e in entries(project)][-1] == "service/app/user.py"
    assert found(project, run) == []
    assert run("baseline", cwd=project / "service").returncode == 0
    assert len(entries(project)) == 4


def test_projects_may_share_one_that_lies_elsewhere(project: Path, run: Command) -> None:
    write(project, "service/pyproject.toml", "[tool.redis-ssot]\n")
    write(project, "service/app/user.py", (project / "app/user.py").read_text())
    assert run("baseline", "../shared.jsonl", cwd=project).returncode == 0
    assert found(project, run, "--baseline=../shared.jsonl") == []
    replace(project, "service/app/user.py", "db=1", "db=3")
    assert len(found(project, run, "--baseline=../shared.jsonl")) == 1


def test_exceptions_past_their_date_are_not_recorded(project: Path, run: Command) -> None:
    allow = '[[tool.redis-ssot.allow]]\npaths = ["app/other.py"]\nrules = ["RED201"]\nreason = "r"\nexpires = 2020-01-01\n'
    (project / "pyproject.toml").write_text(SETTINGS + allow)
    write(project, "app/other.py", "import redis\n\nclient = redis.Redis(db=5)\n")
    said = run("baseline", cwd=project)
    assert said.returncode == 0 and "1 RED901: not recorded, and still reported" in said.stderr
    assert "warning: pyproject.toml:5: RED901 " in said.stderr
    assert [code for *_, code in found(project, run)] == ["RED901"]


def test_a_manager_that_is_not_there_is_not_recorded(project: Path, run: Command) -> None:
    replace(project, "pyproject.toml", '"app.manager"', '"app.manger"')
    said = run("baseline", "--accept", "the name will be mended", cwd=project)
    assert said.returncode == 0 and "1 RED403: not recorded, and still reported" in said.stderr
    assert "warning: pyproject.toml:2: RED403 There is no module `app.manger` below" in said.stderr
    assert [code for *_, code in found(project, run)] == ["RED403"]


def test_a_comment_for_what_is_recorded_is_not_unused(project: Path, run: Command) -> None:
    replace(project, "pyproject.toml", "baseline =", 'extend-select = ["RED903", "RED904"]\nbaseline =')
    replace(project, "app/user.py", "import cache\n", "import cache  # noqa: RED101\n")
    assert [code for *_, code in found(project, run, ".")] == ["RED903"]
    assert run("baseline", "--accept", "reasons will follow", cwd=project).returncode == 0
    assert found(project, run, ".") == []
    replace(project, "app/user.py", "from app.old import cache", "from app import cache")
    assert "RED904" in [code for *_, code in found(project, run, ".")]


def test_fixes_leave_alone_what_is_recorded(project: Path, run: Command) -> None:
    before = (project / "app/user.py").read_text()
    assert run("check", "--fix", cwd=project).returncode == 0
    assert (project / "app/user.py").read_text() == before
    run("check", "--fix", "--no-baseline", cwd=project)
    assert (project / "app/user.py").read_text() == before.replace("from app.old import cache\n", "")


def test_an_earlier_run_answers_until_the_baseline_changes(project: Path, run: Command) -> None:
    past = 1_700_000_000
    for path in [project, *project.rglob("*")]:
        os.utime(path, (past, past))
    assert found(project, run) == []
    head, *lines = (project / FILE).read_text().splitlines()
    (project / FILE).write_text("\n".join([head, *lines[1:]]) + "\n")
    assert len(found(project, run)) == 1


def test_reports_count_what_is_put_off(project: Path, run: Command) -> None:
    with_it = run("report", "--output-format", "json", cwd=project).stdout
    replace(project, "pyproject.toml", f'baseline = "{FILE}"\n', "\n")
    without = run("report", "--output-format", "json", cwd=project).stdout
    assert '"silenced": "the baseline"' in with_it
    assert with_it.replace('"the baseline"', "null") == without


def test_standard_input_has_the_baseline_of_its_name(project: Path, run: Command) -> None:
    text = (project / "app/user.py").read_text().replace("db=1", "db=3")
    said = run(
        "check",
        "--stdin-filename",
        "app/user.py",
        "-",
        "--output-format",
        "concise",
        cwd=project,
        stdin=text.encode(),
    )
    assert [code for *_, code in places(said.stdout)] == ["RED201"]

"""One run answers for others: of another format, of a part of the project, from another folder."""

from __future__ import annotations

import ast
import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import FIXTURES

from flake8_redis_ssot.cli import replay
from flake8_redis_ssot.cli.known import Known
from flake8_redis_ssot.cli.main import main
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.lint.noqa import with_rows
from flake8_redis_ssot.output import FORMATS
from flake8_redis_ssot.output.report import Look, counting, format_of
from flake8_redis_ssot.source import SourceError, SourceFile
from flake8_redis_ssot.store import FOLDER, prepare

SETTINGS = (
    '[tool.redis-ssot]\nmanager = "app.manager"\nforbidden-managers = ["app.old"]\n'
    'exclude = ["outside.py"]\n[tool.redis-ssot.replacements]\n"app.old.cache" = "app.manager.manager"\n'
)
MANAGER = "class Manager:\n    def get(self, key: str) -> str: ...\n\n\nmanager = Manager()\n"
OLD = MANAGER.replace("manager = ", "cache = ").replace("Manager", "Cache")
USER = "from app.old import cache\n\n\ndef read() -> str:\n    return cache.get('key')\n"
BAD = "import redis\n\nclient = redis.Redis(\n    host='a',  # here\n)\n"
PATCHING = "from unittest import mock\n\nfrom app.user import read\n\n\ndef test_read() -> None:\n    with mock.patch('app.user.cache'):\n        read()\n"
HOLDING_BACK = "import app.user\n\n\ndef test_read(monkeypatch) -> None:\n    monkeypatch.setattr(app.user, 'cache', 1)\n"
Answer = tuple[int, str, str]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, text in {
        "pyproject.toml": SETTINGS,
        "app/manager.py": MANAGER,
        "app/old.py": OLD,
        "app/user.py": USER,
        "app/deep/inner/bad.py": BAD,
        "app/deep/other.py": USER,
        "web/bad.py": BAD,
        "web/quiet.py": "import os\n",
        "tests/test_quiet.py": "def test_it() -> None: ...\n",
        "outside.py": BAD,
        "empty/readme.txt": "",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    prepare(str(root / FOLDER))  # which changes the folder around it
    return root


@pytest.fixture
def check(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Runs `check` in a folder of the project, all that is older than now being trusted."""
    monkeypatch.setattr("flake8_redis_ssot.stamps.SETTLED", 0)

    def call(*arguments: str, cwd: str = ".") -> Answer:
        time.sleep(0.01)  # the clock of the file system moves on
        monkeypatch.chdir(project / cwd)
        capfd.readouterr()
        try:
            status = main(["check", "--jobs", "1", *arguments])
        except SystemExit as error:  # argparse
            status = int(error.code or 0)
        return (status, *capfd.readouterr())

    return call


@pytest.fixture
def quickly(check: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer | None]:
    """As `check`, but None where no earlier run answers."""

    def call(*arguments: str, cwd: str = ".") -> Answer | None:
        with monkeypatch.context() as patch:
            patch.setattr("flake8_redis_ssot.cli.main._run", lambda *given: 77)
            answer = check(*arguments, cwd=cwd)
        return None if answer[0] == 77 else answer

    return call


PLACES = [
    (".", []),
    (".", ["."]),
    (".", ["web", "app/user.py"]),
    (".", ["app/user.py", "./web/", "web"]),
    (".", ["app/deep/.."]),
    ("app", []),
    ("app/deep", ["..", "inner/bad.py"]),
    ("web", ["quiet.py"]),
    ("tests", ["../tests", "test_quiet.py"]),
]


@pytest.mark.parametrize("first", ["concise", "json"])
def test_any_format_part_and_folder(first: str, check, quickly) -> None:
    check("--output-format", first)
    everywhere = itertools.product(("concise", "json"), PLACES)
    somewhere = zip(FORMATS, itertools.cycle(PLACES), strict=False)
    for (style, (cwd, paths)), more in itertools.product(
        (*everywhere, *somewhere), ([], ["--exit-zero"], ["--statistics"])
    ):
        arguments = ["--output-format", style, *more, *paths]
        if first == "concise" and format_of(style).needs_fixes(Look()):
            continue  # shows more than is known
        answer = quickly(*arguments, cwd=cwd)
        assert answer == check("--no-cache", *arguments, cwd=cwd) or (
            answer is None and "--statistics" in more and style not in counting()
        ), (style, cwd, paths, more)


def test_a_first_run_of_a_part_answers_for_the_whole(check, quickly) -> None:
    for arguments in (["web"], ["--no-project"], ["--select", "RED2,RED1"]):
        check(*arguments)
    for arguments in (["--output-format", "github"], ["--no-project", "app"], ["--select=RED2,RED1", "web"]):
        assert quickly(*arguments) == check("--no-cache", *arguments), arguments
    assert quickly("--select", "RED1") is None and quickly("--parse-all") is None


def test_the_style_of_the_settings(project: Path, check, quickly) -> None:
    (project / "pyproject.toml").write_text(SETTINGS.replace("\n", '\noutput-format = "github"\n', 1))
    check("web")
    assert quickly("app") == check("app", "--no-cache") and "::error" in check("app")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["outside.py"],
        ["../stranger.py"],
        ["nothing.py"],
        ["empty"],
        ["web", "--exit-zero", "app"],
        ["--output-format", "nonsense"],
        ["--output-format", "github", "--statistics"],
        ["--jobs", "0"],
        ["--select", ""],
        ["--select", "RED9X"],
        ["--isolated"],
        ["--output-format"],
        ["--config", "nothing.toml"],
        ["--config", "pyproject.toml", "web"],
        ["app/readme.txt"],
        ["web/bad.py/"],
        ["web\0"],
    ],
)
def test_what_is_uncertain_is_answered_as_without_a_cache(arguments: list[str], project: Path, check) -> None:
    (project.parent / "stranger.py").write_text(BAD)
    (project / "app" / "readme.txt").write_text(BAD)
    check("--output-format", "json"), check()
    expected = check("--no-cache", *arguments)
    for _ in range(3):
        assert check(*arguments) == expected


@pytest.mark.parametrize("name", ["web/pyproject.toml", "web/.gitignore"])
def test_other_settings_below(name: str, project: Path, check) -> None:
    text = {"web/pyproject.toml": SETTINGS, "web/.gitignore": "pyproject.toml\n"}
    check("--output-format", "json")
    for wanted in (name, "web/pyproject.toml"):
        (project / wanted).write_text(text[wanted])
        for arguments in ([], ["web"], ["web/bad.py"], ["app"], [], ["web/bad.py"]):
            assert check(*arguments) == check("--no-cache", *arguments), arguments


def test_notes_are_said_again(project: Path, check, quickly) -> None:
    for arguments in (["--select", "RED000"], ["empty"]):
        first = check(*arguments)
        assert first[2].startswith("warning: ") and quickly(*arguments) == first
        assert check(*arguments, "--exit-zero") == first
    (project / "web" / "note.ipynb").write_text("{}")
    (project / "web" / "bad.py").unlink(), (project / "web" / "quiet.py").unlink()
    assert "notebooks" in check("web")[2] and quickly("web") == check("web", "--no-cache")


def test_fixes_of_a_part_where_a_test_patches(project: Path, check, quickly) -> None:
    (project / "tests" / "test_quiet.py").write_text(PATCHING)
    style = ["--output-format", "json"]
    whole = check(*style)
    assert '"fix": {' in whole[1] and quickly("--output-format", "json-lines") is not None
    assert quickly(*style, "app") is None  # what the test needs is not to be changed with it
    assert check(*style, "app") == check("--no-cache", *style, "app") == quickly(*style, "app")
    assert quickly(*style) == whole and quickly("app") == check("app", "--no-cache")


def test_fixes_are_granted_once(project: Path, check, monkeypatch: pytest.MonkeyPatch) -> None:
    style = ["--output-format", "json"]
    first = check(*style)
    assert '"fix": {' in first[1]
    with monkeypatch.context() as patch:
        patch.setattr("flake8_redis_ssot.fix.granted.Step", None)
        for path in project.rglob("*.py"):
            os.utime(path)
        assert check(*style) == first and check(*style, "app") == check(*style, "app")
        for text in (
            "import os  # changed\n",
            "import os\n\n\ndef f() -> int:\n    return 1\n",
        ):  # it is nothing to any fix
            (project / "web/quiet.py").write_text(text)
            assert check(*style) == first and check(*style, "app") == check(*style, "app"), text
    for name, text in {
        "tests/test_quiet.py": HOLDING_BACK,
        "web/quiet.py": "import os  # changed\n",
        "outside.py": "from app.old import cache\n",
        "app/manager.py": MANAGER.replace("def get", "def put"),
    }.items():
        (project / name).write_text(text)
        assert check(*style) == check("--no-cache", *style), name


def test_who_only_uses_a_library_of_the_manager_is_nothing_to_fixes(
    project: Path, check, monkeypatch: pytest.MonkeyPatch
) -> None:
    style = ["--output-format", "json"]
    for path in (project / "app/old.py", project / "app/manager.py"):
        path.write_text(f"import logging\n\nlogger = logging.getLogger('app')\n\n\n{path.read_text()}")
    using = "import logging\n\nLEVEL = logging.INFO\n"
    patching = "\n\ndef test(monkeypatch):\n    monkeypatch.setattr('logging.getLogger', None)\n"
    (project / "tests/test_quiet.py").write_text(using)
    first = check(*style)
    assert '"fix": {' in first[1]
    with monkeypatch.context() as patch:
        patch.setattr("flake8_redis_ssot.fix.granted.Step", None)
        (project / "tests/test_quiet.py").write_text(using + "# changed\n")
        assert check(*style) == first
    (project / "tests/test_quiet.py").write_text(using + patching)
    assert check(*style) == check("--no-cache", *style)


TELLING = {
    "a name in quotes": ("tests/test_quiet.py", "NAME = 'app.user.cache'\n"),
    "a type by its name": ("web/quiet.py", "def show(x: object) -> str:\n    return type(x).__name__ + 'Cache'\n"),
    "a type by its name in a test": ("tests/test_quiet.py", "def test_it() -> None:\n    assert type(1).__name__ == 'Cache'\n"),
    "a stub": ("web/quiet.py", "import sys\n\nsys.modules['app.old'] = None\n"),
}  # fmt: skip
"""Files that say something of an object without an import, so that fewer fixes are granted, or less surely."""


@pytest.mark.parametrize("telling", TELLING)
def test_a_file_that_tells_something_else_has_fixes_granted_anew(project: Path, check, telling: str) -> None:
    style = ["--output-format", "json"]
    name, told = TELLING[telling]
    before = (project / name).read_text()
    granted = check(*style)
    for text in (told, before, told + "# more\n"):
        (project / name).write_text(text)
        answer = check(*style)
        assert answer == check(*style, "--no-cache"), text
        assert (answer == granted) == (text == before), text


def services(project: Path) -> None:
    """Two projects in the project, each with settings of its own."""
    for name in ("web", "app/deep"):
        (project / name / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "manager"\n')
        (project / name / "manager.py").write_text(BAD)
        prepare(str(project / name / FOLDER))


def test_a_run_over_several_projects_answers_for_the_same_paths(project: Path, check, quickly) -> None:
    services(project)
    for cwd, paths in ((".", []), (".", ["web", "app"]), ("app", [".."]), ("web", ["../app/deep", "."])):
        for first in ("json", "concise"):
            check("--output-format", first, *paths, cwd=cwd)
        options = itertools.product(("concise", "json"), ([], ["--exit-zero"], ["-q"]))
        for style, more in (*options, *((style, []) for style in FORMATS)):
            arguments = ["--output-format", style, *more, *paths]
            assert quickly(*arguments, cwd=cwd) == check("--no-cache", *arguments, cwd=cwd), arguments
    assert quickly("app/deep", "web/quiet.py") is None


def test_each_project_s_settings_hold_in_a_repeated_run(project: Path, check) -> None:
    services(project)
    first = check("--output-format", "concise")
    assert check("--output-format", "concise") == first and first[1].count("RED201") == 2
    table = project / "web" / "pyproject.toml"
    for text, count in (
        ('ignore = ["RED2"]\n', 1),
        ('exclude = ["bad.py"]\nmanager = "manager"\n', 1),
        ('manager = "bad"\n', 2),
        (
            '[[tool.redis-ssot.allow]]\npaths = ["**"]\nrules = ["RED201"]\nreason = "r"\nexpires = 2999-01-01\n',
            1,
        ),
    ):
        table.write_text(f"[tool.redis-ssot]\n{text}")
        for style in ("concise", "json", "github", "concise"):
            found = check("--output-format", style)
            assert found == check("--output-format", style, "--no-cache")
        assert found[1].count("RED201") == count, text


def test_projects_below_a_folder_that_is_none(project: Path, check, quickly) -> None:
    (project / "pyproject.toml").unlink()
    services(project)
    check("web", "app/deep")
    assert quickly("--output-format", "github", "app/deep", "web") == check(
        "--output-format", "github", "--no-cache", "app/deep", "web"
    )


def test_what_a_fix_reads_outside_of_the_project_is_looked_at(project: Path, check) -> None:
    """An excluded module is no part of the project, and yet what it holds decides what may be exchanged."""
    style = ["--output-format", "json"]
    (project / "pyproject.toml").write_text(SETTINGS.replace("outside.py", "app/old.py"))
    assert '"fix": {' in check(*style)[1]
    (project / "app" / "old.py").write_text(OLD.replace("def get", "async def get"))
    after = check(*style)
    assert '"fix": {' not in after[1] and after == check("--no-cache", *style)


def test_a_manager_that_was_nowhere_comes_into_a_folder_that_was_not_there(
    project: Path, check, quickly
) -> None:
    settings = SETTINGS.replace("app.manager", "app.more.deep.manager").replace("outside.py", "app/more")
    (project / "pyproject.toml").write_text(settings)
    (project / "app" / "more").mkdir()  # excluded, so that no run searches it
    before = check()
    assert quickly() == before
    (project / "app" / "more" / "deep").mkdir()
    (project / "app" / "more" / "deep" / "manager.py").write_text(MANAGER)
    assert before != check() == check("--no-cache")


def test_what_the_repository_excludes_is_looked_at(project: Path, check) -> None:
    exclude = project / ".git" / "info" / "exclude"
    exclude.parent.mkdir(parents=True)
    before = check()
    exclude.write_text("bad.py\n")
    after = check()
    assert before != after == check("--no-cache")


def test_what_comes_and_goes_between(project: Path, check) -> None:
    """Whatever is edited and asked for, in any order, it is as without a cache."""
    chance = random.Random(3)
    texts = {
        "web/quiet.py": ["import os\n", BAD, USER],
        "web/new.py": ["", USER],
        "app/manager.py": [MANAGER, MANAGER.replace("get", "fetch")],
        "tests/test_quiet.py": ["", PATCHING],
        "web/.gitignore": ["", "bad.py\n"],
        "pyproject.toml": [SETTINGS, SETTINGS.replace("app.old", "app.older")],
    }
    for _ in range(60):
        name = chance.choice([*texts])
        path = project / name
        if chance.random() < 0.2 and path.suffix == ".py" and path.exists():
            path.unlink()
        elif chance.random() < 0.7:
            path.write_text(chance.choice(texts[name]))
        cwd, paths = chance.choice(PLACES)
        arguments = ["--output-format", chance.choice(FORMATS), *paths]
        if chance.random() < 0.3:
            arguments.append("--no-project")
        assert check(*arguments, cwd=cwd) == check("--no-cache", *arguments, cwd=cwd), (name, cwd, arguments)


def _refused(*given: object) -> None:
    raise AssertionError("asked anew")


def test_after_an_edit_no_folder_and_no_place_of_a_module_is_searched(
    project: Path, check, quickly, monkeypatch: pytest.MonkeyPatch
) -> None:
    check()
    (project / "web" / "quiet.py").write_text(BAD)
    expected = check("--no-cache")
    with monkeypatch.context() as patch:
        patch.setattr("flake8_redis_ssot.cli.checking.discovered", _refused)
        patch.setattr("flake8_redis_ssot.cli.recording.decisive", _refused)
        assert check() == expected
    assert quickly() == expected
    assert quickly("web") == check("--no-cache", "web")


HANDLER = "from app.service import client\n\n\nasync def handle():\n    return client.get('a')\n"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("app/manager.py", MANAGER, MANAGER.replace("class Manager", "class Other").replace("Manager()", "Other()")),
        ("app/handler.py", HANDLER.replace("client.get('a')", "1"), HANDLER),
        ("app/handler.py", HANDLER, HANDLER.replace("client.get('a')", "1")),
    ],
)  # fmt: skip
def test_an_edit_that_decides_on_another_file(
    name: str, before: str, after: str, project: Path, check
) -> None:
    (project / "app" / "service.py").write_text("import redis\n\nclient = redis.Redis()\n")
    (project / "web" / "quiet.py").write_text("from app.manager import Manager\n\nmine = Manager()\n")
    (project / name).write_text(before)
    first = check()
    (project / name).write_text(after)
    assert first != check() == check("--no-cache")


EDITS = {
    "web/quiet.py": ["import os\n", BAD, USER, "from app.missing.redis_manager import redis_manager\n"],
    "app/user.py": [USER, USER.replace("app.old", "app.manager").replace("cache", "manager"), "import ("],
    "app/manager.py": [MANAGER, MANAGER.replace("get", "fetch"), "import redis\n\n" + MANAGER],
    "app/old.py": [
        OLD,
        OLD.replace("def get", "async def get"),
        "from app.manager import manager as cache\n",
    ],
    "tests/test_quiet.py": ["", PATCHING, HOLDING_BACK],
    "web/bad.py": [BAD, "from outside import client\n\n\nasync def read():\n    client.get('a')\n"],
    # these are no files that were checked
    "app/missing/redis_manager.py": [MANAGER.replace("manager =", "redis_manager =")],
    "outside.py": [BAD, USER],
    "app/__init__.py": ["", "from app.old import cache\n"],
    "app/.gitignore": ["", "old.py\n"],
}


def test_edits_between_runs_over_the_whole(project: Path, check, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known of an earlier run is used where only checked files have changed, and is as without a cache."""
    used = []
    known_of = Known.of

    def noted(record: replay.Record | None) -> Known | None:
        known = known_of(record)
        used.append(known is not None)
        return known

    monkeypatch.setattr(Known, "of", noted)
    chance = random.Random(5)
    for _ in range(80):
        for name in chance.sample([*EDITS], chance.choice([0, 1, 1, 2])):
            path = project / name
            if chance.random() < 0.1 and path.suffix == ".py":
                path.unlink(missing_ok=True)
            else:
                path.parent.mkdir(exist_ok=True)
                path.write_text(chance.choice(EDITS[name]))
        style = ["--output-format", chance.choice(["concise", "json"])]
        assert check(*style) == check("--no-cache", *style)
    assert 20 < sum(used) < len(used)


def test_next_to_nothing_is_imported(project: Path, check: Callable[..., Answer]) -> None:
    check("--output-format", "json"), check("--output-format", "json")

    def imported(style: str) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "flake8_redis_ssot", "check", "--output-format", style],
            cwd=project, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 1
        return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    heavy = {"argparse", "astroid", "multiprocessing", "pathspec", "packaging", "tomllib", "hashlib"}
    ours = {
        f"flake8_redis_ssot.{room}" for room in ("cli.checking", "lint", "rules", "inference", "settings")
    }
    first, again = imported("github"), imported("github")
    assert "flake8_redis_ssot.cli.words" in first and not first & (heavy | ours)
    loaded = {
        name.removeprefix("flake8_redis_ssot.") for name in again if name.startswith("flake8_redis_ssot.")
    }
    assert loaded == {"cli", "cli.main", "cli.replay", "stamps", "store"}
    assert not again & {*heavy, "json", "dataclasses"}


def test_a_line_that_is_read_without_argparse() -> None:
    def asked(*arguments: str) -> tuple[dict[str, str], list[str]] | None:
        request = replay.Request.of(["check", *arguments])
        return None if request is None else (request.options, request.paths)

    here = os.getcwd()
    assert asked("--config=a.toml", "--exit-zero", "b", "c") == (
        {"--config": "a.toml", "--exit-zero": ""}, [f"{here}/b", f"{here}/c"]
    )  # fmt: skip
    assert asked() == ({}, [here]) and replay.Request.of([]) is None and replay.Request.of(["plan"]) is None
    for line in ("-", "--", "--fix", "--diff", "--output-f json", "--output-format", "--output-format --fix", "b --exit-zero c",
                 "--exit-zero=1", "--no-cache", "--output-file o", "--jobs 0", "--jobs x", "--add-noqa"):  # fmt: skip
        assert asked(*line.split()) is None, line


ROWS = '''\
import redis
a = redis.Redis()
b = redis.Redis()  # a comment
c = redis.Redis(
    host="a")
d = (redis.Redis(),
     redis.Redis("""
     """), redis.Redis("#"))
e = f"""
{redis.Redis()}
"""
g = "x\\
y"; h = redis.Redis()
i = \\
    redis.Redis()
j = redis.Redis(), "\\
"
k = """
"""; l = redis.Redis()
'''


def test_the_rows_of_comments_are_those_of_the_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [ROWS, ROWS.replace('f"""', '"""'), *(p.read_text() for p in sorted(FIXTURES.rglob("*.py")))]
    found: list[tuple[SourceFile, list[Diagnostic]]] = []
    for text in texts:
        source = SourceFile("/a.py", text.encode())
        with suppress(SourceError):
            nodes = [n for n in ast.walk(source.tree) if isinstance(n, ast.Call | ast.alias | ast.Import)]
            places = sorted({source.range_of(node) for node in nodes})
            found.append((source, [Diagnostic("/a.py", place, "RED201", "", "") for place in places]))
    shortly = [
        [*with_rows(diagnostics, DISK.with_edits({source.path: source.data}))]
        for source, diagnostics in found
    ]
    monkeypatch.setattr("flake8_redis_ssot.lint.noqa._is_surely_single", lambda source, row, nesting: False)
    assert shortly == [
        [*with_rows(diagnostics, DISK.with_edits({source.path: source.data}))]
        for source, diagnostics in found
    ]
    assert [d.noqa_row for d in shortly[0]] == [
        1, 1, 2, 3, 4, 6, 8, 8, 11, 13, 15, 17, 19
    ]  # fmt: skip


def test_what_no_run_checks_decides_on_fixes(project: Path, check, quickly) -> None:
    """A file of settings, an excluded one and one in a folder that is not searched may each name what would go."""
    style = ["--output-format", "json"]
    (project / "app" / "user.py").write_text("import os\n\nfrom app.old import cache\n\nprint(os.name)\n")
    granted = check(*style)
    assert "Remove the unused import" in granted[1] and quickly(*style) == granted
    (project / "outside.py").write_text("from app.user import cache\n")
    held = check(*style)
    assert granted != held == check(*style, "--no-cache") == quickly(*style)
    (project / "outside.py").write_text(BAD)
    assert check(*style) == granted == quickly(*style)
    for name in ("empty/settings.yaml", ".github/hook.toml"):
        path = project / name
        path.parent.mkdir(exist_ok=True)
        assert check(*style) == granted
        path.write_text('entry = "app.user.cache"\n')
        held = check(*style)
        assert granted != held == check(*style, "--no-cache") == quickly(*style), name
        path.unlink()


@pytest.mark.parametrize("where", ["linked", "node_modules"])
@pytest.mark.parametrize("which", ["manager", "old"])
def test_a_module_that_is_not_checked_decides_on_fixes(
    project: Path, check, quickly, which: str, where: str
) -> None:
    """What lies behind a link, or in a folder that is not searched, is read for a fix as well."""
    style = ["--output-format", "json"]
    path = project / "app" / f"{which}.py"
    if where == "linked":
        real = project.parent / "elsewhere.py"
        path.rename(real)
        path.symlink_to(real)
    else:
        real = project / "node_modules" / f"{which}.py"
        real.parent.mkdir()
        path.rename(real)
        settings = (project / "pyproject.toml").read_text()
        (project / "pyproject.toml").write_text(settings.replace(f"app.{which}", f"node_modules.{which}"))
        for user in ("app/user.py", "app/deep/other.py"):
            text = (project / user).read_text()
            (project / user).write_text(text.replace(f"app.{which}", f"node_modules.{which}"))
    before = real.read_text()
    granted = check(*style)
    assert '"fix": {' in granted[1] and quickly(*style) == granted
    for text in (before.replace("def get", "async def get"), before.replace("key: str", "name: str"), before):
        real.write_text(text)
        assert check(*style) == check(*style, "--no-cache") == quickly(*style), text


def test_who_has_no_settings_is_told_so_after_any_format(project: Path, check) -> None:
    (project / "pyproject.toml").unlink()
    check("--output-format", "json")
    assert check() == check("--no-cache")
    assert "redis-ssot init" in check()[2]

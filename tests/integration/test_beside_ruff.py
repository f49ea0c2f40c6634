"""Options that are said to be ruff's: both programs are run on the same files and must do the same.

Each file has twin faults, one for either program, on the same lines: one that can be fixed and one that cannot.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import Command

DOCUMENT = Path(__file__).parents[2] / "docs" / "options.md"
TWINS = {"F401": "RED506", "F821": "RED301"}
"""ruff's code to ours: the first has a safe fix."""
SOURCE = "import os; import redis; redis.StrictRedis()\nredis.ConnectionPool(); unknown\n"
CHOSEN = ["--select", "F401,F821"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("a.py", "b.pyi", "sub/c.py", "sub/deep/d.py", "ignored/e.py", "venv/f.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(SOURCE)
    (tmp_path / ".gitignore").write_text("ignored/\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / "quiet.py").write_text(SOURCE.replace("\n", "  # noqa\n"))
    (tmp_path / "pyproject.toml").write_text(
        '[tool.ruff]\nextend-exclude = ["sub/deep"]\nlint.ignore = ["F821"]\nlint.select = ["F401", "F821"]\n'
        '[tool.redis-ssot]\nextend-exclude = ["sub/deep"]\nignore = ["RED301"]\nselect = ["RED506", "RED301"]\n'
    )
    return tmp_path


def ours(arguments: list[str]) -> list[str]:
    """ruff's arguments with our codes and keys."""
    found = [argument.replace("lint.", "") for argument in arguments]
    for theirs, code in [*TWINS.items(), ("F8", "RED301"), ("F4", "RED50")]:
        found = [re.sub(rf"\b{theirs}\b", code, argument) for argument in found]
    return found


def rows(text: str, cwd: Path) -> list[tuple[str, int, str]]:
    """(file, line, code) of JSON, with our codes."""
    return sorted(
        (
            str(Path(row["filename"]).relative_to(cwd)),
            row["location"]["row"],
            TWINS.get(row["code"], row["code"]),
        )
        for row in json.loads(text)
    )


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--isolated", *CHOSEN],
        ["--isolated", "--select", "F401", "--select", "F821"],
        ["--isolated", "--select", "F4"],
        ["--isolated", *CHOSEN, "--ignore", "F4"],
        ["--isolated", *CHOSEN, "--ignore", "F401", "--ignore", "F821"],
        ["--isolated", "--select", "F401", "--extend-select", "F8"],
        CHOSEN,
        ["--ignore", "F401"],
        ["--extend-select", "F821"],
        [*CHOSEN, "--per-file-ignores", "a.py:F401,sub/**:F821"],
        [*CHOSEN, "--per-file-ignores", "a.py:F401", "--per-file-ignores", "a.py:F8"],
        [*CHOSEN, "--per-file-ignores", "!a.py:F401"],
        [*CHOSEN, "--extend-per-file-ignores", "*.pyi:F821"],
        ["--config", "lint.select = ['F821']", "--config", "lint.ignore = []"],
        ["--config", "extend-exclude = ['sub']"],
        ["--config", "pyproject.toml", "sub"],
        ["--config", "lint.select = ['F821']", *CHOSEN, "--isolated"],
        ["--isolated", *CHOSEN, "--exclude", "sub"],
        ["--isolated", *CHOSEN, "--exclude", "sub,*.pyi"],
        ["--isolated", *CHOSEN, "--extend-exclude", "a.py"],
        ["--exclude", "nothing"],
        ["--extend-exclude", "sub/c.py", "--extend-exclude", "a.py"],
        ["--exclude", "a.py", "a.py"],
        ["--exclude", "a.py", "--force-exclude", "a.py"],
        ["--exclude", "a.py", "--force-exclude", "--no-force-exclude", "a.py"],
        ["--no-respect-gitignore"],
        ["--respect-gitignore"],
        ["--ignore-noqa", *CHOSEN],
        ["--exit-zero"],
        ["-e", "-n"],
        ["--no-cache", "sub", "a.py"],
        ["--fixable", "F821"],
        ["--unfixable", "F4"],
        ["--unsafe-fixes"],
        ["--unsafe-fixes", "--no-unsafe-fixes"],
        ["--no-fix"],
    ],
    ids=" ".join,
)
def test_the_same_is_found(arguments: list[str], project: Path, run: Command, process: Command) -> None:
    style = ["--output-format", "json"]
    theirs = process("check", *arguments, *style, cwd=project, module="ruff")
    mine = run("check", *ours(arguments), *style, cwd=project)
    assert (rows(mine.stdout, project), mine.returncode) == (rows(theirs.stdout, project), theirs.returncode)
    fixes = [
        {(row["location"]["row"], TWINS.get(row["code"], row["code"])): bool(row["fix"]) for row in json.loads(done.stdout)}
        for done in (mine, theirs)
    ]  # fmt: skip
    assert fixes[0] == fixes[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--bogus"],
        ["--output-format", "bogus"],
        ["--select", ""],
        ["--select", "ABC999"],
        ["--per-file-ignores", "a.py"],
        ["--config", "nothing.toml"],
        ["--config", "x"],
        ["--config", "nonsense = 1"],
        ["--config", "pyproject.toml", "--config", "pyproject.toml"],
        ["--isolated", "--config", "pyproject.toml"],
        ["--show-fixes", "--diff"],
        ["--exit-zero", "--exit-non-zero-on-fix"],
        ["--quiet", "--verbose"],
        ["--statistics", "--output-format", "grouped"],
        ["--color", "sometimes"],
    ],
    ids=" ".join,
)
def test_the_same_is_refused(arguments: list[str], project: Path, run: Command, process: Command) -> None:
    done = [
        process("check", *arguments, "a.py", cwd=project, module="ruff"),
        run("check", *ours(arguments), "a.py", cwd=project),
    ]
    assert [(one.returncode, one.stdout, bool(one.stderr)) for one in done] == [(2, "", True)] * 2


def said(text: str) -> str:
    """What both say alike, with our codes and names."""
    for theirs, code in TWINS.items():
        text = text.replace(theirs, code)
    return re.sub(r"\((?:unused-import|deprecated-redis-api)\)", "(name)", text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fix", "-q", "--output-format", "pylint"],
        ["--fix", "--select", "F401"],
        ["--fix", "--select", "F401", "--silent"],
        ["--fix", "--select", "F401", "--show-fixes"],
        ["--fix", "--select", "F401", "--exit-non-zero-on-fix"],
        ["--fix", "--select", "F821", "--exit-non-zero-on-fix", "-q", "--output-format", "pylint"],
        ["--fix-only", "--select", "F401,F821"],
        ["--fix-only", "--exit-non-zero-on-fix"],
        ["--fix-only", "--no-fix-only", "-q", "--output-format", "pylint"],
        ["--fix", "--no-fix-only", "--select", "F401"],
        ["--fix", "--select", "F401", "--show-fixes", "--no-show-fixes"],
        ["--fix", "--no-fix", "-q", "--output-format", "pylint"],
        ["--fix", "--select", "F401", "--fixable", "F821", "-q", "--output-format", "pylint"],
        ["--fix", "--select", "F401", "--unfixable", "F4", "-q", "--output-format", "pylint"],
        ["--diff", "-q", "--select", "F821"],
    ],
    ids=" ".join,
)
def test_fixes_do_the_same(arguments: list[str], project: Path, run: Command, process: Command) -> None:
    done = []
    for module in ("ruff", "flake8_redis_ssot"):
        (project / "a.py").write_text(SOURCE)
        given = arguments if module == "ruff" else ours(arguments)
        one = (process if module == "ruff" else run)(
            "check", "-n", *given, "a.py", cwd=project, module=module
        )
        changed = (project / "a.py").read_text() != SOURCE
        text = "\n".join(re.sub(r"(: \[\w+\]) .*", r"\1", line) for line in said(one.stdout).splitlines())
        done.append((one.returncode, text, changed, one.stderr))
    assert done[0] == done[1]


UNUSED = (
    "import os; import redis; redis.StrictRedis()  # noqa: {}\nredis.ConnectionPool(); unknown  # noqa: {}\n"
)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--fixable", "RUF100"],
        ["--unfixable", "RUF100"],
        ["--fixable", "F401"],
        ["--unfixable", "F401"],
        ["--fixable", "ALL"],
        ["--unfixable", "ALL"],
        ["--fixable", "ALL", "--unfixable", "RUF"],
        ["--fixable", "RUF100,F401", "--unfixable", "RUF1"],
        ["--fixable", "RUF100", "--unfixable", "RUF"],
    ],
    ids=" ".join,
)
def test_comments_that_silence_nothing_are_fixed_alike(
    arguments: list[str], tmp_path: Path, run: Command, process: Command
) -> None:
    def mine(given: list[str]) -> list[str]:
        for theirs, code in (("RUF100", "RED904"), ("RUF1", "RED90"), ("RUF", "RED9")):
            given = [re.sub(rf"\b{theirs}\b", code, argument) for argument in given]
        return ours(given)

    found = []
    selected = ["--isolated", "-n", "--select", "F401,F821,RUF100", *arguments]
    for module, given, codes in (
        ("ruff", selected, ("F821", "F401")),
        ("flake8_redis_ssot", mine(selected), ("RED301", "RED506")),
    ):
        call = process if module == "ruff" else run
        (tmp_path / "a.py").write_text(UNUSED.format(*codes))
        shown = call("check", *given, "--output-format", "json", "a.py", cwd=tmp_path, module=module)
        fixes = sorted(
            (
                row["location"]["row"],
                TWINS.get(row["code"], row["code"]).replace("RUF100", "RED904"),
                bool(row["fix"]),
            )
            for row in json.loads(shown.stdout)
        )
        done = call(
            "check", *given, "--fix", "-q", "--output-format", "pylint", "a.py", cwd=tmp_path, module=module
        )
        after = (tmp_path / "a.py").read_text()
        found.append(
            (
                fixes,
                shown.returncode,
                done.returncode,
                [line.partition("#")[2] for line in after.splitlines()],
            )
        )
    comments = [[said(text) for text in one[3]] for one in found]
    assert found[0][:3] == found[1][:3] and comments[0] == comments[1]


def test_a_diff_changes_nothing_and_says_how_many(project: Path, run: Command, process: Command) -> None:
    done = [
        process("check", "--diff", "a.py", cwd=project, module="ruff"),
        run("check", "--diff", "a.py", cwd=project),
    ]
    assert [one.returncode for one in done] == [1, 1]
    assert all("Would fix 1 error." in one.stdout + one.stderr for one in done)
    for one in done:
        assert one.stdout.startswith("--- a.py\n+++ a.py\n@@ -1,2 +1,2 @@\n")
    assert (project / "a.py").read_text() == SOURCE


@pytest.mark.parametrize("reason", ["", "=for now", "=x: y"])
def test_comments_are_added_alike(reason: str, project: Path, run: Command, process: Command) -> None:
    texts = []
    for module in ("ruff", "flake8_redis_ssot"):
        (project / "a.py").write_text(SOURCE)
        given = ["--select", "F401,F821"]
        one = (process if module == "ruff" else run)(
            "check", f"--add-noqa{reason}", *(given if module == "ruff" else ours(given)), "a.py",
            cwd=project, module=module,
        )  # fmt: skip
        assert one.returncode == 0 and "Added 2 noqa directives." in one.stdout + one.stderr
        texts.append(said((project / "a.py").read_text()))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("arguments", [[], ["-q"], ["-s"], ["--output-file", "o.txt"], ["-o", "o.txt", "-q"]])
def test_what_is_said_of_nothing(
    arguments: list[str], tmp_path: Path, run: Command, process: Command
) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    done = []
    for module in ("ruff", "flake8_redis_ssot"):
        (tmp_path / "o.txt").unlink(missing_ok=True)
        one = (process if module == "ruff" else run)("check", "-n", *arguments, cwd=tmp_path, module=module)
        file = tmp_path / "o.txt"
        done.append((one.returncode, one.stdout, one.stderr, file.exists() and file.read_text()))
    assert done[0] == done[1]


def test_statistics_and_files_alike(project: Path, run: Command, process: Command) -> None:
    count = ["--statistics", "--output-format", "json"]
    theirs = json.loads(process("check", *count, *CHOSEN, cwd=project, module="ruff").stdout)
    mine = json.loads(run("check", *count, *ours(CHOSEN), cwd=project).stdout)
    for row in theirs:
        row["code"], row["name"] = TWINS[row["code"]], ""
    assert sorted(theirs, key=str) == sorted(({**row, "name": ""} for row in mine), key=str)
    files = process("check", "--show-files", cwd=project, module="ruff").stdout.split()
    shown = run("check", "--show-files", cwd=project).stdout.split()
    assert sorted(files) == sorted([*map(str, map(project.joinpath, shown)), str(project / "pyproject.toml")])


def test_rule_config_and_version_have_ruff_s_shape(tmp_path: Path, run: Command, process: Command) -> None:
    def both(*arguments: str, mine: tuple[str, ...] = ()) -> tuple[str, str]:
        theirs = process(*arguments, cwd=tmp_path, module="ruff")
        own = run(*(mine or arguments), cwd=tmp_path)
        assert theirs.returncode == own.returncode == 0
        return theirs.stdout, own.stdout

    json_style = ("--output-format", "json")
    theirs, own = map(json.loads, both("rule", "F401", *json_style, mine=("rule", "RED201", *json_style)))
    extra = {"message_formats", "preview", "status", "category", "source_location"}
    assert theirs.keys() - extra == own.keys() - {"default", "project", "since"}
    theirs, own = map(json.loads, both("rule", "--all", *json_style))
    assert isinstance(theirs, list) and isinstance(own, list) and own[0]["code"] == "RED000"
    named = run("rule", "direct-client-construction", cwd=tmp_path).stdout
    assert named == run("rule", "red201", cwd=tmp_path).stdout
    assert process("rule", "unused-import", cwd=tmp_path, module="ruff").returncode == 0
    theirs, own = map(json.loads, both("config", "exclude", *json_style))
    assert own.keys() <= theirs.keys()
    theirs, own = map(json.loads, both("config", *json_style))
    assert own["src"]["default"] == theirs["src"]["default"] and isinstance(own["src"]["doc"], str)
    theirs_text, own_text = both("version")
    assert re.fullmatch(r"[\w-]+ \d+\.\d+\.\d+\n", theirs_text) and re.fullmatch(
        r"[\w-]+ \d+\.\d+\.\d+\n", own_text
    )
    theirs, own = map(json.loads, both("version", *json_style))
    assert own.keys() <= theirs.keys()
    for arguments in (("rule", "F999"), ("config", "nope")):
        assert process(*arguments, cwd=tmp_path, module="ruff").returncode == 2
        assert run(*arguments, cwd=tmp_path).returncode == 2


def test_each_shell_has_completions(tmp_path: Path, run: Command, process: Command) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert process("generate-shell-completion", shell, cwd=tmp_path, module="ruff").returncode == 0
        done = run("generate-shell-completion", shell, cwd=tmp_path)
        assert done.returncode == 0 and "redis-ssot" in done.stdout and "extend-select" in done.stdout


def test_standard_input_and_the_cache_alike(project: Path, run: Command, process: Command) -> None:
    found = []
    for module in ("ruff", "flake8_redis_ssot"):
        one = (process if module == "ruff" else run)(
            "check", "--stdin-filename", "sub/new.py", "--cache-dir", f"cache-{module}", "--output-format", "json", "-",
            cwd=project, module=module, stdin=SOURCE.encode(),
        )  # fmt: skip
        found.append(rows(one.stdout, project))
        (process if module == "ruff" else run)(
            "check", "--cache-dir", f"cache-{module}", cwd=project, module=module
        )
        assert (project / f"cache-{module}" / "CACHEDIR.TAG").is_file()
    assert found[0] == found[1] == [("sub/new.py", 1, "RED506")]


def test_colours_alike(project: Path, run: Command, process: Command) -> None:
    for choice in ("always", "never", "auto"):
        arguments = ("check", "-n", "--color", choice, "--output-format", "concise", "a.py")
        theirs = process(*arguments, cwd=project, module="ruff").stdout.splitlines()[0]
        mine = run(*arguments, cwd=project).stdout.splitlines()[0]
        assert ("\x1b[" in theirs) == ("\x1b[" in mine) == (choice == "always")
        painted = [re.findall(r"\x1b\[([\d;]+)m([^\x1b]+)", line)[:3] for line in (theirs, mine)]
        assert said(str(painted[0])) == str(painted[1])


def test_flake8_and_the_command_write_alike(tmp_path: Path, run: Command) -> None:
    (tmp_path / "a.py").write_text("import redis\n\nredis.Redis()\nredis.Redis()  # noqa\n")
    (tmp_path / "b.py").write_text("import redis\n\nredis.ConnectionPool()\n")
    for theirs, mine in (
        ([], ["--output-format", "concise"]),
        (["--disable-noqa"], ["--output-format", "concise", "--ignore-noqa"]),
        (["--format", "pylint"], ["--output-format", "pylint"]),
        (["--exit-zero"], ["--output-format", "concise", "--exit-zero"]),
        (["-j", "2"], ["--output-format", "concise", "--jobs", "2"]),
    ):
        flake8 = run("--isolated", "--select", "RED", *theirs, "a.py", "b.py", cwd=tmp_path, module="flake8")
        command = run("check", "-q", "--no-project", *mine, "a.py", "b.py", cwd=tmp_path)
        assert (flake8.returncode, flake8.stdout) == (command.returncode, command.stdout)
        file = tmp_path / "o.txt"
        file.unlink(missing_ok=True)  # flake8 adds to it
        run(
            "--isolated",
            "--select",
            "RED",
            *theirs,
            "--output-file",
            "o.txt",
            ".",
            cwd=tmp_path,
            module="flake8",
        )
        by_flake8 = file.read_text().replace("./", "")
        run("check", "-q", "--no-project", *mine, "--output-file", "o.txt", cwd=tmp_path)
        assert by_flake8 == file.read_text() == command.stdout


def test_flake8_and_the_command_take_the_name_of_standard_input(tmp_path: Path, run: Command) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "app.manager"\n')
    source = b"import redis\n\nredis.Redis()\n"
    for name, status in (("app/manager.py", 0), ("app/other.py", 1)):
        flake8 = run(
            "--isolated",
            "--select",
            "RED",
            "--stdin-display-name",
            name,
            "-",
            cwd=tmp_path,
            module="flake8",
            stdin=source,
        )
        command = run(
            "check",
            "-q",
            "--output-format",
            "concise",
            "--stdin-filename",
            name,
            "-",
            cwd=tmp_path,
            stdin=source,
        )
        assert (flake8.returncode, flake8.stdout) == (command.returncode, command.stdout)
        assert (command.returncode, command.stdout.startswith(f"{name}:3:1: RED201 ")) == (
            status,
            bool(status),
        )


def rows_of_document() -> dict[str, dict[str, str]]:
    """Section -> option -> what is said of it."""
    found: dict[str, dict[str, str]] = {}
    for part in DOCUMENT.read_text().split("\n## ")[1:]:
        title = part.partition("\n")[0]
        for options, verdict in re.findall(r"^\| (`.+?) \| (same|different|not here) \|", part, re.MULTILINE):
            for option in re.findall(r"`([^`]+)`", options):
                found.setdefault(title, {})[option] = verdict
    return found


def test_every_option_of_both_is_spoken_of(tmp_path: Path, process: Command) -> None:
    document = rows_of_document()

    def options(module: str, *command: str) -> set[str]:
        text = process(*command, "--help", cwd=tmp_path, module=module).stdout
        negated = re.findall(r"Use\s+`(--no-[\w-]+)`", text)
        return {*negated, *re.findall(r"^ +(?:-\w(?: \w+)?, )?(--[a-z][\w-]+)", text, re.MULTILINE)}

    assert len(options("ruff", "check")) > 35 and len(options("flake8")) > 35
    assert options("ruff", "check") <= document["ruff check"].keys()
    assert options("flake8") <= document["flake8"].keys()
    for command in ("rule", "config"):
        known = {
            name.removeprefix(f"{command} ") for name in document["ruff rule, ruff config, ruff version"]
        } | {"--help"}
        assert options("ruff", command) <= known


def test_every_option_that_is_the_same_is_compared() -> None:
    source = Path(__file__).read_text()
    for options in rows_of_document().values():
        for option, verdict in options.items():
            if verdict == "same":
                word = option.removeprefix("rule ").removeprefix("config ").removeprefix("version ")
                assert word in ("RULE", "OPTION") or f'"{word}' in source, option

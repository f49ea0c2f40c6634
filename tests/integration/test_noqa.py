"""`noqa` comments, as flake8 reads them: what is said of them, the fix of RED904, `--add-noqa` and `noqa_row`.

The oracle is flake8 itself, asked before and after for every line and code.
"""

from __future__ import annotations

import argparse
import ast
import json
import tempfile
from itertools import zip_longest
from pathlib import Path

import pytest
from conftest import Command, places
from flake8.processor import FileProcessor
from flake8.violation import Violation
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.fix.apply import mend
from flake8_redis_ssot.lint.noqa import add_noqa, with_rows
from flake8_redis_ssot.lint.run import checker_for, run_project
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import Selection
from flake8_redis_ssot.source import Position, Range, SourceFile

SETTINGS = '[tool.redis-ssot]\nmanager = "app.redis_manager"\ninstance = "redis_manager"\n'
MANAGER = 'import redis\n\nredis_manager = redis.Redis(host="cache")\n'
CODES = sorted({*defaults(), "RED2", "RED999", "red201", "E501", "F401", "W1", "X1", "E501RED201"})
CHOSEN = frozenset(["RED000", "RED201", "RED301", "RED904"])


def make(root: Path) -> Path:
    (root / "app").mkdir()
    (root / "app" / "__init__.py").touch()
    (root / "app" / "redis_manager.py").write_text(MANAGER)
    (root / "pyproject.toml").write_text(SETTINGS)
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make(tmp_path)


def silenced(data: bytes, path: Path) -> list[set[str]]:
    """What flake8 silences on each row."""
    path.write_bytes(data)
    options = argparse.Namespace(
        hang_closing=False,
        indent_size=4,
        max_line_length=79,
        max_doc_length=None,
        verbose=0,
        disable_noqa=False,
    )
    processor = FileProcessor(str(path), options)
    if processor.should_ignore_file():
        return [set(CODES) for _ in processor.lines]
    return [
        {
            code
            for code in CODES
            if Violation(code, str(path), row, 1, "", processor.noqa_line_for(row)).is_inline_ignored(False)
        }
        for row in range(1, len(processor.lines) + 1)
    ]


def mended(root: Path, *, unsafe: bool = False):
    """The fix of RED904 alone, and what it leaves."""
    chosen = load_settings(str(root / "pyproject.toml"), root=str(root), codes=list(defaults()))
    files = sorted(str(path) for path in root.rglob("*.py"))
    return mend(files, chosen, CHOSEN, files, unsafe=unsafe)


def found(root: Path, *codes: str):
    chosen = load_settings(str(root / "pyproject.toml"), root=str(root), codes=list(defaults()))
    files = sorted(str(path) for path in root.rglob("*.py"))
    outcome = run_project(files, checker_for(chosen, Selection(select=codes)))
    assert not outcome.failures
    return outcome.diagnostics


STATEMENTS = st.sampled_from(
    ["x = 1", "redis.Redis()", "", "x = '# noqa: RED301'", "x = 'é' ", "x = '''a\n# noqa: RED301, b'''",
     "x = '''a\nredis.Redis() # noqa'''", "x = f'''{\n1\n}{redis.Redis()}\n'''", "x = 1 + \\\n    redis.Redis()",
     "redis.Redis(  \n    host='x')", "if x:\n\tredis.Redis()", "x = 1 \\\n", "x = 1;\x0c"]
)  # fmt: skip
BEFORE = st.sampled_from(["", "", "", "# type: ignore  ", "# why ", "# flake8: x  ", "#"])
HEADS = st.sampled_from(
    ["# noqa: ", "# noqa:", "# NoQA: ", "#noqa:", "# NOQA : ", "# noqa:\t", "# noqa", "#  noqa: "]
)
NAMED = st.sampled_from(
    [
        "RED201",
        "RED301",
        "RED2",
        "RED",
        "RED999",
        "E501",
        "F401",
        "red201",
        "RED904",
        "RED201RED301",
        "RED301why",
    ]
)
BETWEEN = st.sampled_from([",", ", ", ",,", " ", "\t", " , ", "", ", ,"])
AFTER = st.sampled_from(
    ["", "", ",", " ,", " ", " why", ", raw sockets on purpose", " - x1", " see #12", "  # reason", " # type: int",
     "  # noqa", " # noqa: E501", "# flake8: noqa", "\t#x", "# coding: latin-1", ": RED", " E5"]
)  # fmt: skip
SPACE = st.sampled_from(["  ", "", " ", "\t", " \t "])


@st.composite
def noqas(draw: st.DrawFn) -> str:
    text = draw(NAMED)
    for _ in range(draw(st.integers(0, 3))):
        text += draw(BETWEEN) + draw(NAMED)
    return draw(BEFORE) + draw(HEADS) + text + draw(AFTER)


@st.composite
def sources(draw: st.DrawFn) -> bytes:
    parts = [
        draw(STATEMENTS) + draw(st.one_of(st.just(""), st.tuples(SPACE, noqas()).map("".join)))
        for _ in range(draw(st.integers(1, 4)))
    ]
    text = "\n".join(["import redis", *parts]) + draw(st.sampled_from(["\n", ""]))
    text = draw(st.sampled_from(["", "", "#!/usr/bin/env python\n", "# coding: latin-1\n"])) + text
    data = text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))).encode(
        "latin-1" if "# coding: latin-1\n" in text[:22] else "utf-8"
    )
    bom = b"\xef\xbb\xbf" if draw(st.booleans()) and b"latin-1" not in data else b""
    return bom + data


def parsed(data: bytes) -> str | None:
    try:
        return ast.dump(ast.parse(data))
    except (SyntaxError, ValueError):
        return None


@settings(max_examples=100, deadline=None)
@given(data=sources(), unsafe=st.booleans())
def test_the_fix_never_silences_more_and_settles_what_it_may(data: bytes, unsafe: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = make(Path(folder))
        path = root / "app" / "rooms.py"
        path.write_bytes(data)
        first = mended(root, unsafe=unsafe)
        after = first.changes.get(str(path), data)
        assert parsed(after) == parsed(data)
        rows = [silenced(data, path), silenced(after, path)]
        assert after.count(b"\n") == data.count(b"\n")
        # the last row may be gone, where it was a comment without a line end
        assert all(now <= before for before, now in zip_longest(*rows, fillvalue=set()))
        assert set(first.changes) <= {str(path)}
        left = {(d.range, d.message) for d, _ in first.left if d.code == "RED904"}
        assert {(d.range, d.message) for d in found(root, *CHOSEN) if d.code == "RED904"} == left
        for diagnostic, reason in first.left:
            if diagnostic.code == "RED904":
                reasons = (
                    "silence more",
                    "encoding",
                    "no longer compile",
                    "may be meant",
                    "would be unsafe",
                )[: 4 if unsafe else 5]
                assert any(known in reason for known in reasons), reason
        assert not mended(root, unsafe=unsafe).changes


@settings(max_examples=100, deadline=None)
@given(data=sources())
@example(b"import redis\r\nredis.Redis()\r\nx = 1 \\\r\n")
def test_comments_added_silence_just_what_was_reported(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = make(Path(folder))
        path = root / "app" / "rooms.py"
        path.write_bytes(data)
        reported = [d for d in found(root, *CHOSEN) if d.path == str(path)]
        rows = {(d.range, d.code): d.noqa_row for d in with_rows(reported, DISK)}
        added = add_noqa(DISK.source(str(path)), reported)
        assert parsed(added.data) == parsed(data)
        old, new = data.splitlines(), added.data.splitlines()
        assert sum(a != b for a, b in zip(old, new, strict=True)) == added.count
        before = silenced(data, path)
        after = silenced(added.data, path)
        still = {(d.range, d.code) for d in found(root, *CHOSEN - {"RED904"})}
        for diagnostic in reported:
            key = diagnostic.range, diagnostic.code
            if diagnostic.code != "RED904":
                assert (key in still) == (rows[key] is None)
            else:
                assert rows[key] is None
        assert {row for row, *_ in added.left if row} == {
            row if (row := rows[d.range, d.code]) else _last_row(d, added.left) for d in reported
            if rows[d.range, d.code] is None
        }  # fmt: skip
        wanted = {d.code for d in reported}
        for then, now in zip(before, after, strict=True):
            assert then <= now <= then | wanted
        assert add_noqa(DISK.source(str(path)), found(root, *CHOSEN - {"RED904"})).count == 0


def _last_row(diagnostic, left: list[tuple[int, str, str]]) -> int:
    """The row at which a diagnostic is said to be left: its own, or the last that is joined to it."""
    return next(
        row for row, codes, _ in left if row >= diagnostic.range.start.line and diagnostic.code in codes
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # noqa: RED301, raw sockets on purpose", "x = 1"),
        ("x = 1  # noqa: RED301,", "x = 1"),
        ("x = 1  # noqa: RED301,,E501", "x = 1  # noqa: E501"),
        ("x = 1  # noqa: E501,,RED301", "x = 1  # noqa: E501"),
        ("x = 1  # noqa: E501,RED301 F401", "x = 1  # noqa: E501,F401"),
        ("x = 1  # noqa: RED301 E501 why", "x = 1  # noqa: E501 why"),
        ("x = 1  # noqa:RED301,RED201 why", "x = 1"),
        ("x = 1  # noqa:RED301,RED301", "x = 1"),
        ("x = 1\t# noqa: RED301  # reason", "x = 1\t# reason"),
        ("x = 1  # noqa: RED301 see #12  # reason", "x = 1  # reason"),
        ("x = 1  # type: ignore  # noqa: RED301", "x = 1  # type: ignore"),
        ("x = 1  # noqa: RED301  # pylint: disable=x", "x = 1  # pylint: disable=x"),
        ("if x:\n    # noqa: RED301", "if x:\n"),
        ("x = '''\n'''  # noqa: RED301", "x = '''\n'''"),
        ("x = 1 + \\\n    1  # noqa: RED301", "x = 1 + \\\n    1"),
        # nothing of these can go
        ("x = 1  # noqa: RED301  # noqa", None),
        ("x = 1  # noqa: RED301  # noqa: E501", None),
        ("# noqa: RED301  # flake8: noqa", None),
        ("x = 1  # noqa: RED301  # type: ignore", None),
        # no comments, or none that flake8 reads
        ("x = '# noqa: RED301'", None),
        ("x = f'{1} # noqa: RED301'", None),
        ('"""\n# noqa: RED301\n"""', None),
        ('x = """\n# noqa: E501\n"""  # noqa: RED301', None),
        ("x = 1  #noqa:RED301", None),
        ("x = 1  # NOQA : RED301", None),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_is_left_of_a_comment(before: str, after: str | None, end: str, project: Path) -> None:
    path = project / "app" / "rooms.py"
    tail = "\nx = 2\n" if not before.startswith("if") else "\n    x = 2\n"
    path.write_bytes(((text := "x = 0\n" + before + tail).replace("\n", end)).encode())
    wanted = text if after is None else "x = 0\n" + after + tail
    got = mended(project).changes.get(str(path), path.read_bytes())
    assert got.decode() == wanted.replace("\n", end)


def test_a_code_in_small_letters_is_not_taken_out(project: Path, run: Command) -> None:
    text = "import redis\n\nclient = redis.Redis()  # noqa: red201 for the load test\n"
    (project / "app" / "rooms.py").write_text(text)
    options = ("--extend-select", "RED904", "--ignore", "RED201", "--output-format", "concise")
    done = run("check", "--fix", *options, cwd=project)
    assert "`red201` is no rule; write `RED201`: flake8 knows codes in capitals only" in done.stdout
    assert (project / "app" / "rooms.py").read_text() == text


def test_what_other_tools_would_read_is_unsafe(project: Path, run: Command) -> None:
    path = project / "app" / "rooms.py"
    path.write_text("x = 1  # noqa: RED301  # type: ignore\n")
    done = run("check", "--extend-select", "RED904", "--output-format", "json", cwd=project)
    assert [d["fix"]["applicability"] for d in json.loads(done.stdout)] == ["unsafe"]
    run("check", "--extend-select", "RED904", "--fix", "--unsafe-fixes", cwd=project)
    assert path.read_text() == "x = 1  # type: ignore\n"


def test_no_fix_has_flake8_pass_over_the_file(project: Path) -> None:
    (project / "app" / "rooms.py").write_text("x = 1\n# noqa: RED301  # flake8: noqa\n")
    first = mended(project, unsafe=True)
    assert not first.changes
    assert [reason.split("; ")[0] for _, reason in first.left] == [
        "what is left of the comment would silence more"
    ]


@pytest.mark.parametrize(
    "select",
    ["RED904,RED301", "RED201,RED301,RED904", "RED104,RED301,RED904", "RED9,RED3", "ALL"],
)
@pytest.mark.parametrize("cache", [[], ["--no-cache"]])
def test_the_fix_depends_on_no_other_rule(select: str, cache: list[str], project: Path, run: Command) -> None:
    path = project / "app" / "rooms.py"
    path.write_text("x = 1  # noqa: RED301, RED302 why\n")
    enabled = {"RED301"} | ({"RED302"} if select in ("ALL", "RED9,RED3") else set())
    for _ in range(2):  # also from the cache
        done = run("check", "--select", select, "--output-format", "json", *cache, cwd=project)
        rows = [d for d in json.loads(done.stdout) if d["code"] == "RED904"]
        named = ", ".join(f"`{code}`" for code in sorted(enabled))
        assert [d["fix"]["message"] for d in rows] == [f"Remove {named} from the `noqa`"] * len(enabled)
    done = run("check", "--select", select, "--fix", "--output-format", "concise", *cache, cwd=project)
    assert path.read_text() == ("x = 1\n" if len(enabled) == 2 else "x = 1  # noqa: RED302 why\n")
    assert "RED904" not in done.stdout
    alone = run("check", "--select", select, "--no-project", "--output-format", "json", cwd=project)
    assert json.loads(alone.stdout) == []


def test_a_fix_in_json_depends_on_no_project_rule(project: Path, run: Command) -> None:
    """The fix of an import needs to know who else reads the name, whatever rules are selected."""
    settings_file = project / "pyproject.toml"
    settings_file.write_text(
        SETTINGS + 'forbidden-managers = ["app.old"]\n'
        '[tool.redis-ssot.replacements]\n"app.old.redis_manager" = "app.redis_manager.redis_manager"\n'
    )
    (project / "app" / "old.py").write_text("from app.redis_manager import redis_manager\n")
    (project / "app" / "rooms.py").write_text("from app.old import redis_manager\n\nredis_manager.get('a')\n")
    (project / "app" / "user.py").write_text("from app.rooms import redis_manager\n")
    fixes = []
    for select in ("RED101", "RED101,RED104,RED401"):
        done = run("check", "--select", select, "--output-format", "json", cwd=project)
        fixes.append([d["fix"] for d in json.loads(done.stdout) if d["code"] == "RED101"])
    assert fixes[0] == fixes[1] and fixes[0][0] is not None


@pytest.mark.parametrize("select", ["RED201,RED904", "RED201,RED903", "ALL"])
@pytest.mark.parametrize(
    ("data", "row"),
    [
        (b"import redis\nx = redis.Redis()  # noqa: RED201\n# caf\xe9\n", 3),
        (b"import redis\nx = redis.Redis()  # noqa: RED201\nx = = 1\n", 3),
        (b"import redis\nx = redis.Redis(  # noqa: RED201\n", 2),
        (b"# coding: nonsense\nimport redis  # noqa: RED201\n", 1),
    ],
)
def test_a_file_error_is_all_that_is_said(data, row, select, project: Path, run: Command) -> None:
    path = project / "app" / "rooms.py"
    path.write_bytes(data)
    arguments = ("check", "--select", select, "--ignore", "RED4", "--output-format", "concise")
    done = run(*arguments, "app/rooms.py", cwd=project)
    assert (done.returncode, done.stderr) == (1, "")
    assert [(line, code) for _, line, _, code in places(done.stdout)] == [(row, "RED000")]
    done = run("check", "--add-noqa", "app/rooms.py", cwd=project)
    assert (done.returncode, done.stdout) == (0, "Added 0 noqa directives.\n")
    assert done.stderr == f"warning: app/rooms.py:{row}: RED000 is left: no comment silences it\n"
    assert path.read_bytes() == data


def test_an_unreadable_file_that_need_not_be_parsed_is_passed_over(project: Path, run: Command) -> None:
    (project / "app" / "rooms.py").write_bytes(b"x = 1  # noqa: RED301 caf\xe9\n")
    done = run("check", "--select", "RED301,RED903,RED904", cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "All checks passed!\n", "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("redis.Redis()", "redis.Redis()  # noqa: RED201"),
        ("redis.Redis()  ", "redis.Redis()  # noqa: RED201"),
        ("redis.Redis()  # why", "redis.Redis()  # why  # noqa: RED201"),
        ("redis.Redis()  # noqa:E501 why", "redis.Redis()  # noqa:E501, RED201 why"),
        ("redis.Redis()  # noqa: E501, because", "redis.Redis()  # noqa: E501, RED201, because"),
        ("redis.Redis()  # NoQA: E501,", "redis.Redis()  # NoQA: E501, RED201,"),
        ("redis.Redis()  #noqa:E501", "redis.Redis()  #noqa:E501  # noqa: RED201"),
        ("redis.Redis(), redis.Redis()", "redis.Redis(), redis.Redis()  # noqa: RED201"),
        ("redis.Redis('''\n''')", "redis.Redis('''\n''')  # noqa: RED201"),
        ("'''\n''', redis.Redis()", "'''\n''', redis.Redis()  # noqa: RED201"),
        ("x = \\\n    redis.Redis()", "x = \\\n    redis.Redis()  # noqa: RED201"),
        ("x = redis.Redis() \\\n", "x = redis.Redis() \\\n# noqa: RED201"),
        ("redis.Redis(\n    'x'\n)", "redis.Redis(  # noqa: RED201\n    'x'\n)"),
        ("redis.Redis('# noqa: E501')", None),
        ("redis.Redis('''\n# noqa: E501''')", None),
    ],
)
@pytest.mark.parametrize("kind", ["utf-8", "bom", "latin-1", "crlf"])
def test_comments_are_added_where_they_count(before, after, kind, project: Path, run: Command) -> None:
    path = project / "app" / "rooms.py"
    end = "\r\n" if kind == "crlf" else "\n"
    start, codec = "", "utf-8"
    if kind == "latin-1":
        start, codec = "# coding: latin-1\n", "latin-1"
    elif kind == "bom":
        start = "\ufeff"

    def data(text: str) -> bytes:
        return f"{start}import redis\nname = 'é'\n{text}\n".replace("\n", end).encode(codec)

    path.write_bytes(data(before))
    tree = ast.dump(ast.parse(data(before)))
    row = 3 + (kind == "latin-1") + before.rstrip("\n").count("\n") * ("'\n'" not in before)
    listed = json.loads(run("check", "--output-format", "json", cwd=project).stdout)
    done = run("check", "--add-noqa", cwd=project)
    assert path.read_bytes() == data(before if after is None else after)
    assert ast.dump(ast.parse(path.read_bytes())) == tree
    rest = run("check", "--output-format", "concise", cwd=project)
    if after is None:
        assert {d["noqa_row"] for d in listed} == {None} and rest.returncode == 1
        assert done.stderr == (
            f"warning: app/rooms.py:{row}: RED201 is left: another `noqa` on it counts first\n"
        )
        assert (done.returncode, done.stdout) == (0, "Added 0 noqa directives.\n")
    else:
        text = path.read_bytes().decode(codec).splitlines()
        (at,) = {d["noqa_row"] for d in listed}
        assert "RED201" in text[at - 1]
        assert (done.returncode, done.stdout, done.stderr) == (0, "Added 1 noqa directive.\n", "")
        assert (rest.returncode, rest.stdout) == (0, "All checks passed!\n")


@pytest.mark.parametrize("data", [b"#!/usr/bin/env python\nx = 1\n", b"", b"x = '\n", b"x = 1  # caf\xe9\n"])
def test_where_no_comment_can_stand_is_said(data: bytes) -> None:
    source = SourceFile("/rooms.py", data)
    diagnostic = Diagnostic(
        "/rooms.py", Range(Position(1, 1), Position(1, 2)), "RED402", "manager-shim", "It is"
    )
    added = add_noqa(source, [diagnostic])
    assert (added.data, added.count) == (data, 0)
    assert added.left == [(1, "RED402", "no comment can stand there")]
    assert [d.noqa_row for d in with_rows([diagnostic], DISK.with_edits({source.path: source.data}))] == [
        None
    ]


@pytest.mark.parametrize(("codec", "text"), [("iso2022_jp", "\x1b(B"), ("idna", "a" * 80)])
def test_an_encoding_that_cannot_be_written_back_is_left(codec, text, project: Path, run: Command) -> None:
    path = project / "app" / "rooms.py"
    data = f"# coding: {codec}\nimport redis\nx = '{text}'\nredis.Redis()\n".encode()
    path.write_bytes(data)
    done = run("check", "--add-noqa", cwd=project)
    assert (done.returncode, done.stdout) == (0, "Added 0 noqa directives.\n")
    assert " is left: " in done.stderr and done.stderr.count("\n") == 1
    assert path.read_bytes() == data


def test_strings_silence_as_under_flake8_but_are_no_comments(project: Path, run: Command) -> None:
    path = project / "app" / "rooms.py"
    path.write_text("import redis\n\nredis.Redis('''\n# noqa: RED201\n''')\nredis.Redis('# noqa: RED3')\n")
    done = run(
        "check",
        "--select",
        "ALL",
        "--ignore",
        "RED1,RED6",
        "--output-format",
        "concise",
        "app/rooms.py",
        cwd=project,
    )
    assert [(line, code) for _, line, _, code in places(done.stdout)] == [(6, "RED201")]
    flake8 = run("--isolated", "--select", "RED201", "app/rooms.py", cwd=project, module="flake8")
    assert [(line, code) for _, line, _, code in places(flake8.stdout)] == [(6, "RED201")]


def test_what_no_comment_silences_has_no_row(project: Path, run: Command) -> None:
    (project / "app" / "rooms.py").write_text("x = 1  # noqa: RED201\n")
    (project / "app" / "half.py").write_text("import redis\nredis.Redis(\n")
    listed = json.loads(run("check", "--select", "ALL", "--output-format", "json", cwd=project).stdout)
    rows = {d["code"]: d["noqa_row"] for d in listed}
    assert rows.keys() >= {"RED000", "RED903", "RED904"}
    assert {rows[code] for code in ("RED000", "RED903", "RED904")} == {None}
    done = run(
        "check", "--output-format", "json", "-", cwd=project, stdin=b"import redis\nx = \\\n  redis.Redis()\n"
    )
    assert [d["noqa_row"] for d in json.loads(done.stdout)] == [3]

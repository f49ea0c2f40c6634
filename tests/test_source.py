"""A file's bytes: decoded, parsed and written as the compiler has it, and never a failure of another kind."""

from __future__ import annotations

import ast
from encodings.aliases import aliases
from pathlib import Path

import pytest
from conftest import Command

from flake8_redis_ssot.source import Encoding, Position, SourceError, SourceFile

CODECS = sorted(
    {*aliases.values(), "idna", "punycode", "undefined", "unicode_escape", "utf_8_sig", "none", "oem"}
)
BODIES = [
    b"import redis\nx = 1\n",
    b"x = '\xe9\xff'\n",
    b"x = '+AOk-'\r\n",
    b"x = 'a\\n..b'\n",
    b"x = '\x1b$B'\n",
]
TEXT = "import redis\nredis.Redis()\n"


def reason(work) -> SourceError | None:
    try:
        work()
    except SourceError as error:
        return error
    return None


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_every_codec_as_the_compiler_has_it(codec: str, body: bytes) -> None:
    source = SourceFile("a.py", b"#\n# coding: " + codec.encode() + b"\n" + body)
    try:
        expected = ast.dump(ast.parse(source.data))
    except (SyntaxError, ValueError):
        expected = None
    error = reason(lambda: (source.text, source.tree))
    assert (error is None) == (expected is not None)
    if error is None:
        assert ast.dump(source.tree) == expected
        reason(lambda: source.replaced([(0, 0, "#\u20ac")]))
    else:
        assert error.message and "\n" not in error.message and error.line >= 1 <= error.column


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"# \xe9 coding: latin-1\nx = '\xe9'\n", "iso-8859-1"),
        (b"# \xe9\n# coding: latin-1\nx = '\xe9'\n", "iso-8859-1"),
        (b"# one\rx = 'coding: hex'\n", "utf-8"),
        (b"# one\r# coding: latin-1\rx = '\xe9'\r", "iso-8859-1"),
        (b"\xef\xbb\xbf# coding: UTF_8\nx = 1\n", "utf-8-sig"),
        (b"x = 1\n# coding: hex\n", "utf-8"),
        (b"\x0c# vim: set fileencoding=cp1252 :\nx = '\x80'\n", "cp1252"),
    ],
)
def test_the_cookie_is_the_compiler_s(data: bytes, encoding: str) -> None:
    source = SourceFile("a.py", data)
    assert source.encoding == encoding
    assert ast.dump(source.tree) == ast.dump(ast.parse(data))


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        (b"# coding: rot13\nx = 1\n", (1, 1), "'rot13' is not a text encoding"),
        (b"#!python\n# coding: nonsense\n", (2, 1), "unknown encoding: nonsense"),
        (b"\xef\xbb\xbf# coding: latin-1\n", (1, 1), "encoding problem: utf-8"),
        (b"#\n# coding: undefined\n", (2, 1), "undefined encoding"),
        (b"x = 1\r\ry = '\xe9'\r", (3, 6), "not UTF-8 (byte 0xe9), and declares no other encoding"),
        (
            b"# coding: ascii\n\xe9 = 1\n",
            (2, 1),
            "not valid ascii (byte 0xe9), the encoding that line 1 declares",
        ),
        (b"\xef\xbb\xbf\xef\xbb\xbfx = 1\n", (1, 1), "U+FEFF"),
    ],
)
def test_what_is_wrong_and_where(data: bytes, place: tuple[int, int], message: str) -> None:
    source = SourceFile("a.py", data)
    error = reason(lambda: source.tree)
    assert error is not None and message in error.message and (error.line, error.column) == place
    with pytest.raises((SyntaxError, ValueError)):
        compile(data, "a.py", "exec")


@pytest.mark.parametrize(
    "codec", ["rot13", "idna", "punycode", "unicode_escape", "utf-7", "undefined", "hex"]
)
def test_the_command_outlives_every_codec(codec: str, tmp_path: Path, run: Command) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "manager"\nselect = ["ALL"]\n')
    (tmp_path / "manager.py").write_text("import redis\n\nclient = redis.Redis()\n")
    path = tmp_path / "bad.py"
    path.write_text(f"# coding: {codec}\nfrom manager import client as c  # noqa: RED201\n{TEXT}")
    before = path.read_bytes()
    for arguments in (
        ["check"], ["check", "--no-project"], ["check", "--output-format", "json"], ["check", "--fix"],
        ["check", "--diff"], ["check", "--statistics"], ["plan"], ["migrate", "--dry-run"], ["check", "--add-noqa"],
    ):  # fmt: skip
        done = run(*arguments, "--config", "pyproject.toml", cwd=tmp_path)
        said = done.stdout + done.stderr
        assert "Traceback" not in said and "defect" not in said, said
        if arguments == ["check"] and codec not in ("idna", "unicode_escape", "utf-7"):
            assert done.returncode == 1 and "RED000 This file " in done.stdout
    assert path.read_bytes() == before or codec == "utf-7"  # which can be written, so the noqa went


def test_flake8_keeps_what_it_can_read(tmp_path: Path, run: Command) -> None:
    (tmp_path / "a.py").write_text(f"# coding: idna\n{TEXT}")
    done = run("--isolated", "--select", "RED", cwd=tmp_path, module="flake8")
    assert "a.py:3:1: RED201" in done.stdout and "not checked" not in done.stdout + done.stderr


WIDE = "x = 'é😀'; y = 1\n"


@pytest.mark.parametrize(("encoding", "units"), [("utf-8", 13), ("utf-16", 10), ("utf-32", 9)])
def test_columns_in_the_units_of_an_editor(encoding: Encoding, units: int) -> None:
    source = SourceFile("/a.py", WIDE.encode())
    position = Position(1, WIDE.index("y") + 1)
    assert source.units_before(position, encoding) == units + 1
    assert source.position_at(1, units + 1, encoding) == position
    assert source.position_at(1, 999, encoding) == Position(1, len(WIDE))


def test_a_unit_within_a_character_is_where_that_begins() -> None:
    source = SourceFile("/a.py", WIDE.encode())
    assert source.position_at(1, 7, "utf-16") == Position(1, 7)
    assert source.position_at(1, 6, "utf-8") == Position(1, 6)


def test_a_buffer_has_the_bytes_that_saving_would_write() -> None:
    text = "# coding: latin-1\nx = 'é'\r\n"
    assert SourceFile.of_buffer("/a.py", text).data == text.encode("latin-1")
    assert SourceFile.of_buffer("/a.py", text).text == text
    for unknown in ("# coding: latin-1\n'€'\n", "# coding: nonsense\n", "# coding: base64\n"):
        assert SourceFile.of_buffer("/a.py", unknown).data == unknown.encode()
        assert SourceFile.of_buffer("/a.py", unknown).text == unknown

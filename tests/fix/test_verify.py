"""What a file must be after a fix, whoever proposed it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from flake8_redis_ssot.fix.edits.verify import compiles, undefined, wrong

BEFORE = b"import os\nprint(os.name)\n"


@pytest.mark.parametrize(
    ("before", "after", "written", "reason"),
    [
        (BEFORE, BEFORE, [], ""),
        (BEFORE, b"import os\nprint(os.name\n", [], "the file would no longer compile"),
        (BEFORE, b"import os\nreturn os.name\n", [], "the file would no longer compile"),
        (b"print(\n", b"print((\n", [], ""),
        (BEFORE, b"print(os.name)\n", [], "`os` would be undefined in this file"),
        (BEFORE, b"print(z, a)\n", [], "`a` would be undefined in this file"),
        (b"print(os)\n", b"print(os)\n", [], ""),
        (b"print(os)\n", b"print(os, os)\n", [], "`os` would be undefined in this file"),
        (BEFORE, b"n = 1\ndef f():\n    print(n)\n    n = 2\n", [], "`n` would be undefined in this file"),
        (BEFORE, b'__all__ = ["gone"]\n', [], "`gone` would be undefined in this file"),
        (BEFORE, b"from app import a\nprint(a)\n", ["app.a"], ""),
        (BEFORE, b"from app import b\nprint(b)\n", ["app.a", "app.b"], "`app.b` does not exist"),
    ],
)
def test_what_a_fix_may_not_do(before: bytes, after: bytes, written: list[str], reason: str) -> None:
    symbols = SimpleNamespace(symbol=lambda name: object() if name == "app.a" else None)
    refusal = wrong("m.py", before, after, written, symbols)
    assert (refusal.what if refusal is not None else "") == reason
    by_settings = "define it, or name another in `replacements`"
    assert refusal is None or refusal.advice == (by_settings if written else "change it by hand")


@pytest.mark.parametrize(
    ("data", "sound"),
    [
        (b"x = 1\n", True),
        (b"x = (\n", False),
        (b"return\n", False),
        (b"x = '\x00'\n", False),
        (b"\xff\n", False),
        (b"print x\n", False),
        (b"x = '\\d' is 1\n", True),
        (b"def f():\n    def g(x: (yield)): pass\n", True),  # not so where annotations are put off
        (b"x = " + b"(" * 300 + b")" * 300 + b"\n", False),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_python_compiles_without_a_word(data: bytes, sound: bool) -> None:
    assert compiles(data, "m.py") is sound


@pytest.mark.filterwarnings("error")
def test_names_that_are_undefined_are_counted_without_a_word() -> None:
    assert undefined(b"x, x, y, '\\d' is 1\n", "m.py") == {"x": 2, "y": 1}
    assert undefined(b"x, (\n", "m.py") == {}

"""What a diagnostic is known by: the same in every Python, and for every place that a rule may name."""

from __future__ import annotations

import ast

import pytest

from flake8_redis_ssot.diagnostic import Diagnostic, Fingerprint
from flake8_redis_ssot.lint.fingerprint import definitions, fingerprinted, similarity
from flake8_redis_ssot.source import Position, Range, SourceFile

TEXT = """\
import redis
from ..app.old import cache as c, other


@decorate(redis.Redis())
class Service(Base):
    async def open(self, *, url="redis://é"):
        def inner():
            return [redis.Redis(url, db=i) for i in range(3)]
        return f"{self.name}.{redis.Redis()}" if url else lambda: redis.Redis()  # noqa: RED201
"""


def fingerprint(
    text: str, part: str, path: str = "/p/a.py", *, nth: int = 0, code: str = "RED201"
) -> Fingerprint:
    """That of the nth `part` of a text."""
    source = SourceFile(path, text.encode())
    at = -1
    for _ in range(nth + 1):
        at = text.index(part, at + 1)
    diagnostic = Diagnostic(path, source.place(at, at + len(part)), code, "name", "message")
    (found,) = fingerprinted([diagnostic], source)
    assert found.fingerprint is not None
    return found.fingerprint


PLACES = [
    ("redis", 0, "", "import redis"),
    ("cache as c", 0, "", "from ..app.old import cache as c"),
    ("other", 0, "", "from ..app.old import other"),
    ("redis.Redis()", 0, "Service", "redis.Redis()"),
    ("redis.Redis(url, db=i)", 0, "Service.open.inner", "redis.Redis(url, db=i)"),
    ('f"{self.name}.{redis.Redis()}"', 0, "Service.open", 'f"{self.name}.{redis.Redis()}"'),
    ("redis.Redis()", 2, "Service.open", "redis.Redis()"),
    ('"redis://é"', 0, "Service.open", '"redis://é"'),
    ("# noqa: RED201", 0, "Service.open", "# noqa: RED201"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "nth", "definition", "text"), PLACES)
def test_it_says_where_and_what(part: str, nth: int, definition: str, text: str) -> None:
    found = fingerprint(TEXT, part, nth=nth)
    assert (found.definition, found.text) == (definition, text)


def test_digests_are_those_of_every_python() -> None:
    """They stand in files that people with another Python read: none of these may ever change."""
    digests = [fingerprint(TEXT, part, nth=nth).digest for part, nth, *_ in PLACES]
    assert digests == [
        "2678a5b688c4", "e0bacaf343a9", "11849da6a099", "ba03e7e830ce", "a773dfa55c49", "eaa45a618737", "ba03e7e830ce", "0d1d03550498", "cbf6c4134ae1",
    ]  # fmt: skip


def test_a_class_is_known_by_its_place_alone() -> None:
    source = SourceFile("/p/a.py", TEXT.encode())
    node = source.tree.body[2]
    assert isinstance(node, ast.ClassDef)
    found = []
    for text in (TEXT, TEXT.replace("Base", "Other").replace("async", "")):
        source = SourceFile("/p/a.py", text.encode())
        (one,) = fingerprinted(
            [Diagnostic("/p/a.py", source.range_of(source.tree.body[2]), "RED401", "n", "m")], source
        )
        assert one.fingerprint is not None
        found.append((one.fingerprint.definition, one.fingerprint.text[:5], one.fingerprint.digest))
    assert found[0] == found[1] and found[0][:2] == ("Service", "class")


@pytest.mark.parametrize("path", ["/p/pyproject.toml", "/p/broken.py"])
def test_what_is_no_python_is_known_by_its_line(path: str) -> None:
    text = '[tool.redis-ssot]\nmanager  =  "app.nothing" \nx = [\n'
    source = SourceFile(path, text.encode())
    start = Position(2, 1)
    (one,) = fingerprinted([Diagnostic(path, Range(start, start), "RED403", "n", "m")], source)
    assert one.fingerprint is not None
    assert (one.fingerprint.definition, one.fingerprint.text) == ("", 'manager = "app.nothing"')


def test_of_a_file_that_cannot_be_read_there_is_nothing_to_know() -> None:
    source = SourceFile("/p/a.py", b"\xff = 1\n")
    place = Position(9, 9)
    (one,) = fingerprinted([Diagnostic("/p/a.py", Range(place, place), "RED000", "n", "m")], source)
    assert one.fingerprint == Fingerprint("", "", "", "")


def test_long_text_is_cut_for_people_alone() -> None:
    one, other = (fingerprint(f"f({'a, ' * 80}{last})\n", f"f({'a, ' * 80}{last})") for last in "bc")
    assert one.text == other.text and len(one.text) == 80 and one.digest != other.digest


def test_what_is_nested_too_deeply_is_known_by_its_text() -> None:
    deep = "(" * 60 + "x" + ").y()" * 60
    text = f"a = {'.f('.join('x' * 400)}{')' * 399}\n"
    assert fingerprint(f"b = {deep}\n", deep).digest
    assert fingerprint(text, text[4:-1]).digest


def test_definitions_are_named_as_in_fingerprints() -> None:
    text = TEXT + "\n\nif True:\n    try:\n        pass\n    except E:\n        def late(): ...\n"
    found = definitions(SourceFile("/p/a.py", text.encode()))
    assert found == {"Service", "Service.open", "Service.open.inner", "late"}


def test_similarity_is_a_share() -> None:
    assert similarity("", "") == 1.0
    assert similarity("00010002", "00020003") == pytest.approx(1 / 3)
    assert similarity("00010002", "") == 0.0

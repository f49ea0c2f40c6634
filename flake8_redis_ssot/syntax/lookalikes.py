"""Names written in letters that Python reads as ASCII ones (PEP 3131: names are compared in NFKC)."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ASCII = bytes(range(128))
# how the utf-8 begins of all characters of names whose NFKC has an ASCII letter, digit or underscore (Unicode 15)
_BEGINNINGS_HEX = """
c2aa c2ba c4b2 c4b3 c4bf c580 c589 c5bf c7 ca cb e1b4 e1b5 e1b6 e1ba e281 e282 e284 e285 e2b1 ea9f
efac efb8b3 efb8b4 efb9 efbc efbd f0909e f09d f09faf
"""
_BEGINNINGS = [bytes.fromhex(beginning) for beginning in _BEGINNINGS_HEX.split()]
_BEFORE = re.compile(rb"[\w\x80-\xff]*\Z")
_AFTER = re.compile(rb"[\w\x80-\xff]*")
_NAME = re.compile(r"[\w\ufe33\ufe34\ufe4d-\ufe4f\uff3f]+")
_SHORTEST = 3
"""Letters of a name that could matter; what looks like less is a symbol or a formula in prose."""


def has_lookalikes(data: bytes) -> bool:
    """Whether a file in utf-8 has a word that, as a name, is another one than its bytes say."""
    # few bytes are left without the ASCII ones, and most files end here
    if data.isascii():
        return False
    rest = data.translate(None, _ASCII)
    for beginning in _BEGINNINGS:
        if beginning in rest and any(_is_lookalike(word) for word in _words(data, beginning)):
            return True
    return False


def _words(data: bytes, beginning: bytes) -> Iterator[str]:
    """The words of a file in which these bytes stand, up to 100 bytes to each side."""
    for found in re.finditer(re.escape(beginning), data):
        at = found.start()
        before, after = _BEFORE.search(data[max(0, at - 100) : at]), _AFTER.match(data, at, at + 100)
        run = (before[0] if before else b"") + (after[0] if after else b"")
        yield from _NAME.findall(run.decode("utf-8", "replace"))


def _is_lookalike(word: str) -> bool:
    if word.isascii():
        return False
    from unicodedata import normalize

    name = normalize("NFKC", word)
    return name != word and len(name) >= _SHORTEST and word.isidentifier()

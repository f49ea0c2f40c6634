"""The nearest valid name, for messages."""

from __future__ import annotations

from collections.abc import Collection, Iterable

_MOST = 12
"""Names that are listed where none is near."""


def nearest(word: str, known: Iterable[str], listing: str = "redis-ssot config") -> str:
    """`; did you mean ...`; where none is near the known names, or the command for the `listing` of so many."""
    names = sorted(known)
    near = _close(word, names, 1, 0.7)
    if not near:  # the beginning of a longer name
        starts = {name[: len(word) + 1]: name for name in names if len(word) > 3}
        near = [starts[start] for start in _close(word, starts, 1, 0.85)]
    if near:
        return f"; did you mean `{near[0]}`?"
    if len(names) > _MOST:
        return f"; `{listing}` lists all {len(names)} that there are"
    return f"; known are {', '.join(names)}" if names else ""


def nearest_code(code: str, known: Iterable[str]) -> str:
    """As `nearest`, for rule codes: the code of another tool is near none, whatever its number."""
    code = code.strip()
    letters = code.upper().rstrip("0123456789")
    if letters and not _close(letters, ["RED", "ALL"], 1, 0.7):
        return "; the codes of redis-ssot begin with `RED`"
    return nearest(code.upper(), known, "redis-ssot rule --all")


def slips(word: str, known: Collection[str]) -> list[str]:
    """Those of `known` of which `word` may be a slip of the pen, the nearest first; another number is none."""
    letters = _without_digits(word)
    others = [other for other in known if other != word and _without_digits(other) != letters]
    return _close(word, others, 3, 0.8)


def _close(word: str, known: Iterable[str], most: int, cutoff: float) -> list[str]:
    """At most `most` of `known` that are like `word`, the nearest first."""
    import difflib  # only a mistake needs it

    return difflib.get_close_matches(word, [*known], most, cutoff)


def _without_digits(word: str) -> str:
    return "".join(c for c in word if not c.isdecimal())

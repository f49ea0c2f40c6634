"""Path patterns, with alternatives in braces: as ruff's `exclude` has them, and as gitignore."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property

from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass

_TOKEN = re.compile(r"\\.|\[[!^]?\]?+[^\]]*\]|.", re.DOTALL)
_PIECE = re.compile(
    r"(?P<between>(?:/\*\*)+/)|(?P<below>(?:/\*\*)+\Z)|(?P<star>\*+)|(?P<one>\?)"
    r"|\\(?P<escaped>.)|\[(?P<negated>[!^]?)(?P<members>\]?+[^\]]*)\]|(?P<literal>.)",
    re.DOTALL,
)
_MAGIC = frozenset("*?[\\")
_MOST_ALTERNATIVES = 1000


class PatternError(ValueError):
    """A pattern that can match nothing, or not what it seems to; says what to write."""


def alternatives(pattern: str) -> list[str]:
    """The patterns without braces that `pattern` stands for: `{a,b}/c` is `a/c` and `b/c`."""
    tokens = _TOKEN.findall(pattern)
    if "[" in tokens:
        raise PatternError("a `[` is not closed; write `[[]` for the character itself")
    if "\\" in tokens:
        raise PatternError("a backslash stands at the end; write `\\\\` for the character itself")
    found = _branches(iter(tokens), inside=False)
    if "" in found:
        raise PatternError("it is empty")
    for one in found:
        try:
            re.compile(_regex(one))
        except re.error as error:
            raise PatternError(f"{error.msg}; correct what stands in brackets") from error
    return found


def literal(text: str) -> str:
    """A pattern for nothing but `text`."""
    return re.sub(r"[*?\[{}]", lambda match: f"[{match[0]}]", text)


def _branches(tokens: Iterator[str], *, inside: bool) -> list[str]:
    """The alternatives up to the end, or to the brace that closes them; empty ones count as none, as in ruff."""
    done: list[str] = []
    current = [""]
    for token in tokens:
        if token == "{":
            inner = _branches(tokens, inside=True)
            if len(done) + len(current) * len(inner) > _MOST_ALTERNATIVES:
                raise PatternError(
                    f"it stands for more than {_MOST_ALTERNATIVES} patterns; write fewer braces"
                )
            current = [before + after for before in current for after in inner]
        elif token == "}" and not inside:
            raise PatternError("a `}` is not opened; write `[}]` for the character itself")
        elif token == "}" and not done:
            raise PatternError("braces hold a choice, as `{a,b}`; write `[{]` for the character itself")
        elif token == "}":
            return [one for one in (*done, *current) if one] or [""]
        elif token == "," and inside:
            done += current
            current = [""]
        else:
            current = [before + token for before in current]
    if inside:
        raise PatternError("a `{` is not closed; write `[{]` for the character itself")
    return current


def _regex(pattern: str) -> str:
    """A pattern without braces as ruff means it: `*` and `?` take a slash too.

    What stands between two stars is taken where it comes first and never tried again (an atomic group), so that
    no pattern takes more than quadratic time: what it matches has one length, so a later place gains nothing.
    """
    runs = [""]
    for found in _PIECE.finditer(pattern):
        match found.lastgroup:
            case "between":
                runs[-1] += "(?=/)"
                runs.append("/")
            case "below":
                runs[-1] += "/"
                runs.append("")
            case "star":
                runs.append("")
            case "one":
                runs[-1] += "."
            case "members":
                members = re.sub(r"([\\\[\]^&~|])", r"\\\1", found["members"])
                runs[-1] += f"[{'^' * bool(found['negated'])}{members}]"
            case _:
                runs[-1] += re.escape(found[0] if found["escaped"] is None else found["escaped"])
    first, *between = runs
    last = [f".*{between.pop()}"] if between else []
    return "".join([first, *(f"(?>.*?{run})" for run in between), *last])


def matching_folders(base: str, pattern: str, filesystem: FileSystem) -> Iterator[str]:
    """The folders that `pattern` names, relative to the folder `base`; without `*` and the like, there or not."""
    for one in alternatives(pattern):
        parts = re.sub(r"(?<![^/])\*\*(?:/\*\*)+(?![^/])", "**", one).split("/")
        literal = next((n for n, part in enumerate(parts) if _MAGIC & set(part)), len(parts))
        start = os.path.normpath(os.path.join(base, "/".join(parts[:literal]) or "/" * (literal > 0)))
        yield from _below(start, parts[literal:], filesystem) if parts[literal:] else [start]


def _below(folder: str, parts: list[str], filesystem: FileSystem) -> Iterator[str]:
    """The folders that are there in `folder` by patterns, one a part; `**` is any number, hidden ones are none."""
    if not parts:
        if filesystem.is_folder(folder):
            yield folder
        return
    part, rest = parts[0], parts[1:]
    if not _MAGIC & set(part):
        yield from _below(os.path.normpath(os.path.join(folder, part)), rest, filesystem)
        return
    if part == "**":
        yield from _below(folder, rest, filesystem)
    wanted = re.compile(_regex(part), re.DOTALL)
    with suppress(OSError):
        for name, kind in filesystem.entries(folder):
            inner = os.path.join(folder, name)
            is_hidden = name.startswith(".") and not part.startswith(".")
            if is_hidden or not wanted.fullmatch(name):
                continue
            if part != "**":
                yield from _below(inner, rest, filesystem)
            elif kind == "folder":  # a link may lead back
                yield from _below(inner, parts, filesystem)


@dataclass(frozen=True)
class FilePatterns:
    """Patterns as ruff matches them, relative to the folder `base` (absolute).

    Each is compared with a whole path, and where it has no slash with the last part of one, wherever
    that is; never, other than in ruff, with the folders above `base`: a project may stand anywhere.
    """

    base: str
    patterns: tuple[str, ...]

    @cached_property
    def _alternatives(self) -> list[tuple[str, bool]]:
        """Each alternative, and whether its pattern has a slash."""
        return [(one, "/" in pattern) for pattern in self.patterns for one in alternatives(pattern)]

    @cached_property
    def names(self) -> frozenset[str]:
        """The plain names among the patterns."""
        return frozenset(one for one, slash in self._alternatives if not slash and not _MAGIC & set(one))

    @cached_property
    def _paths(self) -> re.Pattern[str] | None:
        base = re.sub(r"([*?\[\\])", r"\\\1", self.base)
        return _any(
            posixpath.normpath(posixpath.join(base, one))
            for one, slash in self._alternatives
            if slash or one not in self.names
        )

    @cached_property
    def _last(self) -> re.Pattern[str] | None:
        return _any(one for one, slash in self._alternatives if not slash and one not in self.names)

    @property
    def is_plain(self) -> bool:
        """Whether `names` are all there is."""
        return self._paths is None

    def match(self, path: str) -> bool:
        """Whether a pattern takes the absolute `path` itself."""
        name = path.rpartition("/")[2]
        return (
            name in self.names
            or (self._paths is not None and self._paths.fullmatch(path) is not None)
            or (self._last is not None and self._last.fullmatch(name) is not None)
        )


def _any(patterns: Iterable[str]) -> re.Pattern[str] | None:
    text = "|".join(map(_regex, patterns))
    return re.compile(text, re.DOTALL) if text else None


def excluding(base: str, pattern: str, filesystem: FileSystem) -> None:
    """PatternError where `pattern` can exclude nothing."""
    if pattern.startswith("!"):
        raise PatternError("`exclude` takes nothing back; write `\\!` for the character itself")
    for one in alternatives(pattern):
        if posixpath.normpath(posixpath.join(base, one)) == base:
            raise PatternError(
                "it is the folder of the settings file itself; write `**` for all that is in it"
            )


def naming_files(base: str, pattern: str, filesystem: FileSystem) -> None:
    """PatternError where `pattern` can name no file; a leading `!` means all others."""
    for one in alternatives(pattern.removeprefix("!")):
        if one.endswith("/"):
            raise PatternError("it names folders, not files; write `folder/**`")


def ignoring(base: str, pattern: str, filesystem: FileSystem) -> tuple[str, ...]:
    """A pattern as lines of a gitignore file in the folder `base`."""
    sign = "!" if pattern.startswith("!") else ""
    anchored = "/" in pattern.rstrip("/")
    return tuple(
        sign + _line(base, one, anchored, filesystem) for one in alternatives(pattern.removeprefix("!"))
    )


def _line(base: str, pattern: str, anchored: bool, filesystem: FileSystem) -> str:
    if pattern.startswith("#"):
        raise PatternError("it would be a comment; write `\\#`")
    if not pattern.strip():
        raise PatternError("it matches nothing")
    is_below = f"{pattern}/".startswith(base.rstrip("/") + "/")
    line = posixpath.normpath((pattern[len(base) :] if is_below else pattern).lstrip("/"))
    first = line.partition("/")[0]
    # a leading slash is gitignore's for `base`, unless it leads to something there is
    leads_out = pattern.startswith("/") and not is_below and first in filesystem.names("/")
    if first == ".." or (leads_out and first not in filesystem.names(base)):
        raise PatternError(f"it leads out of {base}; write a path below that folder, relative to it")
    if line == ".":
        return "**"
    return "/" * anchored + line + "/" * pattern.endswith("/")

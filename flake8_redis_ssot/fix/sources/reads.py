"""What a file reads and sets of what its names give, and which of them it hands on as they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, ItemsView, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, TypeVar

from flake8_redis_ssot.facts.mentions import NOTHING, Mentions, mentions
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.lazy_dataclass import dataclass, field
from flake8_redis_ssot.libraries.frameworks import LOADER_NAMES, LOADING, OBJECT_PATCHERS
from flake8_redis_ssot.source import SourceError
from flake8_redis_ssot.syntax.arguments import arguments_of
from flake8_redis_ssot.syntax.imports import local_name_of
from flake8_redis_ssot.syntax.nodes import DEFINITIONS, all_nodes, last_name, root_of, unparsed

_EXAMPLE = re.compile(r"^ *(?:>>>|\.\.\.) ?(.*)$", re.MULTILINE)
_IMPORTS = (ast.Import, ast.ImportFrom)
_LISTING = frozenset(["vars", "dir", "getmembers", "getmembers_static"])
_READING = frozenset(["getattr", "hasattr", "getattr_static"])
_BY_NAME = LOADER_NAMES | LOADING
"""What gives the module, or the object, that a string names."""
_OWN = ("self", "cls")
_BYTES = "latin-1"
"""In which any bytes are text."""


@dataclass(frozen=True)
class Reads:
    """What one file reads and sets, as texts."""

    read: frozenset[str] = frozenset()
    """What is read, as `base.name`; `.name` where the base is no chain of names."""
    stored: frozenset[str] = frozenset()
    """What is set, likewise; also what a call sets by its name, as `setattr` does."""
    bare: frozenset[str] = frozenset()
    """The chains of names of which nothing is read here, so that what they give may be read anywhere."""
    strings: frozenset[str] = frozenset()
    """The strings that may be a name."""
    listed: frozenset[str] = frozenset()
    """The chains of names of which all attributes are gone through."""
    filled: frozenset[str] = frozenset()
    """The chains of names of which attributes are set whose names are not written out; empty for the file itself."""
    computes: bool = False
    """Whether the file loads modules by their names, and reads of something a name that it does not write out."""

    @property
    def attributes(self) -> set[str]:
        """The attributes that are read or set, of whatever."""
        return {text.rpartition(".")[2] for text in self.read | self.stored}

    @property
    def exchanged(self) -> set[str]:
        """The last names of what is stored."""
        return {text.rpartition(".")[2] for text in self.stored}

    @cached_property
    def names(self) -> frozenset[str]:
        """The attributes that are read, of whatever, and what may be the name of one in a string."""
        return self.strings | {text.rpartition(".")[2] for text in self.read}

    def of(self, bases: Iterable[str]) -> set[str]:
        """The names read of one of the chains `bases`."""
        known = set(bases)
        return {last for text in self.read for base, _, last in [text.rpartition(".")] if base in known}


Summary = TypeVar("Summary")


@dataclass(frozen=True, slots=True)
class Search:
    """A search through all files for what a pattern matches: with its words, and the line of the first match in each."""

    pattern: str
    flags: int
    words: tuple[str, ...]
    lines: tuple[tuple[str, int], ...]

    @property
    def expression(self) -> re.Pattern[bytes]:
        return re.compile(self.pattern.encode(_BYTES), self.flags)


@dataclass(frozen=True, slots=True)
class Told:
    """What searches through all files of a project gave, as plain values: what is `mentioned` by those that mention anything."""

    mentioned: tuple[tuple[str, Mentions], ...] | None = None
    searches: tuple[Search, ...] = ()


class ProjectReads:
    """What the files of a project say, each read or parsed at the first question about it, and asked no question twice."""

    def __init__(self, paths: Iterable[str], filesystem: FileSystem) -> None:
        self._order = {path: number for number, path in enumerate(paths)}
        self._filesystem = filesystem
        self._summaries: dict[Callable[[ast.Module], Any], dict[str, Any]] = {}
        self._matches: dict[re.Pattern[bytes], dict[str, int]] = {}
        self._words: dict[re.Pattern[bytes], Sequence[bytes]] = {}
        self._mentions: dict[str, Mentions] = {}

    def of(self, path: str) -> Reads:
        """What the file at `path` reads; nothing where it cannot be parsed."""
        return self.summary(path, reads) or Reads()

    def summary(self, path: str, of: Callable[[ast.Module], Summary]) -> Summary | None:
        """What a function tells of a file's tree, which is not kept; None where it cannot be parsed."""
        known: dict[str, Summary | None] = self._summaries.setdefault(of, {})
        if path not in known:
            tree = self.tree(path)
            known[path] = of(tree) if tree is not None else None
        return known[path]

    def tree(self, path: str) -> ast.Module | None:
        """The tree of a file; None where it cannot be parsed."""
        with suppress(SourceError):
            return self._filesystem.source(path).tree
        return None

    def names(self, path: str) -> frozenset[str]:
        """The attributes that a file reads, of whatever, and those that it has as strings."""
        return self.of(path).names

    def may_read(self, path: str, name: str) -> bool:
        """Whether a file reads an attribute of that name, of whatever, or has it as a string."""
        return name in self.names(path)

    def reader(self, name: str, besides: str) -> tuple[str, int] | None:
        """Where another file than `besides` may read an attribute of that name; its own objects' attribute does not count."""
        word = name.encode()
        no_import = rb"(?m)^(?![ \t]*(?:from|import)[ \t][^\n;]*$)[^\n]*?"
        pattern = re.compile(no_import + rb"(?:\.%b\b|[\"']%b[\"'])" % (word, word))
        for path, line in self.matching(pattern, [word]):
            of = self.of(path)
            own = {f"{base}.{name}" for base in _OWN} & of.stored
            if path != besides and (
                name in of.strings or any(t.rpartition(".")[2] == name for t in of.read - own)
            ):
                return path, line
        return None

    def may_load(self, path: str, name: str) -> bool:
        """Whether a file that names a module in a string may read that name of it."""
        return self.of(path).computes or self.may_read(path, name)

    def matching(self, pattern: re.Pattern[bytes], words: Sequence[bytes]) -> ItemsView[str, int]:
        """The files whose bytes match, each with the line of the first match.

        A match has one of the `words`: these are found in a fraction of the time.
        """
        if pattern not in self._matches:
            self._matches[pattern] = dict(self._matched(pattern, self._order, words))
            self._words[pattern] = words
        return self._matches[pattern].items()

    def _matched(
        self, pattern: re.Pattern[bytes], paths: Iterable[str], words: Sequence[bytes]
    ) -> Iterator[tuple[str, int]]:
        for path in paths:
            with suppress(SourceError):
                data = self._filesystem.unnoted.source(path).data
                found = pattern.search(data) if any(word in data for word in words) else None
                if found is not None:
                    yield path, data.count(b"\n", 0, found.start()) + 1

    def found(self, path: str, pattern: re.Pattern[bytes]) -> set[bytes]:
        """What a pattern finds in a file."""
        with suppress(SourceError):
            return set(pattern.findall(self._filesystem.source(path).data))
        return set()

    def changed(self, changes: Mapping[str, bytes]) -> ProjectReads:
        """The same where these files hold other bytes; what is known of the others stays."""
        new = ProjectReads(self._order, self._filesystem.with_edits(changes))
        for of, known in self._summaries.items():
            new._summaries[of] = {path: told for path, told in known.items() if path not in changes}
        new._mentions = {path: told for path, told in self._mentions.items() if path not in changes}
        for pattern, matches in self._matches.items():
            new._take(pattern, self._words[pattern], matches, changes)
        return new

    def told(self) -> Told:
        """What was asked of all files, and answered."""
        searches = (
            Search(
                pattern.pattern.decode(_BYTES),
                pattern.flags,
                tuple(word.decode(_BYTES) for word in self._words[pattern]),
                tuple(lines.items()),
            )
            for pattern, lines in self._matches.items()
        )
        mentioned = None
        if len(self._mentions) == len(self._order):
            mentioned = tuple((path, told) for path, told in self._mentions.items() if told != NOTHING)
        return Told(mentioned, tuple(searches))

    def take(self, told: Told, changed: Collection[str]) -> bool:
        """Take what was told where only the `changed` files have changed; whether these tell what they told."""
        is_same = True
        mine = [path for path in changed if path in self._order]
        if told.mentioned is not None:
            before = dict(told.mentioned)
            self._mentions = {path: before.get(path, NOTHING) for path in self._order}
            for path in mine:
                self._mentions[path] = self._mentioned(path)
                is_same &= self._mentions[path] == before.get(path, NOTHING)
        for search in told.searches:
            words = [word.encode(_BYTES) for word in search.words]
            lines = dict(search.lines)
            self._take(search.expression, words, lines, changed)
            is_same &= self._matches[search.expression] == lines
        return is_same

    def _take(
        self,
        pattern: re.Pattern[bytes],
        words: Sequence[bytes],
        lines: Mapping[str, int],
        changed: Collection[str],
    ) -> None:
        kept = {path: line for path, line in lines.items() if path not in changed}
        kept |= self._matched(pattern, (path for path in changed if path in self._order), words)
        self._matches[pattern] = dict(sorted(kept.items(), key=lambda one: self._order[one[0]]))
        self._words[pattern] = words

    @property
    def quoted(self) -> Mapping[str, list[str]]:
        """The dotted names that files have in quotes, as `Mentions.quoted`, with these files."""
        return self._naming.quoted

    @property
    def coded(self) -> Mapping[str, list[str]]:
        """The dotted names that code in strings imports, with the files of the strings."""
        return self._naming.coded

    @property
    def pieces(self) -> Mapping[str, list[str]]:
        """The names that files put behind others, as `Mentions.pieces`, with these files."""
        return self._naming.pieces

    @property
    def loading(self) -> list[str]:
        """The files that may import modules whose names are put together, or run files."""
        return self._naming.loading

    @property
    def by_path(self) -> list[str]:
        """Those that run files by their paths."""
        return self._naming.by_path

    @cached_property
    def _naming(self) -> _Naming:
        found = _Naming()
        for path in self._order:
            if path not in self._mentions:
                self._mentions[path] = self._mentioned(path)
            found.add(path, self._mentions[path])
        return found

    def _mentioned(self, path: str) -> Mentions:
        with suppress(SourceError):
            return mentions(self._filesystem.unnoted.source(path).data)
        return NOTHING


@dataclass(slots=True)
class _Naming:
    """The files of a project by what they mention, in their order."""

    quoted: dict[str, list[str]] = field(default_factory=dict)
    coded: dict[str, list[str]] = field(default_factory=dict)
    pieces: dict[str, list[str]] = field(default_factory=dict)
    loading: list[str] = field(default_factory=list)
    by_path: list[str] = field(default_factory=list)

    def add(self, path: str, told: Mentions) -> None:
        """Take in what the next file mentions."""
        if told is NOTHING:
            return
        for mine, names in (
            (self.quoted, told.quoted),
            (self.coded, told.coded),
            (self.pieces, told.pieces),
        ):
            for name in names:
                mine.setdefault(name, []).append(path)
        if told.loads:
            self.loading.append(path)
        if told.by_path:
            self.by_path.append(path)


def reads(tree: ast.Module) -> Reads:
    """The reads of one file."""
    read: set[str] = set()
    stored: set[str] = set()
    owners: list[tuple[ast.expr, ast.expr]] = []
    bare: set[str] = set()
    strings: set[str] = set()
    nodes: list[ast.Name | ast.Attribute] = []
    by_name: dict[ast.AST, str] = {}
    harmless: set[ast.AST] = set()
    loads = computes = False
    for part in _walk(tree):
        if isinstance(part, ast.Call):
            loads |= last_name(part.func) in _BY_NAME
            computes |= _is_computed(part)
            if last_name(part.func) in _LISTING and part.args:
                owners.append((part.args[0], part))
        elif isinstance(part, ast.Attribute) and part.attr == "__dict__":
            owners.append((part.value, part))
        match part:
            case ast.Call(func=ast.Name(id="eval" | "exec"), args=[given, *_]) if _code_in(given) is None:
                bare |= {
                    local_name_of(s, a) for s in all_nodes(tree) if isinstance(s, _IMPORTS) for a in s.names
                }
            case ast.ClassDef(body=body):  # what it imports, its readers have
                imports = (s for s in all_nodes(*body, closed=DEFINITIONS) if isinstance(s, _IMPORTS))
                bare |= {local_name_of(s, a) for s in imports for a in s.names}
            case ast.Name() | ast.Attribute():
                nodes.append(part)
            case ast.Constant(value=str(text)) if text.isidentifier():
                strings.add(text)
            case ast.Call(func=func) if _is_setting(func):
                texts = {str(a.value) for a in arguments_of(part) if isinstance(a, ast.Constant)}
                names = texts.union(names_given(part))
                strings |= {*names_given(part)}
                owner = dictionary_owner(arguments_of(part)[0]) if names else func
                if _is_dotted_name(owner) and owner is not func:
                    stored |= {f"{unparsed(owner)}.{name}" for name in names}
                    harmless |= {arguments_of(part)[0], owner}
            case ast.Call(func=func, args=[given, ast.Constant(value=str(name)), *_]):
                if last_name(func) in _READING and _is_dotted_name(given):
                    by_name[part] = f"{unparsed(given)}.{name}"
                    harmless.add(given)
            case ast.Subscript(value=within, slice=ast.Constant(value=str(name)), ctx=ast.Load()) if (
                _is_dotted_name(given := dictionary_owner(within)) and given is not within
            ):
                by_name[part] = f"{unparsed(given)}.{name}"
                harmless |= {within, given}
            case ast.Compare(left=left, comparators=[ast.Constant(value=None)]):
                harmless.add(left)
            case ast.Expr(value=value):
                harmless.add(value)
            case ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test) | ast.IfExp(test=test):
                harmless |= set(_asked(test))
    bases = {node.value for node in nodes if isinstance(node, ast.Attribute)}
    read |= {*by_name.values()}
    bare |= {text for node, text in by_name.items() if node not in bases and node not in harmless}
    for node in nodes:
        if isinstance(node, ast.Attribute) and not (node in harmless and node.attr == "__dict__"):
            base = unparsed(node.value) if _is_dotted_name(node.value) else ""
            (read if isinstance(node.ctx, ast.Load) else stored).add(f"{base}.{node.attr}")
        if node in bases or node in harmless:
            continue
        if isinstance(node.ctx, ast.Load) and _is_dotted_name(node):
            bare.add(unparsed(node))
    listed = frozenset(
        unparsed(owner) for owner, place in owners if _is_dotted_name(owner) and place not in harmless
    )
    return Reads(
        frozenset(read),
        frozenset(stored),
        frozenset(bare),
        frozenset(strings),
        listed,
        frozenset(_filled(tree)),
        loads and computes,
    )


def _filled(tree: ast.Module) -> Iterator[str]:
    """The chains of which a file sets names that it does not write out; empty for its own."""
    for part in all_nodes(tree):
        match part:
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[owner, named, *_]) if not isinstance(
                named, ast.Constant
            ):
                yield unparsed(owner)
                continue
            case ast.Call(func=ast.Attribute(value=within, attr="update" | "clear")) if not _writes_out(part):
                pass
            case ast.Subscript(value=within, slice=named, ctx=ast.Store() | ast.Del()) if not isinstance(
                named, ast.Constant
            ):
                pass
            case _:
                continue
        if isinstance(within, ast.Call) and last_name(within.func) == "globals":
            yield ""
        elif (owner := dictionary_owner(within)) is not within:
            yield unparsed(owner)


def _writes_out(call: ast.Call) -> bool:
    """Whether the names that a call gives values are written there."""
    unpacked = any(keyword.arg is None for keyword in call.keywords)
    return (
        bool(call.args or call.keywords)
        and not unpacked
        and all(
            isinstance(given, ast.Dict) and all(isinstance(key, ast.Constant) for key in given.keys)
            for given in call.args
        )
    )


def dictionary_owner(node: ast.expr) -> ast.expr:
    """The object whose dictionary an expression gives; any other expression is itself."""
    match node:
        case ast.Attribute(value=owner, attr="__dict__") | ast.Call(func=ast.Name(id="vars"), args=[owner]):
            return owner
        case ast.Attribute(value=ast.Attribute(value=owner), attr="__globals__"):
            return owner
    return node


def names_given(call: ast.Call) -> Iterator[str]:
    """The names that a call gives new values: its keywords, and the keys of its dictionaries."""
    yield from (k.arg for k in call.keywords if k.arg is not None)
    for given in arguments_of(call):
        if isinstance(given, ast.Dict):
            yield from (str(key.value) for key in given.keys if isinstance(key, ast.Constant))


def _is_setting(func: ast.expr) -> bool:
    """Whether a call sets something of what it is given; `dict` by itself makes one."""
    return last_name(func) in (OBJECT_PATCHERS if isinstance(func, ast.Attribute) else {"setattr", "delattr"})


def _is_computed(call: ast.Call) -> bool:
    """Whether a call reads names of an object that are not written out."""
    named = call.args[1] if len(call.args) > 1 else None
    match last_name(call.func):
        case "getattr":
            return not isinstance(named, ast.Constant)
        case called if called in _LISTING:
            return bool(call.args)
    return False


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a tree, and those of the code in its strings: what is evaluated, and the examples of doctests."""
    for part in all_nodes(tree):
        yield part
        code = None
        match part:
            case ast.Call(func=ast.Name(id="eval" | "exec"), args=[given, *_]):
                code = _code_in(given)
            case ast.Constant(value=str(text)) if ">>> " in text:
                with suppress(SyntaxError, ValueError):
                    code = ast.parse("\n".join(_EXAMPLE.findall(text)))
        if code is not None:
            yield from _walk(code)


def _code_in(given: ast.expr) -> ast.AST | None:
    """The code that a string holds; None where it is no string written out."""
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        with suppress(SyntaxError, ValueError):
            return ast.parse(given.value.strip())
    return None


def _asked(test: ast.expr) -> Iterator[ast.expr]:
    """The parts of a condition of which only the truth is asked for."""
    yield test
    for part in (
        test.values
        if isinstance(test, ast.BoolOp)
        else [test.operand]
        if isinstance(test, ast.UnaryOp)
        else []
    ):
        yield from _asked(part)


def _is_dotted_name(node: ast.expr) -> bool:
    return isinstance(root_of(node), ast.Name)

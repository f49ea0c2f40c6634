"""One file that is to be rewritten: its imports, its uses, and who reads its names."""

from __future__ import annotations

import ast
import os
import re
from functools import cached_property
from typing import NamedTuple, TypeVar

from flake8_redis_ssot.facts.modules import exported_names, is_under
from flake8_redis_ssot.fix.sources.escape import FileUses
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.fix.sources.unchecked import QUOTED, line_of
from flake8_redis_ssot.fix.sources.uses import Seen, Uses
from flake8_redis_ssot.libraries.frameworks import LOADER_NAMES
from flake8_redis_ssot.lint.noqa import PhysicalLine, physical_lines
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.rule import RuleContext
from flake8_redis_ssot.source import Range
from flake8_redis_ssot.syntax.nodes import all_nodes, attributes_in, block_of, last_name

_RECEIVERS = frozenset(["self", "cls"])
Node = TypeVar("Node", bound=ast.expr)


class UnseenReader(NamedTuple):
    """A file that may read a name of another one without importing it, and how."""

    path: str
    does: str


class View:
    """One file that is to be rewritten."""

    def __init__(self, context: RuleContext, index: ProjectIndex, reads: ProjectReads) -> None:
        self.context = context
        self.source = context.source
        self.place = index.place(context.source.path)
        self._index = index
        self.modules = index.modules
        self._reads = reads
        self.is_test = context.settings.is_test(context.source.path)

    @cached_property
    def uses(self) -> FileUses:
        """The uses of the file's names."""
        context = self.context
        modules, is_package = self.place.modules, self.place.is_package
        return FileUses(context.source, context.names, modules, is_package, is_test=self.is_test)

    @cached_property
    def aliases(self) -> dict[Range, tuple[ast.Import | ast.ImportFrom, ast.alias]]:
        """Each name that the file imports, by its place, with its statement."""
        return {
            self.source.range_of(alias): (node, alias)
            for node in self.uses.parents
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }

    @cached_property
    def strings(self) -> frozenset[str]:
        """All strings of the file."""
        nodes = (node for node in all_nodes(self.source.tree) if isinstance(node, ast.Constant))
        return frozenset(node.value for node in nodes if isinstance(node.value, str))

    @cached_property
    def lines(self) -> dict[int, PhysicalLine]:
        """Each row with its physical line."""
        return physical_lines(self.source)

    def has_comment(self, start: int, end: int) -> bool:
        """Whether a comment begins between two places of the text; a `#` in a string is none."""
        for found in re.finditer("#", self.source.text[start:end]):
            at = start + found.start()
            line = self.lines.get(self.source.line_of(at))
            if line is None or line.comment is None or line.offset(self.source, line.comment) <= at:
                return True
        return False

    @property
    def path(self) -> str:
        return self.source.path

    @cached_property
    def exported(self) -> frozenset[str]:
        """The names of this module that other files read or may read, or are told to."""
        return self.imported | self._read_unseen

    @cached_property
    def imported(self) -> frozenset[str]:
        """The names of this module that other files import, or are told to."""
        if self._lists_by_computing:
            return self.uses.words
        listed = (exported_names(self.source.tree) or frozenset()) | {
            alias.name for _, alias in self.aliases.values() if alias.asname == alias.name
        }
        return frozenset(name for name in self.uses.words if name in listed or self.readers(name))

    @cached_property
    def exposed(self) -> frozenset[str]:
        """The attributes that are read or set in files which import from this one; all of its own if one of them lists attributes."""
        users = {user for module in self.place.modules for user in self._index.importing(module)} - {
            self.path
        }
        named = set().union(*(self._reads.of(user).attributes for user in users))
        if any(map(self._is_listed_by, users)) or not self._reads.of(self.path).listed.isdisjoint(_RECEIVERS):
            named |= attributes_in(self.source.tree)
        return frozenset(named)

    def follow(self, node: ast.expr) -> Uses:
        """What is done with the object that the expression `node` gives."""
        return self.uses.follow(
            node,
            Seen(
                self.exported,
                self.is_exposed,
                lambda name: (
                    self.is_exchanged(name) or self._is_changed(name) or self.is_read_unseen(name) is not None
                ),
            ),
        )

    def is_exposed(self, name: str) -> bool:
        """Whether other files may read an attribute of that name: those that import from here, and any if it is public."""
        is_public = not name.startswith("_") and not self.is_test
        return name in self.exposed or (is_public and self._reads.reader(name, self.path) is not None)

    def _is_listed_by(self, user: str) -> bool:
        """Whether a file goes through the attributes of something that it imports from this one."""
        roots = {chain.partition(".")[0] for chain in self._reads.of(user).listed}
        return any(
            edge.local_name in roots and not {edge.module, edge.full_name}.isdisjoint(self.place.modules)
            for edge in (self._index.edges(user) if roots else ())
        )

    def is_read_unseen(self, name: str) -> str | None:
        """How a name of this module may be read where no import shows it; None where it is not."""
        reader = None if self.is_read_unseen_here(name) is not None else self.unseen_reader(name)
        return reader.does if reader is not None else self.is_read_unseen_here(name)

    def is_read_unseen_here(self, name: str) -> str | None:
        """The same, of this file itself."""
        if self.reads_by_name:
            return "this file reads names by `globals()`, `eval` or the like, which may be that one"
        if self._answers_itself:
            return "this file has a `__getattr__`, which answers for the names that it lacks"
        if re.search(rf"(?:>>>|\.\.\.) .*\b{name}\b", self.source.text):
            return f"`{name}` stands in a doctest"
        return None

    def unseen_reader(self, name: str) -> UnseenReader | None:
        """Another file that may read a name of this module without importing it."""
        for path, last in self._handing_on:
            return UnseenReader(path, f"{self.where(path, last)} hands this module on as a whole")
        for module in self.place.modules:
            for path in self._reads.quoted.get(f"{module}:{name}", ()):
                return UnseenReader(path, f"{self.where(path, name)} names it in a string")
            for path in self._in_strings(f"{module}.{name}"):
                return UnseenReader(path, f"{self.where(path, name)} names it in a string")
            naming = [p for p in self._reads.quoted.get(module, ()) if self._reads.may_load(p, name)]
            loading = [p for p in self._reads.loading if self._reads.may_read(p, name)]
            for path in (*naming, *loading):
                if path != self.path:
                    where = self.where(path, name)
                    return UnseenReader(
                        path, f"{where} may read `{name}` of this module by the module's name"
                    )
        return None

    def _in_strings(self, dotted: str) -> list[str]:
        """The files that name something of this module in a string, or import it in code that a string holds."""
        naming = [p for p in self._reads.quoted.get(dotted, ()) if not self._index.settings.is_test(p)]
        return [*self._reads.coded.get(dotted, ()), *(p for p in naming if p != self.path)]

    @cached_property
    def _read_unseen(self) -> frozenset[str]:
        """The names of this module that some other file may read without importing it."""
        words, quoted = self.uses.words, self._reads.quoted
        if self._handing_on:
            return words
        found: set[str] = set()
        for module in self.place.modules:
            found |= {name for name in words if f"{module}:{name}" in quoted}
            found |= {name for name in words if self._in_strings(f"{module}.{name}")}
            for path in {*quoted.get(module, ())} - {self.path}:
                found |= words if self._reads.of(path).computes else words & self._reads.names(path)
        for path in {*self._reads.loading} - {self.path} if self.place.modules else ():
            found |= words & self._reads.names(path)
        return frozenset(found)

    @cached_property
    def _handing_on(self) -> list[tuple[str, str]]:
        """The files that hand this module on, or its dictionary, each with the last name of the module."""
        found = []
        for module in self.place.modules:
            for user in self._index.importing(module):
                handles = self._index.handles(user, module)
                reads = self._reads.of(user)
                if handles & reads.bare or any(f"{h}.__dict__" in reads.read for h in handles):
                    found.append((user, module.rpartition(".")[2]))
        return found

    @cached_property
    def listed_by(self) -> str | None:
        """A file that goes through all that this module has, and where."""
        for path, last in self._handing_on:
            handles = {h for module in self.place.modules for h in self._index.handles(path, module)}
            if handles & self._reads.of(path).listed:
                return f"{self.where(path, last)} goes through all names of this module"
        return None

    @cached_property
    def is_open(self) -> bool:
        """Whether some file may read or set any name of this module by what it has of it."""
        for module in self.place.modules:
            if module in self._reads.quoted:
                return True
            for user in self._index.importing(module):
                stored = {text.rpartition(".")[0] for text in self._reads.of(user).stored}
                if self._index.handles(user, module) & stored:
                    return True
        return bool(self._handing_on)

    def is_exchanged(self, name: str) -> bool:
        """Whether a file may put something else under a name of this module, by a string or by the module."""
        for module in self.place.modules:
            if f"{module}.{name}" in self._reads.quoted:
                return True
            for user in self._index.importing(module):
                handles = self._index.handles(user, module)
                if not self._reads.of(user).stored.isdisjoint(f"{handle}.{name}" for handle in handles):
                    return True
        return False

    def _is_changed(self, name: str) -> bool:
        """Whether another file sets an attribute of what has a name of this module: `Show.__init__ = traced`."""
        for module in self.place.modules:
            for user in self._index.importing(module):
                owners = {f"{handle}.{name}" for handle in self._index.handles(user, module)}
                edges = self._index.edges(user)
                owners.update(edge.local_name for edge in edges if edge.full_name == f"{module}.{name}")
                stored = self._reads.of(user).stored
                if any(text.startswith(tuple(f"{owner}." for owner in owners)) for text in stored):
                    return True
        return False

    @cached_property
    def reads_by_name(self) -> bool:
        """Whether the file reads names that it does not write out."""
        for node in self.uses.parents:
            match node:
                case ast.Call(func=ast.Name(id="globals" | "eval" | "exec")):
                    return True
                case ast.Call(func=ast.Name(id="locals" | "vars" | "dir"), args=[]):
                    return True
                case ast.Attribute(attr="f_globals" | "f_locals" | "__globals__"):
                    return True
                case ast.Call(func=called, args=[named, *_]) if self._is_own_name(named):
                    if last_name(called) in LOADER_NAMES or _is_modules_get(called):
                        return True
                case ast.Subscript(value=owner, slice=named) if self._is_own_name(named):
                    if last_name(owner) == "modules":
                        return True
        return False

    def _is_own_name(self, node: ast.expr) -> bool:
        """Whether an expression gives the dotted name of this module, or of the one of a class or function."""
        match node:
            case ast.Name(id="__name__") | ast.Attribute(attr="__module__"):
                return True
            case ast.Constant(value=str(text)):
                return text in self.place.modules
        return False

    @cached_property
    def _answers_itself(self) -> bool:
        """Whether a function of the module gives what it has no name for."""
        return any(
            isinstance(part, ast.FunctionDef) and part.name == "__getattr__" for part in self.source.tree.body
        )

    def is_submodule(self, name: str) -> bool:
        """Whether a name bound here would stand for a submodule of this package too."""
        modules = self.place.modules if self.place.is_package else ()
        return any(self.modules.find(f"{module}.{name}") is not None for module in modules)

    def is_asked_for(self, name: str) -> bool:
        """Whether others ask this module for a name, or may: they would find one that is new."""
        dotted = [f"{module}.{name}" for module in self.place.modules]
        is_quoted = any(is_under(text, one) for one in dotted for text in self._reads.quoted)
        is_found = is_quoted or bool(self.readers(name)) or self.unseen_reader(name) is not None
        return is_found or self._is_hidden_by_star(name)

    def _is_hidden_by_star(self, name: str) -> bool:
        """Whether a file that has all names of this one by `*` has one of its own of a name that would be new."""
        if exported_names(self.source.tree) is not None:
            return False
        word = re.compile(rf"\b{name}\b".encode())
        return any(word.search(self.modules.filesystem.source(path).data) for path in self._star_importers)

    @cached_property
    def _star_importers(self) -> list[str]:
        """The files that import all of this one, those included that import all of one of them."""
        found = [self.path]
        for path in found:
            for module in self._index.place(path).modules:
                for user in self._index.importing(module):
                    is_star = any(
                        edge.module == module and edge.name == "*" and edge.local_name != QUOTED
                        for edge in self._index.edges(user)
                    )
                    found += [user] if is_star and user not in found else []
        return found[1:]

    def short(self, path: str) -> str:
        """A path as the project names it."""
        return os.path.relpath(path, self._index.settings.root)

    @cached_property
    def _lists_by_computing(self) -> bool:
        """Whether `__all__` is more than strings written out."""
        return any(
            isinstance(part, ast.Name)
            and part.id == "__all__"
            and not _is_written_out(self.uses.parents.get(part))
            for part in self.uses.parents
        )

    @cached_property
    def _readers(self) -> dict[str, list[str]]:
        """Each name that another file imports from this one, or reads where it has the module itself."""
        found: dict[str, list[str]] = {}
        for module in self.place.modules:
            for user in self._index.importing(module):
                names: set[str] = set()
                for edge in self._index.edges(user):
                    if edge.module == module and edge.name == "*" and edge.local_name != QUOTED:
                        names |= self.uses.words
                    elif edge.module == module and edge.name is not None:
                        names.add(edge.name)
                handles = self._index.handles(user, module)
                names |= self._reads.of(user).of(handles) if handles else set()
                for name in names:
                    found.setdefault(name, []).append(user)
        return found

    def reader_of(self, name: str) -> str:
        """Who reads `name` of this module: a place in another file, else whoever imports all that it lists."""
        readers = self.readers(name)
        return self.where(readers[0], name) if readers else "whoever imports all of this file by `*`"

    def where(self, path: str, word: str) -> str:
        """The place of another file that imports a word, or has it."""
        text = self.modules.filesystem.source(path).data.decode("utf-8", "replace")
        return f"{self.short(path)}:{line_of(text, [word])}"

    def readers(self, name: str) -> list[str]:
        """The files that read `name` of this module."""
        return self._readers.get(name, [])

    def bases(self, statement: ast.Import | ast.ImportFrom) -> list[str]:
        """The dotted modules that a from-import means."""
        return self.uses.scopes.bases(statement) if isinstance(statement, ast.ImportFrom) else [""]

    def span(self, node: ast.expr | ast.keyword) -> tuple[int, int]:
        where = self.source.range_of(node)
        return self.source.offset(where.start), self.source.offset(where.end)

    def node_at(self, where: Range, kind: type[Node]) -> Node | None:
        """The node of a kind that has just this range."""
        row = where.start.line
        nodes = (node for node in self.uses.parents if isinstance(node, kind) and node.lineno == row)
        return next((node for node in nodes if self.source.range_of(node) == where), None)

    def block_of(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements of the block in which a statement stands."""
        return block_of(self.uses.parents[statement], statement)

    def runs_before(self, statement: ast.stmt, other: ast.stmt) -> bool:
        """Whether a statement of the top level surely has run where `other` does, with nothing but imports between."""
        body = self.source.tree.body
        if statement not in body:
            return False
        if statement.lineno < other.lineno:
            return True
        between = [s for s in body if other.lineno <= s.lineno < statement.lineno]
        return other in body and all(isinstance(s, ast.Import | ast.ImportFrom) for s in between)

    def precedes(self, statement: ast.stmt, node: ast.AST) -> bool:
        """Whether a statement surely has run where `node` does."""
        return any(statement in block[:at] for block, at in self.blocks_around(node))

    def blocks_around(self, node: ast.AST) -> list[tuple[list[ast.stmt], int]]:
        """The blocks in which a node stands, the outermost first, each with the number of its statement there."""
        found = []
        above: ast.AST | None = node
        while above is not None and above is not self.source.tree:
            if isinstance(above, ast.stmt):
                block = self.block_of(above)
                found.append((block, block.index(above)))
            above = self.uses.parents.get(above)
        return found[::-1]

    def has_fallback(self, statement: ast.stmt) -> bool:
        """Whether an `except` catches that the import fails."""
        node: ast.AST = statement
        while (parent := self.uses.parents.get(node)) is not None:
            if isinstance(parent, ast.Try | ast.TryStar) and node in parent.body:
                return True
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                return False
            node = parent
        return False


def _is_modules_get(called: ast.expr) -> bool:
    return isinstance(called, ast.Attribute) and called.attr == "get" and last_name(called.value) == "modules"


def _is_written_out(parent: ast.AST | None) -> bool:
    """Whether the statement around `__all__` gives it strings alone."""
    match parent:
        case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.AnnAssign(value=value):
            return isinstance(value, ast.List | ast.Tuple) and all(
                isinstance(e, ast.Constant) for e in value.elts
            )
    return False

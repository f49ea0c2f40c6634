"""What other files of the project may do to a client that a file builds, and to where it connects."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import ItemsView, Iterator, Sequence
from functools import cached_property
from typing import Protocol

from flake8_redis_ssot.fix.execution.runs import Runs
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.syntax.nodes import FunctionOrLambda, last_name, nearest, parents_of

_LOOPS = (
    rb"\b(?:asyncio|anyio|uvloop)\.run\b|\brun_until_complete\b|\bnew_event_loop\b|\basyncio\.Runner\b|\basync_to_sync\b",
    (b".run", b"run_until_complete", b"new_event_loop", b"asyncio.Runner", b"async_to_sync"),
)
"""A pattern, and the words of which a match has one; as the following."""
_TESTED = (
    rb"\basync def (?:test|setUp|asyncSetUp)|\bIsolatedAsyncioTestCase\b|\bpytest\.mark\.(?:asyncio|anyio)\b",
    (b"async def ", b"IsolatedAsyncioTestCase", b"pytest.mark."),
)
_FILLING = rb"\benviron\s*(?:\.\s*(?:update|setdefault)\b|\|=)|\bputenv\b", (b"environ", b"putenv")
"""What sets variables of the environment by other means than a subscript."""
_LOADING = (
    rb"\b(?:load_dotenv|read_dotenv|read_env)\s*\(|\benviron\s*\.\s*(?:clear|update)\b"
    rb"|\benviron\[\s*(?![\"'])[\w.]+\s*\]\s*=(?!=)",
    (b"load_dotenv", b"read_dotenv", b"read_env", b"environ"),
)
"""What may set any variable of the environment."""
_MAKING = frozenset(["run", "run_until_complete", "new_event_loop", "Runner", "async_to_sync"])


class Judged(Protocol):
    """What can be said to be unsafe, and why."""

    def unsafe(self, why: str) -> None: ...


class Around:
    """Asks the files around one in which a client is to become a shared one."""

    def __init__(self, index: ProjectIndex, reads: ProjectReads) -> None:
        self.index = index
        self.reads = reads

    def judge(
        self, view: View, judged: Judged, *,
        read: set[str], late: set[str], sources: set[str], attributes: set[str], is_async: bool,
    ) -> None:  # fmt: skip
        """Note what makes the exchange unsafe.

        `read` are the variables and settings that say where it connects, the `late` ones of them whenever one is
        built; `sources` are the attributes from which that is read, `attributes` those that hold what is built.
        """
        for name in sorted(sources):
            where = self._setting_attribute(view, name)
            if where is not None:
                judged.unsafe(f"{where} may set `{name}`, which says where it connects")
        for name in sorted(attributes):
            where = self._reading(view, name)
            if where is not None:
                judged.unsafe(f"it is kept as the attribute `{name}`, which {where} may read and end")
        for word in sorted(read):
            where = self._setting(view, word, is_late=word in late)
            if where is not None:
                judged.unsafe(f"{where} may set `{word}`, which is read here whenever one is built")
        if is_async and (loop := self._loop(view)) is not None:
            judged.unsafe(
                f"{loop} may run it in an event loop of its own, which an asyncio client must not outlive"
            )

    def judge_import(self, view: View, judged: Judged, home: str, user: ast.AST | None = None) -> None:
        """Note where the manager may not be there to be imported, by what surely runs before a `user` of it."""
        first = home.partition(".")[0]
        if not self._is_importing(view, first, user):
            judged.unsafe(
                f"this file imports nothing of `{first}` so far, and `import {first}` may fail where it is run as a script"
            )

    def _matching(self, pattern: bytes, words: Sequence[bytes]) -> ItemsView[str, int]:
        return self.reads.matching(re.compile(pattern), words)

    def _at(self, path: str, line: int) -> str:
        return f"{os.path.relpath(path, self.index.settings.root)}:{line}"

    def _reading(self, view: View, name: str) -> str | None:
        """A place that may read an attribute of a name."""
        if name in view.uses.texts:
            return self._at(view.path, view.uses.texts[name].lineno)
        found = self.reads.reader(name, view.path)
        if found is None:
            return "a file that imports from here" if view.is_exposed(name) else None
        return self._at(*found)

    def _setting_attribute(self, view: View, name: str) -> str | None:
        """A place that may set an attribute beside the one where its class does."""
        own = [
            part.lineno
            for part in view.uses.parents
            if (isinstance(part, ast.Attribute) and part.attr == name and not isinstance(part.ctx, ast.Load))
            or (
                isinstance(part, ast.Name)
                and part.id == name
                and isinstance(part.ctx, ast.Store)
                and isinstance(view.uses.parents.get(view.uses.parents[part]), ast.ClassDef)
            )
        ]
        if len(own) > 1:
            return self._at(view.path, own[-1])
        pattern = rb"\b%b\b\s*(?::[^=\n]+)?=(?!=)|[\"']%b[\"']" % (name.encode(), name.encode())
        others = [(p, n) for p, n in self._matching(pattern, [name.encode()]) if p != view.path]
        others = [
            (p, n) for p, n in others if name in self.reads.of(p).exchanged or self._has_base_of(p, view)
        ]
        return self._at(*others[0]) if others else None

    def _has_base_of(self, path: str, view: View) -> bool:
        """Whether a file may derive a class from one of the file."""
        return any(edge.module in view.place.modules for edge in self.index.edges(path))

    def _setting(self, view: View, word: str, *, is_late: bool) -> str | None:
        """A place that may set a variable of the environment or an attribute by which it is told where to connect."""
        whole, end = word.encode(), word.rpartition(".")[2].encode()
        quoted, last = re.escape(whole), re.escape(end)
        is_test = self.index.settings.is_test
        stored = (
            rb"\[\s*[\"']%b[\"']\s*\]\s*=(?!=)|(?<!self)\.%b\s*=(?!=)"
            rb"|\benviron\.pop\(\s*[\"']%b[\"']|\bdel [\w.]*environ\[[\"']%b[\"']"
        ) % (quoted, last, quoted, quoted)
        for path, line in self._matching(stored, [whole, end]):
            if not is_test(path):
                return self._at(path, line)
        given = rb"[\"']%b[\"']\s*:|\b%b\s*=(?!=)|(?:setdefault|putenv)\(\s*[\"']%b[\"']" % ((quoted,) * 3)
        if any(not is_test(path) for path, _ in self._matching(*_FILLING)):
            for path, line in self._matching(given, [whole]):
                if not is_test(path):
                    return self._at(path, line)
        for path, line in self._matching(*_LOADING) if is_late else ():
            if not is_test(path):
                return self._at(path, line)
        # a test sets it in many ways, and so does what it imports
        named = (
            self._matching(rb"[\"']%b[\"']|\b%b\s*=(?!=)" % (quoted, last), [whole, end]) if is_late else []
        )
        for path, line in named:
            if is_test(path) and path != view.path and self._runs.may_meet(path, view.path):
                return self._at(path, line)
        return None

    @cached_property
    def _runs(self) -> Runs:
        return Runs(self.index, self.reads)

    def _loop(self, view: View) -> str | None:
        """A place that may run what is in a file in one of several event loops."""
        for path, line in self._loops:
            if path == view.path or view.path in self._runs.imported(path):
                return self._at(path, line)
        return None

    @cached_property
    def _loops(self) -> list[tuple[str, int]]:
        """The places that make event loops more than once, tests that have one each included."""
        found = [(p, n) for p, n in self._matching(*_TESTED) if self.index.settings.is_test(p)]
        for path, _ in self._matching(*_LOOPS):
            found += ((path, line) for line in self._made_in(path))
        return found

    def _made_in(self, path: str) -> Iterator[int]:
        """The lines of a file that make an event loop whenever a function runs."""
        tree = self.reads.tree(path)
        parents = parents_of(tree) if tree is not None else {}
        for node in parents:
            if (
                isinstance(node, ast.Name | ast.Attribute)
                and last_name(node) in _MAKING
                and nearest(parents.get(node), FunctionOrLambda | ast.For | ast.While, parents) is not None
            ):
                yield node.lineno

    def _is_importing(self, view: View, first: str, user: ast.AST | None) -> bool:
        """Whether a file can surely import something of a package, by what it imports anyhow."""
        for statement, _ in view.aliases.values():
            bases = view.bases(statement) if isinstance(statement, ast.ImportFrom) else ()
            named = [*bases, *(alias.name for alias in statement.names if not bases)]
            if any(name.partition(".")[0] == first for name in named) and (
                user is None or view.precedes(statement, user)
            ):
                return True
        own = {module.partition(".")[0] for module in view.place.modules}
        return first in own and not self._may_be_run(view)

    def _may_be_run(self, view: View) -> bool:
        """Whether a file may be a script: it says so, or nobody imports it and it does at its top what it is for."""
        text = view.source.text
        if "__main__" in text or text.startswith("#!"):
            return True
        return not self.index.users_of(view.path) and any(map(_is_of_script, view.source.tree.body))


def _is_of_script(statement: ast.stmt) -> bool:
    """Whether a statement at the top of a file is what scripts do there, and modules that are imported do not."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name("print" | "main"))):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="run"))):
            return True
    return isinstance(statement, ast.For | ast.While)

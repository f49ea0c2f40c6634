"""Blocking clients that cross modules: which functions send by one, followed from file to file."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator
from functools import cache

from flake8_redis_ssot.analysis.client_calls import (
    Command,
    blocking_functions,
    calls_of,
    command,
    function_of,
    is_blocking,
    is_plain,
    last_name,
)
from flake8_redis_ssot.inference.methods import METHOD_NAMES
from flake8_redis_ssot.inference.names import Names
from flake8_redis_ssot.inference.reach import Reach
from flake8_redis_ssot.inference.values import Definition, Value
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.project.values import ProjectFlow
from flake8_redis_ssot.source import SourceError, SourceFile
from flake8_redis_ssot.syntax.scopes import ProgramPoint, Scopes

_FOR_RUNNERS = ("__", "setUp", "setup_", "tearDown", "teardown_", "test_")
"""How the methods begin that Python or a test runner calls, and nobody by name."""


class ClientFlow(ProjectFlow):
    """The values of the files that a blocking client reaches; `blocking` are the functions that send by one."""

    budget = 3_000_000

    def __init__(self, names: Names, index: ProjectIndex, scopes_of: Callable[[str], Scopes | None]) -> None:
        super().__init__(names, index, scopes_of)
        self.blocking: dict[ast.AST, Command] = {}

    def sent(self, path: str) -> Iterator[Command]:
        """The commands of a file taken in."""
        scopes = self.files[path]
        for point in scopes.calls:
            if isinstance(point.node, ast.Call) and last_name(point.node.func) in METHOD_NAMES:
                sent = command(self, scopes, point)
                if sent is not None:
                    yield sent

    def calls(self, path: str) -> Iterator[tuple[ProgramPoint, ast.Call, Command]]:
        """The calls, in a file taken in, of functions that send by a blocking client, with what they send."""
        return calls_of(self, self.files[path].calls, self.blocking)

    def learn(self, path: str) -> set[str]:
        """Find the blocking functions of a file taken in; the names that others import to get at one, or at a client."""
        self.blocking.update(blocking_functions(self.sent(path)))
        known = -1
        while known != len(self.blocking):
            known = len(self.blocking)
            for point, _, cause in list(self.calls(path)):
                function = function_of(point)
                if function is not None and is_plain(point):
                    self.blocking.setdefault(function, cause)
        reach = Reach(self, lambda _, value: self._blocks(value))
        asked = self.index.asked_names(path)
        return {
            name
            for name, bindings in self.files[path].module.bindings.items()
            if asked is None or name in asked
            for binding in bindings
            if any(reach(v) for one in self.bound(binding) for v in self._whole(one))
        }

    def renew(self) -> None:
        """Begin with a whole budget again: what was spent on finding the files is not missed in judging them."""
        _ = self.limits  # notes whether it had run out
        self.answers.steps = 0

    def members(self, path: str) -> Iterator[str]:
        """The names of a file by which others use a client, or a function that sends by one."""
        scopes = self.files[path]
        for scope in (scopes.module, *scopes.namespaces.values()):
            if scope.kind != "function":
                for name, bindings in (*scope.bindings.items(), *scope.attributes.items()):
                    if not name.startswith(_FOR_RUNNERS) and any(
                        self._is_used(value) for binding in bindings for value in self.bound(binding)
                    ):
                        yield name

    def _is_used(self, value: Value) -> bool:
        if isinstance(value, Definition) and value.scope.kind == "function":
            return value.scope.node in self.blocking or any(
                is_blocking(self, given) for given in self.given_by(value.scope)
            )
        return is_blocking(self, value)

    def given(self, parameter: ast.arg, point: ProgramPoint) -> Iterator[Value]:
        """What callers hand to a function does not count: others may hand it another client."""
        yield from ()

    def _blocks(self, value: Value) -> bool:
        return is_blocking(self, value) or (
            isinstance(value, Definition) and value.scope.node in self.blocking
        )


def follow_clients(
    names: Names, index: ProjectIndex, scopes_of: Callable[[str], Scopes | None]
) -> ClientFlow:
    """Take in the files that have a blocking client and are imported, and those that get at one through them."""
    inference = ClientFlow(names, index, scopes_of)
    giving: dict[str, set[str]] = {}
    words: dict[str, set[str]] = {}
    words_of = cache(_words_of)
    new = {
        path for path, fact in index.facts.items() if fact.blocking and index.users(path, set(fact.blocking))
    }
    while new:
        for path in sorted(new):
            inference.add(path)
        learned = {path: inference.learn(path) for path in sorted(new) if path in inference.files}
        new = set()
        for path, given in learned.items():
            fresh = given - giving.setdefault(path, set())
            giving[path] |= fresh
            users = index.users(path, fresh) if fresh else []
            known = words.setdefault(path, set())
            known.update(inference.members(path) if users else ())
            for user in users:
                if _speaks_of(known, user, words_of):
                    words.setdefault(user, set()).update(known)
                    new.add(user)
    inference.renew()
    return inference


def _words_of(path: str) -> frozenset[str]:
    try:
        return frozenset(re.findall(r"\w+", SourceFile.read(path).text))
    except SourceError:
        return frozenset()


def _speaks_of(words: set[str], path: str, text_of: Callable[[str], frozenset[str]]) -> bool:
    """Whether a file has one of the `words`, or is a package, which hands on without a word."""
    return os.path.basename(path).startswith("__init__.") or not text_of(path).isdisjoint(words)

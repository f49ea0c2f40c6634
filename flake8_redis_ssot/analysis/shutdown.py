"""Code that runs when a process, an application or an object of its own ends."""

from __future__ import annotations

import ast
import re
from functools import cached_property

from flake8_redis_ssot.analysis.client_calls import function_of
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.libraries.frameworks import (
    APPLICATION_NAMES,
    APPLICATIONS,
    LIFESPAN,
    PER_REQUEST_ENDS,
    SHUTDOWN_WORDS,
)
from flake8_redis_ssot.libraries.standard import CONTEXT_MANAGERS
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.arguments import positional
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import Function, last_name, own_yields, unparsed

_ENDING = re.compile(
    r"(?:^|_)a?(?:close|shutdown|stop|disconnect|cleanup|terminate|teardown|dispose|exit)(?:_|$)|^del$"
)
_MAIN = re.compile(r"_*(?:async_|a)?(?:main|run_main)_*(?:async)?")


class Shutdowns:
    """The places of one file at which something ends."""

    def __init__(self, inference: Inference, scope: Scope) -> None:
        self._tree = scope.node or ast.Pass()
        self._scopes = inference.scopes_of(scope)

    def is_one(self, point: ProgramPoint) -> bool:
        """Whether `point` is reached when something ends."""
        node, function = point.node, function_of(point)
        if self._is_registered(node):
            return True
        if function is None:
            return self._is_in_finally(self._tree, node)
        if isinstance(function, ast.Lambda):
            return self._is_registered(function)
        if self.is_lifespan(function):
            first = min(part.lineno for part in own_yields(function))
            return getattr(node, "lineno", 0) > first or self._goes_around_yield(function, node)
        if _MAIN.fullmatch(function.name):
            return self._is_in_finally(function, node) or self._is_entered(function, node)
        return self._ends(function)

    def is_lifespan(self, function: ast.AST | None) -> bool:
        """Whether a function runs before and after an application: it yields in between."""
        if not isinstance(function, Function) or not any(own_yields(function)):
            return False
        decorators = {last_name(d) for d in function.decorator_list}
        if decorators - CONTEXT_MANAGERS:
            return False
        return LIFESPAN in function.name.lower() or any(
            p.arg.strip("_") in APPLICATION_NAMES or last_name(p.annotation) in APPLICATIONS
            for p in positional(function.args)
        )

    def _ends(self, function: Function) -> bool:
        """Whether a function is there to end something, by its name, or by whom it is given to."""
        said = [unparsed(d) for d in function.decorator_list]
        given = self._given.get(function.name, [])
        if any(word in text for text in (*said, *given) for word in PER_REQUEST_ENDS):
            return False
        if "fixture" in "".join(said):
            return False
        return _ENDING.search(function.name.strip("_").lower()) is not None or any(
            word in text for text in (*said, *given) for word in SHUTDOWN_WORDS
        )

    @cached_property
    def _given(self) -> dict[str, list[str]]:
        """The last names of what is handed to something, each with what it is handed to."""
        found: dict[str, list[str]] = {}
        for point in self._scopes.calls:
            assert isinstance(point.node, ast.Call)
            texts = [a.value for a in point.node.args if isinstance(a, ast.Constant)]
            given = [(part, "") for part in point.node.args]
            for keyword in point.node.keywords:
                inner = keyword.value.elts if isinstance(keyword.value, ast.List) else [keyword.value]
                given += [(part, f" {keyword.arg}") for part in inner]
            names = [(last_name(part), how) for part, how in given]
            if any(name for name, _ in names):
                to = " ".join([unparsed(point.node.func), *map(str, texts)])
                for name, how in names:
                    found.setdefault(name, []).append(to + how)
        classes = (scope for scope in self._scopes.namespaces.values() if scope.kind == "class")
        for scope in (self._scopes.module, *classes):
            for name, bindings in scope.bindings.items():
                for binding in bindings:
                    if isinstance(binding.value, ast.Name):
                        found.setdefault(binding.value.id, []).append(name)
        return found

    def _is_registered(self, node: ast.AST) -> bool:
        """Whether an expression is handed to something that calls it in the end."""
        match ancestors(self._tree, node)[0]:
            case ast.Call(func=func, args=arguments) if func is not node:
                said = [unparsed(func), *(str(a.value) for a in arguments if isinstance(a, ast.Constant))]
                return any(word in text for text in said for word in SHUTDOWN_WORDS)
            case ast.List() as parent:
                around = ancestors(self._tree, parent)[0]
                return isinstance(around, ast.keyword) and any(
                    word in (around.arg or "") for word in SHUTDOWN_WORDS
                )
        return False

    @staticmethod
    def _is_in_finally(tree: ast.AST, node: ast.AST) -> bool:
        inner = node
        for parent in ancestors(tree, node):
            if isinstance(parent, ast.Try) and inner in parent.finalbody:
                return True
            inner = parent
        return False

    @staticmethod
    def _is_entered(function: ast.AST, node: ast.AST) -> bool:
        return any(isinstance(parent, ast.withitem) for parent in ancestors(function, node))

    def _goes_around_yield(self, function: ast.AST, node: ast.AST) -> bool:
        """Whether what is entered, or put off, at a place ends after the function's `yield`."""
        parents = ancestors(function, node)
        if isinstance(parents[0], ast.Call) and parents[0].func is not node:
            return True
        blocks = [p for p in parents if isinstance(p, ast.With | ast.AsyncWith)]
        return self._is_entered(function, node) and any(own_yields(blocks[0]))

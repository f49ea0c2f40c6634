"""Which modules of the project run when one is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flake8_redis_ssot.facts.modules import absolute
from flake8_redis_ssot.fix.symbols import Objects
from flake8_redis_ssot.syntax.nodes import last_name


class ImportGraph:
    """The imports that run with a module, step by step."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._reached: dict[str, frozenset[str]] = {}

    def imports(self, module: str) -> frozenset[str]:
        """The modules of the project that run when `module` is imported, itself left out: one step."""
        if module not in self._reached:
            tree = self.objects.tree(module)
            found = set()
            for node in _at_import(tree.body) if tree is not None else ():
                if isinstance(node, ast.Import):
                    found |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    base = absolute(node, module, self.objects.is_package(module))
                    found.add(base)
                    found |= {f"{base}.{alias.name}" for alias in node.names}
            self._reached[module] = frozenset(
                n for n in found if self.objects.modules.find(n) is not None
            ) - {module}
        return self._reached[module]

    def path_between(self, start: str, goal: str) -> list[str] | None:
        """How importing `start` comes to import `goal`, or something from it.

        Packages around both are no way: they run before. Nor is it one that `goal` is the package
        of what is imported.
        """
        ancestors = set(_with_parents(goal)[:-1]) & set(_with_parents(start)[:-1])

        def run(module: str) -> list[str]:
            return [m for m in _with_parents(module) if m not in ancestors and (m != goal or module == goal)]

        came: dict[str, str | None] = dict.fromkeys(run(start))
        queue = list(came)
        while queue:
            here = queue.pop(0)
            if here == goal:
                path = [here]
                while (before := came[path[-1]]) is not None:
                    path.append(before)
                return path[::-1]
            for there in [m for name in sorted(self.imports(here)) for m in run(name)]:
                if there not in came:
                    came[there] = here
                    queue.append(there)
        return None


def _at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported, those for type checkers left out."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and last_name(node.test) == "TYPE_CHECKING":
            yield from _at_import(node.orelse)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for name in ("body", "orelse", "finalbody"):
                yield from _at_import(getattr(node, name, None) or [])
            for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                yield from _at_import(part.body)


def _with_parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]

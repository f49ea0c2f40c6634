"""What names in files lead to: through imports to files, and to classes of the project."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable, Iterator

from flake8_redis_ssot.facts.modules import absolute
from flake8_redis_ssot.fix.execution.call_outline import Outline, outline_of
from flake8_redis_ssot.fix.execution.call_pieces import Flow, Ref
from flake8_redis_ssot.fix.execution.import_graph import imported_names
from flake8_redis_ssot.fix.sources.reads import ProjectReads
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.project.index import ProjectIndex

Class = tuple[str, str]
"""A class of the project: its file and its name."""
Function = tuple[str, str]
"""A function, or a class by its methods, of the project: its file and its name."""


@dataclass(slots=True)
class Budget:
    """How many pieces of code all questions together may go through."""

    left: int = 200_000


class CallGraph:
    """What the files of a project may run of each other; it is handed what is known of their imports.

    - `stated` gives the files that files import when they run, and these themselves
    - `imported_by` gives the files that they import anywhere, or name in a string
    - `files` gives the files that the import of a dotted name runs
    - `changed` gives what the statements of a file import in the place of these dotted names
    """

    def __init__(
        self,
        index: ProjectIndex,
        reads: ProjectReads,
        stated: Callable[[set[str]], set[str]],
        imported_by: Callable[[set[str]], set[str]],
        files: Callable[[str], set[str]],
        changed: Callable[[str, list[str]], Iterable[str]],
        budget: Budget,
    ) -> None:
        self.modules = index.modules
        self._index = index
        self._reads = reads
        self.stated = stated
        self.imported_by = imported_by
        self.files = files
        self.changed = changed
        self.budget = budget
        self._made_of: dict[str, list[tuple[Class, set[Class] | None, str]]] = {}

    def is_test(self, path: str) -> bool:
        return self._index.settings.is_test(path)

    def ending(self, end: str) -> set[str]:
        """The files of the project whose paths end so."""
        return {path for path in self._index.facts if path.endswith(f"{os.sep}{end}")}

    def outline(self, path: str) -> Outline:
        """The pieces of a file; none where it cannot be parsed."""
        return self._reads.summary(path, outline_of) or Outline()

    def defined(self, dotted: str) -> tuple[str, str, list[str]] | None:
        """The file of the module that a dotted name leads to, the name in it, and what is read of that."""
        module = self.modules.around(dotted)
        path = self.modules.find(module) if module else None
        if module == dotted or path is None:
            return None
        name, *attributes = dotted[len(module) + 1 :].split(".")
        return path, name, attributes

    def led(self, path: str, name: str) -> Iterator[str]:
        """The dotted names that the imports of a file may give a name."""
        for node, alias in self.outline(path).imported.get(name, ()):
            if isinstance(node, ast.Import):
                yield alias.name if alias.asname else alias.name.partition(".")[0]
            else:
                yield from (f"{base}.{alias.name}" for base in self._bases(path, node))

    def imported(self, path: str, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        """The dotted names that an import statement of a file imports."""
        place = self._index.place(path)
        return imported_names(node, place.modules, is_package=place.is_package)

    def classes(self, path: str, ref: Ref, depth: int = 8) -> set[Class] | None:
        """The classes that a reference may give; empty for what is not of the project, None where that is unknown."""
        kind, name, *attributes = ref
        if not depth or (attributes and kind != "import"):
            return None
        if kind == "name":
            outline = self.outline(path)
            if name in outline.classes:
                decorators = (self.classes(path, one, depth - 1) for one in outline.decorated[name])
                return None if any(one != set() for one in decorators) else {(path, name)}
            flows = [one for one in outline.table.get(("flow", name), ()) if isinstance(one, Flow)]
            if flows and all(one.is_alias for one in flows):
                return self.united(self.classes(path, ref, depth - 1) for one in flows for ref in one.of)
            return None if name in outline.names_bound or "*" in outline.imported else set()
        if kind != "import":
            return None
        found: set[Class] = set()
        for dotted in self.led(path, name):
            led = self.defined(".".join([dotted, *attributes]))
            if led is None:
                continue
            where, last, rest = led
            again = "import" if last in self.outline(where).imported else "name"
            classes = self.classes(where, (again, last), depth - 1) if not rest else None
            if classes is None:
                return None
            found |= classes
        return found

    @staticmethod
    def united(found: Iterable[set[Class] | None]) -> set[Class] | None:
        united: set[Class] = set()
        for one in found:
            if one is None:
                return None
            united |= one
        return united

    def made_of(self, path: str) -> list[tuple[Class, set[Class] | None, str]]:
        """The classes of a file with each of their bases, and its last name."""
        if path not in self._made_of:
            self._made_of[path] = [
                ((path, name), self.classes(path, base), base[-1])
                for name, bases in self.outline(path).classes.items()
                for base in bases
            ]
        return self._made_of[path]

    def _bases(self, path: str, node: ast.ImportFrom) -> Iterator[str]:
        place = self._index.place(path)
        for module in place.modules if node.level else [""]:
            yield absolute(node, module, place.is_package)

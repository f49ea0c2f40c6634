"""RED403."""

from __future__ import annotations

import ast
import os
from collections.abc import Collection, Iterator
from functools import cached_property, partial

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.modules import Kind
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.inference.builder_table import BUILDERS
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.project.members import Absent, MemberFinder, is_accessor, parameters
from flake8_redis_ssot.rule import ProjectContext, ProjectRule
from flake8_redis_ssot.settings.model import Boundary, Settings, is_below
from flake8_redis_ssot.settings.nearest import slips
from flake8_redis_ssot.source import Position, Range


class MissingManager(ProjectRule):
    """The settings name something that does not exist.

    ## What it does
    Reports

    - a `manager`, or a module of `settings-modules`, that is an object of a module instead of a
      module (a package's name means its `__init__.py`),
    - a `manager`, a module of `settings-modules` or the new object of a replacement that does not
      exist. This is reported only if its top-level package belongs to the project, its file is below
      no folder of `src`, or a similar name exists,
    - a `manager` that is a client library, such as `redis`,
    - an `instance` that no manager of its boundary defines, or that is neither an object nor the call
      of an accessor: a class, a function without `()`, or an object with `()`,
    - a method or parameter in `replacements` that its class or function does not have, as far as the
      source shows,
    - a replacement without effect: its old object exists, but is neither in `forbidden-managers` nor
      in a manager.

    Forbidden and replaced names may be gone; they stay forbidden. They are reported only if they look
    like a typing error.

    ## Why is this bad?
    A manager that does not exist allows nothing and protects nothing. After a move or a typing error,
    every message points to a place that does not exist.

    ## Example
    ```toml
    [tool.redis-ssot]
    manager = "app.moved"
    ```

    ## Use instead
    ```toml
    [tool.redis-ssot]
    manager = "app.redis_manager"
    ```

    ## Options
    - `manager`
    - `instance`
    - `forbidden-managers`
    - `settings-modules`
    - `replacements`
    - `src`

    ## References
    - [TOML](https://toml.io/en/v1.0.0)
    """

    code = "RED403"
    name = "missing-manager"
    since = "0.1.0"

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        settings, names = project.settings, _Names(project)
        members = MemberFinder(project.index.modules, partial(_tree, project))
        for boundary in settings.boundaries:
            yield from self._managers(boundary, settings, names)
            yield from self._instance(boundary, project, names, members)
            inherited = boundary.name and boundary.forbidden == settings.boundaries[0].forbidden
            for pattern in () if inherited else boundary.forbidden:
                place = _place(boundary, settings, "forbidden-managers")
                yield from self._misspelt(place, "forbidden-managers", pattern.home, names)
        for name in settings.settings_modules:
            place = settings.line_of("settings-modules")
            held = names.held(name)
            if held is not None:
                yield self._at(place, f"{held.said(name)}; name that in `settings-modules`", name)
            elif names.is_missing(name):
                message = f"There is no module `{name}`{names.hint(name, 'settings-modules')}"
                yield self._at(place, message, name)
        for old, new in settings.replacements:
            place = settings.line_of(f"replacements.{old}")
            if names.is_missing(new.removesuffix("()")):
                hint = names.hint(new.removesuffix("()"), "replacements")
                yield self._at(place, f"The replacement `{new}` does not exist{hint}", new)
            yield from self._misspelt(place, "replacements", old, names)
            home = names.untouched(old) if place[0] == settings.path else None
            if home is not None:
                message = f"`{home}` is not in `forbidden-managers`, so that this replacement does nothing; add it there"
                yield self._at(place, message, old)
        yield from self._replaced(settings, members, project)

    def _replaced(
        self, settings: Settings, members: MemberFinder, project: ProjectContext
    ) -> Iterator[Diagnostic]:
        """Methods and parameters that replacements name, and their classes and functions lack."""
        arguments = dict(settings.renamed_arguments)
        for old, new in settings.replacements:
            place = settings.line_of(f"replacements.{old}")
            renamed = arguments.get(old, ())
            for name, asked in (
                (old, [before for before, _ in renamed]),
                (new.removesuffix("()"), [after for _, after in renamed]),
            ):
                found = members.find(name)
                if isinstance(found, Absent) and _is_set_elsewhere(found, project):
                    continue
                if isinstance(found, Absent):
                    hint = _hint(found.name, found.known)
                    yield self._at(
                        place, f"`{found.owner}` has no `{found.name}`, named in `replacements`{hint}", name
                    )
                    continue
                known = parameters(found) if found is not None else None
                for parameter in asked if known is not None else ():
                    if known is not None and parameter not in known:
                        what = f"`{name}` has no parameter `{parameter}`, named in `replacements`"
                        yield self._at(place, f"{what}{_hint(parameter, known)}", name)

    def _managers(self, boundary: Boundary, settings: Settings, names: _Names) -> Iterator[Diagnostic]:
        """The `manager` of a boundary that names no module."""
        place = _place(boundary, settings, "manager")
        roots = _roots(boundary, settings, names.modules.filesystem)
        for manager in boundary.managers:
            path = names.modules.find(manager)
            if (
                path is not None
                and names.modules.filesystem.is_folder(path)
                and manager not in boundary.packages
            ):
                message = (
                    f"`{manager}` has no `__init__.py`, so that it names no file; "
                    f"write `{manager}.**` for the package with all below it"
                )
                yield self._at(place, message, manager)
            elif path is None and not roots:
                message = f"There is no module `{manager}`: `src` names no folder that exists; correct `src`"
                yield self._at(place, message, manager)
            elif path is None and (held := names.held(manager)) is not None:
                advice = f" and `instance` to {held.instance}" if held.name and not boundary.instance else ""
                yield self._at(place, f"{held.said(manager)}; set `manager` to that{advice}", manager)
            elif path is None and manager in BUILDERS.prefixes and not names.modules.is_ours(manager):
                message = (
                    f"`{manager}` is a client library; "
                    "set `manager` to the module of the project that builds the clients"
                )
                yield self._at(place, message, manager)
            elif path is None and names.is_missing(manager):
                hint = names.hint(manager, "manager` or `src")
                yield self._at(place, f"There is no module `{manager}` below {roots}{hint}", manager)

    def _instance(
        self, boundary: Boundary, project: ProjectContext, names: _Names, members: MemberFinder
    ) -> Iterator[Diagnostic]:
        """An `instance` that no manager of its boundary has, or that is no shared object."""
        name = (boundary.instance or "").removesuffix("()")
        managers = project.index.managers
        homes = [m for m in managers.modules_of(boundary) if names.modules.find(m) is not None]
        if not name or not homes:
            return
        place = _place(boundary, project.settings, "instance")
        having = [home for home in homes if managers.has(home, name)]
        if not having:
            found = next((m for m in boundary.managers if names.modules.find(m) is not None), homes[0])
            # `manager` names the module already
            own = max((f"{m}." for m in homes if name.startswith(f"{m}.")), key=len, default="")
            hint = names.hint(f"{found}.{name}", "instance")
            if own and managers.has(own[:-1], name.removeprefix(own)):
                hint = f"; did you mean `{(boundary.instance or '').removeprefix(own)}`?"
            yield self._at(place, f"`{found}` defines no `{name}`{hint}", f"{found}.{name}")
        wrong = [_misused(home, boundary, project, members) for home in having]
        if wrong and wrong[0] is not None and None not in wrong:
            yield self._at(place, wrong[0], f"{having[0]}.{name}")

    def _misspelt(self, place: tuple[str, int], key: str, name: str, names: _Names) -> Iterator[Diagnostic]:
        """A name that looks like a slip of the pen: what is not there any more stays forbidden."""
        near = names.near(name) if name else None
        if near is not None and not names.exists(name):
            yield self._at(
                place, f"`{key}` names `{name}`, which does not exist; did you mean `{near}`?", name
            )

    def _at(self, place: tuple[str, int], message: str, name: str) -> Diagnostic:
        path, line = place
        start = Position(line, 1)
        return self.at(path, Range(start, start), message, symbols=(name,))


@dataclass(frozen=True, slots=True)
class _Held:
    """What a name is that a module should have: the object `name` of `module`; without one, that module itself."""

    module: str
    name: str
    kind: Kind

    def said(self, asked: str) -> str:
        """What is wrong with the name `asked`, for a message."""
        if not self.name:
            return f"`{asked}` is another name of the module `{self.module}`"
        what = {"class": "a class", "data": "a class", "function": "a function"}.get(self.kind, "an object")
        return f"`{asked}` is no module but {what} of the module `{self.module}`"

    @property
    def instance(self) -> str:
        """What to write for the shared object."""
        if self.kind in ("class", "data"):
            return "the object that is shared"
        return f"`{self.name}{'()' if self.kind == 'function' else ''}`"


class _Names:
    """The dotted names of the project: which there are, and which one that is not there may stand for."""

    def __init__(self, project: ProjectContext) -> None:
        self.modules = project.index.modules
        boundaries = project.settings.boundaries
        self._named = {p.text for b in boundaries for p in b.forbidden} | {
            m for b in boundaries for m in b.managers
        }
        self._index = project.index

    @cached_property
    def _below(self) -> dict[str, set[str]]:
        """Package, or nothing -> the last parts of the names of what is in it."""
        found: dict[str, set[str]] = {}
        for path in self._index.facts:
            for module in self._index.place(path).modules:
                parts = module.split(".")
                for n, part in enumerate(parts):
                    found.setdefault(".".join(parts[:n]), set()).add(part)
        return found

    def exists(self, name: str) -> bool:
        """Whether `name` is of the project and there, or may be."""
        top = self.modules.find(name.partition(".")[0])
        return top is not None and self.modules.lookup(name) is not None

    def held(self, name: str) -> _Held | None:
        """What `name` is where that is no module's own name; None where it is one, or sources do not tell."""
        parts = name.split(".")
        for depth in range(len(parts), 1, -1):
            head, rest = ".".join(parts[:depth]), parts[depth:]
            if self.modules.find(head) is not None:
                return None
            found = self.modules.lookup(head)
            if found is not None and found.kind == "module" and not rest:
                return _Held(found.qualified_name, "", "module")
            if found is not None and found.kind not in ("module", "unknown"):
                module, _, last = found.qualified_name.rpartition(".")
                return _Held(module, ".".join([last, *rest]), "object" if rest else found.kind)
        return None

    def untouched(self, old: str) -> str | None:
        """The module of the replaced `old`, where that is there and nothing that is forbidden, or a manager, has it."""
        boundaries = self._index.settings.boundaries
        if any(p.reaches(old) for b in boundaries for p in b.forbidden) or self._index.managers.owner(old):
            return None
        parts = old.split(".")
        around = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
        home = next((module for module in around if self.modules.find(module) in self._index.facts), None)
        if home is None or not self.exists(old):
            return None
        handing_on = (path for path in self._index.importing(home) if self._index.place(path).is_forbidden)
        return home if next(handing_on, None) is None else None

    def is_missing(self, name: str) -> bool:
        """Whether `name` is not there and should be: its package, its file or a name like it is the project's."""
        if self.modules.is_ours(name):
            return self.modules.lookup(name) is None
        return self.near(name) is not None or self._beside(name) is not None

    def _beside(self, name: str) -> tuple[str, str] | None:
        """The file of the project that would be `name`, or have it, and the import root by which it would."""
        parent = name.rpartition(".")[0]
        root = self._index.settings.root
        for module in (name, parent) if "." in parent else (name,):
            if self.modules.find(module) is not None:
                break
            end = f"/{module.replace('.', '/')}"
            for path in sorted(self._index.facts, key=lambda path: (path.count("/"), path)):
                stem = os.path.splitext(path)[0].removesuffix("/__init__")
                if stem.endswith(end) and is_below(path, root):
                    return os.path.relpath(path, root), os.path.relpath(stem.removesuffix(end), root)
        return None

    def near(self, name: str) -> str | None:
        """A name that is there and differs in one part by a slip of the pen, unless the settings name it too."""
        parts = name.split(".")
        for n, part in enumerate(parts):
            package = ".".join(parts[:n])
            facts = self.modules.facts(package) if package else None
            modules = self._below.get(package, set())
            known = modules | (facts.names.keys() if facts else set())
            # the last part may be an object, called as its class is but for the case
            is_module = n == 0 or n < len(parts) - 1
            cased = [m for m in modules if is_module and m != part and m.casefold() == part.casefold()]
            for other in dict.fromkeys([*cased, *slips(part, known)]):
                whole = ".".join([*parts[:n], other, *parts[n + 1 :]])
                if whole not in self._named and self.exists(whole):
                    return whole
            if part not in known:
                break
        return None

    def hint(self, name: str, key: str) -> str:
        """What to do about a name that is not there, for a message."""
        near = self.near(name)
        beside = self._beside(name) if near is None else None
        if beside is not None:
            return f'; it lies in `{beside[0]}`: set `src = ["{beside[1]}"]`'
        return f"; did you mean `{near}`?" if near else f"; correct `{key}`"


def _tree(project: ProjectContext, path: str) -> ast.Module | None:
    context = project.read(path)
    return context.source.tree if context is not None else None


def _misused(home: str, boundary: Boundary, project: ProjectContext, members: MemberFinder) -> str | None:
    """What the `instance` in the module `home` is in place of a shared object, or an accessor; None where it may be one."""
    instance = boundary.instance or ""
    short = instance.removesuffix("()")
    name, called = f"{home}.{short}", short != instance
    match members.find(name):
        case Absent(owner, last, known) as absent:
            if _is_set_elsewhere(absent, project):
                return None
            return f"`{owner}` has no `{last}`, named in `instance`{_hint(last, known, 'instance')}"
        case ast.ClassDef() if called and project.index.managers.is_built_anew(
            name, boundary, lambda *_: False
        ):
            what = f"`{instance}` makes a new object at each call"
        case ast.ClassDef() if not called and members.is_of_use_only_to_instances(name):
            what = f"`{short}` is a class"
        case node if is_accessor(node) and not called:
            return f"`{short}` is a function; write `{short}()` in `instance`"
        case _ if called and members.is_never_called(name):
            return f"`{short}` is an object that cannot be called; write `{short}` in `instance`"
        case _:
            return None
    shared = members.instances_of(name)
    advice = f"did you mean `{shared[0]}`?" if len(shared) == 1 else "name the object that is shared"
    return f"{what}; {advice}"


def _is_set_elsewhere(absent: Absent, project: ProjectContext) -> bool:
    """Whether a file that imports what lacks a member sets an attribute of that name on something."""
    setting = rf"\.{absent.name}[ \t]*(:[^=\n]*)?=[^=]"
    return any(project.index.texts.has(path, setting) for path in project.index.importing(absent.owner))


def _hint(name: str, known: Collection[str], key: str = "replacements") -> str:
    """The nearest of the known names; else where the wrong one stands."""
    near = slips(name, known)
    return f"; did you mean `{near[0]}`?" if near else f"; correct `{key}`"


def _place(boundary: Boundary, settings: Settings, key: str) -> tuple[str, int]:
    """The file and line that set `key` for a boundary."""
    return (boundary.file or "", boundary.line) if boundary.name else settings.line_of(key)


def _roots(boundary: Boundary, settings: Settings, filesystem: FileSystem) -> str:
    """The import roots of a boundary that exist, for a message; empty where none does."""
    roots = [os.path.relpath(root, settings.root) for root in boundary.roots if filesystem.is_folder(root)]
    return " or ".join(f"`{root}`" for root in roots)

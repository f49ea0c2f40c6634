"""RED109."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator

from flake8_redis_ssot.analysis.client_calls import function_of
from flake8_redis_ssot.analysis.dotted_strings import references
from flake8_redis_ssot.analysis.name_lookups import is_used_at_top
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.inference.values import QualifiedName
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.frameworks import FIXTURES, PATCHING, RUNNER_METHODS
from flake8_redis_ssot.project.import_order import ImportOrder
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.rule import ProjectContext, ProjectRule, RuleContext
from flake8_redis_ssot.settings.boundaries import manager_words
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.bindings import ProgramPoint
from flake8_redis_ssot.syntax.nodes import Function, decorators_of, last_name

_MOST_PLACES = 3
Owner = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class MisplacedManagerPatch(ProjectRule):
    """A test patches the manager where no code looks it up.

    ## What it does
    Reports a patch of the manager's name in the manager's own module, if all code that the test can
    run took the object from there earlier, by `from ... import`. A patch is `patch`, `patch.object`,
    `patch.multiple`, `monkeypatch.setattr` or `delattr`, or an assignment in a test.

    Not reported:

    - a patch of a method
    - if a function of the manager's module reads the name
    - if some code looks the name up in that module each time
    - if code that takes the name may be imported only after the patch

    ## Why is this bad?
    `from app.redis_manager import redis_manager` binds the object to a name in the importing module.
    A patch of the original name does not change this second name. The test then runs against the real
    manager, and its assertions on the fake prove nothing.

    Measured: with such a patch, the code under test read the value of the real Redis, and the fake
    had no calls. A patch of the reader's name, or of the object's method, took effect at once
    (`tests/evidence/test_red109.py`).

    ## Example
    ```python
    from unittest.mock import patch

    from app.redis_manager import redis_manager


    def save(key):
        redis_manager.client.set(key, 1)


    def test_save():
        with patch("app.redis_manager.redis_manager"):
            save("a")
    ```

    ## Use instead
    ```python
    from unittest.mock import patch

    from app.redis_manager import redis_manager


    def save(key):
        redis_manager.client.set(key, 1)


    def test_save():
        with patch(f"{__name__}.redis_manager"):
            save("a")
    ```

    ## Options
    - `manager`
    - `instance`
    - `tests`

    ## References
    - [unittest.mock: where to patch](https://docs.python.org/3/library/unittest.mock.html#where-to-patch)
    - [OWASP/OpenCRE#1010](https://github.com/OWASP/OpenCRE/pull/1010)
    """

    code = "RED109"
    name = "misplaced-manager-patch"
    since = "0.2.0"
    default = False

    @classmethod
    def words(cls, settings: Settings) -> Collection[bytes]:
        return {*PATCHING, *(word.encode() for word in manager_words(settings))}

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        order = ImportOrder(project.index, project.read)
        patching = {word.decode() for word in PATCHING}
        managers = manager_words(project.settings)
        kept = _kept_by_managers(project)
        said = _said(kept)
        for path, fact in project.index.facts.items():
            is_test = project.settings.is_test(path)
            if managers.isdisjoint(fact.words) or (patching.isdisjoint(fact.words) and not is_test):
                continue
            may_patch = (
                kept and (is_test or _may_patch(path, project)) and project.index.texts.has(path, said)
            )
            context = project.read(path) if may_patch else None
            if context is not None:
                yield from self._in_file(context, order, project, kept)

    def _in_file(
        self, context: RuleContext, order: ImportOrder, project: ProjectContext, kept: Collection[str]
    ) -> Iterator[Diagnostic]:
        is_test = project.settings.is_test(context.source.path)
        names = _last_names(kept)
        mine = [
            patch
            for patch in _found(context, is_test, names.__contains__)
            if f"{patch.module}.{patch.name}" in kept
        ]
        found = [*_found(context, is_test, bool)] if mine else []
        path = context.source.path
        for patch in mine:
            if not _is_for_tests(patch, context, project):
                continue
            within = _alone(patch.owner, context)
            places = _places(order, patch, path, within)
            beside = {f"{p.module}.{p.name}" for p in found if p.owner is patch.owner}
            if places and not beside.issuperset(places):
                shown = " or ".join(f"`{place}`" for place in places[:_MOST_PLACES])
                more = len(places) - _MOST_PLACES
                shown += f" (and {more} more)" if more > 0 else ""
                yield self.at(
                    path,
                    context.source.range_of(patch.node),
                    f"This patches `{patch.module}.{patch.name}` where nobody looks it up: all that the test runs "
                    f"has taken it from there by `from {patch.module} import`; patch {shown}",
                    symbols=(f"{patch.module}.{patch.name}",),
                )


def _places(order: ImportOrder, patch: _Patch, path: str, within: tuple[int, int] | None) -> list[str]:
    """Where the tests that run what is in a file look the name up; none where one of them does so at its home."""
    found: set[str] = set()
    for test in order.tests_of(path):
        places = order.places(test, patch.module, patch.name, within)
        if places is None:
            return []
        found.update(places)
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _Patch:
    """A call or target (`node`) that exchanges the `name` of a `module` while `owner` runs."""

    node: ast.expr
    module: str
    name: str
    owner: Owner


def _may_patch(path: str, project: ProjectContext) -> bool:
    """Whether a file imports what patches."""
    imports = project.index.facts[path].imports
    return "mock" in imports or "pytest" in imports


def _kept_by_managers(project: ProjectContext) -> frozenset[str]:
    """The dotted names of the managers by which others get at what these keep."""
    index = project.index
    modules = (m for path in index.facts if index.place(path).is_manager for m in index.place(path).modules)
    found = ((module, facts) for module in modules if (facts := index.modules.facts(module)) is not None)
    return frozenset(
        f"{module}.{name}" for module, facts in found for name in facts.names if _is_kept(module, name, index)
    )


def _last_names(names: Collection[str]) -> frozenset[str]:
    return frozenset(name.rpartition(".")[2] for name in names)


def _said(names: Collection[str]) -> str:
    """What a file says that exchanges one of these: its last name at the end of a text, as an attribute, or for `multiple`."""
    lasts = "|".join(sorted(map(re.escape, _last_names(names))))
    return rf"""(?s)\b(?:{lasts})["']|\.\s*(?:{lasts})(?!\w|\s*[.(])|\bmultiple\b.*?\b(?:{lasts})\s*=(?!=)"""


def _found(context: RuleContext, is_test: bool, is_meant: Callable[[str], bool]) -> Iterator[_Patch]:
    """What a file exchanges, of the names that are meant."""
    for point in context.scopes.calls:
        yield from _patches(point, context, is_meant)
    if is_test:
        yield from _assigned(context, is_meant)


def _patches(point: ProgramPoint, context: RuleContext, is_meant: Callable[[str], bool]) -> Iterator[_Patch]:
    for node, module, name in _exchanged(point, context):
        owner = _owner(node, context) if is_meant(name) else None
        if owner is not None:
            yield _Patch(node, module, name, owner)


def _exchanged(point: ProgramPoint, context: RuleContext) -> Iterator[tuple[ast.Call, str, str]]:
    """The names of modules that a call exchanges."""
    call = point.node
    assert isinstance(call, ast.Call)
    last = last_name(call.func)
    if last not in ("patch", "setattr", "delattr", "object", "multiple"):
        return
    if isinstance(call.func, ast.Name) and last == "setattr":
        return  # an assignment
    if last in ("patch", "setattr", "delattr"):
        names = {text.value for text in references(point, context.inference)}
        if len(names) == 1:
            module, _, name = names.pop().rpartition(".")
            yield call, module, name
    is_by_name = last in ("setattr", "delattr") or "patch" in ast.unparse(call.func)
    if last == "patch" or not call.args or not is_by_name:
        return
    modules = {
        value.name if isinstance(value, QualifiedName) else getattr(value, "value", "")
        for value in context.inference.values(call.args[0], point)
    }
    given = [call.args[1]] if last != "multiple" and len(call.args) > 1 else []
    names = {text for node in given for text in context.inference.all_texts(node, point)}
    if last == "multiple":
        names = {keyword.arg for keyword in call.keywords if keyword.arg}
    if len(modules) == 1 and (last == "multiple" or len(names) == 1):
        (module,) = modules
        yield from ((call, module, name) for name in sorted(names))


def _assigned(context: RuleContext, is_meant: Callable[[str], bool]) -> Iterator[_Patch]:
    """The names of modules that the functions of a file assign to, where they put nothing back."""
    for store in context.scopes.stores:
        if not isinstance(store.key, str) or not is_meant(store.key) or function_of(store.point) is None:
            continue
        modules = {getattr(v, "name", "") for v in context.inference.values(store.owner, store.point)}
        if len(modules) == 1:
            (module,) = modules
            before = QualifiedName(f"{module}.{store.key}")
            owner = _owner(store.owner, context)
            if owner is not None and before not in context.inference.values_of(store.binding):
                yield _Patch(store.owner, module, store.key, owner)


def _owner(call: ast.expr, context: RuleContext) -> Owner | None:
    """The function in which a patch is made, or the function or class that it decorates; None at the top level."""
    inner: ast.AST = call
    for parent in ancestors(context.source.tree, call):
        is_function = isinstance(parent, Function)
        if isinstance(parent, Owner) and (is_function or inner in parent.decorator_list):
            return parent
        inner = parent
    return None


def _alone(owner: Owner, context: RuleContext) -> tuple[int, int] | None:
    """The lines of the one test, or class of tests, for which a patch is on; None where it may be for any."""
    parent = ancestors(context.source.tree, owner)[0]
    one = owner if owner.name.startswith("test") or isinstance(owner, ast.ClassDef) else parent
    return (one.lineno, one.end_lineno or one.lineno) if isinstance(one, Owner) else None


def _is_kept(module: str, name: str, index: ProjectIndex) -> bool:
    """Whether others get, by a name of a manager, at what that keeps."""
    boundary, found = index.managers.owner(f"{module}.{name}"), index.modules.lookup(f"{module}.{name}")
    if boundary is None or found is None or not boundary.is_manager(module):
        return False
    package, _, last = module.rpartition(".")
    above = index.modules.facts(package) if package else None
    if above is not None and last in above.names:
        return False  # a patch finds another object by that name
    home, _, own = found.qualified_name.rpartition(".")
    kept = index.facts.get(index.modules.find(home) or "")
    instance = (boundary.instance or "").removesuffix("()")
    return name == instance or (kept is not None and own in kept.exposed_names)


def _is_for_tests(patch: _Patch, context: RuleContext, project: ProjectContext) -> bool:
    """Whether the patch is on in tests alone, never while modules are imported."""
    owner = patch.owner
    name = owner.name
    if name.startswith("pytest_"):
        return False
    parents = ancestors(context.source.tree, owner)
    decorators = decorators_of(owner)
    if (
        isinstance(owner, ast.ClassDef)
        or name.startswith(RUNNER_METHODS)
        or not FIXTURES.isdisjoint(decorators)
        or not isinstance(parents[0], ast.Module)
    ):
        return True
    users = [context.source.path, *project.index.users(context.source.path, {name})]
    return not any(
        (user := project.read(path)) is None or is_used_at_top(user.inference, name) for path in users
    )

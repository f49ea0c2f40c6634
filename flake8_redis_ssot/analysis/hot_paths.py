"""Which code runs over and over: for each request or job of a framework, in properties and accessors."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from flake8_redis_ssot.analysis.operations import gives_a_client, words
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.values import Definition, Instance
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.frameworks import (
    CALLED,
    CALLED_ONCE,
    CALLED_WITH,
    CALLING,
    DEPENDS,
    DEPENDS_NAMES,
    FIELD_BASES,
    GENERATED,
    HTTP_VERBS,
    INJECTING,
    REQUESTS,
    RESPONDERS,
    RESPONSE_WORD,
    RESPONSES,
    ROUTES,
    TASK_LISTS,
    TASKS,
    VIEW_PACKAGES,
    VIEW_PARAMETER,
    Occasion,
)
from flake8_redis_ssot.libraries.standard import (
    BUILT_IN_DECORATORS,
    KIND_DECORATORS,
    PLAIN_BASES,
    PROPERTIES,
)
from flake8_redis_ssot.libraries.vocabulary import MAKING, WAITING
from flake8_redis_ssot.syntax.ancestors import ancestors
from flake8_redis_ssot.syntax.arguments import arguments_of, default_of, single
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.memo import memoized
from flake8_redis_ssot.syntax.nodes import (
    Function,
    all_nodes,
    callee_of,
    last_name,
)
from flake8_redis_ssot.syntax.scopes import Scopes

_DEPTH = 5


@dataclass(frozen=True, slots=True)
class Repetition:
    """Why code runs over and over, as a phrase for messages; `for_result` if it is called only for what it returns."""

    phrase: str
    for_result: bool = False


def why_repeated(function: Scope, inference: Inference) -> Repetition | None:
    """Why a function runs over and over, as far as its own file tells; None if it does not."""
    node = function.node
    if not isinstance(node, Function) or function.parent is None:
        return None
    occasion = occasion_of(function, inference)
    if occasion is not None:
        return Repetition(f"for every {occasion}")
    owner = function.parent.node
    if isinstance(owner, ast.ClassDef):
        if is_property(node):
            return Repetition(f"at every access of `{node.name}`")
        if node.name == "__init__" and _is_singleton(function.parent, inference):
            return Repetition(f"at every call of `{owner.name}`")
    if _is_accessor(node, owner):
        return Repetition(f"at every call of `{node.name}`", for_result=True)
    return why_repeated(function.parent, inference) if function.parent.kind == "function" else None


def is_property(function: Function) -> bool:
    """Whether the function is a property that runs at every read: `cached_property` is not."""
    decorators = {last_name(d) for d in function.decorator_list}
    return "property" in decorators and decorators <= KIND_DECORATORS - (PROPERTIES - {"property"})


def occasion_of(function: Scope, inference: Inference) -> Occasion | None:
    """The event for which a framework calls a function: `request`, `job`, `message`."""
    return (
        _occasion_by_registration(function, inference)
        or _occasion_by_base_class(function, inference)
        or _occasion_by_parameters(function, inference)
        or _occasion_by_dependency(function, inference)
        or _occasion_by_worker_settings(function, inference)
    )


def _occasion_by_registration(function: Scope, inference: Inference) -> Occasion | None:
    """The event that a function is registered for, by a decorator or as an argument (`app.add_route("/", f)`).

    A class that is depended on is called, so that its `__init__` runs.
    """
    node, point = function.node, inference.definition_point(function)
    if not isinstance(node, Function) or point is None:
        return None
    for decorator in node.decorator_list:
        occasion = _occasion_of_callee(decorator, point, inference) or _occasion_of_decorator(
            decorator, point, inference
        )
        if occasion:
            return occasion
    is_init = node.name == "__init__" and function.parent is not None and function.parent.kind == "class"
    taken = function.parent if is_init else function
    for call in handed_to(taken, inference, CALLING.keys()) if taken is not None else ():
        assert isinstance(call.node, ast.Call)
        occasion = _occasion_of_callee(call.node, call, inference) or _occasion_by_path(
            call.node, call, inference
        )
        if occasion and (not is_init or last_name(call.node.func) in DEPENDS_NAMES | {"Provide"}):
            return occasion
    is_called = node.name == "__call__" and function.parent is not None and function.parent.kind == "class"
    return "request" if is_called and _is_depended_on(function.parent, inference) else None


def _is_depended_on(class_: Scope | None, inference: Inference) -> bool:
    """Whether handlers depend on an object of the class, which is called for each request: `Depends(Checker())`."""
    return any(
        isinstance(value, Instance) and isinstance(value.of, Definition) and value.of.scope is class_
        for scopes in inference.all_scopes()
        for call in (scopes.calls_of(DEPENDS_NAMES) if scopes.imports & INJECTING else ())
        for argument in call.node.args[:1]  # type: ignore[attr-defined]
        for value in inference.values(argument, call)
    )


def handed_to(taken: Scope, inference: Inference, packages: Collection[str]) -> Iterator[ProgramPoint]:
    """The calls that are passed a function or class, in the files that import one of the `packages`."""
    importing = [scopes for scopes in inference.all_scopes() if not scopes.imports.isdisjoint(packages)]
    for name in inference.names_of(getattr(taken.node, "name", "")):
        for scopes in importing:
            for call, argument in _arguments_by_name(scopes).get(name, ()):
                if _is_function(argument, call, taken, inference):
                    yield call


@memoized
def _arguments_by_name(scopes: Scopes) -> dict[str, list[tuple[ProgramPoint, ast.expr]]]:
    """The arguments of all calls that are names or attributes, by last name, each with its call.

    What `Depends()` takes is the annotation beside it: `service: Service = Depends()`, `Annotated[Service, Depends()]`.
    """
    found: dict[str, list[tuple[ProgramPoint, ast.expr]]] = {}
    for point in scopes.calls:
        call = point.node
        assert isinstance(call, ast.Call)
        given = arguments_of(call)
        if not given and last_name(call.func) in DEPENDS_NAMES:
            given = _annotated_by(call, scopes)
        for argument in given:
            if isinstance(argument, ast.Name | ast.Attribute):
                found.setdefault(last_name(argument), []).append((point, argument))
    return found


def _annotated_by(default: ast.Call, scopes: Scopes) -> list[ast.expr]:
    """The annotation that a call stands beside: of the parameter whose default it is, or in the same `Annotated`."""
    tree = scopes.module.node
    match ancestors(tree, default)[0] if tree is not None else None:
        case ast.arguments() as args:
            taking = (a for a in single(args) if default_of(args, a) is default)
            return [a.annotation for a in taking if a.annotation is not None]
        case ast.Tuple(elts=[annotation, *_]):
            return [annotation]
    return []


def _occasion_of_callee(taking: ast.expr, point: ProgramPoint, inference: Inference) -> Occasion | None:
    """The event for which a framework calls functions that are passed to `taking`, a callee or its call."""
    for name in callee_names(callee_of(taking), point, inference):
        package, *parts = name.split(".")
        rows = CALLING.get(package, {})
        occasion = rows.get(parts[-1] if parts else package) or rows.get(".".join(parts[-2:]))
        if occasion and CALLED_ONCE.get(package, frozenset()).isdisjoint(_words_given(taking)):
            return occasion
    return None


def _words_given(taking: ast.expr) -> Iterator[str]:
    """The keywords of a call, and the last names of its other arguments."""
    if isinstance(taking, ast.Call):
        yield from (keyword.arg or "" for keyword in taking.keywords)
        for argument in taking.args:
            yield from map(
                last_name, argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument]
            )


def _occasion_by_path(call: ast.Call, point: ProgramPoint, inference: Inference) -> Occasion | None:
    """The event for which a method of something unknown calls functions that it is passed with a path.

    An application is often a parameter: `def add_routes(app): app.router.add_get("/", index)`.
    """
    has_path = any(
        isinstance(a, ast.Constant) and isinstance(a.value, str) and a.value[:1] == "/" for a in call.args
    )
    if not has_path or not isinstance(call.func, ast.Attribute) or callee_names(call.func, point, inference):
        return None
    packages = sorted(inference.scopes_of(point.scope).imports & CALLING.keys())
    return next((CALLING[p][call.func.attr] for p in packages if call.func.attr in CALLING[p]), None)


def callee_names(func: ast.expr, point: ProgramPoint, inference: Inference) -> set[str]:
    """The dotted names of what is called, a method's by what made its object (`celery.Celery.task` for `app.task`)."""
    names = set(inference.names.dotted(func, point))
    if isinstance(func, ast.Attribute):
        names |= {f"{maker}.{func.attr}" for maker in makers(func.value, point, inference)}
    return names


def _occasion_of_decorator(decorator: ast.expr, point: ProgramPoint, inference: Inference) -> Occasion | None:
    """The event of a decorator whose object is not seen here: `@app.get("/path")` is a route, `@ours.task` a job."""
    func = callee_of(decorator)
    if not isinstance(func, ast.Attribute):
        return None
    if func.attr in ROUTES and isinstance(decorator, ast.Call):
        path = next((a.value for a in decorator.args[:1] if isinstance(a, ast.Constant)), None)
        return "request" if isinstance(path, str) and path[:1] in ("", "/") else None
    origins = callee_names(func, point, inference)
    is_ours = bool(origins) and all(inference.names.is_ours(name) for name in origins)
    return "job" if func.attr in TASKS and is_ours else None


def _is_function(part: ast.expr, point: ProgramPoint, function: Scope, inference: Inference) -> bool:
    """Whether the argument `part` is `function`: its name, or `self.method`."""
    match part:
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
            owner = point.scope.enclosing("class")
            return name == getattr(function.node, "name", "") and function.parent is owner
    return any(b.value is function.node for b in inference.bindings_of(part, point))


def _occasion_by_base_class(function: Scope, inference: Inference) -> Occasion | None:
    """The event for which a framework's base class calls a method, as `APIView` does `get`."""
    node, owner = function.node, function.parent
    if not isinstance(node, Function) or owner is None or owner.kind != "class":
        return None
    given, (start, responding) = tuple(a.arg for a in node.args.args[1:]), RESPONDERS
    if node.name.startswith(start) and node.name[len(start) :] in HTTP_VERBS and given[:2] == responding:
        return "request"
    for base in base_names(owner, inference):
        package, _, last = base.partition(".")[0], "", base.rpartition(".")[2]
        # a base class of ours is taken for one of the framework that the file imports
        packages = inference.scopes_of(function).imports if inference.names.is_ours(base) else {package}
        packages = packages | {name for word, name in GENERATED.items() if word in base}
        for rows in (CALLED[p] for p in packages if p in CALLED):
            for suffix, methods in rows:
                if last.endswith(suffix) and node.name in methods:
                    return methods[node.name]
        for package, suffix, parameters, occasion in CALLED_WITH:
            if package in packages and last.endswith(suffix) and given == parameters:
                return occasion
    return None


def base_names(owner: Scope, inference: Inference) -> Iterator[str]:
    """The dotted names of the imported classes that a class of the file derives from, directly or not."""
    seen: set[Scope] = set()
    stack = [owner]
    while stack:
        cls = stack.pop()
        if cls in seen or not isinstance(cls.node, ast.ClassDef):
            continue
        seen.add(cls)
        point = inference.definition_point(cls)
        if point is None:
            continue
        for base in cls.node.bases:
            yield from inference.names.dotted(base, point)
            stack += [v.scope for v in inference.values(base, point) if isinstance(v, Definition)]


def _occasion_by_parameters(function: Scope, inference: Inference) -> Occasion | None:
    """`request` if a parameter is annotated as one, or the function is a Django view: `request` in, a response out."""
    node, point = function.node, inference.definition_point(function)
    if not isinstance(node, Function) or point is None:
        return None
    parameters = single(node.args)
    for annotation in (a.annotation for a in parameters):
        for name in inference.names.dotted(annotation, point) if annotation is not None else ():
            if name.rpartition(".")[2] in REQUESTS.get(name.split(".")[0], ()):
                return "request"
    is_view = (
        bool(parameters)
        and parameters[0].arg == VIEW_PARAMETER
        and function.parent is inference.scopes_of(function).module
    )
    if is_view and inference.scopes_of(function).imports & VIEW_PACKAGES:
        results = {
            name for returned in function.returns for name in makers(returned.node, returned, inference)
        }
        if node.returns is not None:
            results.update(inference.names.dotted(node.returns, point))
        for name in results:
            last = name.rpartition(".")[2]
            if name.split(".")[0] in VIEW_PACKAGES and (last in RESPONSES or RESPONSE_WORD in last):
                return "request"
    return None


def _occasion_by_dependency(function: Scope, inference: Inference) -> Occasion | None:
    """`request` for a plain generator that may be a dependency of handlers, as FastAPI's `Depends(get_client)`.

    It yields once, and its own file never calls it. If the file passes it to something else than `Depends`, that decides
    how often it runs: a container may call it once.
    """
    node, scopes = function.node, inference.scopes_of(function)
    if not isinstance(node, Function) or node.decorator_list or not scopes.imports & INJECTING:
        return None
    gives = any(not isinstance(y.node, ast.Constant | ast.Dict | ast.JoinedStr) for y in function.yields)
    in_loop = any(arm == "loop" for y in function.yields for _, arm in y.path)
    if not gives or in_loop or node.name in scopes.calls_named:
        return None
    takers = [
        inference.names.dotted(call.node.func, call)  # type: ignore[attr-defined]
        for call, argument in _arguments_by_name(scopes).get(node.name, ())
        if _is_function(argument, call, function, inference)
    ]
    depends = [not DEPENDS.isdisjoint(names) for names in takers]
    return "request" if any(depends) or (not depends and _may_be_injected(function, inference)) else None


def _may_be_injected(function: Scope, inference: Inference) -> bool:
    """Whether every parameter without a default is one that FastAPI injects: any other would be the body of the request."""
    node, point = function.node, inference.definition_point(function)
    assert isinstance(node, Function)
    needed = (a.annotation for a in single(node.args) if default_of(node.args, a) is None)
    return point is not None and all(_is_injected(annotation, point, inference) for annotation in needed)


def _is_injected(annotation: ast.expr | None, point: ProgramPoint, inference: Inference) -> bool:
    """Whether an annotation is `Annotated[...]`, which says what is injected, or a name for that."""
    match annotation:
        case ast.Subscript(value=of):
            return any(name.rpartition(".")[2] == "Annotated" for name in inference.names.dotted(of, point))
        case ast.Name(id=name):
            bindings = inference.names.bindings(name, point)
            return any(
                isinstance(b.value, ast.Subscript) and _is_injected(b.value, point, inference)
                for b in bindings
            )
    return False


def _occasion_by_worker_settings(function: Scope, inference: Inference) -> Occasion | None:
    """`job` if the settings class of an arq worker lists the function."""
    name, lists = getattr(function.node, "name", ""), TASK_LISTS[1]
    for scope in inference.namespaces.values():
        if isinstance(scope.node, ast.ClassDef) and (
            scope.node.name == TASK_LISTS[0] or "arq" in inference.scopes_of(function).imports
        ):
            values = [b.value for key in lists for b in scope.bindings.get(key, ()) if b.value is not None]
            if any(isinstance(n, ast.Name) and n.id == name for value in values for n in all_nodes(value)):
                return "job"
    return None


def makers(node: ast.AST, point: ProgramPoint, inference: Inference, depth: int = 0) -> set[str]:
    """The dotted names of what made an object (`fastapi.FastAPI` for `app`), or of the type in its annotation."""
    if depth > _DEPTH:
        return set()
    names = inference.names

    def of(binding: Binding) -> set[str]:
        value, scope = binding.value, binding.scope
        if binding.target is not None:
            return {binding.target}
        if value is None or scope is None:
            return set()
        if isinstance(value, ast.arg):
            around = inference.definition_point(scope)
            stated = value.annotation is not None and around is not None
            return set(names.dotted(value.annotation, around)) if stated else set()  # type: ignore[arg-type]
        value = value.value if isinstance(value, ast.AnnAssign) and value.value is not None else value
        return makers(value, ProgramPoint(value, scope, binding.order, binding.path), inference, depth + 1)

    match node:
        case ast.Await(value=inner):
            return makers(inner, point, inference, depth + 1)
        case ast.Call(func=func):
            found = set(names.dotted(func, point))
            for value in inference.values(func, point):
                if isinstance(value, Definition) and value.scope.kind == "function":
                    for given in value.scope.returns:
                        found |= makers(given.node, given, inference, depth + 1)
            return found
        case ast.Name(id=name):
            return {made for binding in names.bindings(name, point) for made in of(binding)}
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
            owner = point.scope.enclosing("class")
            kept = (*owner.attributes.get(name, ()), *owner.bindings.get(name, ()))
            return {made for binding in kept for made in of(binding)}
        case ast.Attribute(value=owner_, attr=name):
            return {f"{made}.{name}" for made in makers(owner_, point, inference, depth + 1)}
    return set()


def _is_singleton(class_: Scope, inference: Inference) -> bool:
    """Whether `__new__` of the class returns one kept object, whose `__init__` then runs again at every call.

    Not if the module makes that object itself: others are meant to import it.
    """
    node = class_.node
    assert isinstance(node, ast.ClassDef)
    constructors = [
        inference.namespaces[b.value] for b in class_.bindings.get("__new__", ()) if b.value is not None
    ]
    module_values = (
        b.value for bindings in inference.scopes_of(class_).module.bindings.values() for b in bindings
    )
    return any(
        isinstance(returned.node, ast.Attribute | ast.Subscript)
        for scope in constructors
        for returned in scope.returns
    ) and not any(
        isinstance(value, ast.Call) and last_name(value.func) == node.name for value in module_values
    )


def _is_accessor(function: Function, owner: ast.AST | None) -> bool:
    """Whether the function looks like an accessor that others call often: no required parameters, named like `get_client`."""
    decorators = {last_name(d) for d in function.decorator_list}
    receivers = 1 if isinstance(owner, ast.ClassDef) and "staticmethod" not in decorators else 0
    args = function.args
    needed = len(args.posonlyargs) + len(args.args) - len(args.defaults) - receivers
    bases = owner.bases if isinstance(owner, ast.ClassDef) else []
    return (
        decorators <= BUILT_IN_DECORATORS
        and needed <= 0
        and None not in args.kw_defaults
        and isinstance(owner, ast.Module | ast.ClassDef)
        and all(_base_name(base) in PLAIN_BASES | FIELD_BASES for base in bases)
        and gives_a_client(function.name)
        and not (MAKING | WAITING) & set(words(function.name))
    )


def _base_name(base: ast.expr) -> str:
    return last_name(base.value if isinstance(base, ast.Subscript) else base)

"""Whether all that an expression can be is known, so that a rule may say what it is."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from flake8_redis_ssot.inference.annotation import promised
from flake8_redis_ssot.inference.containers import are_told, is_told_at, projected
from flake8_redis_ssot.inference.evaluator import Inference
from flake8_redis_ssot.inference.fixtures import fixtures_for
from flake8_redis_ssot.inference.values import Definition, Generator, Instance, Items, QualifiedName
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.libraries.frameworks import DEPENDS
from flake8_redis_ssot.libraries.standard import ENTERING_METHODS, JOBS, RUNNING_METHOD
from flake8_redis_ssot.syntax.arguments import argument_of, default_of, first_of
from flake8_redis_ssot.syntax.bindings import Binding, ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import Function, FunctionOrLambda, all_nodes
from flake8_redis_ssot.syntax.scopes import Scopes

_DEPTH = 8


def is_certain(
    inference: Inference, node: ast.AST | None, point: ProgramPoint, *, trust_annotations: bool = False
) -> bool:
    """Whether all possible values of `node` are known: for each binding, operand and `return` on the way.

    With `trust_annotations` what only an annotation promises counts as known.
    """
    return _Certainty(inference, trust_annotations).of(node, point)


@dataclass(frozen=True, slots=True)
class _Certainty:
    """Tells whether values are known, at a `depth` of questions that led to this one."""

    inference: Inference
    trust_annotations: bool
    depth: int = 0

    def of(self, node: ast.AST | None, point: ProgramPoint) -> bool:
        """Whether all possible values of a node are known."""
        inference = self.inference
        if self.depth > _DEPTH:
            return False
        match node:
            case None | ast.Constant(value=None):
                return True
            case ast.Name():
                return all(map(self._of_binding, inference.bindings_of(node, point)))
            case ast.Attribute():
                return bool(inference.stores.attribute(node, point)) or self._of_attribute(node, point)
            case ast.BoolOp(values=parts):
                return self._of_all((part, point) for part in parts)
            case ast.IfExp(body=body, orelse=orelse):
                return self._of_all([(body, point), (orelse, point)])
            case ast.Await(value=inner) | ast.NamedExpr(value=inner):
                return self._of_all([(inner, point)])
            case ast.Subscript() if not is_told_at(inference, node, point):
                return False
            case ast.Call(func=func):
                called = [
                    v.scope for v in inference.values(func, point) if isinstance(v, Definition | Generator)
                ]
                owners = [func.value] if isinstance(func, ast.Attribute) else []
                if isinstance(func, ast.Attribute) and func.attr in ENTERING_METHODS:
                    owners = node.args[:1]  # `enter_context(x)` gives what `with x` does
                elif isinstance(func, ast.Attribute) and func.attr == RUNNING_METHOD and not called:
                    owners = first_of(node, JOBS)
                is_known = bool(inference.values(node, point)) and self._of_all((o, point) for o in owners)
                return is_known and all(map(self._of_result, called))
        return bool(inference.values(node, point))

    def _of_all(
        self, parts: Iterable[tuple[ast.AST | None, ProgramPoint]], *, trust_annotations: bool = False
    ) -> bool:
        """Whether the values of other nodes, on which this depends, are known."""
        trusting = self.trust_annotations or trust_annotations
        deeper = _Certainty(self.inference, trusting, self.depth + 1)
        return all(deeper.of(part, at) for part, at in parts)

    def _of_attribute(self, node: ast.Attribute, point: ProgramPoint) -> bool:
        inference, name = self.inference, node.attr
        instances = [v for v in inference.values(node.value, point) if isinstance(v, Instance)]
        scopes = [v.of.scope for v in instances if isinstance(v.of, Definition)]
        kept = [b for s in scopes for b in (*s.bindings.get(name, ()), *s.attributes.get(name, ()))]
        values = inference.values(node, point)
        is_promised = all(isinstance(v, Instance) and v.is_promised for v in values)
        is_told = bool(values) and (self.trust_annotations or not is_promised)
        family = list(scopes)
        for scope in family:
            family += [one for one in inference.classes.below(scope) if one not in family]
        others = family[len(scopes) :]
        # a class of ours tells what the attribute is, if no subclass assigns it too
        is_ours = bool(scopes) and not any(name in s.bindings or name in s.attributes for s in others)
        return (
            is_told
            and self._of_all([(node.value, point)], trust_annotations=is_ours)
            and all(map(self._of_binding, kept))
        )

    def _of_binding(self, binding: Binding) -> bool:
        inference, value, scope = self.inference, binding.value, binding.scope
        if value is None or scope is None:
            return binding.target is not None
        if isinstance(value, Function):
            inner = inference.namespaces.get(value)
            return inner is not None and self._of_result(inner)
        found = inference.values_of(binding)
        if isinstance(value, ast.arg) and Scopes.receiver(value, scope) is None:
            providers = _providers(inference, value, scope)
            if not found:
                return _is_none_by_default(inference, value, scope)
            if providers:
                return all(map(self._of_result, providers))
            if not self.trust_annotations:
                return False  # other callers may pass something else
        at = ProgramPoint(value, scope, binding.order, binding.path)
        if isinstance(value, ast.AnnAssign) and value.value is not None:
            if self._promises(value.annotation, at):
                return True
            value = value.value
        if isinstance(value, ast.expr) and not binding.projection:
            return self._of_all([(value, ProgramPoint(value, scope, binding.order, binding.path))])
        values = inference.values(value, at)
        generators = [v.scope for v in values if isinstance(v, Generator)]
        if not all(map(self._of_result, generators)) or not are_told(inference, values, binding.projection):
            return False
        return bool(found) and (
            self.trust_annotations or not all(isinstance(v, Instance) and v.is_promised for v in found)
        )

    def _of_result(self, function: Scope) -> bool:
        """Whether all that a function gives or yields is known."""
        stated = getattr(function.node, "returns", None)
        return self._promises(stated, self.inference.definition_point(function)) or self._of_all(
            (part.node, part) for part in (*function.returns, *function.yields)
        )

    def _promises(self, annotation: ast.expr | None, at: ProgramPoint | None) -> bool:
        """Whether an annotation that is trusted says what a value is, or what is in it."""
        if not (self.trust_annotations and annotation and at):
            return False
        return any(
            not isinstance(v, Items) or any(projected(self.inference, frozenset([v]), "item"))
            for v in promised(self.inference, annotation, at)
        )


def _providers(inference: Inference, parameter: ast.arg, function: Scope) -> list[Scope]:
    """The functions whose result a framework passes for a parameter: pytest fixtures, and `f` of `Depends(f)`."""
    outside = inference.definition_point(function)
    if outside is None or not isinstance(function.node, FunctionOrLambda):
        return []
    default = default_of(function.node.args, parameter)
    sources: list[tuple[ast.AST | None, ProgramPoint]] = [(default, outside), (parameter.annotation, outside)]
    for binding in inference.bindings_of(parameter.annotation, outside) if parameter.annotation else ():
        if binding.value is not None and binding.scope is not None:  # `Cache = Annotated[...]`
            at = ProgramPoint(binding.value, binding.scope, binding.order, binding.path)
            sources += [(binding.value, at)] if isinstance(binding.value, ast.Subscript) else []
    providers = []
    for node, at in sources:
        for call in all_nodes(node) if node is not None else ():
            if isinstance(call, ast.Call) and any(
                isinstance(v, QualifiedName) and v.name in DEPENDS for v in inference.values(call.func, at)
            ):
                dependencies = (v for part in call.args[:1] for v in inference.values(part, at))
                providers += [
                    v.scope for v in dependencies if isinstance(v, Definition) and v.scope.kind == "function"
                ]
    return providers or ([] if default is not None else fixtures_for(inference, parameter.arg, function))


def _is_none_by_default(inference: Inference, parameter: ast.arg, function: Scope) -> bool:
    """Whether a parameter defaults to None, and no known call site passes an unknown value for it."""
    node = function.node
    if not isinstance(node, Function):
        return False
    default, class_ = default_of(node.args, parameter), Scopes.class_of(function)
    if not isinstance(default, ast.Constant) or default.value is not None:
        return False
    names = {node.name, getattr(class_.node, "name", node.name)} if class_ is not None else {node.name}
    for name in sorted(names):
        for point in inference.calls_named(name):
            call = point.node
            assert isinstance(call, ast.Call)
            argument = argument_of(call, node.args, parameter, shifted=class_ is not None)
            is_none = isinstance(argument, ast.Constant) and argument.value is None
            if argument is not None and not is_none and not inference.values(argument, point):
                return False
    return True

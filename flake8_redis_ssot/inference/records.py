"""Records: dataclasses, named tuples and other classes whose `__init__` is made from their fields."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference import containers
from flake8_redis_ssot.inference.values import NOTHING, Definition, Instance, Items, Values
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.libraries.frameworks import DATA_DECORATORS, FIELD_BASES
from flake8_redis_ssot.syntax.bindings import ProgramPoint, Scope
from flake8_redis_ssot.syntax.nodes import decorators_of, last_name

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference


def fields_of(inference: Inference, scope: Scope, seen: frozenset[Scope] = frozenset()) -> dict[str, bool]:
    """The fields of a dataclass or the like, in the order of its generated `__init__`; empty for any other class.

    Each with whether it can be given by place there.
    """
    node = scope.node
    if not isinstance(node, ast.ClassDef) or scope in seen:
        return {}
    bases = [b.scope for b in inference.classes.bases(scope) if isinstance(b, Definition)]
    found: dict[str, bool] = {}
    for base in bases:
        found |= fields_of(inference, base, seen | {scope})
    if found or decorators_of(node) & DATA_DECORATORS or {last_name(b) for b in node.bases} & FIELD_BASES:
        has_place = not any(_is_said(d, "kw_only", True) for d in node.decorator_list)
        for stated in node.body:
            match stated:
                case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                    kind = last_name(
                        annotation.value if isinstance(annotation, ast.Subscript) else annotation
                    )
                    if kind == "KW_ONLY":
                        has_place = False
                    elif kind != "ClassVar":
                        is_left_out = _is_said(value, "kw_only", True) or _is_said(value, "init", False)
                        found[name] = has_place and not is_left_out
    return found


def _is_said(call: ast.expr | None, name: str, said: bool) -> bool:
    """Whether a call gives an argument by its name, and as this constant."""
    keywords = call.keywords if isinstance(call, ast.Call) else []
    return any(
        k.arg == name and isinstance(k.value, ast.Constant) and k.value.value is said for k in keywords
    )


def places_of(inference: Inference, scope: Scope) -> list[str]:
    """The attributes that an object has by place: of a tuple, and for patterns."""
    match [*inference.classes.members(scope, "__match_args__")]:
        case [Items(keys=None) as items]:
            texts = [*containers.texts_in(inference, items)]
            return [text for one in texts for text in one] if all(len(one) == 1 for one in texts) else []
    return [name for name, has_place in fields_of(inference, scope).items() if has_place]


def field_given(inference: Inference, scope: Scope, name: str) -> Values:
    """The argument for the field `name` in the current call of the class `scope`."""
    context = inference.context
    if context is None or context.scope is not scope:
        return NOTHING
    return context.arguments.get(name, NOTHING)


def replaced(inference: Inference, values: Values, call: ast.Call, point: ProgramPoint) -> Iterator[Instance]:
    """The records that `dataclasses.replace(record, field=x)` and the like make of `values`."""
    fields = {k.arg: inference.values(k.value, point) for k in call.keywords if k.arg is not None}
    for value in values if len(fields) == len(call.keywords) else ():
        if isinstance(value, Instance) and isinstance(value.of, Definition):
            scope, before = value.of.scope, value.context
            known = fields_of(inference, scope).keys()
            if (before is None or before.scope is scope) and fields.keys() <= known:
                old_fields = before.arguments if before is not None else {}
                context = inference.contexts.of(scope, {**old_fields, **fields}, value.of.context)
                if context is not None:
                    yield replace(value, context=context)

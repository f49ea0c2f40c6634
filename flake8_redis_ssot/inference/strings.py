"""Strings that are put together, by `+`, `%`, `format`, `join` and f-strings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from string import Formatter
from typing import TYPE_CHECKING

from flake8_redis_ssot.inference import containers
from flake8_redis_ssot.inference.values import Items, Text
from flake8_redis_ssot.libraries.standard import TEXT_METHODS
from flake8_redis_ssot.syntax.bindings import ProgramPoint

if TYPE_CHECKING:
    from flake8_redis_ssot.inference.evaluator import Inference

_LONGEST_TEXT = 2_000
"""Characters of a string that is put together; a longer one is unknown, as it names nothing."""

_PLACE = re.compile(r"%(?:\((\w+)\))?(.?)", re.DOTALL)
_PLAIN = (-1, ord("s"))
"""The conversions of an f-string that leave a string as it is: none, and `!s`."""


def joined(
    inference: Inference, node: ast.expr, parts: Iterable[ast.expr], point: ProgramPoint
) -> Iterator[Text]:
    """The strings of all `parts` together; none unless each of them is known to be one string, or one to be in a list."""
    wholes, several = [""], None
    for part in parts:
        texts = _texts_of(inference, part, point)
        if len(texts) != 1:
            if not texts or several is not None or not _is_element(inference, part, point):
                return
            several = part
        wholes = [whole + text for whole in wholes for text in sorted(texts)]
        if not _are_short(*wholes):
            return
    yield from (Text(whole, node) for whole in wholes)


def _is_element(inference: Inference, part: ast.expr, point: ProgramPoint) -> bool:
    """Whether it is a name for what a container has: no text that grows by what is put together."""
    name = part.value if isinstance(part, ast.FormattedValue) else part
    return isinstance(name, ast.Name) and all(b.projection for b in inference.bindings(name.id, point))


def _texts_of(inference: Inference, part: ast.expr, point: ProgramPoint) -> set[str]:
    if not isinstance(part, ast.FormattedValue):
        return inference.all_texts(part, point)
    is_plain = part.format_spec is None and part.conversion in _PLAIN
    return inference.all_texts(part.value, point) if is_plain else set()


def _whole(node: ast.expr, parts: Iterable[set[str]]) -> Iterator[Text]:
    whole = ""
    for texts in parts:
        if len(texts) != 1:
            return
        whole += texts.pop()
        if len(whole) > _LONGEST_TEXT:
            return
    yield Text(whole, node)


def percent(inference: Inference, node: ast.BinOp, point: ProgramPoint) -> Iterator[Text]:
    """The string that `template % values` gives, if all its places are `%s`."""
    names: dict[str, ast.expr] = {}
    match node.right:
        case ast.Tuple(elts=given):
            values = iter(given)
        case ast.Dict(keys=keys, values=given):
            names, values = _by_name(keys, given), iter(())
        case _:
            values = iter([node.right])
    for template in inference.all_texts(node.left, point):
        parts: list[ast.expr | None] = []
        at = 0
        for found in _PLACE.finditer(template):
            name, kind = found.groups()
            parts.append(ast.Constant(template[at : found.start()]))
            if kind == "%":
                parts.append(ast.Constant("%"))
            else:
                parts.append((names.get(name) if name else next(values, None)) if kind == "s" else None)
            at = found.end()
        known = [part for part in (*parts, ast.Constant(template[at:])) if part is not None]
        if len(known) == len(parts) + 1 and next(values, None) is None:
            yield from joined(inference, node, known, point)
        return


def _by_name(keys: Sequence[ast.expr | None], values: Sequence[ast.expr]) -> dict[str, ast.expr]:
    pairs = zip(keys, values, strict=True)
    return {str(key.value): value for key, value in pairs if isinstance(key, ast.Constant)}


def method_call(
    inference: Inference, func: ast.Attribute, call: ast.Call, point: ProgramPoint
) -> Iterator[Text]:
    """The strings that string methods give: `upper`, `join`, `format` and the like."""
    if func.attr in TEXT_METHODS:
        given = [text for part in call.args for text in inference.all_texts(part, point)]
        for text in inference.all_texts(func.value, point) if len(given) == len(call.args) else ():
            try:
                made = getattr(text, func.attr)(*given) if _are_short(text, *given) else None
            except (TypeError, ValueError):
                return  # it would fail
            if made is not None and _are_short(made):
                yield Text(made, call)
    elif func.attr == "join" and len(call.args) == 1:
        yield from _put_between(inference, func.value, call, point)
    elif func.attr == "format":
        for template in inference.all_texts(func.value, point):
            yield from joined(inference, call, _placed(template, call), point)
            return


def _are_short(*texts: str) -> bool:
    return all(len(text) <= _LONGEST_TEXT for text in texts)


def _put_between(
    inference: Inference, separator: ast.expr, call: ast.Call, point: ProgramPoint
) -> Iterator[Text]:
    between = inference.all_texts(separator, point)
    match [*inference.values(call.args[0], point)] if len(between) == 1 else []:
        case [Items(keys=None) as items]:
            parts: list[set[str]] = []
            for texts in containers.texts_in(inference, items):
                parts += [set(between), texts]
            yield from _whole(call, parts[1:])


def _placed(template: str, call: ast.Call) -> list[ast.expr]:
    """The parts that `format` joins; where they are not known, a single constant that is no string."""
    unknown: list[ast.expr] = [ast.Constant(None)]
    names = {k.arg: k.value for k in call.keywords}
    numbers = iter(range(len(call.args)))
    parts: list[ast.expr] = []
    try:
        for before, name, spec, conversion in Formatter().parse(template):
            parts.append(ast.Constant(before))
            if name is not None:
                index = next(numbers, None) if name == "" else int(name) if name.isdecimal() else None
                is_placed = index is not None and index < len(call.args)
                value = call.args[index] if is_placed and index is not None else names.get(name)
                if value is None or spec or conversion not in (None, "s"):
                    return unknown
                parts.append(value)
    except ValueError:  # it would fail
        return unknown
    return parts

"""Which argument of a call goes to which parameter, as Python has it."""

from __future__ import annotations

import ast
import inspect

import pytest

from flake8_redis_ssot.syntax.arguments import argument_of, default_of, parameters

FUNCTION = "def f(a, b=1, /, c=2, *args, d, e=3, **named): ..."


def f(a, b=1, /, c=2, *args, d, e=3, **named): ...


def arguments() -> ast.arguments:
    (function,) = ast.parse(FUNCTION).body
    assert isinstance(function, ast.FunctionDef)
    return function.args


@pytest.mark.parametrize("text", ["f(10, d=4)", "f(10, 11, 12, 13, d=4)", "f(10, 11, d=4, e=5, c=12, b=6)"])
def test_arguments_are_those_that_python_binds(text: str) -> None:
    call, args = ast.parse(text, mode="eval").body, arguments()
    assert isinstance(call, ast.Call)
    given = inspect.signature(f).bind(
        *(ast.literal_eval(a) for a in call.args), **{k.arg: ast.literal_eval(k.value) for k in call.keywords}
    )
    for parameter in parameters(args):
        argument = argument_of(call, args, parameter, shifted=False)
        if parameter not in (args.vararg, args.kwarg):
            found = None if argument is None else ast.literal_eval(argument)
            assert found == given.arguments.get(parameter.arg), parameter.arg


def test_what_a_star_hands_over_is_not_known() -> None:
    call, args = ast.parse("f(*x, c=1)", mode="eval").body, arguments()
    assert isinstance(call, ast.Call)
    found = {p.arg: argument_of(call, args, p, shifted=False) for p in parameters(args)}
    assert [name for name, argument in found.items() if argument is not None] == ["c"]


def test_the_receiver_of_a_method_takes_no_argument() -> None:
    call, args = ast.parse("x.f(1)", mode="eval").body, arguments()
    assert isinstance(call, ast.Call)
    a, b, *_ = parameters(args)
    assert argument_of(call, args, a, shifted=True) is None
    assert argument_of(call, args, b, shifted=True) is call.args[0]


def test_defaults_are_those_that_python_has() -> None:
    args, known = arguments(), inspect.signature(f).parameters
    for parameter in parameters(args):
        default = default_of(args, parameter)
        expected = known[parameter.arg].default
        assert (inspect.Parameter.empty if default is None else ast.literal_eval(default)) == expected

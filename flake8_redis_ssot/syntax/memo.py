"""Answers that are kept with what they are about."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

Subject = TypeVar("Subject")
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def memoized(
    function: Callable[Concatenate[Subject, Arguments], Answer],
) -> Callable[Concatenate[Subject, Arguments], Answer]:
    """Keep each answer on the first argument, so that it goes when that goes: a node, or the object of a method.

    An answer must not lead back to that: trees go without the garbage collector.
    """
    name = f"memo of {function.__module__}.{function.__qualname__}"

    @wraps(function)
    def asked(subject: Subject, /, *arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
        known: dict[Any, Answer] = vars(subject).setdefault(name, {})
        if arguments not in known:
            known[arguments] = function(subject, *arguments, **named)
        return known[arguments]

    return asked

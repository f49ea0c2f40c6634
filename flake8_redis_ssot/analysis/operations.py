"""What methods that stand for Redis commands are called, and which argument is the key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from flake8_redis_ssot.libraries.vocabulary import CLIENTS, KEY_KEYWORDS, KEYS, MANY_KEYS, MEANINGS, NEUTRAL

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words(name: str) -> list[str]:
    """The lower-case words of a name, split at underscores and capitals; `aget` is `get`."""
    found = []
    for word in _WORD.findall(name):
        word = word.lower()
        is_known = word in _by_word() or word in NEUTRAL
        found.append(word[1:] if not is_known and word[0] == "a" and word[1:] in _by_word() else word)
    return found


@cache
def _by_word() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for names, commands in MEANINGS:
        for word in names.split():
            found.setdefault(word, set()).add(names)
        for command in commands.split():
            for word in command.split("_")[:1]:
                found.setdefault(word, set()).add(command)
    return {word: frozenset(meanings) for word, meanings in found.items()}


@cache
def command_meanings(command: str) -> frozenset[str]:
    """What a command of Redis, or a client's method for it, means; nothing if it is none with a key."""
    if not any(command in commands.split() for _, commands in MEANINGS):
        return frozenset()
    own = {command.split("_")[0]}
    return frozenset({names for names, commands in MEANINGS if command in commands.split()} | own)


@cache
def method_meanings(name: str) -> frozenset[str]:
    """What a method means by its name; nothing where a word of it is of the domain."""
    parts = words(name)
    if not all(word in _by_word() or word in NEUTRAL for word in parts):
        return frozenset()
    return frozenset(meaning for word in parts for meaning in _by_word().get(word, ()))


@cache
def names_a_key(parameter: str) -> bool:
    """Whether a parameter is called a key, as `key`, `pattern` or `cache_key`, not `session_key`."""
    parts = words(parameter)
    return bool(parts) and parts[-1] in KEYS and all(p in _by_word() or p in NEUTRAL | KEYS for p in parts)


@cache
def gives_a_client(member: str) -> bool:
    """Whether a manager's method or attribute is, by its name, one that gives a client."""
    parts = [word for word in words(member) if word not in ("async", "sync")]
    return bool(parts) and parts[-1] in CLIENTS


def key_arguments(call: ast.Call, command: str) -> Iterator[ast.expr]:
    """The expressions that a command's call gives as its key or keys."""
    yield from call.args[:1]
    if command in MANY_KEYS:
        yield from call.args[1:]
    for keyword in call.keywords:
        if keyword.arg in KEY_KEYWORDS:
            yield keyword.value

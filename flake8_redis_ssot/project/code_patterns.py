"""Regular expressions for what code does in files that are not parsed; they may match in a comment or string too."""

from __future__ import annotations

import re

from flake8_redis_ssot.facts.texts import LETTER, Search
from flake8_redis_ssot.libraries.frameworks import (
    APPLICATION_NAMES,
    DEPENDS_NAMES,
    LOADING_WORDS,
    PATCHING,
    REQUEST_OBJECTS,
    STATES,
)
from flake8_redis_ssot.libraries.standard import LOOP_WORDS
from flake8_redis_ssot.libraries.vocabulary import CLIENT_WORDS

IMPORTING = "|".join(map(re.escape, sorted(LOADING_WORDS)))
"""Imports a module by a string: `import_module("redis")`."""

TAKING_OVER = b"|".join(PATCHING).decode()
"""Replaces an object in a test: `patch`, `monkeypatch`."""

LOOP_MAKING = rf"\b(?:{'|'.join(sorted(LOOP_WORDS))})\b"
"""Makes an event loop, or runs something in one."""

DEPENDING = rf"\b(?:{'|'.join(sorted(DEPENDS_NAMES))})\(\s*\)"
"""Depends on the class that the annotation beside it names."""

_CLIENT = "|".join(sorted(CLIENT_WORDS))

TAKING_CLIENTS = rf"(?im)\bdef\s+\w+\s*\([^)]*(?:{_CLIENT})|^[ \t]+\w*(?:{_CLIENT})\w*[ \t]*:"
"""Has a parameter or a field that is called like a client."""

COROUTINE = r"async\s+def\b"

PLUGINS = r"\bpytest_plugins\b"
"""Names the modules whose fixtures tests can use."""

STORING = r"(?m)^[ \t]*(?!(?:self|cls)\b)\w+(?:\.\w+|\[[^]\n]*\])\s*=(?!=)"
"""Assigns to an attribute or item of something that is not `self`: other files may read it there."""

_MADE = (
    r"^class\s([^:]*)",
    # indented lines continue the assignment
    r"^[A-Za-z_][^\n=(]*=([^\n]*(?:\n[ \t)\]}][^\n]*)*)",
    r"^[ \t]+\w+\s*=([^\n]*)",
    r"^[ \t]*[A-Za-z_]\w*\s*:([^\n]*)",
    r"\bdef\s([^\n]*)",
    r"^[ \t]+(?:self|cls)\.[^\n=(]*=([^\n]*)",
    r"\b(?:return|yield)\b(?:\s*\(\s*)?([^\n]*)",
    r"\.(?:append|add|insert|extend|update|setdefault)\(([^\n]*)",
    r"->([^\n:]*)",
)
"""What code makes for others, and of what: the bases of a class, what is assigned, given by `return`, or stored."""

_OBJECTS = STATES | APPLICATION_NAMES | {name.rpartition(".")[2] for name in REQUEST_OBJECTS}
_APPLICATION = rf"""\b(?:{"|".join(sorted(_OBJECTS))})(?:\.|\[["'])"""
"""A web application or its state, up to the key under which it keeps something: `app.state.`, `request["`."""
_SET = r"[^\n=]*=(?!=)"
"""The rest of an assignment after a name."""

SETTING_ANY = rf"{_APPLICATION}\w{_SET}"
"""Assigns something to a web application: `app.state.x = ...`."""


def kept_under(key: str) -> str:
    """Reads or sets what a web application keeps under `key`."""
    return rf"{_APPLICATION}{re.escape(key)}\b"


def setting(key: str) -> str:
    """Sets what a web application keeps under `key`."""
    return kept_under(key) + _SET


def plugin(module: str) -> str:
    """Names `module` in `pytest_plugins`."""
    return rf"""(?s){PLUGINS}.*["']{re.escape(module)}["']"""


def making_of(name: str) -> Search:
    """Makes something that others may get of `name`, which is a regular expression itself."""
    return Search(rf"{name}(?<!{LETTER}{name})(?!{LETTER})", within=rf"(?m){'|'.join(_MADE)}")


def passing(name: str) -> str:
    """Passes what is called `name`, there or in the module that has it, to a call; or imports it in a line of its own."""
    before = "|".join(f"(?<={start}{name})" for start in (r"[(=.,]", r"[(=,]\s", r"\s\s"))
    return rf"{name}(?:{before})\s*[,)]"


def call_of(name: str) -> str:
    """Calls what is called `name`, there or in the module that has it."""
    return rf"{name}(?<!{LETTER}{name})\s*\("

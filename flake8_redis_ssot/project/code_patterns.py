"""What the code of files says that are not parsed, as regular expressions: a comment or a string may say it too."""

from __future__ import annotations

import re

from flake8_redis_ssot.analysis.lines import DYNAMIC
from flake8_redis_ssot.facts.texts import LETTER
from flake8_redis_ssot.libraries.frameworks import APPLICATION_NAMES, PATCHING, REQUEST_OBJECTS, STATES
from flake8_redis_ssot.libraries.standard import LOOP_WORDS

IMPORTING = "|".join(map(re.escape, sorted(DYNAMIC)))
"""What imports a module by its name."""

TAKING_OVER = b"|".join(PATCHING).decode()
"""What a test puts something else in the place of a name by."""

LOOP_MAKING = rf"\b(?:{'|'.join(sorted(LOOP_WORDS))})\b"
"""What makes an event loop, or runs something in one."""

COROUTINE = r"async\s+def\b"

PLUGINS = r"\bpytest_plugins\b"
"""What names modules whose fixtures tests have."""

STORING = r"(?m)^\s*(?!(?:self|cls)\b)\w+(?:\.\w+|\[[^]\n]*\])\s*=(?!=)"
"""What puts something where others get at it who import the same module."""

_MAKING = (
    r"^class\s[^:]*",
    # a line that begins further right goes on with the one before
    r"^[A-Za-z_][^\n=(]*=[^\n]*(?:\n[ \t)\]}][^\n]*)*?",
    r"^[ \t]+\w+\s*=[^\n]*",
    r"^\s*[A-Za-z_]\w*\s*:[^\n]*",
    r"\bdef\s[^\n]*",
    r"^\s+(?:self|cls)\.[^\n=(]*=[^\n]*",
    r"\b(?:return|yield)\b(?:\s*\(\s*)?[^\n]*",
    r"\.(?:append|add|insert|extend|update|setdefault)\([^\n]*",
    r"->[^\n:]*",
)
"""What stands before a name of which others may have what is made of it: a class, an assignment, a result."""

_OBJECTS = STATES | APPLICATION_NAMES | {name.rpartition(".")[2] for name in REQUEST_OBJECTS}
_APPLICATION = rf"""\b(?:{"|".join(sorted(_OBJECTS))})(?:\.|\[["'])"""
"""What stands before a key under which an application keeps something."""
_SET = r"[^\n=]*=(?!=)"
"""What stands after a name that is set."""

SETTING_ANY = rf"{_APPLICATION}\w{_SET}"
"""What keeps something by an application."""


def kept_under(key: str) -> str:
    """What names what an application keeps under a key."""
    return rf"{_APPLICATION}{re.escape(key)}\b"


def setting(key: str) -> str:
    """What keeps something by an application under a key."""
    return kept_under(key) + _SET


def plugin(module: str) -> str:
    """What names a module as a plugin."""
    return rf"""(?s){PLUGINS}.*["']{re.escape(module)}["']"""


def making_of(name: str) -> str:
    """What makes something that others may have of a name, which is a regular expression itself."""
    return rf"(?m)(?:{'|'.join(_MAKING)})(?<!{LETTER}){name}(?!{LETTER})"

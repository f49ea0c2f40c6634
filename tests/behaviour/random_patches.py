"""Tests made at random that put something else in the place of a manager, or of a part of one."""

from __future__ import annotations

import textwrap
from random import Random

_HOMES = {
    "app.cache.manager": ["cache", "get_cache", "CacheManager", "redis.Redis", "URL", "TTL", "_KEPT", "recall", "make"],
    "app.redis_manager": ["redis_manager", "RedisManager", "get_redis_manager", "redis.Redis"],
    "app.db.redis_manager": ["get_manager", "redis_manager", "shared"],
    "app.{u}": ["cache", "store", "get_cache", "CacheManager", "redis_manager", "get_manager", "f0", "manager", "store_0"],
    "app.cache": ["cache", "manager"],
    "redis": ["Redis", "from_url"],
}  # fmt: skip
_OBJECTS = {
    "app.cache.manager.cache": ["get", "set", "local", "key", "check", "_client", "_local", "prefix", "enabled"],
    "app.cache.manager.CacheManager": ["get", "set", "local", "size", "prefix", "__init__", "check"],
    "app.redis_manager.redis_manager": ["get", "set", "key", "_client", "_local"],
    "app.redis_manager.RedisManager": ["get", "set", "key", "names"],
    "app.{u}.cache": ["get", "set", "local"],
    "redis.Redis": ["get", "set", "delete", "keys"],
}  # fmt: skip

FAKE = """class Fake:
    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return lambda *arguments, **options: 'fake'

    def __call__(self, *arguments, **options):
        return self


def fake(*arguments, **options):
    return 'fake'


"""

_WITH = [
    "with patch('{t}', {v}, create=True):\n    {body}",
    "with patch('{owner}.{last}', new={v}, create=True):\n    {body}",
    "with patch(f'{{\"{owner}\"}}.{last}', {v}, create=True):\n    {body}",
    "with patch('%s.{last}' % '{owner}', {v}, create=True):\n    {body}",
    "with patch('.'.join(['{owner}', '{last}']), {v}, create=True):\n    {body}",
    "with patch('{t}', {v}, create=True):\n    importlib.reload({user_module})\n    {body}",
    "with patch(target='{t}', new={v}, create=True):\n    {body}",
    "with patch.multiple('{owner}', create=True, {last}={v}):\n    {body}",
    "with patch('{t}', side_effect=fake, create=True):\n    {body}",
    "with pytest.MonkeyPatch.context() as context:\n    context.setattr('{t}', {v}, raising=False)\n    {body}",
    "with faked():\n    {body}",
    "with faked_at('{t}'):\n    {body}",
    "for name in ['{t}']:\n    with patch(name, {v}, create=True):\n        {body}",
    "patcher = patch('{t}', {v}, create=True)\npatcher.start()\ntry:\n    {body}\nfinally:\n    patcher.stop()",
]  # fmt: skip
"""Patches by a dotted name in a string."""
_MODULE = [
    "with patch.object({m}, '{last}', {v}, create=True):\n    {body}",
    "with patch.dict({m}.__dict__, {last}={v}):\n    {body}",
    "with patch.dict(vars({m}), {{'{last}': {v}}}):\n    {body}",
    "with patch.dict('{owner}.__dict__', {last}={v}):\n    {body}",
    "with pytest.MonkeyPatch.context() as context:\n    context.setattr({m}, '{last}', {v}, raising=False)\n    {body}",
    "with pytest.MonkeyPatch.context() as context:\n    context.setitem({m}.__dict__, '{last}', {v})\n    {body}",
    "for module in ({m},):\n    with patch.object(module, '{last}', {v}, create=True):\n        {body}",
    "before = getattr({m}, '{last}', None)\n{m}.{last} = {v}\ntry:\n    {body}\nfinally:\n    {m}.{last} = before",
    "before = getattr({m}, '{last}', None)\nsetattr({m}, '{last}', {v})\ntry:\n    {body}\nfinally:\n    setattr({m}, '{last}', before)",
    "with patch.object(sys.modules['{owner}'], '{last}', {v}, create=True):\n    {body}",
    "with patch.object(importlib.import_module('{owner}'), '{last}', {v}, create=True):\n    {body}",
    "with put({m}, '{last}', {v}):\n    {body}",
]  # fmt: skip
"""Patches of a module that the test has itself."""
_OBJECT = [
    "with patch.object({m}, '{last}', {v}, create=True):\n    {body}",
    "with patch.object({m}, '{last}', side_effect=fake):\n    {body}",
    "with patch.dict({m}.options, a=3):\n    {body}",
    "with pytest.MonkeyPatch.context() as context:\n    context.setattr({m}, '{last}', {v}, raising=False)\n    {body}",
    "for name in ('{last}',):\n    with patch.object({m}, name, {v}, create=True):\n        {body}",
    "before = {m}.{last}\n{m}.{last} = {v}\ntry:\n    {body}\nfinally:\n    {m}.{last} = before",
    "with put({m}, '{last}', {v}):\n    {body}",
    "{m}._local.clear()\n{m}.enabled = True\n{body}",
    "store = Mock(spec={m})\nstore.get('k')\n{body}",
    "result.append(isinstance({user}, type({m})))\n{body}",
]  # fmt: skip
"""Patches of an object that the test has by an import."""


def _value(last: str, owner: str) -> str:
    if last in ("TTL", "URL"):
        return "7" if last == "TTL" else "'redis://localhost:6379/9'"
    if last == "__init__":
        return "lambda self: None"
    if last in ("prefix",):
        return "'fake:'"
    if last in ("_local", "_KEPT"):
        return "{'k': 'fake'}"
    if last in ("enabled",):
        return "False"
    if last == "size":
        return "99"
    is_function = (
        owner.rpartition(".")[2] not in ("manager", "redis_manager", "cache", "redis") and owner[:4] == "app."
    )
    return "fake" if is_function and last not in ("_client",) else "Fake()"


def patches(pick: Random, files: dict[str, str], users: dict[str, int]) -> None:
    """Add to the files of a project tests that patch something, and show what the `users` do meanwhile.

    `users` has for each module the number of its functions.
    """
    for number in range(pick.choice([1, 1, 2])):
        name = pick.choice([*users])
        _add(pick, files, name, users[name], number)


def _add(pick: Random, files: dict[str, str], name: str, functions: int, number: int) -> None:
    calls = [f"result.append(did({name}.f{n}, 'k'))" for n in range(functions)]
    calls += [f"result.append(did({name}.f{n}, 'k', 'w'))" for n in range(functions)]
    kind = pick.choice(["string", "string", "module", "object"])
    head = [
        "import importlib, sys",
        "from unittest.mock import Mock, patch",
        "import pytest",
        f"from app import {name}",
    ]
    if kind == "object" or (kind == "string" and pick.random() < 0.4):
        owner = pick.choice([*_OBJECTS])
        last = pick.choice(_OBJECTS[owner])
    else:
        owner = pick.choice([*_HOMES])
        last = pick.choice(_HOMES[owner])
    owner = owner.format(u=name)
    if "." in last:
        owner, last = f"{owner}.{last.partition('.')[0]}", last.partition(".")[2]
    module, _, object_name = owner.rpartition(".")
    forms = {"string": _WITH, "module": _MODULE, "object": _OBJECT}[kind]
    m = "target"
    if kind == "module" or not module:
        head.append(
            f"import {owner} as target"
            if pick.random() < 0.5 or not module
            else f"from {module} import {object_name} as target"
        )
    elif kind == "object":
        if pick.random() < 0.5:
            head.append(f"from {module} import {object_name}")
            m = object_name
        else:
            head.append(
                f"from {module.rpartition('.')[0]} import {module.rpartition('.')[2]} as home"
                if "." in module
                else f"import {module} as home"
            )
            m = f"home.{object_name}"
    value = _value(last, owner)
    form = pick.choice(forms)
    if "faked()" in form or "faked_at" in form or "put(" in form:
        files["tests/__init__.py"] = ""
        files["tests/helpers.py"] = (
            "from contextlib import contextmanager\nfrom unittest.mock import patch\n\n\n" + FAKE
            + f"def faked():\n    return patch('{owner}.{last}', {value}, create=True)\n\n\n"
            + f"def faked_at(target):\n    return patch(target, {value}, create=True)\n\n\n"
            + "@contextmanager\ndef put(target, name, value):\n    before = getattr(target, name, None)\n    setattr(target, name, value)\n    yield\n    setattr(target, name, before)\n"
        )  # fmt: skip
        head.append("from tests.helpers import faked, faked_at, put")
    place = pick.choice(
        ["here", "here", "here", "decorator", "fixture", "conftest", "base", "plugin", "autouse"]
    )
    test = f"def test_{number}():\n    result = []\n"
    if place == "here":
        text = _put(form, owner, last, value, m, name, "BODY")
        text = text.replace("BODY", "\n".join(calls)) if "    BODY" not in text else _filled(text, calls)
        test += textwrap.indent(text, "    ") + "\n    print(result)\n"
    elif place == "decorator":
        test = (
            f"@patch('{owner}.{last}', {value}, create=True)\n{test}"
            + textwrap.indent("\n".join(calls), "    ")
            + "\n    print(result)\n"
        )
    else:
        fixture = f"    with patch('{owner}.{last}', {value}, create=True):\n        yield\n"
        auto = "(autouse=True)" if place != "fixture" else ""
        fixture = f"@pytest.fixture{auto}\ndef faked_{number}():\n{fixture}"
        body = textwrap.indent("\n".join(calls), "    ") + "\n    print(result)\n"
        start = "import pytest\nfrom unittest.mock import patch\n\n\n"
        if place == "fixture":
            test = f"{fixture}\n\n" + test.replace("():", f"(faked_{number}):") + body
        elif place == "autouse":
            test = f"{fixture}\n\n{test}{body}"
        elif place == "conftest":
            files["tests/conftest.py"] = start + FAKE + fixture
            test += body
        elif place == "plugin":
            files["tests/__init__.py"] = ""
            files["tests/plugin.py"] = start + FAKE + fixture
            files["conftest.py"] = "pytest_plugins = ['tests.plugin']\n"
            test += body
        else:
            files["tests/__init__.py"] = ""
            files["tests/base.py"] = (
                "import unittest\nfrom unittest.mock import patch\n\n\n" + FAKE
                + f"class Base(unittest.TestCase):\n    def setUp(self):\n        patcher = patch('{owner}.{last}', {value}, create=True)\n        patcher.start()\n        self.addCleanup(patcher.stop)\n"
            )  # fmt: skip
            head.append("from tests.base import Base")
            test = (
                f"class Test{number}(Base):\n    def test(self):\n        result = []\n"
                + textwrap.indent("\n".join(calls), "        ")
                + "\n        print(result)\n"
            )
    files[f"tests/test_{number}.py"] = "\n".join(head) + "\n\n\n" + FAKE + DID + test


def _filled(text: str, calls: list[str]) -> str:
    """A text with `calls` at the indent of its word BODY."""
    lines = []
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        lines += [indent + call for call in calls] if line.strip() == "BODY" else [line]
    return "\n".join(lines)


def _put(form: str, owner: str, last: str, value: str, m: str, name: str, body: str) -> str:
    return form.format(
        t=f"{owner}.{last}",
        owner=owner,
        last=last,
        v=value,
        m=m,
        user=f"{name}.f0",
        user_module=name,
        body=body,
    )


DID = """def did(function, *arguments):
    import asyncio

    try:
        result = function(*arguments)
        if asyncio.iscoroutine(result):
            result = asyncio.run(result)
    except Exception as error:
        return 'Error' if type(error).__name__.endswith('Error') else type(error).__name__
    return result if isinstance(result, str | int | list | dict | tuple | None) else 'object'


"""

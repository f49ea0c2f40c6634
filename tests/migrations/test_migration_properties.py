"""Guarantees of a migration that hold for every module, tried on modules that are made up.

MIGRATION_EXAMPLES=500 tries that many projects of up to nine modules each, other ones every time, and
looks for the smallest module that shows a defect.
"""

from __future__ import annotations

import ast
import builtins
import io
import json
import os
import re
import shutil
import subprocess
import symtable
import sys
import tempfile
import textwrap
import tokenize
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from pyflakes.checker import Checker
from pyflakes.messages import UndefinedExport, UndefinedLocal, UndefinedName

from flake8_redis_ssot.cli.main import main

BASE = Path(__file__).parent / "project"
EXAMPLES = os.environ.get("MIGRATION_EXAMPLES")

OBJECTS = {
    "app.cache.manager": {
        "cache": "object", "get_cache": "accessor", "CacheManager": "class", "key_of": "function",
        "Serializer": "class", "make_cache": "accessor", "TTL": "other",
    },
    "app.db.redis_manager": {
        "get_redis_manager": "accessor", "redis_manager": "object", "open_redis_manager": "coroutine",
        "RedisManager": "class", "get_redis_client": "other",
    },
    "app.redis_manager": {"RedisManager": "class", "redis_manager": "object", "key_for": "function"},
    "app.service": {"redis_manager": "object", "KEY": "other"},
}  # fmt: skip
"""What can be imported, and of what kind it is."""

MODULES = ["app.cache.manager", "app.db.redis_manager"] * 3 + ["app.redis_manager", "app.service"]

WORDS = ["a", "ü", "größe", "ключ", "日本", "\U0001f511", "\x85", "\u2028", "\x1c", "\t\x0c"]
"""What stands in strings and comments: also what other languages than Python take for the end of a line."""

UNRELATED = [
    "import os", "import json as js, sys", "from os import path", "import app.settings",
    "from app.settings import DEBUG", "{v} = '{w}' 'redis_manager'", "{v} = 1 ; {v}b=2",
    "{v} = '''\n{w}\n  from app.cache.manager import cache\n'''", "# {w}", "    # {w}", "", "\f", "   ",
    "'''{w} cache'''", "{v} = [\n  1,  # {w}\n\n  2]", "{v} = 1 + \\\n  2", "if 1: {v} = 3", "pass",
    "größe = '{w}'; größe += größe", "# from app.db.redis_manager import get_redis_manager",
    "from __main__ import __name__ as {v}", "{v} = r'\\{w}'",
    "try: import redis\nexcept ImportError: redis = None",
]  # fmt: skip

ANYWHERE = [
    "{o}", "{v} = {o}", "{v} = {n}", "{v}: object = {o}", "{v}: {n} = None", "{v}: '{n}' = None",
    "{v}: 'list[{n}] | None'", "{v} = '{w}', {o}, {n}", "{v} = [{o} for _ in '{w}']", "{v} = lambda: {o}",
    "{v} = lambda x={o}: x", "{v} = ({v}b := {o})", "{v} = f'{w}{{{o}}}'", "{v} = f'{{{o}!r:>9}}{w}{{{n}}}'",
    "{v} = str({o})", "assert {o} is not None, {n}", "{v} = {o} if {n} else None", "{v} = {o} or {o}",
    "{v} = {{'{w}': {o}, **{{}}}}", "{v} = not {o}", "{v} = {o}.get", "{o}.enabled = True",
    "{v} = {o}.client",
    "{v} = (  # {w}\n  {o}  # b\n  , {n}\n)", "{v} = {o} . client", "{v} = ({n})", "{v} = {o} == None",
    "{v} = '{w}'; {v}b = {o}; {v}c = 1", "{v} = isinstance(1, {n})", "{v} = getattr({o}, 'get')",
    "def {v}(a={o}): return a, {o}", "def {v}(a: {n} = None) -> '{n} | None': return a", "{v} = {s}(\n)",
    "def {v}(*a: {n}, k={n}): return '{w}', {o}", "@(lambda f, _={o}: f)\ndef {v}(): return {n}",
    "class {v}({n}): pass", "class {v}:\n  x = {o}\n  def get(self): return self.x",
    "class {v}:\n  def __init__(self): self._x = {o}\n  async def get(self): return await self._x.get('{w}')",
    "class {v}:\n  def __init__(self):\n    self.x = {o}",
    "class {v}:\n  '''{w}'''\n  y: '{n}'\n  async def get(self): return await {o}.get('{w}') , {n}",
    "try:\n  raise ValueError\nexcept (ValueError, {n}): {v} = {n}", "if {o}: {v} = {o}\nelse: {v} = {n}",
    "with {o} as {v}: pass", "for {v} in ({o}, {n}): pass", "match {o}:\n  case None: pass\n  case {v}: {n}",
    "while not {o}: break", "del {b}", "{b} = None", "{b} = {o}", "for {b} in (): pass", "import os as {b}",
    "def {b}(): return {o}", "class {b}: pass", "{v} = lambda {b}: {b}", "{v} = [{b} for {b} in '{w}']",
    "def {v}({b}=None): return {b}", "def {v}():\n  global {b}\n  {b} = {o}", "redis_manager = {o}",
    "def {v}():\n  redis_manager = {o}\n  return redis_manager", "try: pass\nexcept ValueError as {b}: pass",
    "def {v}():\n  global {b}\n  del {b}", "def {v}():\n  return {o}\n{v}b = {v}()", "{v} = {n}  # type: {n}",
    "async def {v}(): return await {o}.get('{w}')", "{v} = {n}, {o}, {n}, {o}", "{v} = {o}\n{v}b = {v}.get",
    "if False: {b} = None", "{v} = '{b}'", "def {v}():\n  def inner(): return {o}\n  return inner()",
    "{v} = {v}b = {o}", "redis_manager = 1", "{v} = [{o}]",
    "def {v}(): yield {o}", "def {v}():\n  if 1:\n    {b} = {o}\n  return {b}", "{v} = {o} if {o} else {o}",
]  # fmt: skip

IN_ORDER = [
    "def {v}():\n  return {o}\n{v}b = {v}()\n{b} = None",
    "def {v}():\n  return {o}\n{v}b = {v}()\nfrom app.redis_manager import redis_manager",
    "if 0:\n  from app.redis_manager import redis_manager\n{v} = {o}",
]
"""Where it matters what comes first."""

LISTED = ["__all__ = ['{b}']", "__all__ = []\n__all__ += ('{b}',)", "__all__: list = ['{b}', 'größe']"]

IN_ASYNC = [
    "await {o}.get('{w}')", "return await {o}.get('{w}')", "{v} = await {o}.get('{w}'), '{w}', {o}",
    "await {o}.set('{w}', '1', ttl=5)", "await {o}.set('{w}', '1')", "await {o}.rename(old='a', new='{w}')",
    "{v} = await {s}()",
    "await {o}.remove('a')", "await {o}.delete(*['{w}'])", "await {o}.flushdb()", "await {o}.close()",
    "async with {o} as {v}: pass", "{v} = await (\n  {o}  # {w}\n  .get('{w}')  # b\n)", 
    "{v} = {o}\nawait {v}.get('a')", "await \\\n  {o}.get('a')", "{v} = [await {o}.get(k) for k in '{w}']", 
    "return await {o} . get( 'a' )",
    "if ({v} := {o}) and {v}: await {v}.get('{w}')", "return f'{w}{{await {o}.get(1)}}'", 
    "{v} = (await {o}.get(1))or 2",
    "await {o}.set('{w}', {o} and '1', ttl=len('{w}'))", "await {o}.get(await {o}.get('{w}'))", 
    "return[await {o}.get(1)]",
]  # fmt: skip

RUN = """
import asyncio, importlib, inspect, json, os, sys, types
stub, root, names, *trees = sys.argv[1:]
SAME = {"CacheManager": "RedisManager", "Serializer": "Codec"}
def kind(value):
    if isinstance(value, (tuple, list)): return f"[{', '.join(map(kind, value))}]"
    if isinstance(value, type): return "class " + SAME.get(value.__name__, value.__name__)
    return SAME.get(type(value).__name__, type(value).__name__)
def outcome(act):
    try:
        done = act()
        if inspect.iscoroutine(done): done = asyncio.run(asyncio.wait_for(done, 5))
        if inspect.isgenerator(done): done = list(done)
        return kind(done)
    except BaseException as error:
        return "!" + type(error).__name__
def tried(name, module):
    for key, value in list(vars(module).items()):
        if key[0] in "xö" and key[1:2].isdigit():
            yield f"{key} =", kind(value)
        if getattr(value, "__module__", None) == name and hasattr(value, "__qualname__"):
            if isinstance(value, types.FunctionType) and value.__qualname__ != "<lambda>":
                yield key, outcome(value)
            elif isinstance(value, type) and "." not in value.__qualname__:
                for method in [m for m, f in vars(value).items() if isinstance(f, types.FunctionType)]:
                    yield f"{key}.{method}", outcome(lambda: getattr(value(), method)())
everything = []
for tree in trees:
    for name in [name for name in sys.modules if name.split(".")[0] in ("app", "tests")]:
        del sys.modules[name]
    sys.path[:2] = [os.path.join(root, tree), stub]
    importlib.invalidate_caches()
    done = {}
    for name in names.split(","):
        done[name] = {"": outcome(lambda: importlib.import_module(name))}
        if name in sys.modules:
            done[name].update(tried(name, sys.modules[name]))
    everything.append(done)
json.dump(everything, sys.__stdout__)
"""

STUB = """
class Redis:
    def __init__(self, *arguments, **named): pass
    @classmethod
    def from_url(cls, url): return cls()
    def __getattr__(self, name):
        async def command(*arguments, **named): return None
        return command
"""


# modules that are made up


@dataclass
class Bound:
    """What an import gives: the name that it binds, how an object is reached by it, and its kind."""

    name: str
    text: str
    kind: str


@dataclass
class Module:
    """A file of the project, and the names that it binds at its top."""

    path: str
    data: bytes
    names: list[str] = field(default_factory=list)

    @property
    def dotted(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def __repr__(self) -> str:
        return f"{self.path}: {self.data!r}"


class Maker:
    """Makes up the text of one module."""

    def __init__(self, draw: Callable, codec: str, path: str, others: Sequence[Module]) -> None:
        self.draw = draw
        self.words = [word for word in WORDS if word.encode(codec, "ignore").decode(codec) == word]
        self.above = "" if path.startswith("tests") else ".." if path.count("/") == 2 else "..."
        self.others = others
        self.step = self.pick(["    ", "\t", "  ", "    "])
        self.number = 0
        self.top: list[Bound] = []
        # few kinds of statements in one module, so that not all of them hold every import back
        self.modules = self.some(MODULES, 2)
        self.anywhere, self.in_async = self.some(ANYWHERE + IN_ORDER * 4, 4), self.some(IN_ASYNC, 3)

    def some(self, options: Sequence, most: int) -> list:
        return self.draw(st.lists(st.sampled_from(options), min_size=1, max_size=most))

    def pick(self, options: Sequence) -> Any:
        return self.draw(st.sampled_from(options))

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(1, one_in)) == one_in

    def module(self) -> str:
        lines = ["from __future__ import annotations"] if self.chance(6) else []
        lines += [self.imported(self.top, "module"), self.body("module", self.top, 0)]
        if self.chance(5) and self.top:
            lines.append(self.filled(self.pick(LISTED), self.top))
        return "\n".join(lines)

    def body(self, kind: str, seen: list[Bound], depth: int) -> str:
        """The statements of a block; `seen` are the imports that reach it."""
        seen = seen if kind == "module" else list(seen)
        lines = []
        for _ in range(self.draw(st.integers(3, 9) if kind == "module" else st.integers(1, 4))):
            what = self.draw(st.integers(0, 11))
            if what <= (1 if seen else 5):
                lines.append(self.imported(seen, kind))
            elif what <= 5 and depth < 3:
                lines.append(self.block(kind, seen, depth))
            elif what <= 6 or not seen:
                lines.append(self.filled(self.pick(UNRELATED), seen))
            elif kind == "async" and what <= 9:
                lines.append(self.filled(self.pick(self.in_async), seen))
            else:
                lines.append(self.filled(self.pick(self.anywhere), seen))
            if self.chance(8):
                lines[-1] = self.joined(lines[-1])
        text = "\n".join(lines)
        try:
            empty = not ast.parse(f"async def f():\n{textwrap.indent(text, ' ')}\n pass").body[0].body[1:]
        except SyntaxError:
            empty = True
        return f"{text}\npass" if empty else text

    def joined(self, text: str) -> str:
        """Other things on the line of a statement."""
        if "\n" in text or "#" in text or not text.strip() or text.lstrip() != text:
            return text
        compound = text.startswith(
            ("if", "def", "class", "for", "while", "with", "try", "@", "async", "match")
        )
        ends = ["  # {w}", "\t # noqa: E501", " ", " # noqa: F401", "  #{w}"]
        ends += [] if compound else [" ; {v} = '{w}'", ";", "; {v} = 1; {v}b = 2"]
        if compound or not self.chance(3):
            return text + self.filled(self.pick(ends), [])
        return self.filled(self.pick(["{v} = '{w}'; ", "\f", "import os;"]), []) + text

    def block(self, kind: str, seen: list[Bound], depth: int) -> str:
        inner = self.pick(["async", "async", "def", "class", "if", "try", "else", "method", "with"])
        name = self.fresh()
        if inner == "method":
            body = self.indented(self.body("async", seen, depth + 1))
            method = f"async def get(self):{self.note()}\n{body}"
            text = f"class {name}:\n{self.indented(method)}"
        elif inner in ("async", "def", "class"):
            head = {"async": f"async def {name}()", "def": f"def {name}()", "class": f"class {name}"}[inner]
            text = f"{head}:{self.note()}\n{self.indented(self.body(inner, seen, depth + 1))}"
        else:
            given = seen if kind == "module" else list(seen)
            body = self.indented(self.body(kind if kind != "module" else "if", given, depth + 1))
            other = self.indented(self.body(kind if kind != "module" else "if", given, depth + 1))
            text = {
                "if": f"if 1:{self.note()}\n{body}",
                "else": f"if 0:\n{body}\nelse:\n{other}",
                "try": f"try:\n{body}\nexcept Exception:{self.note()}\n{other}",
                "with": f"with open(__file__) as {name}:\n{body}",
            }[inner]
        return text

    def indented(self, text: str) -> str:
        return "\n".join(self.step + line if line.strip(" \t") else line for line in text.split("\n"))

    def note(self) -> str:
        return self.filled("  # {w}", []) if self.chance(8) else ""

    def fresh(self) -> str:
        self.number += 1
        return f"x{self.number}" if not self.chance(6) else f"ö{self.number}"

    def filled(self, template: str, seen: list[Bound]) -> str:
        """A statement of a template: objects, names, new names and words put in."""
        one = self.pick(seen) if seen else Bound("x", "x", "other")
        given = self.given(one, template in IN_ASYNC)
        fields = {"o": given, "n": one.text, "b": one.name, "s": one.text, "v": self.fresh()}
        fields["w"] = self.pick(self.words)
        text = template.format(**fields)
        return text.replace("\n  ", f"\n{self.step}") if self.step != "\t" else text

    def given(self, one: Bound, awaits: bool) -> str:
        """How the object is got."""
        calls = {
            "object": [""], "accessor": ["()", "()", "( )", "(\n)" if self.chance(9) else "()"],
            "coroutine": ["()"], "class": ["()", "()", ""],
            "function": ["('{w}', 1)", "(kind='{w}', number=1)", "('a', number=1)", ""], "other": [""],
        }[one.kind]  # fmt: skip
        call = self.pick(calls).replace("{w}", self.pick(self.words))
        if one.kind == "coroutine" and awaits:
            return f"(await {one.text}{call})"
        return f"({one.text}){call}" if self.chance(12) else one.text + call

    def imported(self, seen: list[Bound], kind: str) -> str:
        """An import, and what it gives put to `seen`."""
        found: list[Bound] = []
        text = self.wrapped(self.statement(found, kind), found)
        seen += found
        return text

    def wrapped(self, text: str, found: list[Bound]) -> str:
        names = "; ".join(f"{one.name} = None" for one in found) or "pass"
        body = self.indented(text)
        return {
            "try": f"try:\n{body}\nexcept ImportError:{self.note()}\n{self.step}{names}",
            "flag": f"try:\n{body}\nexcept ImportError: {self.fresh()} = False",
            "typing": f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n{body}",
            "if": f"if 1:\n{body}",
        }.get(self.pick(["", "", "", "", "", "", "", "try", "flag", "typing", "if"]), text)

    def statement(self, found: list[Bound], kind: str) -> str:
        form = self.pick(["from"] * 6 + ["package", "package", "import", "import", "as", "star", "other"])
        module = self.pick(self.modules)
        package, _, last = module.rpartition(".")
        if form == "other":
            return self.from_other(found)
        if form == "star":
            return f"from {self.spelled(module)} import *" if kind == "module" else "pass"
        if form == "from":
            names = self.draw(
                st.lists(st.sampled_from(list(OBJECTS[module])), min_size=1, max_size=3, unique=True)
            )
            items = [self.named(found, name, OBJECTS[module][name]) for name in names]
            return self.laid_out(self.spelled(module), items)
        if form == "package":
            items = [self.named([], last, "other")]
            prefix = items[0].split()[-1]
            text = self.laid_out(self.spelled(package), items)
        elif form == "import":
            prefix = module
            text = self.pick(
                [f"import {module}", f"import  {module}", f"import {module}, os", f"import os, {module}"]
            )
        else:
            prefix = self.alias()
            text = f"import {module} as {prefix}"
        name = prefix.split(".")[0]
        for key in self.draw(st.lists(st.sampled_from(list(OBJECTS[module])), min_size=1, max_size=2)):
            found.append(Bound(name, f"{prefix}.{key}", OBJECTS[module][key]))
        if self.chance(8):
            found.append(Bound(name, prefix, "other"))
        return text

    def from_other(self, found: list[Bound]) -> str:
        """What another module that is made up imports, imported from there."""
        others = [other for other in self.others if other.names]
        if not others:
            return "import os"
        other = self.pick(others)
        name = self.pick(other.names)
        package, _, last = other.dotted.rpartition(".")
        if self.chance(2):
            return f"from {other.dotted} import {self.named(found, name, 'other')}"
        text = self.pick([f"from {package} import {last}", f"import {other.dotted} as {last}"])
        found.append(Bound(last, f"{last}.{name}", "other"))
        return text

    def named(self, found: list[Bound], name: str, kind: str) -> str:
        alias = self.alias() if self.chance(5) else name if self.chance(12) else None
        found.append(Bound(alias or name, alias or name, kind))
        return f"{name} as {alias}" if alias else name

    def alias(self) -> str:
        return self.pick(["store", "größe", "redis_manager", "_kept", "cache", "shared_redis_manager"])

    def spelled(self, module: str) -> str:
        if self.above and self.chance(4):
            return self.above + module.removeprefix("app").lstrip(".")
        return module

    def laid_out(self, module: str, items: list[str]) -> str:
        word, flat = self.pick(self.words), ", ".join(items)
        layouts = [
            f"from {module} import {flat}", f"from {module} import {flat}", f"from {module} import {flat}",
            f"from {module} import ({flat})", f"from {module} import ({flat},)",
            f"from {module} import (\n{self.step}" + f",\n{self.step}".join(items) + ",\n)",
            f"from {module} import (  # {word}\n " + f",  # {word}\n ".join(items) + "  # b\n)",
            f"from {module} import (\n  # {word}\n  " + "\n, ".join(items) + "\n  # end\n)",
            f"from {module} import " + f", \\\n{self.step}".join(items), f"from {module} \\\n  import {flat}",
            f"from  {module}\timport  " + " ,".join(items), f"from {module} import({flat})",
            f"from {module} import {flat}  # {word}", f"from {module} import {flat}  # noqa: F401",
            f"from {module} import {flat} # noqa: E501", f"from {module} import (\n {flat}, # noqa\n)",
        ]  # fmt: skip
        return self.pick(layouts)


CODINGS = [
    ("utf-8", b"", ""), ("utf-8", b"", ""), ("utf-8", b"", "# {w}\n"), ("utf-8", b"\xef\xbb\xbf", ""),
    ("utf-8", b"", "#!/usr/bin/python\n# -*- coding: utf-8 -*-\n"), ("latin-1", b"", "# coding: latin-1\n"),
    ("cp1252", b"", "# vim: set fileencoding=cp1252 :\n"), ("utf-8", b"\xef\xbb\xbf", "# coding: utf-8\n"),
]  # fmt: skip

PATHS = ["app/rooms/m{}.py"] * 6 + ["app/rooms/m{}/__init__.py", "tests/test_m{}.py"]
ENDS = ["\n", "\n", "", "\n\n", "\n# end", "\n\f"]


@st.composite
def projects(draw: Callable) -> list[Module]:
    """Up to nine modules that know each other."""
    made: list[Module] = []
    for number in range(draw(st.sampled_from([1, 3, 5, 7, 9]))):
        path = draw(st.sampled_from(PATHS)).format(number)
        codec, mark, head = draw(st.sampled_from(CODINGS))
        maker = Maker(draw, codec, path, made)
        text = maker.filled(head, []) + maker.module() + draw(st.sampled_from(ENDS))
        end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
        data = mark + text.replace("\n", end).encode(codec)
        assume(compiles(data))
        made.append(Module(path, data, [one.name for one in maker.top]))
    return made


# what is asked of every change


def parsed(data: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data)


def compiles(data: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, "module.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def undefined(data: bytes) -> set[str]:
    """The names that pyflakes finds undefined."""
    kinds = (UndefinedName, UndefinedLocal, UndefinedExport)
    return {str(m.message_args[0]) for m in Checker(parsed(data)).messages if isinstance(m, kinds)}


def codec_of(data: bytes) -> str:
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]


def decoded(data: bytes) -> str:
    return data.decode(codec_of(data))


def unbound(data: bytes) -> set[str]:
    """The names that some scope looks up in the module, and that the module never binds."""
    top = symtable.symtable(decoded(data), "module.py", "exec")
    tables, used, given = [top], set(), set(dir(builtins)) | {"__file__", "__name__"}
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            outer = table is top or symbol.is_global()
            if outer and symbol.is_referenced():
                used.add(symbol.get_name())
            if outer and (symbol.is_assigned() or symbol.is_imported()):
                given.add(symbol.get_name())
    for node in ast.walk(parsed(data)):
        if (
            isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
            and "__all__" in ast.unparse(node)[:7]
        ):
            used |= {str(part.value) for part in ast.walk(node) if isinstance(part, ast.Constant)}
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            used |= words_of(node.annotation)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            used |= words_of(node.returns)
        if isinstance(node, ast.Import | ast.ImportFrom):
            given |= {bound(alias, node) for alias in node.names}
    return used - given if "*" not in given else set()


def words_of(annotation: ast.expr) -> set[str]:
    """The names in the strings of an annotation."""
    strings = (part.value for part in ast.walk(annotation) if isinstance(part, ast.Constant))
    trees = (ast.parse(text, mode="eval") for text in strings if isinstance(text, str))
    return {part.id for tree in trees for part in ast.walk(tree) if isinstance(part, ast.Name)}


def bound(alias: ast.alias, node: ast.Import | ast.ImportFrom) -> str:
    return alias.asname or (alias.name.split(".")[0] if isinstance(node, ast.Import) else alias.name)


DIRECTIVE = re.compile(r"#\s*noqa")
"""A comment for a linter, which may go with the import that it is of."""

MAY_COME = {"import": re.compile(r"[\w\s.,;()\\*]*"), "use": re.compile(r"[\w\s.()\\]*")}
"""What may come where something changes: no comments, no strings."""


class Text:
    """A text with its lines as Python has them, and where it may change."""

    def __init__(self, data: bytes) -> None:
        self.text = decoded(data)
        self.tree = parsed(data)
        self.starts = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", self.text))]

    def at(self, line: int, column: int) -> int:
        start = self.starts[line - 1]
        return start + len(self.text[start : start + column].encode()[:column].decode(errors="ignore"))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno or 0, node.end_col_offset or 0)

    def comments(self) -> Iterator[tuple[int, int]]:
        for token in tokenize.generate_tokens(io.StringIO(self.text, newline="").readline):
            if token.type == tokenize.COMMENT:
                start = self.starts[token.start[0] - 1] + token.start[1]
                yield start, start + len(token.string)

    def imports(self) -> Iterator[ast.Import | ast.ImportFrom]:
        """The imports that may change: those of a manager, and those from other modules made up."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
                if any(
                    re.search(r"\b(?:redis_manager|cache|service|rooms|tests)\b", name) for name in names
                ) or (isinstance(node, ast.ImportFrom) and node.level):
                    yield node

    def open_spans(self) -> Iterator[tuple[int, int, str]]:
        """Where the text may change, each with what stands there."""
        names = set()
        for statement in self.imports():
            names |= {bound(alias, statement) for alias in statement.names}
            start, end = self.span(statement)
            before = re.search(r"(?:\A|(?<=\n))\ufeff?[ \t]*\Z|[ \t]*;[ \t]*\Z", self.text[:start])
            after = re.compile(r"[ \t]*;?[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n)?").match(self.text, end)
            assert after is not None
            yield before.start() if before else start, after.end(), "import"
        parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and node.id in names:
                start, end = self.span(node)
                if self.text[start:end] != node.id:
                    continue
                whole: ast.expr = node
                while True:
                    match parents[whole]:
                        case ast.Attribute() | ast.Await() | ast.Call(args=[], keywords=[]) as parent:
                            whole = parent
                        case _:
                            break
                yield *self.span(whole), "use"

    def changed_elsewhere(self, after: str) -> str | None:
        """The first piece of this text that `after` has not kept in its place."""
        kinds = ["kept"] * len(self.text)
        for start, end, kind in self.open_spans():
            kinds[start:end] = [kind] * (end - start)
        for start, end in self.comments():
            goes = kinds[start] != "kept" and DIRECTIVE.match(self.text, start)
            kinds[start:end] = ["directive" if goes else "kept"] * (end - start)
        reached = {0}  # where in `after` the pieces so far may end
        for kind, group in groupby(zip(kinds, self.text, strict=True), key=lambda one: one[0]):
            piece = "".join(character for _, character in group)
            if kind in MAY_COME:
                for place in sorted(reached):
                    found = MAY_COME[kind].match(after, place)
                    if found is not None and place + 1 not in reached:
                        reached |= set(range(place, found.end() + 1))
                continue
            kept = {place + len(piece) for place in reached if after.startswith(piece, place)}
            reached = kept | reached if kind == "directive" else kept
            if not reached:
                return piece
        return None if len(after) in reached else "what follows the last piece"


def wrong(before: bytes, after: bytes) -> Iterator[str]:
    """What a migration did to a file that it must not."""
    if before == after:
        return
    if not compiles(after):
        yield "1: does not compile"
        return
    if undefined(after) - undefined(before):
        yield f"2: undefined: {undefined(after) - undefined(before)}"
    if codec_of(after) != codec_of(before):
        yield "4: another encoding"
    piece = Text(before).changed_elsewhere(decoded(after))
    if piece is not None:
        yield f"4: changed elsewhere: {piece!r}"
    if set(re.findall(rb"\r?\n", after)) - set(re.findall(rb"\r?\n", before)):
        yield "4: other line ends"
    if unbound(after) - unbound(before):
        yield f"7: unbound: {unbound(after) - unbound(before)}"


def worse(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    """What a module does when it is run, where it is of another kind than before."""
    for name, was in sorted(before.items()):
        now = after.get(name)
        if now != was and not was.startswith("!") and not before[""].startswith("!"):
            yield f"run: {name or 'import'}: {was!r}, then {now!r}"


def contents(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in found
        if not path.relative_to(folder).parts[0].startswith(".redis_ssot")
    }


def command(folder: Path, *arguments: str) -> tuple[int, str]:
    said, complaints = io.StringIO(), io.StringIO()
    with chdir(folder), redirect_stdout(said), redirect_stderr(complaints):
        status = main(list(arguments))
    return status, complaints.getvalue()


def run(root: Path, modules: list[Module], *trees: str) -> list[dict[str, dict[str, str]]]:
    """What happens when the modules of each tree are imported, and what they define is called."""
    for name in ("redis", "redis/asyncio"):
        (root / "stub" / name).mkdir(parents=True)
        (root / "stub" / name / "__init__.py").write_text(STUB)
    names = ",".join(module.dotted for module in modules)
    done = subprocess.run(
        [sys.executable, "-B", "-W", "ignore", "-c", RUN, str(root / "stub"), str(root), names, *trees],
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


def problems(modules: list[Module], root: Path) -> Iterator[tuple[Module | None, str]]:
    """Everything that a migration of these modules breaks, with and without what is unsafe."""
    folder = root / "work"
    shutil.copytree(BASE, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    set_up = (BASE / "pyproject.toml").read_text()
    # the one slow rule, of which a migration asks nothing
    (folder / "pyproject.toml").write_text(set_up.replace("]\n", ']\nignore = ["RED206"]\n', 1))
    (folder / "app/rooms").mkdir()
    (folder / "app/rooms/__init__.py").touch()
    (folder / "app/settings.py").write_text("DEBUG = False\n")
    (folder / "app/service.py").write_text("from app.redis_manager import redis_manager\n\nKEY = 1\n")
    for module in modules:
        (folder / module.path).parent.mkdir(exist_ok=True)
        (folder / module.path).write_bytes(module.data)
    states, trees = [contents(folder)], ["before"]
    shutil.copytree(folder, root / "before")
    for name, options in (("safe", []), ("unsafe", ["--include-unsafe"])):
        status, complaints = command(folder, "migrate", *options)
        states.append(contents(folder))
        trees.append(name)
        shutil.copytree(folder, root / name, ignore=shutil.ignore_patterns(".redis_ssot*"))
        if complaints or status not in (0, 1):
            yield None, f"{name}: status {status}: {complaints}"
        command(folder, "migrate", *options)
        if contents(folder) != states[-1]:
            yield None, f"13: {name}: a second run changes more"
        if others(states[-1], modules) != others(states[0], modules):
            yield None, f"{name}: other files are changed"
        for module in modules:
            after = states[-1][module.path]
            for what in wrong(states[-2][module.path], after):
                yield module, f"{name}: {what}\n{after!r}"
    first, *rest = run(root, modules, *trees)
    for name, state, done in zip(trees[1:], states[1:], rest, strict=True):
        for module in modules:
            for what in worse(first[module.dotted], done[module.dotted]):
                yield module, f"{name}: {what}\n{state[module.path]!r}"
    for before, after_all in reversed(list(pairwise(states))):
        if before != after_all:
            status, complaints = command(folder, "rollback", *newest(folder))
            if status or complaints or contents(folder) != before:
                yield None, f"13: rolled back otherwise: {complaints}"


def others(state: dict[str, bytes], modules: list[Module]) -> dict[str, bytes]:
    """The files of the project that are not made up, without the one that hands the manager on."""
    return {p: d for p, d in state.items() if p != "app/service.py" and all(p != m.path for m in modules)}


def newest(folder: Path) -> list[str]:
    """The name of the newest run that still stands."""
    said = io.StringIO()
    with chdir(folder), redirect_stdout(said):
        main(["migrate", "--list"])
    return [line.split()[0] for line in said.getvalue().splitlines() if " done " in line][-1:]


@settings(
    max_examples=int(EXAMPLES or 10),
    phases=tuple(Phase) if EXAMPLES else (Phase.generate,),
    derandomize=EXAMPLES is None,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(projects())
def test_every_guarantee_holds(modules: list[Module]) -> None:
    with tempfile.TemporaryDirectory() as root:
        found = [f"{module}\n{what}" for module, what in problems(modules, Path(root).resolve())]
    assert not found, "\n\n".join(found)


IMPORT, USE = "from app.cache.manager import key_of  # ü\n", "a = key_of('ü', 1)  # b\n"
NEW = "from app.redis_manager import key_for  # ü\n"


@pytest.mark.parametrize(
    ("after", "broken"),
    [
        (NEW + "a = key_for('ü', 1)  # b\n", ""),
        (NEW + "a = key_for.('ü', 1)  # b\n", "1"),
        (NEW + "a = key_of('ü', 1)  # b\n", "27"),
        ("# ü\n" + USE, "27"),
        ("# ü\n", "4"),
        (NEW + "a = key_for\n", "4"),
        (NEW + "a = key_for('u', 1)  # b\n", "4"),
        (NEW + "a = key_for('ü', 1)\n", "4"),
        (NEW.replace("  # ü", "") + "a = key_for('ü', 1)  # b\n", "4"),
        (NEW + "a = key_for('ü', 1)  # b\r\n", "44"),
        ("\ufeff" + NEW + "a = key_for('ü', 1)  # b\n", "4"),
    ],
)
def test_the_checks_notice(after: str, broken: str) -> None:
    assert "".join(what[0] for what in wrong((IMPORT + USE).encode(), after.encode())) == broken

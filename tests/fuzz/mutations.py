"""Changes to the bytes of a module, each drawn from a random source."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable
from random import Random

Mutation = Callable[[Random, bytes], bytes]

NAMES = [
    "redis",
    "Redis",
    "StrictRedis",
    "RedisCluster",
    "Sentinel",
    "ConnectionPool",
    "from_url",
    "from_pool",
    "asyncio",
    "self",
    "cls",
    "client",
    "pool",
    "await",
    "async",
    "lambda",
    "redis_manager",
    "RedisManager",
    "legacy",
    "app",
    "auth",
    "acme_redis",
    "connect",
    "get",
    "set",
    "close",
    "aclose",
    "pipeline",
    "execute",
    "import",
    "from",
    "as",
    "None",
    "return",
    "yield",
    "global",
    "nonlocal",
    "del",
    "class",
    "def",
    "in",
    "is",
    "not",
    "_",
]
EXPRESSIONS = (
    "redis.Redis()",
    "redis.Redis",
    "redis",
    "redis.asyncio.Redis()",
    "redis.asyncio.from_url('redis://h')",
    "redis.from_url('redis://h', connection_pool=pool)",
    "redis.Redis(connection_pool=redis.ConnectionPool(host='h'))",
    "redis.Redis.from_pool(pool)",
    "redis.ConnectionPool()",
    "Redis()",
    "Redis.from_url(url)",
    "client.get('k')",
    "client.pipeline().set('k', 1).execute()",
    "client",
    "self.client",
    "self.client.get('k')",
    "self",
    "redis_manager",
    "redis_manager.client",
    "RedisManager()",
    "app.legacy.RedisManager()",
    "app.redis_manager.RedisManager()",
    "acme_redis.connect()",
    "importlib.import_module('app.legacy')",
    "importlib.import_module('redis').Redis()",
    "sys.modules['app.legacy']",
    "functools.partial(redis.Redis, db=1)",
    "getattr(redis, 'Redis')",
    "{'k': redis.Redis}['k']()",
    "[redis.Redis() for _ in x][0]",
    "(lambda: redis.Redis())()",
    "mock.patch('app.legacy.redis_manager')",
    "os.environ['REDIS_URL']",
    "type(self)()",
    "super().__init__()",
    "(client := redis.Redis())",
)
IMPORTS = (
    "import redis",
    "import redis.asyncio as redis",
    "import redis as client",
    "from redis import Redis, ConnectionPool, from_url",
    "from redis import *",
    "from redis.asyncio import Redis as RedisManager",
    "try:\n    import redis\nexcept ImportError:\n    redis = None",
    "import app.legacy",
    "from app import legacy",
    "from app.legacy import RedisManager, redis_manager as client",
    "from app.redis_manager import redis_manager, RedisManager",
    "from auth.redis_manager import redis_manager",
    "from .legacy import RedisManager",
    "from . import legacy as redis",
    "from .m1 import *",
    "import acme_redis",
)
CODECS = [
    "utf-8",
    "utf-8-sig",
    "latin-1",
    "ascii",
    "cp1252",
    "utf-7",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "cp037",
    "idna",
    "punycode",
    "rot13",
    "base64",
    "hex",
    "zlib",
    "unicode_escape",
    "raw_unicode_escape",
    "undefined",
    "mbcs",
    "shift_jis",
    "iso2022_jp",
    "hz",
    "euc-kr",
    "big5",
    "gb18030",
    "charmap",
    "palmos",
    "no-such-codec",
    "utf8",
    "UTF_8",
    "\x00",
    "..",
]
NOQAS = (
    "# noqa",
    "# NOQA",
    "#noqa",
    "#  noqa: RED201",
    "# noqa:RED201,RED202",
    "# noqa : RED201",
    "# noqa: RED2",
    "# noqa: RED",
    "# noqa: red201 because",
    "# noqa:E501,RED101 RED301",
    "# noqa:\tRED201;RED202",
    "# noqa: RED201 # noqa: RED101",
    "# noqa: RED999",
    "# flake8: noqa",
    "# flake8: noqa: RED201",
    "# flake8=noqa",
    "# ruff: noqa",
    "# ruff: noqa: RED201",
    "# type: ignore",
    "# type: redis.Redis",
    "# type: (redis.Redis) -> None",
    "# noqa: RED201 größe",
    "#!noqa",
    "'''# noqa'''",
)
TOKEN = re.compile(r"[^\W\d]\w*|\d+|\s+|[^\w\s]")


def flip(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) or 1)
    return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]


def delete(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) or 1)
    return data[:at] + data[at + random.choice([1, 2, 40]) :]


def insert(random: Random, data: bytes) -> bytes:
    odd = [
        b"\0",
        b"\r",
        b"\r\n",
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\x0c",
        b"\\\n",
        b"\t",
        b"\x1a",
    ]
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(odd) + data[at:]


def truncate(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def line_ends(random: Random, data: bytes) -> bytes:
    return data.replace(b"\n", random.choice([b"\r", b"\r\n", b"\n\n", b"\n\x0c", b"\\\n"]))


def bom(random: Random, data: bytes) -> bytes:
    return b"\xef\xbb\xbf" * random.choice([1, 1, 2]) + data


def cookie(random: Random, data: bytes) -> bytes:
    codec = random.choice(CODECS)
    head = random.choice(
        ["# coding: {}", "# -*- coding: {} -*-", "#!x\n# vim: fileencoding={}", "\n#coding={}"]
    )
    text = data.decode("utf-8", "replace")
    try:
        body = text.encode(codec) if random.random() < 0.5 else data
    except Exception:
        body = data
    return head.format(codec).encode() + b"\n" + body


def recode(random: Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace").replace("e", random.choice("eéß日"), random.randrange(5))
    return text.encode(random.choice(["latin-1", "utf-16", "utf-8-sig", "shift_jis"]), "replace")


def change_lines(random: Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    a, b = random.randrange(len(lines)), random.randrange(len(lines))
    kind = random.randrange(6)
    if kind == 0:
        del lines[a : a + random.choice([1, 5])]
    elif kind == 1:
        lines[a:a] = lines[a : a + random.choice([1, 5, 60])]
    elif kind == 2:
        lines[a], lines[b] = lines[b], lines[a]
    elif kind == 3:
        lines[a : a + 2] = [random.choice([b"", b";", b" ", b"\\"]).join(lines[a : a + 2])]
    elif kind == 4:
        lines[a] = random.choice([b"    ", b"\t", b" ", b"\x0c"]) + lines[a]
    else:
        lines[a] = lines[a].removeprefix(b"    ")
    return b"\n".join(lines)


def swap_names(random: Random, data: bytes) -> bytes:
    return change_tokens(random, data, str.isidentifier, lambda _: random.choice(NAMES))


def change_operators(random: Random, data: bytes) -> bytes:
    def change(token: str) -> str:
        return random.choice(["", token * 2, random.choice("()[]{}.,:=+*@-'\"\\#")])

    return change_tokens(random, data, lambda token: not token.isalnum() and not token.isspace(), change)


def change_tokens(
    random: Random, data: bytes, chosen: Callable[[str], bool], change: Callable[[str], str]
) -> bytes:
    tokens = TOKEN.findall(data.decode("utf-8", "surrogateescape"))
    places = [n for n, token in enumerate(tokens) if chosen(token)]
    for n in random.sample(places, min(len(places), random.choice([1, 3, 20]))):
        tokens[n] = change(tokens[n])
    return "".join(tokens).encode("utf-8", "surrogateescape")


def rename(random: Random, data: bytes) -> bytes:
    """One name of the file everywhere into another of it, or into one of the library."""
    names = sorted(set(re.findall(rb"[A-Za-z_]\w+", data)))
    if len(names) < 2:
        return data
    old, new = random.sample(names, 2)
    if random.random() < 0.6:
        new = random.choice(NAMES).encode()
    return re.sub(rb"\b%b\b" % old, new, data)


def comment(random: Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    for _ in range(random.choice([1, 3, 20])):
        n = random.randrange(len(lines))
        text = random.choice(NOQAS).encode()
        lines[n] = random.choice(
            [lines[n] + b"  " + text, text + b"\n" + lines[n], lines[n] + b"\\\n" + text]
        )
    return b"\n".join(lines)


class _Replace(ast.NodeTransformer):
    """Puts another expression in the place of the nth that is read."""

    def __init__(self, places: dict[int, Callable[[ast.expr], ast.expr]]) -> None:
        self.places = places
        self.count = -1

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.JoinedStr | ast.pattern):
            return node
        self.generic_visit(node)
        if not isinstance(node, ast.expr) or isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
            return node
        self.count += 1
        change = self.places.get(self.count)
        return change(node) if change else node


def wrapped(random: Random, expression: ast.expr) -> ast.expr:
    """The expression inside another, up to some tens deep."""
    forms = (
        "a if b else _", "_ if b else a", "_ or a", "a and _", "_['k']", "_()", "f(_)", "lambda: _", "(lambda: _)()",
        "[_ for x in y]", "[x for x in _]", "{'k': _}", "{'k': _}['k']", "(_,)", "[_][0]", "_.a", "await _", "not _",
        "_ + a", "(a := _)", "functools.partial(_)", "_.get('k')", "(yield _)", "f'{_}'", "[*_]", "f(**_)", "_[_:_]",
    )  # fmt: skip
    chosen = random.choices(forms, k=random.choice([1, 1, 2, 5])) * random.choice([1, 1, 1, 8])
    for form in chosen:

        class Fill(ast.NodeTransformer):
            inner = expression

            def visit_Name(self, node: ast.Name) -> ast.expr:
                return copy.deepcopy(self.inner) if node.id == "_" else node

        expression = Fill().visit(ast.parse(form, mode="eval").body)
        if sum(1 for _ in ast.walk(expression)) > 3000:
            break
    return expression


def change_tree(random: Random, data: bytes) -> bytes:
    try:
        tree = ast.parse(data)
        read = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
        if not read:
            return data

        def other(node: ast.expr) -> ast.expr:
            new = (
                ast.parse(random.choice(EXPRESSIONS), mode="eval").body
                if random.random() < 0.6
                else copy.deepcopy(random.choice([node, random.choice(read)]))
            )
            return wrapped(random, new) if random.random() < 0.5 else new

        chosen = random.sample(range(len(read)), min(len(read), random.choice([1, 4, 15])))
        return ast.unparse(_Replace(dict.fromkeys(chosen, other)).visit(tree)).encode(
            "utf-8", "surrogatepass"
        )
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError, AttributeError):
        return data


def add_imports(random: Random, data: bytes) -> bytes:
    """Imports of libraries and managers, at the top or inside."""
    text = b"\n".join(line.encode() for line in random.sample(IMPORTS, random.choice([1, 3])))
    return text + b"\n" + data


LEVELS: tuple[tuple[float, tuple[Mutation, ...]], ...] = (
    (1.0, (flip, delete, insert, truncate, line_ends, bom, cookie, recode)),
    (1.0, (change_lines,)),
    (2.0, (swap_names, swap_names, rename, rename, change_operators)),
    (4.0, (change_tree,)),
    (2.0, (comment,)),
)


def mutated(random: Random, data: bytes) -> bytes:
    """The module after a few changes; most of them leave it valid."""
    if random.random() < 0.8:
        data = add_imports(random, data)
    weights = [weight for weight, _ in LEVELS]
    for _, mutations in random.choices(LEVELS, weights, k=random.choice([1, 2, 3, 5])):
        data = random.choice(mutations)(random, data)
    return data

"""Projects made at random in which clients are built beside the manager, and used in all ways."""

from __future__ import annotations

import textwrap
from random import Random

from random_patches import FAKE

MANAGERS = {
    "object": ("client = {m}\n", "client"),
    "property": (
        "class Manager:\n    def __init__(self) -> None:\n        self._client = {m}\n\n    @property\n"
        "    def client(self) -> redis.Redis:\n        return self._client\n\n\nmanager = Manager()\n",
        "manager.client",
    ),
    "attribute": (
        "class Manager:\n    def __init__(self) -> None:\n        self.client = {m}\n\n\nmanager = Manager()\n",
        "manager.client",
    ),
    "method": (
        "class Manager:\n    def __init__(self) -> None:\n        self._client = {m}\n\n"
        "    def get_client(self) -> redis.Redis:\n        return self._client\n\n\nmanager = Manager()\n",
        "manager.get_client()",
    ),
    "function": ("_client = {m}\n\n\ndef get_client() -> redis.Redis:\n    return _client\n", "get_client()"),
    "cached": ("@functools.lru_cache\ndef get_client() -> redis.Redis:\n    return {m}\n", "get_client()"),
    "lazy": (
        "_client: redis.Redis | None = None\n\n\ndef get_client() -> redis.Redis:\n    global _client\n"
        "    if _client is None:\n        _client = {m}\n    return _client\n",
        "get_client()",
    ),
    "fresh": ("def get_client() -> redis.Redis:\n    return {m}\n", "get_client()"),
    "set": ("client = {m}\n\n\ndef init() -> None:\n    global client\n    client = redis.Redis(db=6)\n", "client"),
    "lazy property": (
        "class Manager:\n    _client: redis.Redis | None = None\n\n    @property\n    def client(self) -> redis.Redis:\n"
        "        if self._client is None:\n            self._client = {m}\n        return self._client\n\n"
        "    def close(self) -> None:\n        if self._client is not None:\n            self._client.close()\n"
        "            self._client = None\n\n\nmanager = Manager()\n",
        "manager.client",
    ),
}  # fmt: skip
"""Managers, and how each gives its client."""

ALIKE = [
    ("redis.Redis()", "redis.Redis()"),
    ("redis.Redis(host='localhost')", "redis.Redis(port=6379)"),
    ("redis.from_url(URL)", "redis.Redis.from_url(URL)"),
    ("redis.from_url(settings.URL)", "redis.Redis.from_url(URL)"),
    ("redis.Redis(db=DB)", "redis.Redis(db=2)"),
    ("redis.Redis(host=HOST, db=DB)", "redis.Redis(host=HOST, db=DB)"),
    ("redis.from_url(os.environ.get('REDIS_URL', 'redis://localhost'))", "redis.from_url(os.getenv('REDIS_URL', 'redis://localhost'))"),
    ("redis.Redis(decode_responses=True)", "redis.Redis(decode_responses=True)"),
    ("redis.StrictRedis()", "redis.Redis()"),
]  # fmt: skip
OTHER = [
    ("redis.Redis()", "redis.Redis(db=1)"),
    ("redis.Redis(decode_responses=True)", "redis.Redis()"),
    ("redis.from_url(URL)", "redis.from_url(OTHER_URL)"),
    ("redis.Redis(host=os.environ.get('REDIS_HOST', 'localhost'))", "redis.Redis(host=HOST)"),
    ("redis.Redis(db=DB)", "redis.Redis(db=OTHER_DB)"),
    ("redis.from_url(os.environ.get('REDIS_URL', 'redis://localhost'))", "redis.from_url(os.environ.get('CACHE_URL', 'redis://localhost/3'))"),
    ("redis.Redis()", "redis.Redis(connection_pool=redis.ConnectionPool.from_url(OTHER_URL))"),
]  # fmt: skip
"""How a file builds its client, and how the manager does: to the same server, or maybe to another."""

SETTINGS = """URL = 'redis://localhost:6379/0'
OTHER_URL = 'redis://localhost:6379/4'
HOST = 'localhost'
DB = 2
OTHER_DB = 3
"""

BODIES = [
    "return {b}.get(key)",
    "client = {b}\nclient.set(key, 'v')\nclient.close()\nreturn client.get(key)",
    "client = {b}\nclient.set(key, 'v', ex=30)\nclient.close()",
    "client = {b}\ntry:\n    return client.incr(key)\nfinally:\n    client.close()",
    "with {b} as client:\n    client.set(key, value)\n    return client.get(key)",
    "client = {b}\nwith client.pipeline() as pipe:\n    pipe.set(key, 'p')\n    pipe.execute()\nreturn client.get(key)",
    "client = {b}\nreturn use(client, key)",
    "return use({b}, key)",
    "client = {b}\nreturn [client.get(one) for one in (key, 'other')]",
    "client = {b}\nclient.flushdb()\nreturn client.keys()",
    "client = {b}\nclient.label = key\nreturn client.label",
    "client = {b}\n\ndef inner():\n    return client.get(key)\n\nreturn inner()",
    "return {{'client': {b}}}['client'].get(key)",
    "client = {b}\nif value:\n    client = {b}\nclient.set(key, 'w')\nreturn client.get(key)",
    "client = value or {b}\nreturn client and 'there'",
    "client = {b}\nreturn isinstance(client, redis.Redis), type(client) is redis.Redis",
    "client = {b}\nKEPT.append(client)\nreturn len(KEPT)",
    "client = {b}\nfirst = client\nfirst.set(key, 'f')\ndel client\nreturn first.get(key)",
    "client = {b}\nclient.connection_pool.disconnect()\nreturn client.ping()",
    "client = {b}\nclient.setex(key, 5, 'x')\nreturn client.expire(key, 7)",
    "return getattr({b}, 'get')(key)",
    "client = {b}\nreturn client.server, client.is_text",
    "client = {b}\ntry:\n    return client.get(key)\nexcept redis.ConnectionError:\n    return 'no'\nfinally:\n    if client is not None:\n        client.close()",
    "client = {b}\nreturn client == {b}",
]  # fmt: skip
"""What functions do with a client that they build; `{b}` builds it."""

KEEPING = [
    "store = {b}\n\n\ndef f{n}(key='k', value=''):\n    store.set(key, 's')\n    return store.get(key)",
    "store = {b}\n\n\ndef close() -> None:\n    store.close()\n\n\ndef f{n}(key='k', value=''):\n    return store.get(key)",
    "class Holder{n}:\n    def __init__(self):\n        self._store = {b}\n\n    def read(self, key):\n        return self._store.get(key)\n\n\ndef f{n}(key='k', value=''):\n    return Holder{n}().read(key)",
    "class Holder{n}:\n    store = {b}\n\n    def read(self, key):\n        return self.store.incr(key)\n\n\ndef f{n}(key='k', value=''):\n    return Holder{n}().read(key)",
    "class Holder{n}:\n    def __init__(self, store=None):\n        self.store = store or {b}\n\n    def end(self):\n        self.store.close()\n\n\ndef f{n}(key='k', value=''):\n    holder = Holder{n}()\n    holder.end()\n    return holder.store.get(key)",
    "class Holder{n}:\n    def __enter__(self):\n        self._store = {b}\n        return self._store\n\n    def __exit__(self, *error):\n        self._store.close()\n\n\ndef f{n}(key='k', value=''):\n    with Holder{n}() as store:\n        return store.get(key)",
    "def make{n}():\n    return {b}\n\n\ndef f{n}(key='k', value=''):\n    return make{n}().get(key)",
    "def given{n}():\n    client = {b}\n    yield client\n    client.close()\n\n\ndef f{n}(key='k', value=''):\n    return [client.get(key) for client in given{n}()]",
    "class Own{n}(redis.Redis):\n    def get(self, key):\n        return 'own'\n\n\ndef f{n}(key='k', value=''):\n    return Own{n}().get(key)",
    "pool{n} = redis.ConnectionPool.from_url(URL)\n\n\ndef f{n}(key='k', value=''):\n    return redis.Redis(connection_pool=pool{n}).get(key)",
    "pool{n} = redis.ConnectionPool.from_url(URL)\nstore{n} = redis.Redis(connection_pool=pool{n})\n\n\ndef f{n}(key='k', value=''):\n    store{n}.set(key, 'pool')\n    return store{n}.get(key)",
    "def f{n}(key='k', value='', store={b}):\n    return store.get(key)",
]  # fmt: skip
"""What modules do that keep one."""

READERS = [
    "from app.{u} import store\n\n\ndef f0(key='k', value=''):\n    return store.get(key)",
    "from app import {u}\n\n\ndef f0(key='k', value=''):\n    {u}.store.close()\n    return {u}.store.get(key)",
    "from app import {u}\n\n\ndef f0(key='k', value=''):\n    return getattr({u}, 'store').server",
    "from app import {u}\n\n\ndef f0(key='k', value=''):\n    {u}.store = None\n    return 'set'",
    "from app import {m}\n\n\ndef f0(key='k', value=''):\n    return [n for n in dir({m}) if 'client' in n]",
    "from app import settings\n\n\ndef f0(key='k', value=''):\n    settings.URL = 'redis://localhost:6379/8'\n    return 'other'",
    "import os\n\n\ndef f0(key='k', value=''):\n    os.environ['REDIS_URL'] = 'redis://localhost:6379/9'\n    return 'other'",
    "from app.{m} import {g}\n\n\ndef f0(key='k', value=''):\n    return {c}.get(key)",
    "from app.{m} import {g}\n\n\ndef f0(key='k', value=''):\n    {c}.close()\n    return {c}.get(key)",
]  # fmt: skip
"""What other modules do with the client of one, or with what says where it connects."""

TESTS = [
    "with patch('redis.Redis', Fake()):",
    "with patch('redis.from_url', Fake()):",
    "with patch('app.{u}.redis', Fake()):",
    "with patch('app.{u}.redis.Redis.get', fake):",
    "with patch.object(redis.Redis, 'get', fake):",
    "with patch('app.{u}.store', Fake(), create=True):",
    "with patch('app.redis_manager.{g}', Fake(), create=True):",
    "with patch.dict(os.environ, {{'REDIS_URL': 'redis://localhost:6379/5'}}):",
    "with patch('app.settings.DB', 5):",
    "with patch('app.{u}.URL', 'redis://localhost:6379/5', create=True):",
    "with patch.object(module, 'store', Fake(), create=True):",
    "if True:",
]  # fmt: skip

_HEAD = "import functools\nimport os\n\nimport redis\n\nfrom app import settings\nfrom app.helpers import KEPT, use\nfrom app.settings import DB, HOST, OTHER_DB, OTHER_URL, URL\n\n\n"
_TEST = """import os
from unittest.mock import patch

import redis
from app import {u} as module


{fake}{did}

def test_{u}():
    result = []
    {w}
        for function in [getattr(module, f'f{{n}}') for n in range({n})]:
            result += [did(function, 'k'), did(function, 'k', '')]
    print(result)
"""


def clients(pick: Random, did: str) -> tuple[dict[str, str], dict[str, int], str]:
    """The files of a project, how many functions each of its modules has, and its settings."""
    text, given = MANAGERS[pick.choice([*MANAGERS])]
    functions: dict[str, int] = {}
    files = {
        "app/__init__.py": "",
        "app/settings.py": SETTINGS,
        "app/helpers.py": "KEPT = []\n\n\ndef use(store, key):\n    return store.get(key)\n",
    }
    built, made = pick.choice(ALIKE if pick.random() < 0.8 else OTHER)
    if pick.random() < 0.5:
        built, made = made, built
    head = _HEAD.replace("from app.helpers import KEPT, use\n", "")
    files["app/redis_manager.py"] = head + text.format(m=made)
    for name in ["rooms", "users"][: pick.choice([1, 2])]:
        parts = []
        count = pick.choice([1, 2, 3])
        for n in range(count):
            if pick.random() < 0.4:
                parts.append(pick.choice(KEEPING).format(b=built, n=n))
            else:
                body = pick.choice(BODIES[: 6 if pick.random() < 0.5 else None]).format(b=built)
                parts.append(f"def f{n}(key='k', value=''):\n{textwrap.indent(body, '    ')}")
        files[f"app/{name}.py"] = _HEAD + "\n\n\n".join(parts) + "\n"
        functions[name] = count
    name = given.partition(".")[0].removesuffix("()")
    names = {"g": name, "c": given, "m": "redis_manager", "u": pick.choice([*functions])}
    if pick.random() < 0.3:
        files["app/front.py"] = pick.choice(READERS).format(**names) + "\n"
        functions["front"] = 1
    if pick.random() < 0.4:
        with_ = pick.choice(TESTS).format(**names)
        files["tests/__init__.py"] = ""
        files["tests/test_it.py"] = _TEST.format(
            fake=FAKE, w=with_, n=functions[names["u"]], did=did, u=names["u"]
        )
    settings = f'[tool.redis-ssot]\nmanager = "app.redis_manager"\ninstance = "{name}"\n'
    return files, functions, settings

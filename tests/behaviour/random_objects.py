"""Managers made at random: an old one, the one that is to take its place, and what stands between."""

from __future__ import annotations

import re
from random import Random

METHODS = {
    "get": "def get(self, key: str) -> str | None:\n    return self._client.get(key)",
    "set": "def set(self, key: str, value: str, ttl: int | None = None) -> None:\n    self._client.set(key, value, ex=ttl)",
    "delete": "def delete(self, *keys: str) -> int:\n    return self._client.delete(*keys)",
    "local": "def local(self, key: str, value: str = '') -> str:\n    if value:\n        self._local[key] = value\n    return self._local.get(key, '-')",
    "hits": "def hits(self) -> int:\n    self._hits += 1\n    return self._hits",
    "check": "def check(self, key: str) -> str:\n    if not key:\n        raise {error}('no key')\n    return key",
    "fetch": "async def fetch(self, key: str) -> str | None:\n    return self._client.get(key)",
    "size": "@property\ndef size(self) -> int:\n    return len(self._client.keys())",
    "key": "def key(self, name: str) -> str:\n    return f'{self.prefix}{name}'",
    "switch": "def switch(self, on: bool) -> None:\n    self.enabled = on",
    "on": "def on(self) -> bool:\n    return self.enabled",
    "names": "def names(self) -> list[str]:\n    return sorted(self._client.keys())",
    "each": "def each(self) -> Iterator[str]:\n    yield from sorted(self._client.keys())",
    "label": "@staticmethod\ndef label(key: str) -> str:\n    return key.upper()",
    "listen": "def listen(self, listener: Callable[[str], None]) -> None:\n    self._listeners.append(listener)",
    "tell": "def tell(self, text: str) -> int:\n    for listener in self._listeners:\n        listener(text)\n    return len(self._listeners)",
    "guarded": "def guarded(self, key: str) -> bool:\n    with self.lock:\n        return self._client.get(key) is None",
    "clear": "def clear(self) -> int:\n    return self._client.delete(*self._client.keys())",
    "close": "def close(self) -> None:\n    self._client.close()",
    "__enter__": "def __enter__(self):\n    return self",
    "__exit__": "def __exit__(self, *error: object) -> None:\n    self._client.close()",
    "__bool__": "def __bool__(self) -> bool:\n    return self.enabled",
    "__len__": "def __len__(self) -> int:\n    return len(self._local)",
}  # fmt: skip
"""The methods that a manager may have; all but the last two the old one always has."""

CALLS = {
    "get": "get(key)", "set": "set(key, 'v')", "delete": "delete(key)", "local": "local(key, value)",
    "hits": "hits()", "check": "check(key)", "fetch": "fetch(key)", "size": "size", "key": "key(name=key)",
    "on": "on()", "names": "names()", "label": "label(key)", "tell": "tell(key)", "guarded": "guarded(key)",
    "switch": "switch(False)", "clear": "clear()", "close": "close()", "prefix": "prefix",
    "enabled": "enabled",
}  # fmt: skip
"""How each is used, by a function with the parameters `key` and `value`."""

ODD = {
    "flushes": ("clear", "return self._client.delete(*self._client.keys())", "return int(self._client.flushdb())"),
    "expires": ("set", "ttl: int | None = None", "ttl: int | None = 60"),
    "states nothing": ("get", " -> str | None", ""),
    "says Any": ("get", " -> str | None", " -> Any"),
    "gives another type": ("names", "-> list[str]:\n    return sorted(self._client.keys())", "-> frozenset[str]:\n    return frozenset(self._client.keys())"),
    "other parameter": ("key", "name: str", "text: str"),
    "other colour": ("fetch", "async def", "def"),
    "no property": ("size", "@property\n", ""),
    "other error": ("check", "raise {error}('no key')", "raise ValueError('no key')"),
    "ends": ("delete", "return self._client.delete(*keys)", "done = self._client.delete(*keys)\n    self.close()\n    return done"),
    "expires inside": ("set", "ex=ttl", "ex=ttl or 30"),
    "no static method": ("label", "@staticmethod\ndef label(", "def label(self, "),
    "keeps": ("get", "return self._client.get(key)", "self._local.setdefault(key, 'seen')\n    return self._client.get(key)"),
}  # fmt: skip
"""Ways in which a method of the new manager may be another: which, the text there, and the text in its place."""

PREFIXES = {
    "the class's name": ("", "type(self).__name__"),
    "the module's name": ("", "__name__"),
    "the module of the class": ("", "self.__class__.__module__"),
    "the object's text": ("", "str(self).split()[0]"),
    "a helper's": ("def full() -> str:\n    return '{prefix}'\n\n\n", "full()"),
    "a constant": ("PREFIX = '{prefix}'\n\n\n", "PREFIX"),
    "the environment's": ("import os\n\nPREFIX = os.environ.get('{prefix}', 'app')\n\n\n", "PREFIX"),
    "a shared constant": ("from app.settings import URL as PREFIX\n\n\n", "PREFIX"),
    "a descriptor's": ("from app.settings import Named\n\n\n", "self.named"),
}  # fmt: skip
"""What begins all keys: what stands above the class for it, with a prefix of its own, and how the methods name it."""

KEEPERS = {
    "a class": ("class Stats:\n    seen = 0\n\n\n", "Stats.seen += 1", "manager.Stats.seen"),
    "a function": ("def note() -> None:\n    note.seen = getattr(note, 'seen', 0) + 1\n\n\n", "note()", "getattr(manager.note, 'seen', 0)"),
    "a thread": ("seen = threading.local()\n\n\n", "seen.last = key", "getattr(manager.seen, 'last', None)"),
    "a counter": ("seen = itertools.count()\n\n\n", "next(seen)", "next(manager.seen)"),
    "a list": ("SEEN: list[str] = []\n\n\n", "SEEN.append(key)", "len(manager.SEEN)"),
    "a global": ("seen = 0\n\n\n", "global seen; seen += 1", "manager.seen"),
}  # fmt: skip
"""What keeps state beside the object: what stands above the class, what `get` does with it, and how others read it."""

ACTING = [
    "import app.receivers  # noqa: F401\n",
    "from app import receivers\n",
    "from app.receivers import ready\n",
    "import warnings\n\nwarnings.filterwarnings('ignore', 'acting')\n",
    "from app.registry import REGISTRY\n\nREGISTRY.append('acting')\n",
    "from app.registry import Base\n\n\nclass Acting(Base):\n    pass\n",
]
"""What acts when it is imported: in the old module, or in its package."""

SAME_SERVER = [
    ("redis.Redis()", "redis.Redis()"),
    ("redis.Redis()", "redis.Redis(host='localhost', port=6379)"),
    ("redis.from_url('redis://localhost:6379')", "redis.Redis.from_url('redis://localhost/0')"),
    ("redis.from_url(URL)", "redis.from_url(URL)"),
    ("make()", "redis.Redis()"),
]
OTHER_SERVER = [
    ("redis.Redis()", "redis.Redis(db=3)"),
    ("redis.Redis()", "redis.Redis(decode_responses=True)"),
    ("redis.from_url(CACHE_URL)", "redis.from_url(URL)"),
    ("make()", "redis.Redis(db=2)"),
    ("make(db=5)", "redis.Redis()"),
]

SETTINGS = """import redis

URL = 'redis://localhost:6379/0'
CACHE_URL = 'redis://localhost:6379/4'


def make(db: int = 0) -> redis.Redis:
    return redis.Redis(db=db)


class Named:
    def __set_name__(self, owner, name):
        self.name = owner.__name__

    def __get__(self, instance, owner=None):
        return self.name
"""
RECEIVERS = "from app.registry import REGISTRY\n\nREGISTRY.append('receiver')\nready = True\n"
REGISTRY = """REGISTRY: list[str] = []


def register(function):
    REGISTRY.append(function.__name__)
    return function


class Base:
    pass


def derived() -> list[str]:
    return [one.__name__ for one in Base.__subclasses__()]
"""

INSTANCES = {
    "plain": "cache = CacheManager()\n\n\ndef get_cache() -> CacheManager:\n    return cache\n",
    "lazy": "cache = CacheManager()\n_lazy: CacheManager | None = None\n\n\ndef get_cache() -> CacheManager:\n    global _lazy\n    if _lazy is None:\n        _lazy = CacheManager()\n    return _lazy\n",
    "optional": "cache = CacheManager()\n\n\ndef get_cache() -> CacheManager | None:\n    return cache if URL else None\n",
    "unstated": "cache = CacheManager()\n\n\ndef get_cache():\n    return cache\n",
    "cached": "cache = CacheManager()\n\n\n@functools.lru_cache\ndef get_cache() -> CacheManager:\n    return CacheManager()\n",
    "late": "cache: CacheManager | None = None\n\n\ndef init_app() -> None:\n    global cache\n    cache = CacheManager()\n\n\ninit_app()\n\n\ndef get_cache() -> CacheManager:\n    assert cache is not None\n    return cache\n",
    "reset": "cache = CacheManager()\n\n\ndef get_cache() -> CacheManager:\n    return cache\n\n\ndef reset() -> None:\n    cache._local.clear()\n",
    "again": "cache = CacheManager()\n\n\ndef get_cache() -> CacheManager:\n    return cache\n\n\ndef reset() -> None:\n    global cache\n    cache = CacheManager()\n",
}  # fmt: skip
"""What stands below the class of the old manager."""

WRAPPERS = [
    "from app.redis_manager import RedisManager, redis_manager\n\n\ndef get_manager() -> RedisManager:\n    return redis_manager\n",
    "def get_manager():\n    from app.redis_manager import redis_manager\n\n    return redis_manager\n",
    "from app import redis_manager as home\n\n\ndef get_manager():\n    return home.redis_manager\n",
    "from app.redis_manager import *\nfrom app.redis_manager import redis_manager as shared\n\n\ndef get_manager():\n    return shared\n",
    "from app.redis_manager import RedisManager, redis_manager\n\n__all__ = ['RedisManager', 'get_manager', 'redis_manager']\n\n\ndef get_manager() -> RedisManager | None:\n    return redis_manager\n",
    "from app.redis_manager import redis_manager\n\nredis_manager.enabled = True\n\n\ndef get_manager():\n    return redis_manager\n",
]  # fmt: skip

HEAD = "import functools\nimport itertools\nimport threading\nfrom collections.abc import Callable, Iterator\nfrom typing import Any\n\nimport redis\n\nfrom app.settings import CACHE_URL, URL, make\n\n\n"
INIT = """class {error}(Exception):
    pass


class {cls}:
    prefix = '{prefix}'

    def __init__(self) -> None:
        {client}
        self._local: dict[str, str] = {{}}
        self._hits = 0
        self._listeners: list[Callable[[str], None]] = []
        self.enabled = True
        self.options: dict[str, int] = {{}}
        self.lock = threading.Lock()
"""
_LAZY = "\n    @property\n    def _client(self) -> redis.Redis:\n        if self._own is None:\n            self._own = {client}\n        return self._own\n"


def _class(cls: str, error: str, client: str, methods: dict[str, str], *, lazy: bool, prefix: str) -> str:
    own = "self._own: redis.Redis | None = None" if lazy else f"self._client = {client}"
    parts = [INIT.format(cls=cls, error=error, client=own, prefix=prefix)]
    if lazy:
        parts.append(_LAZY.format(client=client))
    for text in methods.values():
        indented = text.replace("{error}", error).replace("{cls}", cls).replace("\n", "\n    ")
        parts.append(f"\n    {indented}\n")
    return "".join(parts)


def managers(pick: Random) -> dict[str, str]:
    """The old manager, the new one and a wrapper, by the paths of their files."""
    old = dict(METHODS)
    for name in ("__enter__", "__exit__") if pick.random() < 0.8 else ():
        del old[name]
    for name in ("__bool__", "__len__"):
        if pick.random() < 0.9:
            del old[name]
    new = dict(old)
    for _ in range(pick.choice([0, 0, 1, 1, 2, 3])):
        if pick.random() < 0.4:
            new.pop(pick.choice([*METHODS]), None)
        else:
            name, text, instead = ODD[pick.choice([*ODD])]
            if name in new:
                new[name] = new[name].replace(text, instead)
    if pick.random() < 0.1:
        new["__bool__"] = METHODS["__bool__"].replace("self.enabled", "bool(self._client.keys())")
    clients = pick.choice(SAME_SERVER if pick.random() < 0.8 else OTHER_SERVER)
    prefix = "old:" if pick.random() < 0.1 else "app:"
    lazy = pick.random() < 0.15, pick.random() < 0.15
    cache = _class("CacheManager", "CacheError", clients[0], old, lazy=lazy[0], prefix=prefix)
    home = _class("RedisManager", "ManagerError", clients[1], new, lazy=lazy[1], prefix="app:")
    tail = INSTANCES["plain"] if pick.random() < 0.5 else INSTANCES[pick.choice([*INSTANCES])]
    kept = ""
    if pick.random() < 0.3:
        tail += "\n\n_KEPT: dict[str, str] = {}\nTTL = 30\n\n\ndef remember(key: str, value: str = 'v') -> None:\n    _KEPT[key] = value\n\n\ndef recall(key: str) -> str:\n    return _KEPT.get(key, '-')\n"
        kept = tail[tail.index("\n\n_KEPT") :] if pick.random() < 0.7 else ""
    if pick.random() < 0.1:
        tail += "\n\nfrom app.registry import register\n\n\n@register\ndef job(key: str = 'k') -> str | None:\n    return cache and cache.get(key)\n"
    if pick.random() < 0.1:
        tail += "\n\ncache.prefix = 'set:'\n"
    if pick.random() < 0.05:
        tail += "\n\ncache._client = redis.Redis(db=7)\n" if not lazy[0] else ""
    accessor = "\n\ndef get_redis_manager() -> RedisManager:\n    return redis_manager\n"
    files = {
        "app/settings.py": SETTINGS,
        "app/registry.py": REGISTRY,
        "app/receivers.py": RECEIVERS,
        "app/redis_manager.py": f"{HEAD}{home}\n\nredis_manager = RedisManager()\n{accessor}{kept}",
        "app/cache/manager.py": f"{HEAD}{cache}\n\n{tail}",
        "app/db/redis_manager.py": pick.choice(WRAPPERS),
    }
    files |= dict.fromkeys(["app/__init__.py", "app/cache/__init__.py", "app/db/__init__.py"], "")
    if pick.random() < 0.08:
        files["app/__init__.py"] = "from app.redis_manager import redis_manager\n"
    if pick.random() < 0.08:
        files["app/cache/__init__.py"] = pick.choice(
            [
                "from app.cache.manager import cache\n",
                "from app.cache.manager import CacheManager, cache, get_cache\n\n__all__ = ['CacheManager', 'cache', 'get_cache']\n",
                "from .manager import *\n",
            ]
        )
    _beside(pick, files)
    return files


def _beside(pick: Random, files: dict[str, str]) -> None:
    """Give both managers keys that begin with something, and state beside the object; and the old one what acts."""
    homes = {"app/cache/manager.py": "class CacheError", "app/redis_manager.py": "class ManagerError"}
    if pick.random() < 0.12:
        above, prefix = PREFIXES[pick.choice([*PREFIXES])]
        for (path, start), value in zip(homes.items(), [pick.choice(["old", "app"]), "app"], strict=True):
            text = files[path].replace(start, above.replace("{prefix}", value) + start, 1)
            for command in ("get(key", "set(key"):
                text = text.replace(
                    f"self._client.{command}", f"self._client.{command[:4]}f'{{{prefix}}}{{key}}'"
                )
            named = "    named = Named()\n\n    def __init__(self)"
            files[path] = text.replace("    def __init__(self)", named, 1) if "Named" in above else text
    if pick.random() < 0.12:
        above, does, read = KEEPERS[pick.choice([*KEEPERS])]
        lines = "".join(f"        {line}\n" for line in does.split("; "))
        head = "    def get(self, key: str) -> str | None:\n"
        for path, start in homes.items():
            files[path] = files[path].replace(start, above + start, 1).replace(head, head + lines)
        if pick.random() < 0.7:
            files["app/stats.py"] = (
                f"from app.cache import manager\n\n\ndef f0(key='k', value=''):\n    return {read}\n"
            )
    if pick.random() < 0.12:
        path = pick.choice(["app/cache/manager.py", "app/cache/manager.py", "app/cache/__init__.py"])
        files[path] = files[path].replace(
            "import redis\n", f"import redis\n\n{pick.choice(ACTING)}", 1
        ) or pick.choice(ACTING)


_OLD_NAMES = re.compile(
    r"CacheManager|CacheError|(?<!app\.)(?<!from \.)(?<!from \.\.)(?<!app import )\bcache\b(?!\.manager|/)"
)
_NEW_NAMES = {"CacheManager": "RedisManager", "CacheError": "ManagerError", "cache": "redis_manager"}


def with_copy(files: dict[str, str]) -> dict[str, str]:
    """The same project whose old manager has the names of the new one, which becomes a copy of it."""
    named = {path: _OLD_NAMES.sub(lambda found: _NEW_NAMES[found[0]], text) for path, text in files.items()}
    return named | {"app/redis_manager.py": named["app/cache/manager.py"]}

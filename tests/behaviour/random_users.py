"""Modules made at random that use a manager: by every form of import, in every place, and read by others."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from random_objects import CALLS


@dataclass(frozen=True)
class Form:
    """A form of import: the statement at the top or within a function, and the expressions for what it gives.

    `o` is the object, `c` its class and `e` its exception, `a` its module; empty where the form gives none.
    """

    top: str
    o: str
    late: str = ""
    c: str = ""
    e: str = ""
    a: str = ""


FORMS = {
    "name": Form("from app.cache.manager import cache", "cache"),
    "names": Form(
        "from app.cache.manager import CacheError, CacheManager, cache", "cache", "", "CacheManager", "CacheError"
    ),
    "as": Form("from app.cache.manager import cache as store", "store"),
    "module": Form("from app.cache import manager", "manager.cache", "", "manager.CacheManager", "manager.CacheError", "manager"),
    "dotted": Form("import app.cache.manager", "app.cache.manager.cache", "", "app.cache.manager.CacheManager", "app.cache.manager.CacheError", "app.cache.manager"),
    "module as": Form("import app.cache.manager as m", "m.cache", "", "m.CacheManager", "m.CacheError", "m"),
    "accessor": Form("from app.cache.manager import get_cache", "get_cache()"),
    "accessor of module": Form("from app.cache import manager", "manager.get_cache()", "", "manager.CacheManager", "", "manager"),
    "class": Form("from app.cache.manager import CacheManager", "CacheManager()", "", "CacheManager"),
    "wrapper": Form("from app.db.redis_manager import get_manager", "get_manager()"),
    "wrapper's name": Form("from app.db.redis_manager import redis_manager", "redis_manager"),
    "wrapper's module": Form("from app.db import redis_manager", "redis_manager.get_manager()", "", "", "", "redis_manager"),
    "late": Form("", "cache", "from app.cache.manager import cache"),
    "late accessor": Form("", "get_cache()", "from app.cache.manager import get_cache"),
    "late wrapper": Form("", "get_manager()", "from app.db.redis_manager import get_manager"),
    "late module": Form("", "manager.cache", "from app.cache import manager"),
    "star": Form("from app.cache.manager import *", "cache", "", "CacheManager", "CacheError"),
    "relative": Form("from .cache.manager import cache", "cache"),
    "fallback": Form("try:\n    from app.cache.manager import cache\nexcept ImportError:\n    cache = None", "cache"),
    "chain": Form("try:\n    from app.missing import cache\nexcept ImportError:\n    from app.cache.manager import cache", "cache"),
    "condition": Form("import os\n\nif os.environ.get('NO_SUCH_NAME'):\n    from app.redis_manager import redis_manager as cache\nelse:\n    from app.cache.manager import cache", "cache"),
    "types": Form("from __future__ import annotations\n\nfrom typing import TYPE_CHECKING\n\nfrom app.cache.manager import cache\n\nif TYPE_CHECKING:\n    from app.cache.manager import CacheManager", "cache"),
    "package": Form("from app.cache import cache", "cache"),
    "string": Form("import importlib\n\nmanager = importlib.import_module('app.cache.manager')", "manager.cache", "", "", "", "manager"),
    "class attribute": Form("class Held:\n    from app.cache.manager import cache", "Held.cache"),
    "home": Form("from app.redis_manager import redis_manager", "redis_manager", "", "", "", ""),
}  # fmt: skip

PLACES = [
    "store_{n} = {o}\n\n\ndef f{n}(key='k', value=''):\n    return store_{n}.{call}",
    "get_{n} = {o}.get\n\n\ndef f{n}(key='k', value=''):\n    return get_{n}(key)",
    "def f{n}(key='k', value='', store={o}):\n    return store.{call}",
    "class Holder{n}:\n    store = {o}\n\n    def read(self, key, value):\n        return self.store.{call}\n\n\ndef f{n}(key='k', value=''):\n    return Holder{n}().read(key, value)",
    "class Holder{n}:\n    def __init__(self):\n        self._store = {o}\n\n    def read(self, key, value):\n        return self._store.{call}\n\n\ndef f{n}(key='k', value=''):\n    return Holder{n}().read(key, value)",
    "class Holder{n}:\n    def __init__(self, store=None):\n        self.store = store or {o}\n\n    def read(self, key, value):\n        return self.store.{call}\n\n\ndef f{n}(key='k', value=''):\n    return Holder{n}().read(key, value)",
    "from dataclasses import dataclass, field\n\n\n@dataclass\nclass Box{n}:\n    store: object = field(default_factory=lambda: {o})\n\n\ndef f{n}(key='k', value=''):\n    return Box{n}().store.{call}",
    "from typing import NamedTuple\n\n\nclass Pair{n}(NamedTuple):\n    store: object\n\n\nPAIR{n} = Pair{n}({o})\n\n\ndef f{n}(key='k', value=''):\n    return PAIR{n}.store.{call}",
    "READERS{n} = {{'get': {o}.get}}\n\n\ndef f{n}(key='k', value=''):\n    return READERS{n}['get'](key)",
    "STORES{n} = [{o}]\n\n\ndef f{n}(key='k', value=''):\n    return [store.{call} for store in STORES{n}]",
    "import functools\n\nread{n} = functools.partial({o}.get, 'k')\n\n\ndef f{n}(key='k', value=''):\n    return read{n}()",
    "read{n} = lambda key, value: {o}.{call}\n\n\ndef f{n}(key='k', value=''):\n    return read{n}(key, value)",
    "from app.helpers import note\n\n\n@note({o})\ndef f{n}(key='k', value=''):\n    return {o}.{call}",
    "from app.helpers import SHARED\n\nSHARED['{u}'] = {o}\n\n\ndef f{n}(key='k', value=''):\n    return SHARED['{u}'].{call}",
]  # fmt: skip
"""Places that run when a module is imported, with a function `f{n}` that shows what came of it."""

BODIES = [
    "return {o}.{call}",
    "store = {o}\nreturn store.{call}",
    "store = {o}\nif store is None:\n    return 'none'\nreturn store.{call}",
    "if not {o}:\n    return 'off'\nreturn {o}.{call}",
    "return {o}.{call} if {o} else 'off'",
    "return getattr({o}, 'get')(key)",
    "return getattr({o}, 'local', None) is None",
    "from app.helpers import use\n\nreturn use({o}, key)",
    "from app.helpers import typed\n\nreturn typed({o}, key)",
    "return [store.{call} for store in [{o}]]",
    "{o}.limit = 5\nreturn {o}.limit",
    "{o}.options[key] = 7\nreturn dict({o}.options)",
    "{o}.options.update(a=1)\nreturn sorted({o}.options)",
    "options = {o}.options\noptions['b'] = 2\nreturn dict({o}.options)",
    "with {o} as store:\n    return store.get(key)",
    "return bool({o})",
    "return {{{o}: 1}}.get({o})",
    "return {o} is {o}",
    "try:\n    return {o}.check(value)\nexcept Exception as error:\n    return str(error)",
    "return f'{{{o}.{call}}}'",
    "def inner():\n    return {o}.{call}\n\nreturn inner()",
    "if (store := {o}) is not None:\n    return store.{call}",
    "keys = [key, 'z']\nreturn {o}.delete(*keys)",
    "options = {{'ttl': 3}}\nreturn {o}.set(key, value, **options)",
    "return sorted(name for name in vars({o}) if name == '_local')",
    "return {o}._client.get(key)",
    "return dict({o}._local)",
    "seen = []\n{o}.listen(seen.append)\n{o}.tell(key)\nreturn seen",
    "with {o}.lock:\n    return {o}.local(key, value)",
    "return list({o}.each())",
    "return max({o}.names(), default='')",
    "for name in ('get', 'names'):\n    result = getattr({o}, name)\nreturn callable(result)",
    "{o}.switch(False)\nreturn {o}.enabled",
    "{o}.enabled = not {o}.enabled\nreturn {o}.on()",
    "return ({o}.prefix, {o}.key(name=key))",
    "first, second = {o}, key\nreturn first.get(second)",
    "result = None\nfor store in ({o},):\n    result = store.{call}\nreturn result",
    "return (lambda store: store.{call})({o})",
    "global shared\nshared = {o}\nreturn shared.{call}",
    "return len({o}.names()) + {o}.size",
    "try:\n    return {o}.{call}\nfinally:\n    {o}.close()",
    "return {o}.clear()",
    "return hasattr({o}, 'prefix') and {o}.hits() + {o}.hits()",
    "match {o}:\n    case None:\n        return 'none'\n    case store:\n        return store.{call}",
    "return eval('cache.get(key)', globals(), {{'key': key}})",
    "return globals()['cache'].get(key)",
    "return '{{cache}}'.format(**globals()) != ''",
]  # fmt: skip

CLASS_BODIES = [
    "return isinstance({o}, {c})",
    "return {c}.get({o}, key)",
    "return {c}.label(key)",
    "return {c}.prefix",
    "return type({o}) is {c}",
    "store = {c}()\nreturn store.{call}",
    "return {c}().hits() + {c}().hits()",
    "store: {c} = {o}\nreturn store.{call}",
    "class Own({c}):\n    def get(self, key):\n        return 'own'\n\nreturn Own().get(key)",
    "class Own({c}):\n    pass\n\nreturn Own().local(key, value)",
    "return {c}.__doc__ is None",
    "{c}.prefix = 'changed:'\nreturn {o}.key(name=key)",
    "return [{c}][0]().local(key)",
    "from app.redis_manager import RedisManager\n\nreturn issubclass({c}, RedisManager)",
    "from app.redis_manager import RedisManager\n\nreturn len({{{c}, RedisManager}})",
    "from app.helpers import made\n\nreturn made({c}, key)",
]
ERROR_BODIES = [
    "try:\n    return {o}.check(value)\nexcept {e}:\n    return 'caught'",
    "try:\n    return {o}.check(value)\nexcept (ValueError, {e}) as error:\n    return str(error)",
    "if not value:\n    raise {e}('none')\nreturn value",
    "return issubclass({e}, Exception)",
    "from app.helpers import calmly\n\nreturn calmly({o}.check, {e}, value)",
]

_HELPERS = {
    "SHARED": "SHARED = {}",
    "use": "def use(store, key):\n    return store.local(key, 'used')",
    "typed": "def typed(store: CacheManager, key: str) -> str | None:\n    return store.get(key)",
    "made": "def made(cls, key):\n    return cls().local(key, 'made')",
    "note": "def note(store):\n    def decorate(function):\n        return function\n\n    return decorate",
    "calmly": "def calmly(function, error, value):\n    try:\n        return function(value)\n    except error:\n        return 'calm'",
    "guarded": "def guarded(function, value):\n    try:\n        return function(value)\n    except CacheError:\n        return 'guarded'",
}  # fmt: skip


def helpers(texts: Iterable[str]) -> str:
    """A module with the helpers that others import."""
    parts = [text for name, text in _HELPERS.items() if any(f"import {name}\n" in one for one in texts)]
    names = [name for name in ("CacheError", "CacheManager") if any(name in part for part in parts)]
    head = [f"from app.cache.manager import {', '.join(names)}"] if names else []
    return "\n\n\n".join([*head, *parts]) + "\n"


READERS = [
    "from app.{u} import {name}\n\n\ndef f0(key='k', value=''):\n    return {name}.get(key)",
    "from app import {u}\n\n\ndef f0(key='k', value=''):\n    return {u}.{name}.get(key)",
    "import app.{u}\n\n\ndef f0(key='k', value=''):\n    return app.{u}.{name}.get(key)",
    "from app import {u}\n\n\ndef f0(key='k', value=''):\n    return getattr({u}, '{name}').get(key)",
    "from app import {u}\n\n\ndef f0(key='k', value=''):\n    return {u}.__dict__['{name}'].get(key)",
    "from app import {u}\n\n\ndef f0(key='k', value=''):\n    return vars({u})['{name}'].get(key)",
    "import sys\n\nimport app.{u}\n\n\ndef f0(key='k', value=''):\n    return sys.modules['app.{u}'].{name}.get(key)",
    "import importlib\n\n\ndef f0(key='k', value=''):\n    return importlib.import_module('app.{u}').{name}.get(key)",
    "import importlib\n\n\ndef f0(key='k', value=''):\n    return importlib.import_module(f'app.{{\"{u}\"}}').{name}.get(key)",
    "from app.{u} import *\n\n\ndef f0(key='k', value=''):\n    return {name}.get(key)",
    "from app import {u}\n\n\ndef f0(key='k', value=''):\n    return eval('{u}.{name}').get(key)",
    "import pkgutil\n\n\ndef f0(key='k', value=''):\n    return pkgutil.resolve_name('app.{u}:{name}').get(key)",
    "import inspect\n\nfrom app import {u}\n\n\ndef f0(key='k', value=''):\n    return sorted(n for n, _ in inspect.getmembers({u}) if n == '{name}')",
    "from app import {u} as module\nfrom app.cache import manager\n\n\ndef f0(key='k', value=''):\n    return module.{name} is manager.cache",
    "from app import {u}\n\n\ndef f0(key='k', value=''):\n    return [getattr(module, '{name}').get(key) for module in [{u}]]",
    "from app import {u}\n\n\ndef f0(key='k', value=''):\n    return [n for n in dir({u}) if n == '{name}']",
    "from app import {u}\n\n\ndef f0(key='k', value=''):\n    return {u}.__dict__.get('{name}').names()",
    "import operator\n\nfrom app import {u}\n\n\ndef f0(key='k', value=''):\n    return operator.attrgetter('{name}.get')({u})(key)",
    "import importlib\n\nNAME = '{name}'\n\n\ndef f0(key='k', value=''):\n    return getattr(importlib.import_module('app.{u}'), NAME).local(key, value)",
    "from app import {u} as module\n\n\ndef f0(key='k', value=''):\n    return getattr(module, '{name}').set(key, 'read') or getattr(module, '{name}').prefix",
    "import sys\n\nfrom app import {u}\n\n\ndef f0(key='k', value=''):\n    return [v.get(key) for n, v in vars(sys.modules[{u}.__name__]).items() if n == '{name}']",
]  # fmt: skip
"""Modules that read a name of another one."""

OTHERS = [
    "from app.cache import manager\n\n\ndef f0(key='k', value=''):\n    manager.CacheManager.get = lambda self, key: 'traced'\n    return 'tracing'",
    "from app.cache.manager import cache\n\n\ndef f0(key='k', value=''):\n    cache.get = lambda key: 'set'\n    return 'set'",
    "from app.cache import manager\n\n\ndef f0(key='k', value=''):\n    manager.cache = manager.CacheManager()\n    return 'new'",
    "from app.redis_manager import redis_manager\n\n\ndef f0(key='k', value=''):\n    redis_manager.local(key, 'direct')\n    return redis_manager.local(key)",
    "from app.redis_manager import redis_manager\n\n\ndef f0(key='k', value=''):\n    redis_manager.prefix = 'mine:'\n    return redis_manager.hits()",
    "from app.cache.manager import cache  # noqa\n\n\ndef f0(key='k', value=''):\n    return cache.local(key, 'noqa')",
    "import app.cache.manager\n\n\ndef f0(key='k', value=''):\n    setattr(app.cache.manager, 'cache', app.cache.manager.CacheManager())\n    return 'set'",
    "from app.cache.manager import get_cache\n\nOVERRIDES = {{get_cache: lambda: 'other'}}\n\n\ndef f0(key='k', value=''):\n    return len(OVERRIDES)",
    "from app.front import OVERRIDES\nfrom app.cache.manager import get_cache\n\n\ndef f0(key='k', value=''):\n    return get_cache in OVERRIDES",
    "from app.cache.manager import reset\n\n\ndef f0(key='k', value=''):\n    return reset()",
    "from app.cache.manager import recall, remember\n\n\ndef f0(key='k', value=''):\n    remember(key, value)\n    return recall(key)",
    "from app.cache.manager import recall\n\n\ndef f0(key='k', value=''):\n    return recall(key)",
    "from app.cache.manager import cache\nfrom app.registry import REGISTRY\n\n\ndef f0(key='k', value=''):\n    return list(REGISTRY)",
    "from app.registry import REGISTRY\n\n\ndef f0(key='k', value=''):\n    return list(REGISTRY)",
    "from app.cache import manager as _unused\nfrom app.helpers import guarded\nfrom app.redis_manager import redis_manager\n\n\ndef f0(key='k', value=''):\n    return guarded(redis_manager.check, value)",
    "from app.registry import derived\n\n\ndef f0(key='k', value=''):\n    return derived()",
    "import warnings\n\n\ndef f0(key='k', value=''):\n    return len([one for one in warnings.filters if 'acting' in str(one[1])])",
    "import sys\n\n\ndef f0(key='k', value=''):\n    return 'app.cache.manager' in sys.modules",
    "import sys\n\n\ndef f0(key='k', value=''):\n    return any(name.startswith('app.cache.') for name in sys.modules)",
    "import sys\n\n\ndef f0(key='k', value=''):\n    return sys.modules.get('app.db.redis_manager') is None",
    "import sys\n\n\ndef f0(key='k', value=''):\n    return [name for name in sorted(sys.modules) if name.startswith('app.db.')]",
    "import app\n\n\ndef f0(key='k', value=''):\n    return hasattr(app, 'cache') and hasattr(app.cache, 'manager')",
    "import app\n\n\ndef f0(key='k', value=''):\n    return app.cache.manager.cache.get(key)",
    "import app.cache\n\n\ndef f0(key='k', value=''):\n    return sorted(n for n in vars(app.cache) if n == 'manager')",
    "from importlib.util import find_spec\n\n\ndef f0(key='k', value=''):\n    return find_spec('app.cache.manager') is None",
]  # fmt: skip
"""Modules that change, reset or share what others use."""


def _call(pick: Random) -> str:
    """A use of a member; mostly of one that only talks to the server."""
    if pick.random() < 0.5:
        return CALLS[pick.choice(["get", "set", "delete", "names", "key"])]
    return CALLS[pick.choice([*CALLS])]


def _function(pick: Random, form: Form, n: int) -> str:
    bodies = list(BODIES)
    if form.c and pick.random() < 0.3:
        bodies = CLASS_BODIES
    elif form.e and pick.random() < 0.3:
        bodies = ERROR_BODIES
    elif pick.random() < 0.5:
        bodies = BODIES[:2]
    call = _call(pick)
    text = pick.choice(bodies).format(o=form.o, c=form.c, e=form.e, call=call)
    is_async = call.startswith("fetch") and f"{form.o}.{call}" in text and "lambda" not in text
    if is_async:
        text = text.replace(f"{form.o}.{call}", f"await {form.o}.{call}").replace(
            "def inner", "async def inner"
        )
        text = text.replace("return inner()", "return await inner()").replace(
            "store.fetch", "await store.fetch"
        )
    if form.late:
        text = f"{form.late}\n\n{text}"
    head = "async def" if "await" in text else "def"
    return f"{head} f{n}(key='k', value=''):\n{textwrap.indent(text, '    ')}"


def user(pick: Random, name: str) -> str:
    """A module that uses the manager in one to three functions, and maybe when it is imported."""
    form = FORMS[pick.choice([*FORMS])]
    parts = [form.top] if form.top else []
    for n in range(pick.choice([1, 1, 2, 3])):
        if not form.late and pick.random() < 0.25:
            parts.append(pick.choice(PLACES).format(o=form.o, call=_call(pick), n=n, u=name))
        else:
            parts.append(_function(pick, form, n))
    if pick.random() < 0.06 and form.top.startswith("from app.cache"):
        parts.append("__all__ = ['f0', 'cache']")
    if pick.random() < 0.05:
        parts.append('def doc():\n    """\n    >>> cache is not None\n    True\n    """')
    if pick.random() < 0.06:
        parts.insert(1, "from app.cache.manager import CacheManager as Unused")
    return "\n\n\n".join(parts) + "\n"


def reader(pick: Random, name: str, text: str) -> str:
    """A module that reads from the module `name`, whose text is given, what that one has of the manager."""
    held = [
        word
        for word in ("cache", "store", "store_0", "redis_manager")
        if f"import {word}" in text or f"as {word}" in text or f"\n{word} =" in text
    ]
    return pick.choice(READERS).format(u=name, name=(held or ["cache"])[0]) + "\n"


def other(pick: Random) -> str:
    """A module that has to do with the managers in some way of its own."""
    return pick.choice(OTHERS).format() + "\n"

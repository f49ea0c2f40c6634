"""A small project with a bit of everything, and lines that somebody may type in it."""

from __future__ import annotations

FILES = {
    "pyproject.toml": '[tool.redis-ssot]\nmanager = "app.redis_manager"\ninstance = "redis_manager"\n'
    'forbidden-managers = ["app.db.redis_manager", "app.cache.**"]\nextend-select = ["RED1", "RED3", "RED9"]\n'
    '[[tool.redis-ssot.boundary]]\nname = "auth"\npaths = ["auth/**"]\nmanager = "auth.redis_manager"\n'
    '[[tool.redis-ssot.allow]]\npaths = ["app/load.py"]\nrules = ["RED201"]\nreason = "measures"\n',
    "app/__init__.py": "",
    "app/redis_manager.py": "import redis\n\n\nclass Manager:\n    def __init__(self):\n        self.client = redis.Redis()\n\n"
    "    def get(self, key):\n        return self.client.get(key)\n\n\nredis_manager = Manager()\n",
    "app/db/__init__.py": "",
    "app/db/redis_manager.py": "from app.redis_manager import redis_manager\n",
    "app/cache/__init__.py": "from app.cache.store import Cache\n",
    "app/cache/store.py": "import redis\n\n\nclass Cache:\n    def __init__(self):\n        self.client = redis.Redis()\n",
    "app/jobs.py": "import redis\nfrom app.cache import Cache\n\nclient = redis.Redis()\ncache = Cache()\n",
    "app/old.py": "from app.db.redis_manager import redis_manager\n\nredis_manager.get('key')\n",
    "app/views.py": "import redis.asyncio as redis\n\nfrom app.redis_manager import Manager\n\n\nasync def view(request):\n"
    "    client = redis.Redis()\n    client.get('a')\n    await client.aclose()\n    return Manager()\n",
    "app/load.py": "import redis\n\nredis.Redis()\n",
    "auth/__init__.py": "",
    "auth/redis_manager.py": "import redis\n\nredis_manager = redis.Redis(db=3)\n",
    "auth/login.py": "from app.redis_manager import redis_manager\n\nredis_manager.get('key')  # noqa: RED103\n",
    "tests/test_old.py": "from unittest import mock\n\n\ndef test_old():\n    with mock.patch('app.db.redis_manager.redis_manager'):\n        pass\n",
}
LINES = (
    "import redis",
    "from app.redis_manager import Manager, redis_manager",
    "from app.db.redis_manager import redis_manager",
    "from app.cache.store import *",
    "import app.cache.store as legacy",
    "client = redis.Redis()",
    "pool = redis.ConnectionPool()",
    "client = redis.Redis(connection_pool=pool)  # noqa: RED201",
    "redis = None",
    "Manager = redis.Redis",
    "x = Manager()",
    "class Cache(Manager): pass",
    "class Manager: pass",
    "async def work(): client.get('a')",
    "def get_redis(): return redis.Redis()",
    "with mock.patch('app.cache.store.Cache'): pass",
    "__all__ = ['redis_manager']",
    "",
)

"""Settings of the backend, from the environment."""

import os
from importlib import import_module

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379")
MESSAGES_KEPT = int(os.environ.get("CHAT_MESSAGES_KEPT", "100"))
PRESENCE_SECONDS = 60

CACHES = {
    "default": {
        "BACKEND": "backend.app.cache.redis_cache_manager.CacheBackend",
        "TIMEOUT": 300,
    },
}


def cache_backend(alias: str = "default"):
    """The cache that the settings name, made on demand."""
    module, _, name = CACHES[alias]["BACKEND"].rpartition(".")
    return getattr(import_module(module), name)(timeout=CACHES[alias]["TIMEOUT"])

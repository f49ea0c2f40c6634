"""The same with coroutines."""

import redis as _blocking
from redis import ConnectionError, ConnectionPool, RedisError  # noqa: F401


class Redis(_blocking.Redis):
    async def aclose(self):
        self.is_closed = True

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        await self.aclose()

    def __await__(self):
        return self
        yield


def _coroutine(name):
    async def command(self, *arguments, **options):
        return getattr(_blocking.Redis, name)(self, *arguments, **options)

    command.__name__ = name
    return command


for _name in (
    "get",
    "blpop",
    "set",
    "setex",
    "delete",
    "incr",
    "keys",
    "expire",
    "flushdb",
    "flushall",
    "ping",
    "close",
):
    setattr(Redis, _name, _coroutine(_name))


def from_url(url, **options):
    return Redis.from_url(url, **options)

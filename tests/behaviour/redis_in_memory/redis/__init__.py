"""A redis of one process: what is written stays in `STORE`, by server and database; `EXPIRING` has each key's end."""

STORE = {}
EXPIRING = {}
RECONNECTS = False
"""Whether a closed client connects again when it is used, as redis-py does."""


class RedisError(Exception):
    pass


class ConnectionError(RedisError):
    pass


class ConnectionPool:
    def __init__(self, url="redis://localhost", **options):
        self.url = url
        self.is_closed = False

    def disconnect(self):
        self.is_closed = True

    @classmethod
    def from_url(cls, url, **options):
        return cls(url, **options)


class Redis:
    def __init__(
        self, host="localhost", port=6379, db=0, connection_pool=None, decode_responses=False, **options
    ):
        self.connection_pool = connection_pool or ConnectionPool(f"redis://{host}:{port}/{db}")
        if connection_pool is not None:
            host, port, db = _parts(connection_pool.url)
        self.server = (host, port, db)
        self.is_text = decode_responses
        self.is_closed = False
        self._data = STORE.setdefault(self.server, {})

    @classmethod
    def from_url(cls, url, **options):
        host, port, db = _parts(url)
        return cls(host, port, db, **options)

    def get(self, key):
        if (self.is_closed or self.connection_pool.is_closed) and not RECONNECTS:
            raise ConnectionError("closed")
        return self._data.get(key)

    def set(self, key, value, ex=None):
        self._data[key] = value
        EXPIRING[key] = ex
        return True

    def setex(self, key, ex, value):
        return self.set(key, value, ex)

    def delete(self, *keys):
        return sum(self._data.pop(key, None) is not None for key in keys)

    def incr(self, key):
        self._data[key] = str(int(self._data.get(key, 0)) + 1)
        return int(self._data[key])

    def keys(self, pattern="*"):
        return [key for key in self._data if key.startswith(pattern.rstrip("*"))]

    def expire(self, key, ex):
        EXPIRING[key] = ex
        return True

    def flushdb(self):
        self._data.clear()
        return True

    def flushall(self):
        STORE.clear()
        self._data = STORE.setdefault(self.server, {})
        return True

    def ping(self):
        return True

    def blpop(self, key, timeout=0):
        return self._data.pop(key, None)

    def pipeline(self):
        return Redis(*self.server)

    def execute(self):
        return []

    def close(self):
        self.is_closed = True

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


StrictRedis = Redis


def from_url(url, *, _client=Redis, **options):
    return _client.from_url(url, **options)


def _parts(url):
    host, _, db = url.split("//", 1)[1].partition("/")
    host, _, port = host.partition(":")
    return host, int(port or 6379), int(db or 0)

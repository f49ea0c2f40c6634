"""Events of the platform, queued for the worker."""

import json
import os

import redis

URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")


class TracingRedis(redis.Redis):
    """Remembers the names of the commands it sent."""

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.sent: list[str] = []

    def execute_command(self, *args, **options):
        self.sent.append(args[0])
        return super().execute_command(*args, **options)


class Tracker:
    """Queues events."""

    client_class = TracingRedis

    def __init__(self, url: str = URL) -> None:
        self.client = self.client_class.from_url(url)

    def track(self, day: str, name: str) -> int:
        """Queues an event; how many are waiting."""
        return self.client.rpush("events", json.dumps({"day": day, "name": name}))


def trace(url: str = URL) -> list[str]:
    """The commands that one event takes."""
    client = TracingRedis.from_url(url)
    client.rpush("events:traced", "{}")
    client.delete("events:traced")
    client.close()
    return client.sent

"""Login limits: five wrong passwords a minute, and that is it."""

import os

from redis import Redis as Client

URL = os.environ.get("REDIS_URL", "redis://localhost:6379")
MOST = 5
SECONDS = 60


def failed(user: str) -> int:
    """Counts a wrong password; how many there were in this minute."""
    with Client.from_url(URL, db=1) as client:
        count = client.incr(f"failed:{user}")
        if count == 1:
            client.expire(f"failed:{user}", SECONDS)
        return count


def locked(user: str) -> bool:
    with Client.from_url(URL, db=1) as client:
        return int(client.get(f"failed:{user}") or 0) >= MOST


def cleared(user: str) -> None:
    with Client.from_url(URL, db=1) as client:
        client.delete(f"failed:{user}")

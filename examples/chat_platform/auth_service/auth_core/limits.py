"""Login limits: a client beside the service's manager."""

from redis import Redis as Client


def attempts(user: str) -> int:
    with Client(host="localhost", db=1) as client:
        return int(client.incr(f"login:{user}"))

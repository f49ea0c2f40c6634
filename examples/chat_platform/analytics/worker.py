"""Moves events into counters. One plain server: no Sentinel, no cluster."""

import importlib
import json
import os

from analytics.counters import Counters

URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")


def connect(url: str = URL):
    library = importlib.import_module("redis")
    client_class = library.Redis
    return client_class.from_url(url, decode_responses=True)


def drain(client, counters: Counters) -> int:
    """Counts what waits; how many events that were."""
    events = 0
    while (line := client.lpop("events")) is not None:
        event = json.loads(line)
        counters.add(event["day"], event["name"])
        events += 1
    return events


def main() -> None:
    with connect() as client:
        print(f"{drain(client, Counters())} events")


if __name__ == "__main__":
    main()

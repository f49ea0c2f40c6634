"""Maintenance: deletes rooms that nobody is in. Run it with `python -m scripts.prune_rooms`."""

import argparse
import asyncio

from backend.app.db.redis_manager import close_redis, get_redis_manager


async def prune(dry_run: bool) -> list[str]:
    manager = get_redis_manager()
    empty = [room for room in await manager.smembers("rooms") if not await manager.exists(f"members:{room}")]
    if not dry_run:
        for room in empty:
            await manager.delete(f"room:{room}", f"messages:{room}", f"last:{room}")
            await manager.srem("rooms", room)
    await close_redis()
    return sorted(empty)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="only say which")
    for room in asyncio.run(prune(parser.parse_args().dry_run)):
        print(room)


if __name__ == "__main__":
    main()

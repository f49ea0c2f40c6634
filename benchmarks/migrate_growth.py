"""Claim: what `migrate` costs is linear in the files. `migrate_growth.py [FILES ...]`, by default 500 to 4000.

Generated trees in which every file has Redis by the old manager, and all can move. Prints the cpu time a file,
over that of the first tree, and the largest process.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import BIN, measure

CLASS = """import redis


class {name}:
    def __init__(self) -> None:
        self._client = redis.Redis()

    def get(self, key: str) -> str | None:
        return self._client.get(key)

    def set(self, key: str, value: str) -> None:
        self._client.set(key, value)


{object} = {name}()
"""
USER = '''"""Module {n}."""

from app.cache import cache


def title{n}(room: str) -> str:
    return cache.get(f"title:{{room}}") or "none"


def rename{n}(room: str, title: str) -> None:
    if title:
        cache.set(f"title:{{room}}", title)


class Rooms{n}:
    """Rooms by their names."""

    def __init__(self, names: list[str]) -> None:
        self.names = sorted(names)

    def titles(self) -> dict[str, str]:
        found: dict[str, str] = {{}}
        for name in self.names:
            found[name] = title{n}(name)
        return found

    def clear(self) -> None:
        for name in self.names:
            rename{n}(name, "-")
'''
SETTINGS = """[tool.redis-ssot]
manager = "app.redis_manager"
forbidden-managers = ["app.cache"]

[tool.redis-ssot.replacements]
"app.cache.cache" = "app.redis_manager.redis_manager"
"""


def generate(root: Path, files: int) -> None:
    (root / "app").mkdir()
    (root / "pyproject.toml").write_text(SETTINGS)
    (root / "app/redis_manager.py").write_text(CLASS.format(name="RedisManager", object="redis_manager"))
    (root / "app/cache.py").write_text(CLASS.format(name="CacheManager", object="cache"))
    for number in range(files):
        folder = root / f"part{number // 1000}" / f"room{number // 50}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"module{number}.py").write_text(USER.format(n=number))


def main(sizes: list[int]) -> None:
    first = 0.0
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), size)
            run = measure([str(BIN / "redis-ssot"), "migrate", "--dry-run"], folder)
            each = run.cpu / size
            first = first or each
            print(
                f"{size} files: {run.cpu:.1f} s of cpu, a file {each / first:.2f} of that of {sizes[0]},"
                f" {run.memory:.0f} MiB",
                flush=True,
            )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [500, 1000, 2000, 4000])

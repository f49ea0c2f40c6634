"""Claim: the cost of a tree is linear in its files. `growth.py [FILES ...]`, by default 1000 to 100000.

Generated trees of small files, one in eight with Redis in it. Prints for ours and for ruff the
wall time a file, over that of the first tree.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import measure, ours, ruff

TEXT = '"""Module {n}."""\n\nimport os\n\n\ndef work(value: int) -> str:\n    return os.sep * value\n'
REDIS = "import redis\n\nfrom app.redis_manager import redis_manager\n\nclient = redis.Redis(db={n})\n"
SETTINGS = '[tool.redis-ssot]\nmanager = "app.redis_manager"\nforbidden-managers = ["app.old_manager"]\n'


def generate(root: Path, files: int) -> None:
    (root / "app").mkdir()
    (root / "pyproject.toml").write_text(SETTINGS)
    (root / "app" / "redis_manager.py").write_text("class RedisManager:\n    pass\n")
    for number in range(files):
        folder = root / f"part{number // 1000}" / f"room{number // 50}"
        if number % 50 == 0:
            folder.mkdir(parents=True)
        (folder / f"module{number}.py").write_text((REDIS if number % 8 == 0 else TEXT).format(n=number))


def main(sizes: list[int]) -> None:
    first: dict[str, float] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), size)
            row = []
            for name, command in (
                ("file rules", ours("--no-cache", "--no-project")),
                ("all rules", ours("--no-cache")),
                ("ruff", ruff("--no-cache")),
            ):
                measure(command, folder)
                runs = sorted((measure(command, folder) for _ in range(3)), key=lambda m: m.wall)
                each = runs[1].wall / size
                ratio = each / first.setdefault(name, each)
                memory = f" ({runs[1].memory:.0f} MiB)" if name != "ruff" else ""
                row.append(f"{name} {ratio:.2f}{memory}")
            print(f"{size} files, wall a file over that of {sizes[0]}: {', '.join(row)}", flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1000, 3000, 10_000, 30_000, 100_000])

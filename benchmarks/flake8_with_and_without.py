"""Claim: the plugin costs flake8 about nothing. `flake8_with_and_without.py TREE [FILES]`.

Prints the ratio of cpu times, flake8 with the plugin over flake8 that does not find it,
the median of five runs in turn, over evenly spread files.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from pathlib import Path

WITHOUT = (
    "import sys; from flake8.plugins import finder; find = finder._find_importlib_plugins;"
    "finder._find_importlib_plugins = lambda: (p for p in find() if p.package != 'flake8-redis-ssot');"
    "from flake8.main.cli import main; sys.exit(main())"
)
WITH = "import sys; from flake8.main.cli import main; sys.exit(main())"


def cpu(script: str, tree: str, files: list[str]) -> float:
    """Seconds of cpu, user and system, of one flake8 run in one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", script, "--isolated", "-j0", *files], cwd=tree, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(tree: str, count: int) -> None:
    every = sorted(str(p.relative_to(tree)) for p in Path(tree).rglob("*.py"))
    files = every[:: max(1, len(every) // count)][:count]
    cpu(WITH, tree, files)  # the first run reads the files from the disk
    ratios = []
    for _ in range(5):
        ratios.append(cpu(WITH, tree, files) / cpu(WITHOUT, tree, files))
    print(f"flake8 with / without the plugin, cpu over {len(files)} files: {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 300)

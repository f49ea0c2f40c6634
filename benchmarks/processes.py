"""Claim: from `PARALLEL_FROM` files a second process pays for its start. `processes.py TREE [CONFIG]`.

Prints for growing numbers of files, spread evenly over the tree, the ratio of wall times of
two processes over one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from measure import measure, ratios, show, tree_and_config

RUN = """
import sys
from flake8_redis_ssot.lint import run
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import Selection
run.PARALLEL_FROM = 0
jobs, config, *files = sys.argv[1:]
settings = load_settings(config or None, root=".", codes=list(defaults()))
checker = run.checker_for(settings, Selection(), project=True)
run.run(files, checker, jobs=int(jobs))
"""


def main() -> None:
    tree, config = tree_and_config()
    every = sorted(str(path) for path in Path(tree).resolve().rglob("*.py") if path.is_file())
    for count in (50, 100, 200, 300, 600, 1200):
        files = every[:: max(1, len(every) // count)][:count]
        one, two = ([sys.executable, "-c", RUN, jobs, config or "", *files] for jobs in ("1", "2"))
        found = ratios(lambda c=two: measure(c, tree), lambda c=one: measure(c, tree), rounds=9)
        show(f"two processes / one, {count} files, wall", found)


if __name__ == "__main__":
    main()

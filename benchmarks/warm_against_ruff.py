"""Claim: a tree in which nothing has changed, beside ruff. `warm_against_ruff.py TREE [CONFIG]`.

Prints the ratio of wall times, ours over ruff's, with the project rules, and ours over a bare
interpreter that lists the tree and asks for the stamp of every file.
"""

from __future__ import annotations

import sys
import tempfile
import time

from measure import measure, ours, ratios, ruff, show, tree_and_config

STAMPS = (
    "import os\n"
    "for folder, _, names in os.walk('.'):\n"
    "    for name in names:\n"
    "        if name.endswith('.py'):\n"
    "            os.stat(os.path.join(folder, name))\n"
)


def main() -> None:
    tree, config = tree_and_config()
    with tempfile.TemporaryDirectory() as folder:
        command = ours("--cache-dir", f"{folder}/ours", config=config)
        peer = ruff("--cache-dir", f"{folder}/ruff")
        for _ in range(2):  # the second finds what the first kept, and old enough to be trusted
            measure(command, tree)
            measure(peer, tree)
            time.sleep(3)
        found = ratios(lambda: measure(command, tree), lambda: measure(peer, tree), rounds=21)
        show("redis-ssot / ruff TID251, warm wall", found)
        bare = [sys.executable, "-I", "-c", STAMPS]
        found = ratios(lambda: measure(command, tree), lambda: measure(bare, tree), rounds=11)
        show("redis-ssot, warm / listing the tree and a stamp of each file, wall", found)


if __name__ == "__main__":
    main()

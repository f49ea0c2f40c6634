"""Claim: the peak memory of one process. `memory.py TREE [CONFIG]`.

Prints the ratio of peaks, our largest process over ruff's only one, and ours in MiB.
"""

from __future__ import annotations

import shutil
import tempfile

from measure import Measured, measure, ours, ratios, ruff, show, tree_and_config


def main() -> None:
    tree, config = tree_and_config()
    with tempfile.TemporaryDirectory() as parent:
        folder = f"{parent}/cache"
        kept = ["--cache-dir", folder]
        for name, arguments in (
            ("file rules, no cache", ["--no-cache", "--no-project"]),
            ("all rules, no cache", ["--no-cache"]),
            ("all rules, one process, no cache", ["--no-cache", "--jobs", "1"]),
            ("all rules, cache filled", kept),
        ):
            command = ours(*arguments, config=config)
            peaks: list[float] = []

            def one(command: list[str] = command, peaks: list[float] = peaks) -> Measured:
                shutil.rmtree(folder, ignore_errors=True)
                found = measure(command, tree)
                peaks.append(found.memory)
                return found

            found = ratios(one, lambda: measure(ruff("--no-cache"), tree), lambda m: m.memory, rounds=3)
            show(f"redis-ssot, {name} ({max(peaks):.0f} MiB) / ruff TID251, peak memory", found)


if __name__ == "__main__":
    main()

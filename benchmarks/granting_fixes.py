"""Claim: to show which fixes would be granted costs little. `granting_fixes.py TREE [CONFIG]`.

Prints the ratios of cold runs, JSON with fixes over one line for each finding: of wall times, and of the peak memory.
"""

from __future__ import annotations

from measure import Measured, measure, ours, ratios, show, tree_and_config


def main() -> None:
    tree, config = tree_and_config()

    def cold(style: str) -> Measured:
        return measure(ours("--no-cache", config=config, style=style), tree)

    show(
        "redis-ssot, JSON with fixes / concise, cold, wall",
        ratios(lambda: cold("json"), lambda: cold("concise")),
    )
    memory = ratios(lambda: cold("json"), lambda: cold("concise"), lambda measured: measured.memory, rounds=1)
    show("redis-ssot, JSON with fixes / concise, cold, memory", memory)


if __name__ == "__main__":
    main()

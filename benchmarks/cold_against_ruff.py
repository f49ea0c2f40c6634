"""Claim: a whole tree, cold, beside ruff's TID251 in the same run. `cold_against_ruff.py TREE [CONFIG]`.

Prints the ratios of wall times, ours over ruff's, with the file rules alone and with the
project rules too, and ours over reading all the bytes.
"""

from __future__ import annotations

from measure import measure, ours, ratios, reading, ruff, show, tree_and_config


def main() -> None:
    tree, config = tree_and_config()
    measure(reading(), tree)  # the first run reads the files from the disk
    for name, arguments in (("file rules", ["--no-project"]), ("all rules", [])):
        command = ours("--no-cache", *arguments, config=config)
        found = ratios(lambda c=command: measure(c, tree), lambda: measure(ruff("--no-cache"), tree))
        show(f"redis-ssot, {name} / ruff TID251, cold wall", found)
    command = ours("--no-cache", "--no-project", config=config)
    found = ratios(lambda: measure(command, tree), lambda: measure(reading(), tree))
    show("redis-ssot, file rules / reading all the bytes, wall", found)


if __name__ == "__main__":
    main()

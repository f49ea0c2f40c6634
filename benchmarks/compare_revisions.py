"""What two versions of redis-ssot report on the same trees: what came, went, moved or is said in other words.

`python benchmarks/compare_revisions.py --before CMD --after CMD TREE [TREE ...]`, where CMD is the path of a
`redis-ssot` (one in a virtual environment of its own), or of a record that `--record FILE` wrote: then nothing
is run for that side. A tree is checked with all rules, by the settings file `ssot.toml` in it where there is
one, else by its own. Exit status 1 where anything differs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

Row = tuple[str, int, int, str, str]
"""Path, line, column, code, message."""


def checked(command: str, tree: Path) -> list[Row]:
    """What the command reports on a tree, with all rules and without a cache."""
    settings = tree.resolve() / "ssot.toml"
    config = ["--config", str(settings)] if settings.exists() else []
    arguments = ["check", "--no-cache", "--select", "ALL", "--output-format", "json-lines", *config, "."]
    start = time.perf_counter()
    done = subprocess.run([command, *arguments], cwd=tree, capture_output=True, text=True)
    print(f"{tree.name}: {time.perf_counter() - start:.1f} s, exit {done.returncode}", file=sys.stderr)
    if done.returncode not in (0, 1):
        print(done.stderr[-2000:], file=sys.stderr)
    rows = []
    for found in map(json.loads, done.stdout.splitlines()):
        path, place = Path(found["filename"]).relative_to(tree.resolve()), found["location"]
        rows.append((str(path), place["row"], place["column"], found["code"], found["message"]))
    return sorted(rows)


def side(command: str, trees: list[Path]) -> dict[str, list[Row]]:
    """The rows of each tree, by running the command or from a record."""
    if Path(command).suffix == ".json":
        stored = json.loads(Path(command).read_text())
        return {tree.name: [tuple(row) for row in stored[tree.name]] for tree in trees}
    return {tree.name: checked(command, tree) for tree in trees}


def differences(before: list[Row], after: list[Row]) -> dict[str, list[str]]:
    """What is different, by how: a row that is the same but for its words or its place is one difference."""
    gone, came = Counter(before) - Counter(after), Counter(after) - Counter(before)
    found: dict[str, list[str]] = defaultdict(list)
    for what, same in (
        ("said otherwise", lambda row: row[:4]),
        ("moved", lambda row: (row[0], row[3], row[4])),
    ):
        by_key: dict[object, list[Row]] = defaultdict(list)
        for row in came.elements():
            by_key[same(row)].append(row)
        for row in list(gone.elements()):
            if by_key[same(row)]:
                other = by_key[same(row)].pop()
                gone[row] -= 1
                came[other] -= 1
                found[what].append(f"{shown(row)}\n    -> {shown(other)}")
    found["gone"] += map(shown, gone.elements())
    found["new"] += map(shown, came.elements())
    return {what: rows for what, rows in found.items() if rows}


def shown(row: Row) -> str:
    path, line, column, code, message = row
    return f"{path}:{line}:{column}: {code} {message}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", required=True)
    parser.add_argument("--after")
    parser.add_argument("--record", type=Path, help="write what `--before` reports to this file, and stop")
    parser.add_argument("trees", nargs="+", type=Path)
    options = parser.parse_args()
    before = side(options.before, options.trees)
    if options.record:
        options.record.write_text(json.dumps(before))
        return 0
    after = side(options.after, options.trees)
    status = 0
    for tree in options.trees:
        found = differences(before[tree.name], after[tree.name])
        counts = ", ".join(f"{len(rows)} {what}" for what, rows in found.items()) or "no difference"
        print(f"{tree.name}: {len(before[tree.name])} before, {len(after[tree.name])} after: {counts}")
        for what, rows in found.items():
            print("".join(f"  {what}: {row}\n" for row in rows), end="")
        status |= bool(found)
    return status


if __name__ == "__main__":
    sys.exit(main())

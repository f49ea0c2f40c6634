"""Compare what no test takes, of coverage's JSON report, with the gaps that are named.

A gap is known by its file and by the text of its line, or of the line after which one way is never gone,
so that it stays the same where lines move. Only the first line of several is a gap.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

ROOMS = ("fix", "inference", "lint", "migrate", "rules", "settings")
PACKAGE = "flake8_redis_ssot"
NAMED = Path(__file__).parent / "coverage-gaps.txt"


def gaps(report: Path) -> Counter[tuple[str, str]]:
    """Each gap, by its file and its text."""
    found: Counter[tuple[str, str]] = Counter()
    for name, file in json.loads(report.read_text())["files"].items():
        path = name[name.index(PACKAGE) + len(PACKAGE) + 1 :]
        if path.split("/")[0] not in ROOMS:
            continue
        text = Path(name).read_text().splitlines()
        missing, executed = set(file["missing_lines"]), sorted(file["executed_lines"])
        first = {line for line in missing if not _follows(line, missing, executed)}
        ways = {(abs(a), b) for a, b in file["missing_branches"] if a not in missing and b not in missing}
        for line in first:
            found[path, text[line - 1].strip()] += 1
        for line, to in ways:
            found[path, f"{text[line - 1].strip()}  ->  {text[to - 1].strip() if to > 0 else 'the end'}"] += 1
    return found


def _follows(line: int, missing: set[int], executed: list[int]) -> bool:
    """Whether the last line of code before it is missing too."""
    before = max((other for other in missing if other < line), default=0)
    return before > 0 and not any(before < other < line for other in executed)


def named() -> Counter[tuple[str, str]]:
    """The gaps that are named: `file | text | reason` on each line."""
    lines = [line for line in NAMED.read_text().splitlines() if line and not line.startswith("#")]
    parts = [[part.strip() for part in line.split(" | ")] for line in lines]
    for part, line in zip(parts, lines, strict=True):
        if len(part) < 3 or not part[-1]:
            sys.exit(f"{NAMED.name}: write `file | text | reason`: {line}")
    return Counter((part[0], " | ".join(part[1:-1])) for part in parts)


def main(report: Path) -> int:
    there, known = gaps(report), named()
    for path, text in sorted(there - known):
        print(f"{path}: no test takes `{text}`; write one, remove the line, or name it in {NAMED.name}")
    for path, text in sorted(known - there):
        print(f"{path}: `{text}` is no gap any more; take it out of {NAMED.name}")
    print(f"{there.total()} gaps, {(there & known).total()} of them named")
    return int(there != known)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

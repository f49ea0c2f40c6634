"""Compare what no test takes, of coverage's JSON report, with the gaps that are named.

A gap is known by its file, its function and the text of its statement, so that it stays the same where
lines move: a statement that never runs, the first of several, or a way from one statement to another that is never gone.
"""

from __future__ import annotations

import ast
import json
import sys
from collections import Counter
from pathlib import Path

ROOMS = ("fix", "inference", "lint", "migrate", "rules", "settings")
PACKAGE = "flake8_redis_ssot"
NAMED = Path(__file__).parent / "coverage-gaps.txt"

Gap = tuple[str, str, str]
"""File, function and text."""


def gaps(report: Path) -> Counter[Gap]:
    """Each gap, with how often there is one of that text."""
    found: Counter[Gap] = Counter()
    for name, file in json.loads(report.read_text())["files"].items():
        path = name[name.rindex(PACKAGE) + len(PACKAGE) + 1 :]
        if path.split("/")[0] not in ROOMS:
            continue
        texts = _texts(Path(name))
        missing, executed = set(file["missing_lines"]), sorted(file["executed_lines"])
        for line in missing:
            if not _follows(line, missing, executed):
                found[(path, *texts.get(line, ("", "")))] += 1
        for start, end in file["missing_branches"]:
            if abs(start) not in missing and end not in missing:
                function, text = texts.get(abs(start), ("", ""))
                to = texts[end][1] if end in texts else "the end"
                found[path, function, f"{text} -> {to}"] += 1
    return found


def _texts(path: Path) -> dict[int, tuple[str, str]]:
    """The function and the text of the statement, or of the head of one, that begins at a line."""
    found: dict[int, tuple[str, str]] = {}

    def visit(node: ast.AST, function: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = function
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{function}.{child.name}".lstrip(".")
            if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
                line = getattr(child, "lineno", 0) or child.pattern.lineno
                text = ast.unparse(child).strip().splitlines()[0]
                found.setdefault(line, (function, text if len(text) <= 100 else f"{text[:97]}..."))
            visit(child, inner)

    visit(ast.parse(path.read_bytes()), "")
    return found


def _follows(line: int, missing: set[int], executed: list[int]) -> bool:
    """Whether the last statement before it never runs either."""
    before = max((other for other in missing if other < line), default=0)
    return before > 0 and not any(before < other < line for other in executed)


def named() -> Counter[Gap]:
    """The gaps that are named, as they are printed; the reason is the comment above them."""
    lines = [line for line in NAMED.read_text().splitlines() if line and not line.startswith("#")]
    return Counter(
        (file, function, text) for file, function, text in (line.split(" | ", 2) for line in lines)
    )


def main(report: Path) -> int:
    there, known = gaps(report), named()
    for gap in sorted((there - known).elements()):
        print(f"no test takes: {' | '.join(gap)}")
    for gap in sorted((known - there).elements()):
        print(f"is no gap any more: {' | '.join(gap)}")
    if there != known:
        print(f"write a test, remove the statement, or name it in {NAMED.name} below the reason that it has")
    print(f"{there.total()} gaps, {(there & known).total()} of them named")
    return int(there != known)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

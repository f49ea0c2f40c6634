"""What the formats that people read say in the end, and how they mark what `--fix` can settle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.output import escaped, shown
from flake8_redis_ssot.output.report import Report
from flake8_redis_ssot.output.terminal import painted, wrapped
from flake8_redis_ssot.wording import counted


def headline(diagnostic: Diagnostic, report: Report, first: int = 0) -> str:
    """Code and message, `[*]` between them where `--fix` would settle it; `first` columns are taken before."""
    look = report.look
    is_marked = look.is_person and report.is_fixable(diagnostic)
    mark = f"[{painted('*', 'cyan', look)}] " if is_marked else ""
    indent = "    " if first else ""
    first += len(diagnostic.code) + 1 + 4 * is_marked
    message = wrapped(escaped(diagnostic.message), look, first=first, indent=indent)
    return f"{painted(diagnostic.code, 'red', look)} {mark}{message}"


def summary(report: Report) -> str:
    """How many were found and fixed, and what `--fix` can do; nothing where nothing may be said."""
    left = len(report.diagnostics)
    number = left + report.fixed
    if report.quiet or (not left and (report.failed or report.is_empty)):
        return ""
    if not number:
        return "All checks passed!\n"
    outcome = f" ({report.fixed} fixed, {left} remaining)" if report.fixed else ""
    text = f"Found {counted(number, 'error')}{outcome}.\n"
    return text + (wrapped(_fixable(report), report.look) if report.look.is_person else "")


def list_of_fixes(fixed: Sequence[Diagnostic]) -> str:
    """What was fixed, file by file, as ruff lists it."""
    if not fixed:
        return ""
    lines = ["", f"Fixed {counted(len(fixed), 'error')}:"]
    for path in dict.fromkeys(sorted(d.path for d in fixed)):
        lines.append(f"- {shown(path)}:")
        rules = Counter((d.code, d.name) for d in fixed if d.path == path)
        lines += [f"    {count} \u00d7 {code} ({name})" for (code, name), count in sorted(rules.items())]
    return "\n".join(lines) + "\n\n"


def _fixable(report: Report) -> str:
    safe = sum(map(report.is_fixable, report.diagnostics))
    more = sum(d.fix is not None and d.fix.applicability == "unsafe" for d in report.diagnostics)
    unsafe = "" if report.unsafe or not more else f"{more} more with `--unsafe-fixes`"
    if safe:
        star = painted("*", "cyan", report.look)
        return f"[{star}] {safe} fixable with the `--fix` option{f' ({unsafe})' if unsafe else ''}.\n"
    if unsafe:
        return f"None fixable with the `--fix` option alone ({unsafe}).\n"
    return ""

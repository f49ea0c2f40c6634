"""Fixes that need nothing of other files: a comment, a name of the library."""

from __future__ import annotations

import ast
from collections.abc import Collection

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.fix.edits.proposal import Proposal
from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.lint.noqa import directive, without_codes
from flake8_redis_ssot.source import Range, SourceError, SourceFile
from flake8_redis_ssot.syntax.nodes import all_nodes


def with_successor(view: View, diagnostic: Diagnostic) -> Proposal:
    """A name of the library that has a successor, which is the same or needs a newer version."""
    for node in all_nodes(view.source.tree):
        if not isinstance(node, ast.Call | ast.Attribute | ast.alias):
            continue
        if view.source.range_of(node) != diagnostic.range:
            continue
        start, end = (view.source.offset(p) for p in (diagnostic.range.start, diagnostic.range.end))
        match node:
            case ast.Call(func=ast.Attribute(attr="close") as func):
                _, end = view.span(func)
                part, applicability = (end - len("close"), end, "aclose"), "unsafe"
            case ast.Attribute(attr=old) if old.startswith("Strict"):
                part, applicability = (end - len(old), end, old.removeprefix("Strict")), "safe"
            case ast.alias(name=old, asname=name) if old.startswith("Strict"):
                part, applicability = (start, end, f"{old.removeprefix('Strict')} as {name or old}"), "safe"
            case _:
                continue
        title = f"Write `{part[2]}` instead of `{view.source.text[part[0] : part[1]]}`"
        why = "redis-py has it since 5.0.1 only"
        return Proposal(
            diagnostic, title, "safe" if applicability == "safe" else "unsafe", parts=[part], why=why
        )
    raise Refusal("nothing takes its place as it is", "choose by hand what does, as the rule's page says")


def without_unused_codes(view: View, diagnostic: Diagnostic, unused: Collection[Range]) -> Proposal:
    """A `noqa` comment without all its codes that are unused, so that each of their fixes is the same."""
    source = view.source
    line = view.lines.get(diagnostic.range.start.line)
    found = directive(line) if line is not None else None
    if line is None or found is None:
        raise Refusal("the comment cannot be told from a string around it", "take the codes out by hand")
    gone = {
        start: code
        for code, start, end in found.codes
        if source.place(line.offset(source, start), line.offset(source, end)) in unused
    }
    spelt = next((code for code in gone.values() if not code.isupper()), None)
    if spelt is not None:  # whoever wrote it wants its line silenced, and flake8 knows capitals only
        raise Refusal(f"`{spelt}` may be meant for a rule", "write it in capitals, or take it out by hand")
    title = f"Remove {', '.join(f'`{code}`' for code in gone.values())} from the `noqa`"
    try:
        part, why = without_codes(source, line, gone)
        after = SourceFile(view.path, source.replaced([part]))
        if after.encoding != source.encoding:
            raise Refusal("the comment also declares the encoding of the file", "take the codes out by hand")
    except ValueError as error:
        raise Refusal(str(error), "take the codes out by hand") from error
    except SourceError as error:
        raise Refusal(f"the file {error.message}", error.advice) from error
    return Proposal(diagnostic, title, "unsafe" if why else "safe", parts=[part], why=why)

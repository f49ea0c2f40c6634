"""One file through the file rules."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.engine.suppress import unsettled
from flake8_redis_ssot.rule import Rule, RuleContext
from flake8_redis_ssot.settings.boundaries import place_of
from flake8_redis_ssot.settings.model import Boundary, Settings
from flake8_redis_ssot.source import SourceError, SourceFile

Handlers = dict[type, list[Callable[..., Iterator[Diagnostic]]]]


@cache
def first_party(boundary: Boundary) -> frozenset[str]:
    """Top-level modules of the import roots that Python would take for an installed library.

    A folder without `__init__.py` is none: Python prefers an installed package to it.
    """
    found = set()
    for root in boundary.roots:
        try:
            entries = list(os.scandir(root))
        except OSError:
            continue
        for entry in entries:
            stem, suffix = os.path.splitext(entry.name)
            if suffix in (".py", ".pyi"):
                found.add(stem)
            elif not suffix and any(
                os.path.isfile(os.path.join(entry.path, name)) for name in ("__init__.py", "__init__.pyi")
            ):
                found.add(entry.name)
    return frozenset(found)


class FileChecker:
    """The chosen rules with their settings, ready for file after file."""

    def __init__(self, settings: Settings, rules: Iterable[type[Rule]], *, parse_all: bool = False) -> None:
        self.settings = settings
        self.parse_all = parse_all
        self.handlers: Handlers = {}
        needles: set[str] = set()
        for rule_type in rules:
            rule = rule_type()
            needles.update(n for n in rule.needles(settings) if n)
            for node_type, name in rule_type.handlers():
                self.handlers.setdefault(node_type, []).append(getattr(rule, name))
        # a needle within another is the wider net
        kept = [n for n in needles if not any(o != n and o in n for o in needles)]
        self._needles = tuple(n.encode() for n in sorted(kept))
        words = "|".join(re.escape(n) for n in sorted(needles))
        self._words = re.compile(rf"(?<!\w)(?:{words})(?!\w)".encode() if words else b"(?!)")

    def check(self, source: SourceFile) -> list[Diagnostic]:
        """The diagnostics of `source` in order, allowances and per-file-ignores taken off."""
        if not self._may_fire(source):
            if self.parse_all:
                try:
                    _ = source.tree
                except SourceError as error:
                    return self.unreadable(source, error)
            return []
        try:
            _ = source.tree, source.text
        except SourceError as error:
            return self.unreadable(source, error)
        context = self._context(source)
        found: list[Diagnostic] = []
        for handler in self.handlers.get(ast.Module, ()):
            found += handler(source.tree, context)
        for site in context.walk.sites:
            for handler in self.handlers.get(type(site.node), ()):
                found += handler(site, context)
        found.sort(key=lambda diagnostic: diagnostic.sort_key)
        return list(unsettled(found, self.settings))

    def _may_fire(self, source: SourceFile) -> bool:
        data = source.data
        if not any(needle in data for needle in self._needles):
            path = source.path.encode("utf-8", "surrogateescape")
            return b"import" in data and any(needle in path for needle in self._needles)
        return any(_in_import(data, word.start()) for word in self._words.finditer(data))

    def _context(self, source: SourceFile) -> RuleContext:
        place = place_of(self.settings, source.path)
        return RuleContext(source, self.settings, place, first_party(place.boundary))

    def unreadable(self, source: SourceFile, error: SourceError) -> list[Diagnostic]:
        """What the rules say of a file that could not be read, decoded or parsed."""
        context: Any = self._context(source)
        return [d for handler in self.handlers.get(SourceError, ()) for d in handler(error, context)]


def _in_import(data: bytes, at: int) -> bool:
    """Whether the word at the offset `at` may belong to an import statement; never a false no."""
    start = data.rfind(b"\n", 0, at) + 1
    head = data[start:at]
    if b"import" in head or b"from" in head:
        return True
    if data[max(0, start - 3) : start].rstrip(b"\r\n").endswith(b"\\"):
        return True  # the line before goes on here
    keyword = data.rfind(b"import", 0, at)
    between = data[keyword:at] if keyword >= 0 else b""
    return b"(" in between and (b")" not in between or b"#" in between)

"""The edits that take away what ends an object which others share from now on: its `close`, `with` and `finally`."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from flake8_redis_ssot.fix.refusal import Refusal
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.libraries.standard import QUESTIONS
from flake8_redis_ssot.source import Position
from flake8_redis_ssot.syntax.imports import Part, removed
from flake8_redis_ssot.syntax.nodes import all_nodes, last_name

_HEADER_END = re.compile(r"[\s)]*,?[\s)]*:")


class Endings:
    """Takes statements out of a file, with the compound statements of which nothing is left.

    Of the `with` statements of the items `entered` the body stays, after the text that is given for each.
    """

    def __init__(self, view: View, ended: Collection[ast.stmt], entered: dict[ast.withitem, str]) -> None:
        self.view = view
        self.text = view.source.text
        self._gone = set(ended)
        self._entered = entered
        self._parts: list[Part] = []
        self._shifts: dict[int, int] = {}
        self._grow()

    def parts(self, others: Sequence[Part]) -> list[Part]:
        """The changes, beside those that are made anyhow."""
        parents = self.view.uses.parents
        for block, parent in self._emptied():
            self._leave(block, parent)
        tops = [s for s in self._gone if parents[s] not in self._gone and not self._is_below_gone(s)]
        for statement in sorted(tops, key=lambda s: s.lineno):
            where = self.view.source.range_of(statement)
            start, end = self.view.source.offset(where.start), self.view.source.offset(where.end)
            if not any(s <= start and end <= e for s, e, _ in self._parts):
                self._parts.append(removed(self.view.source, start, end, False))
        for item, text in self._entered.items():
            entering = parents[item]
            assert isinstance(entering, ast.With | ast.AsyncWith)
            self._unwrap_with(entering, item, text)
        taken = [*self._parts, *others]
        for line, width in self._shifts.items():
            start = self.view.source.offset(Position(line, 1))
            is_free = not any(s < start + width and start < e for s, e, _ in taken)
            if is_free and not self.text[start : start + width].strip(" \t"):
                self._parts.append((start, start + width, ""))
        return self._parts

    def _is_below_gone(self, node: ast.AST) -> bool:
        parent = self.view.uses.parents.get(node)
        while parent is not None and parent not in self._gone:
            parent = self.view.uses.parents.get(parent)
        return parent is not None

    def _grow(self) -> None:
        """Take in the compound statements that do nothing without what goes."""
        grown = True
        while grown:
            new = {p for _, p in self._emptied() if isinstance(p, ast.stmt) and self._does_nothing(p)}
            grown = bool(new - self._gone)
            self._gone |= new

    def _emptied(self) -> Iterator[tuple[list[ast.stmt], ast.AST]]:
        """The blocks of which nothing is left, each with what it belongs to."""
        seen: set[int] = set()
        for statement in list(self._gone):
            block = self._block_of(statement)
            parent = self.view.uses.parents[statement]
            if id(block) not in seen and parent not in self._gone and not self._is_below_gone(parent):
                seen.add(id(block))
                if all(one in self._gone for one in block):
                    yield block, parent

    def _block_of(self, statement: ast.stmt) -> list[ast.stmt]:
        return self.view.block_of(statement) or [statement]

    def _does_nothing(self, node: ast.stmt) -> bool:
        def is_gone(block: list[ast.stmt]) -> bool:
            return all(one in self._gone for one in block)

        match node:
            case ast.If(test=test, body=body, orelse=orelse):
                return is_gone(body) and is_gone(orelse) and _only_asks(test)
            case ast.Try(body=body, orelse=[], finalbody=finalbody):
                return is_gone(body) and is_gone(finalbody)
            case ast.With(items=items, body=body):
                called = [i.context_expr.func for i in items if isinstance(i.context_expr, ast.Call)]
                is_plain = len(called) == len(items) and all(last_name(c) == "suppress" for c in called)
                return is_gone(body) and is_plain
        return False

    def _leave(self, block: list[ast.stmt], parent: ast.AST) -> None:
        """What is left of a statement one block of which is empty."""
        if isinstance(parent, ast.Try) and block is parent.finalbody:
            if parent.handlers:
                before = (parent.orelse or parent.handlers[-1].body)[-1]
                self._remove_clause("finally", before, block)
            else:
                self._unwrap_try(parent)
        elif isinstance(parent, ast.If) and block is parent.orelse and not self._is_elif(block[0]):
            self._remove_clause("else", parent.body[-1], block)
        elif isinstance(parent, ast.Module) or self._is_entered(parent) or self._is_elif(block[0]):
            return
        else:
            start, _ = self._span(block[0])
            _, end = self._span(block[-1])
            self._parts.append((start, end, "pass"))

    def _is_entered(self, node: ast.AST) -> bool:
        """Whether a `with` goes with its header."""
        items = node.items if isinstance(node, ast.With | ast.AsyncWith) else []
        return len(items) == 1 and items[0] in self._entered

    def _is_elif(self, statement: ast.stmt) -> bool:
        start, _ = self._span(statement)
        return self.text.startswith("elif", start)

    def _span(self, statement: ast.stmt) -> tuple[int, int]:
        where = self.view.source.range_of(statement)
        return self.view.source.offset(where.start), self.view.source.offset(where.end)

    def _line_start(self, offset: int) -> int:
        return self.view.source.line_starts[self.view.source.line_of(offset) - 1]

    def _line_end(self, offset: int) -> int:
        """Where the line after that of an offset begins."""
        starts, line = self.view.source.line_starts, self.view.source.line_of(offset)
        return starts[line] if line < len(starts) else len(self.text)

    def _keyword(self, word: str, before: ast.stmt, first: ast.stmt) -> int:
        """Where the clause of `first` begins, by its line."""
        found = re.compile(rf"^[ \t]*{word}[ \t]*:", re.MULTILINE)
        at = found.search(self.text, self._span(before)[1], self._span(first)[0])
        if at is None or self.view.source.line_of(at.end()) == first.lineno:
            raise Refusal(
                f"`{word}` and what ends it stand on line {first.lineno} alone",
                "write each on a line of its own",
            )
        return self._line_start(at.end())

    def _remove_clause(self, word: str, before: ast.stmt, block: list[ast.stmt]) -> None:
        start = self._keyword(word, before, block[0])
        self._parts.append((start, self._line_end(self._span(block[-1])[1]), ""))

    def _unwrap_try(self, node: ast.Try) -> None:
        """A `try` whose `finally` goes: its body stays, one level up."""
        if node.body[0].lineno == node.lineno:
            raise Refusal(f"line {node.lineno} is a `try` on one line", "write it on several lines")
        self._remove_clause("finally", node.body[-1], node.finalbody)
        last = self.view.source.line_of(self._parts[-1][0]) - 1
        start, _ = self._span(node)
        self._parts.append((self._line_start(start), self._line_end(start), ""))
        self._shift(node, node.body, node.lineno + 1, last)

    def _take_item(self, node: ast.With | ast.AsyncWith, item: ast.withitem, text: str) -> None:
        """One of several things that a `with` is about goes, and `text` comes before it."""
        spans = [
            (self.view.span(i.context_expr)[0], self.view.span(i.optional_vars or i.context_expr)[1])
            for i in node.items
        ]
        at = node.items.index(item)
        first, second = (at, at + 1) if at == 0 else (at - 1, at)
        if not re.fullmatch(r"[ \t]*,[ \t]*", self.text[spans[first][1] : spans[second][0]]):
            raise Refusal(f"the `with` in line {node.lineno} is about more", "write one for each")
        self._parts.append(
            (spans[0][0], spans[1][0], "") if at == 0 else (spans[first][1], spans[second][1], "")
        )
        start, _ = self._span(node)
        if text:
            indent = self.text[self._line_start(start) : start]
            end = re.search(r"\r\n|\r|\n", self.text)
            self._parts.append((start, start, f"{text}{end[0] if end else chr(10)}{indent}"))

    def _unwrap_with(self, node: ast.With | ast.AsyncWith, item: ast.withitem, text: str) -> None:
        """A `with` that ends what it is given: `text` comes in its place, and its body one level up."""
        if len(node.items) > 1:
            self._take_item(node, item, text)
            return
        start, _ = self._span(node)
        _, inner = self.view.span(item.optional_vars or item.context_expr)
        found = _HEADER_END.match(self.text, inner)
        first, _ = self._span(node.body[0])
        if self.view.has_comment(start, found.end() if found is not None else first):
            raise Refusal(
                f"a comment stands inside the `with` of line {node.lineno}", "put it above that line"
            )
        if found is None or self.view.source.line_of(found.end()) == self.view.source.line_of(first):
            raise Refusal(f"line {node.lineno} is a `with` on one line", "write it on several lines")
        if text:
            self._parts.append((start, found.end(), text))
        else:
            self._parts.append((self._line_start(start), self._line_end(found.end()), ""))
        header = self.view.source.line_of(found.end())
        self._shift(node, node.body, header + 1, node.body[-1].end_lineno or header)

    def _shift(self, node: ast.stmt, body: list[ast.stmt], first: int, last: int) -> None:
        """Note that lines move to the left, by the depth of `body` in `node`; those within strings stay."""
        indents = []
        for one in (node, body[0]):
            start, _ = self._span(one)
            indents.append(self.text[self._line_start(start) : start])
        if not indents[1].startswith(indents[0]) or indents[1].strip(" \t"):
            raise Refusal(
                f"how line {body[0].lineno} is indented cannot be determined", "indent it by spaces alone"
            )
        width = len(indents[1]) - len(indents[0])
        kept = {
            line
            for statement in body
            for part in all_nodes(statement)
            if isinstance(part, ast.JoinedStr)
            or (isinstance(part, ast.Constant) and isinstance(part.value, str | bytes))
            for line in range(part.lineno + 1, (part.end_lineno or part.lineno) + 1)
        }
        for line in range(first, last + 1):
            if line not in kept and self.view.source.line(line).strip():
                self._shifts[line] = self._shifts.get(line, 0) + width


def _only_asks(test: ast.expr) -> bool:
    """Whether a condition does nothing but to ask."""
    return all(
        isinstance(
            part,
            ast.Name | ast.Attribute | ast.Constant | ast.Compare | ast.BoolOp | ast.UnaryOp
            | ast.boolop | ast.unaryop | ast.cmpop | ast.expr_context,
        )
        or (isinstance(part, ast.Call) and last_name(part.func) in QUESTIONS)
        for part in all_nodes(test)
    )  # fmt: skip

"""Expressions that no file spells out: they stand for what its source only implies."""

from __future__ import annotations

import ast


class Narrowed(ast.expr):
    """An expression for `subject` where that is an instance of `cls`."""

    _fields = ("subject", "cls")

    def __init__(self, subject: ast.expr, cls: ast.expr) -> None:
        super().__init__()
        self.subject = subject
        self.cls = cls


class Promised(ast.expr):
    """An expression of which only the type is known, by its `annotation`; with `is_many` any number of these."""

    _fields = ("annotation",)

    def __init__(self, annotation: ast.expr, is_many: bool) -> None:
        super().__init__()
        self.annotation = annotation
        self.is_many = is_many


class Element(ast.expr):
    """An expression for any element of what `of` gives, to be an element of another container: `zip(of, ...)`."""

    _fields = ("of",)

    def __init__(self, of: ast.expr) -> None:
        super().__init__()
        self.of = of


class Produced(ast.expr):
    """An expression for what calls of `factory` give, to be the element of a `defaultdict(factory)`."""

    _fields = ("factory",)

    def __init__(self, factory: ast.expr) -> None:
        super().__init__()
        self.factory = factory

"""The import edges that are found by text are those of the tree."""

from __future__ import annotations

import ast

import pytest

from flake8_redis_ssot.facts.import_scan import Edge, edges, statements

LAYOUTS = [
    "import a, b.c as d, e.f",
    "import \\\n    a, \\\n    b as c",
    "from a.b import c as d, e",
    "from a import(b, c)",
    "from a.b \\\n    import c",
    "from \\\n    .a \\\n    import \\\n    b, \\\n    c, \\\n    d",
    "from a import\\\n    b",
    "from\ta\timport\tb",
    "from . a import b",
    "from .. import a",
    "from a import *",
    "from a import (  # noqa: F401 (for (old) callers)\n    b,  # (c,\n    d as e,\n)",
    "from a import (  # :)\n    # :(\n    b)",
    "try: from a import b\nexcept ImportError: import c",
    "import a; from b import c; d = 1; import e",
    "if 1:\n    if 2: import a; from b import c",
    "class A: from a import b",
    "\x0cimport a\n\x0cfrom b import c",
    "import a  # from b import c",
    "# usage: import a\nx = 1  # import b",
    "import a, b; f(a, b)",
    "import a  # b (",
    "imported = important(1)\nreimport = importlib (1)",
    '"""\nfrom import\n"""',
]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("text", LAYOUTS)
def test_edges_are_those_of_the_tree(text: str, ending: str) -> None:
    expected = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            expected |= {Edge(a.name, None, a.asname or a.name.split(".")[0]) for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            expected |= {Edge(module, a.name, a.asname or a.name) for a in node.names}
    data = (text + "\n").replace("\n", ending).encode()
    assert {e for line in statements(data).decode().split("\n") for e in edges(line)} == expected

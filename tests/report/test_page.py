"""The page as a file: complete in itself, and whatever code and settings say stays text."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from repository import write

from .conftest import SETTINGS

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def page(project: Path, run: Command) -> str:
    (project / "app" / EVIL.replace("/", "\u2215")).with_suffix(".py").write_text(
        "import redis\n\nfrom app.cache.store import cache\n\nredis.Redis(), cache\n"
    )
    write(project, {"pyproject.toml": SETTINGS.replace("loads on purpose", EVIL)})
    target = project / "out.html"
    done = run(
        "report", "--output-format", "html", "-o", str(target), "--history", "--base", "v1", cwd=project
    )
    assert done.returncode == 0, done.stderr
    return target.read_text()


def test_it_is_one_whole_document(page: str) -> None:
    found = _Tags(page)
    assert found.open == []
    names = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(names) == len(set(names))


def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    for tag, attributes in _Tags(page).tags:
        for name in ("src", "href", "action", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), (tag, attributes)
    assert not re.search(r"url\(|@import|\bfetch\(|XMLHttpRequest|WebSocket\(|import\(", page)
    assert "default-src 'none'" in page


def test_what_code_and_settings_say_is_text(page: str) -> None:
    tags = _Tags(page).tags
    assert sum(tag == "script" for tag, _ in tags) == 2
    assert not any(tag == "img" for tag, _ in tags)
    assert not any(name.startswith("on") for _, attributes in tags for name in attributes)
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in page


def test_the_data_is_json_that_ends_no_script(page: str) -> None:
    text = page.split('<script type="application/json" id="data">')[1].split("</script>")[0]
    assert "<" not in text
    data: dict[str, Any] = json.loads(text)
    assert any("alert(1)" in node["label"] for node in data["graph"]["nodes"])


def test_the_graph_has_each_importer_in_its_boundary_once(page: str) -> None:
    text = page.split('<script type="application/json" id="data">')[1].split("</script>")[0]
    graph = json.loads(text)["graph"]
    keys = [node["key"] for node in graph["nodes"]]
    assert len(keys) == len(set(keys))
    by_key = {node["key"]: node for node in graph["nodes"]}
    fields = {field["boundary"]: field for field in graph["fields"]}
    assert {
        "app.redis_manager",
        "auth.redis_manager",
        "app.cache.store",
        "auth/login.py",
        "app/hall.py",
    } <= set(keys)
    for node in graph["nodes"]:
        field = fields[node["boundary"]]
        assert field["x"] <= node["x"] <= field["x"] + field["width"]
        assert field["y"] <= node["y"] <= field["y"] + field["height"]
    places = [(node["x"], node["y"]) for node in graph["nodes"]]
    assert len(places) == len(set(places))
    edges = {(keys[edge["source"]], keys[edge["target"]], edge["crosses"]) for edge in graph["edges"]}
    assert ("app/hall.py", "app.cache.store", False) in edges
    assert ("auth/login.py", "auth.redis_manager", False) in edges
    assert by_key["app/hall.py"]["findings"] == 1


def test_it_is_the_same_for_the_same_project(project: Path, run: Command) -> None:
    pages = {run("report", "--output-format", "html", cwd=project).stdout for _ in range(2)}
    assert len(pages) == 1

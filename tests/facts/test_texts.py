"""Searches in the texts of files that are not parsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_redis_ssot.facts.texts import Search, Texts
from flake8_redis_ssot.filesystem import Disk
from flake8_redis_ssot.project.code_patterns import making_of


def found(folder: Path, text: str, search: str | Search) -> bool:
    path = folder / "a.py"
    path.write_text(text)
    return Texts(Disk()).has(str(path), search)


@pytest.mark.parametrize(("times", "expected"), [(1, True), (2, True), (3, False)])
def test_a_search_counts_matches_that_do_not_overlap(tmp_path: Path, times: int, expected: bool) -> None:
    assert found(tmp_path, "aaaa a", Search("aa", times)) is expected


def test_within_what_another_expression_captures(tmp_path: Path) -> None:
    text = "one = cache\ntwo: cash\n"
    within = r"(?m)=(.*)|:(.*)"
    assert found(tmp_path, text, Search("cache", within=within))
    assert found(tmp_path, text, Search("cash", within=within))
    assert not found(tmp_path, text, Search("one", within=within))
    assert not found(tmp_path, text, Search("ca[a-z]+", 3, within))


@pytest.mark.parametrize(
    "text",
    [
        "class A(Cache):\n    pass\n",
        "class A(\n    Base,\n    Cache,\n):\n    pass\n",
        "cache = Cache()\n",
        "caches = {\n    'a': Cache(),\n}\n",
        "    cache = Cache()\n",
        "class A:\n    cache: Cache\n",
        "def get(cache=Cache()): ...\n",
        "def get(\n    cache: Cache,\n): ...\n",
        "def get() -> Cache: ...\n",
        "    self.cache = Cache()\n",
        "    return Cache()\n",
        "    return (\n        Cache(), 1)\n",
        "    yield Cache()\n",
        "    caches.append(Cache())\n",
    ],
)
def test_what_makes_something_of_a_name(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, text, making_of("Cache"))


@pytest.mark.parametrize(
    "text",
    [
        "from cache import Cache\n",
        "Cache.warm()\n",
        "    Cache().warm()\n",
        "class A(CacheBase):\n    pass\n",
        "cache = MyCache()\n",
        "Cache.size = 1\n",
        "    if Cache is None:\n",
    ],
)
def test_what_makes_nothing_of_a_name(tmp_path: Path, text: str) -> None:
    assert not found(tmp_path, text, making_of("Cache"))

"""What a settings file cannot bring about: read what is no settings file, or run for ever."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import DottedPattern, Settings
from flake8_redis_ssot.settings.patterns import FilePatterns

ENDLESS = ((signal.ITIMER_VIRTUAL, signal.SIGVTALRM, 20), (signal.ITIMER_REAL, signal.SIGALRM, 300))
"""Seconds of work, and of waiting for what never comes."""


@contextmanager
def soon() -> Iterator[None]:
    """An error after seconds in which what is linear has long ended, also on a loaded machine."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = [signal.signal(sign, stop) for _, sign, _ in ENDLESS]
    for timer, _, seconds in ENDLESS:
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for (timer, sign, _), handler in zip(ENDLESS, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(sign, handler)


def settings(folder: Path, text: str) -> Settings:
    (folder / "pyproject.toml").write_text("[tool.redis-ssot]\n" + text)
    return load_settings(str(folder / "pyproject.toml"), root=str(folder), codes=["RED201"])


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*a" * 30 + "b", "a" * 200 + ".py", False),
        ("*a" * 30 + "*", "a" * 200 + ".py", True),
        ("**/a/" * 30 + "b", "a/" * 200 + "c", False),
        ("**/a/" * 30 + "b", "a/" * 200 + "b", True),
        ("*/**/x.py", "a/b/x.py", True),
        ("a*/**", "ab/c", True),
        ("a/**/b/*.py", "a/b/c.py", True),
        ("a/**/b/*.py", "a/xb/c.py", False),
        ("a*[b-c]?*.py", "aabdd.py", True),
    ],
)
def test_no_path_pattern_runs_for_ever(pattern: str, path: str, matches: bool) -> None:
    with soon():
        assert FilePatterns("/p", (pattern,)).match(f"/p/{path}") is matches


@pytest.mark.parametrize(
    ("pattern", "name", "covers"),
    [
        (".".join(["**", "a"] * 30) + ".b", "a." * 200 + "c", False),
        (".".join(["**", "a"] * 30) + ".b", "a." * 200 + "b", True),
        ("*a" * 30 + "b", "a" * 200, False),
        ("*a*b*", "xxaxxbxx.c", True),
        ("**.a*.b.**", "x.a.ab.b.c", True),
        ("a**b", "axb", True),
    ],
)
def test_no_dotted_pattern_runs_for_ever(pattern: str, name: str, covers: bool) -> None:
    with soon():
        assert DottedPattern(pattern).covers(name) is covers
        assert not covers or DottedPattern(pattern).reaches(name)


@pytest.mark.parametrize(
    ("pattern", "name", "reaches"),
    [
        ("a.b.c", "a.b", True),
        ("a.b.c", "b", False),
        ("a.*.c", "a.x", True),
        ("a.**.c", "a.x.y", True),
        ("a.**.c", "b", False),
        ("**.c", "x", True),
    ],
)
def test_what_lies_above_a_pattern(pattern: str, name: str, reaches: bool) -> None:
    assert DottedPattern(pattern).reaches(name) is reaches


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('exclude = ["' + "{a,b}" * 40 + '"]', "stands for more than 1000 patterns"),
        ("select = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ('extend = "pyproject.toml"', "leads back to"),
        ('extend = "link/pyproject.toml"', "`extend` names .*link/.*levels of symbolic links"),
        ('extend = "/dev/zero"', "names /dev/zero, which is no file"),
        ('extend = "pipe"', "pipe, which is no file"),
        ('extend = "."', "which is no file"),
        (
            'extend = "bare/pyproject.toml"',
            r"bare/pyproject.toml: has no \[tool.redis-ssot\] table; add one$",
        ),
        ('extend = "secret.txt"', r"secret.txt:1:\d+: not valid TOML"),
        ('cache-dir = "../../elsewhere"', "outside the project"),
        ('baseline = "../../elsewhere.jsonl"', "outside the project"),
        ('tests = ["../../other/**"]', "leads out of"),
    ],
    ids=lambda value: value[:30],
)
def test_what_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(".")
    (tmp_path / "secret.txt").write_text("the password is hunter2\n")
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare/pyproject.toml").write_text('[project]\nname = "bare"\n')
    os.mkfifo(tmp_path / "pipe")
    with soon(), pytest.raises(SettingsError, match=message) as error:
        settings(tmp_path, text + "\n")
    assert "hunter2" not in str(error.value)


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: Is a directory; name a settings file"):
        load_settings(str(tmp_path), root=str(tmp_path), codes=["RED201"])


def test_import_roots_are_found_once_however_many_stars_there_are(tmp_path: Path) -> None:
    (tmp_path / "/".join("abcdefghijkl")).mkdir(parents=True)
    with soon():
        roots = settings(tmp_path, 'src = ["' + "/".join(["**"] * 20) + '"]\n').boundaries[0].roots
    assert len(roots) == len(set(roots)) == 13


@pytest.mark.parametrize(
    "entry",
    [
        '[[tool.redis-ssot.allow]]\npaths = ["x{0}/*.py"]\nrules = ["RED201"]\nreason = "r"\n',
        '[[tool.redis-ssot.boundary]]\nname = "b{0}"\npaths = ["x{0}/**"]\nmanager = "m{0}"\n',
    ],
    ids=["allow", "boundary"],
)
def test_a_table_may_be_large(entry: str, tmp_path: Path) -> None:
    text = "".join(entry.format(n) for n in range(1000))
    with soon():
        found = settings(tmp_path, text)
    entries = found.allowances or found.boundaries[1:]
    assert [one.line for one in entries[:2]] == [2, 2 + entry.count("\n")] and len(entries) == 1000

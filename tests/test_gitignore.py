"""What git ignores is not checked, and nothing else: git itself says what that is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from monorepo import write
from repository import commit, git

from flake8_redis_ssot.files import discover
from flake8_redis_ssot.settings.finder import SettingsFinder

FILES = [
    f"{folder}{name}.py"
    for folder in ("", "app/", "app/app/", "app/sub/", "lib/", "lib/app/sub/", "build/")
    for name in ("z", "local_redis", "build")
]


@pytest.fixture
def top(tmp_path: Path) -> Path:
    top = tmp_path / "top"
    write(top, dict.fromkeys([*FILES, "app/notes.txt"], ""))
    git(top, "init", "-q", "-b", "main")
    return top


def checked(folder: Path) -> list[str]:
    found = discover([str(folder)], SettingsFinder(str(folder), codes=[]))
    return sorted(os.path.relpath(path, folder) for path in found.files)


def seen_by_git(folder: Path) -> list[str]:
    listed = git(folder, "ls-files", "--others", "--exclude-standard").splitlines()
    return sorted(path for path in listed if path.endswith(".py"))


@pytest.mark.parametrize(
    "said",
    [
        # all but what is named: git must be let into the folders
        {".gitignore": "*\n!*/\n!*.py\n"},
        {".gitignore": "*\n!*.py\n!app/\n"},
        {".gitignore": "*\n!.gitignore\n!*.py\n!**/\n"},
        {".gitignore": "/*\n!/app/\n"},
        {".gitignore": "*\n!*/\n!z.py\n"},
        {".gitignore": "*\n!app\n!app/**\n"},
        # deeper files decide after those above
        {".gitignore": "local_*.py\n", "app/.gitignore": "!local_redis.py\n"},
        {
            ".gitignore": "!local_redis.py\n",
            "app/.gitignore": "local_*\n",
            "app/sub/.gitignore": "!local_*\n",
        },
        {".gitignore": "z.py\n", "lib/.gitignore": "!app/\n"},
        {".gitignore": "*.py\n", "app/.gitignore": "!*.py\nz.py\n"},
        # what is in an ignored folder cannot be taken back
        {".gitignore": "app/\n!app/z.py\n"},
        {".gitignore": "app\n", "app/.gitignore": "!*\n"},
        {".gitignore": "app/*\n!app/z.py\n"},
        {".gitignore": "app/**\n!app/sub/z.py\n"},
        # the last line decides
        {".gitignore": "app/\n!app/\n"},
        {".gitignore": "!app/\napp/\n"},
        {".gitignore": "!z.py\n*.py\n!local_redis.py\n"},
        # for folders alone, for one place alone
        {".gitignore": "build/\n"},
        {".gitignore": "build\n"},
        {".gitignore": "/z.py\n/app/sub\n"},
        {".gitignore": "**/app/sub/\n"},
        # no patterns
        {".gitignore": "!\n\\\n/\n[\n# z.py\n\nlib//\n"},
        {".gitignore": "[z-a]\nz.py  \r\n"},
        # one file for the repository, before all others
        {".git/info/exclude": "local_*.py\n"},
        {".git/info/exclude": "local_*.py\n", "app/.gitignore": "!local_redis.py\n"},
        {".git/info/exclude": "!z.py\n", ".gitignore": "z.py\n"},
    ],
    ids=repr,
)
def test_the_last_line_that_takes_a_path_decides(top: Path, said: Mapping[str, str]) -> None:
    write(top, said)
    assert checked(top) == seen_by_git(top)


def test_work_trees_share_what_their_repository_excludes(top: Path) -> None:
    commit(top, {"app/z.py": ""})
    git(top, "worktree", "add", "-q", "../beside")
    beside = top.parent / "beside"
    write(beside, {"app/local_redis.py": "", "app/new.py": ""})
    write(top, {".git/info/exclude": "local_*.py\n"})
    assert "app/local_redis.py" not in checked(beside)
    assert "app/new.py" in checked(beside) and seen_by_git(beside) == ["app/new.py"]


def test_a_folder_that_is_named_is_checked_though_it_is_ignored(top: Path) -> None:
    write(top, {".gitignore": "build/\nlocal_*\n"})
    assert checked(top / "build") == ["build.py", "z.py"]

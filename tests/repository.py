"""A git repository that a test makes, without the settings of whoever runs it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from monorepo import write

_AUTHOR = {"NAME": "a", "EMAIL": "a@example.com"}
_ENVIRONMENT = {
    **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _AUTHOR.items()},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(folder: Path, *arguments: str, date: str = "2026-01-01T00:00:00Z") -> str:
    """What a git command prints."""
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **_ENVIRONMENT, **dates},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def commit(
    folder: Path, files: Mapping[str, str] = {}, *, tag: str = "", date: str = "2026-01-01T00:00:00Z"
) -> str:
    """Commit all that is there, with these files; the name of the commit."""
    write(folder, dict(files))
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "a change", "--allow-empty", date=date)
    if tag:
        git(folder, "tag", tag)
    return git(folder, "rev-parse", "HEAD")

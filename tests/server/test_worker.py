"""What the worker of the language server finds, in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
from stateful import STATEFUL

from flake8_redis_ssot.server.session import Options
from flake8_redis_ssot.server.worker import Check, Mend


def test_what_other_files_hold_back_stays_once_the_project_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.redis-ssot]\nmanager = "new"\nforbidden-managers = ["old"]\n'
        '[tool.redis-ssot.replacements]\n"old.manager" = "new.manager"\n'
    )
    for name in ("old", "new"):
        (tmp_path / f"{name}.py").write_text(STATEFUL)
    files = tuple(str(tmp_path / f"{name}.py") for name in ("rooms", "kept"))
    for path in files:
        Path(path).write_text('from old import manager\n\nmanager.get("room")\n')
    monkeypatch.chdir(tmp_path)
    for _ in range(2):  # first of all, and then from the cache
        assert not Mend(Options(), files[:1]).result()
        assert Check(Options(), (str(tmp_path),)).result().diagnostics
    assert Mend(Options(), files).result().keys() == {*files}

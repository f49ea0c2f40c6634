"""A short run of edits.py, and that it sees what is stale; `EDITS=1000` makes it long."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flake8_redis_ssot.server.session import Session
from server.edits import Editing


@pytest.mark.parametrize("seed", [3, 4])
def test_what_is_shown_is_what_a_cold_run_finds(tmp_path: Path, seed: int) -> None:
    editing = Editing(tmp_path, seed)
    for _ in range(int(os.environ.get("EDITS", "60"))):
        editing.step()
    editing.run()
    assert editing.compared > 100


def test_what_is_stale_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "_forget_dependents", lambda session, path: False)
    editing = Editing(tmp_path, 1)
    with pytest.raises(AssertionError, match="shown"):
        for _ in range(200):
            editing.step()

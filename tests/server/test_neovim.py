"""The server in a real editor: Neovim without a screen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from shimmed import FILES

from server.conftest import COMMAND

SCRIPT = Path(__file__).with_name("neovim.lua")


@pytest.fixture
def neovim() -> str:
    """Its path; without it the test is skipped, and fails in CI."""
    found = shutil.which("nvim")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no Neovim to try the server in; .ci/run installs neovim")
        pytest.skip("no Neovim")
    return found


def test_neovim_shows_a_finding_and_applies_its_fix(neovim: str, project: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    environment = {
        **os.environ,
        "ROOT": str(project),
        "FILE": "app/old.py",
        "COMMAND": json.dumps(COMMAND),
        "SEEN": str(seen),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    done = subprocess.run(
        [neovim, "--headless", "--clean", "-n", "-c", f"luafile {SCRIPT}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert seen.exists(), done.stderr
    found = json.loads(seen.read_text())
    assert done.returncode == 0, found
    assert found["source"] == "redis-ssot" and found["line"] == 0
    assert "app.db.redis_manager" in found["message"]
    assert found["hover"].startswith("`app.db.redis_manager") and "forbidden-manager-import" in found["hover"]
    assert found["definition"] == (project / "app/redis_manager.py").as_uri()
    assert found["titles"][1:] == [
        "Silence RED101 here by a `noqa` with a reason",
        "Allow RED101 in this file, in the settings",
    ]
    assert found["text"] == FILES["app/old.py"].replace("app.db.", "app.").rstrip("\n")
    assert (project / "app/old.py").read_text().startswith("from app.redis_manager import")

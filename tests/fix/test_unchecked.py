"""What files that no run checks name of a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_redis_ssot.facts.modules import Modules
from flake8_redis_ssot.filesystem import Disk
from flake8_redis_ssot.fix.sources.unchecked import LARGEST, Unchecked
from flake8_redis_ssot.settings.model import Settings


class Refusing(Disk):
    """A disk on which one file may not be read."""

    def __init__(self, refused: str) -> None:
        self.refused = refused

    def read(self, path: str) -> bytes:
        if path.endswith(self.refused):
            raise PermissionError(13, "Permission denied")
        return super().read(path)


@pytest.mark.parametrize("refused", ["", "deploy.yaml", "start", "notes.md", "script.py"])
def test_a_file_that_may_not_be_read_or_is_too_large_names_nothing(tmp_path: Path, refused: str) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "cache.py").write_text("")
    (tmp_path / "deploy.yaml").write_text("target: app.cache.client\n")
    (tmp_path / "large.yaml").write_text("target: app.cache.client\n" + "#" * LARGEST)
    (tmp_path / "start").write_text("#!/usr/bin/env python\nfrom app.cache import client\n")
    (tmp_path / "notes.md").write_text(">>> from app.cache import client\n")
    (tmp_path / "script.py").write_text("from app.cache import client\n")
    disk, settings = Refusing(refused or "none"), Settings(root=str(tmp_path))
    known = [str(tmp_path / "app" / "cache.py")]
    facts = Unchecked(settings, known, disk).facts(Modules((str(tmp_path),), disk))
    named = {Path(one.path).name for one in facts if "app.cache" in one.imports}
    assert named == {"deploy.yaml", "start", "notes.md", "script.py"} - {refused}

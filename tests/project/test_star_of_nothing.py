"""Names behind a star import of a module that is not there."""

from __future__ import annotations

from pathlib import Path

from flake8_redis_ssot.facts.modules import Found, Modules
from flake8_redis_ssot.filesystem import DISK


def test_a_star_of_a_module_that_is_not_there_ends_the_search(tmp_path: Path) -> None:
    package = tmp_path / "app"
    package.mkdir()
    (package / "__init__.py").write_text("from app.gone import *\nfrom app.here import *\n")
    (package / "here.py").write_text("value = 1\n")
    modules = Modules((str(tmp_path),), DISK)
    assert modules.lookup("app.value") == Found("unknown", "app.value")
    (package / "__init__.py").write_text("from app.here import *\nfrom app.gone import *\n")
    modules = Modules((str(tmp_path),), DISK)
    assert modules.lookup("app.value") == Found("object", "app.here.value")
    assert modules.lookup("app.other") == Found("unknown", "app.other")

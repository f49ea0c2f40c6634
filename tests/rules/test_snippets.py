"""Small cases, many to a file: each says in comments what the file rules report of it, and nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from conftest import FIXTURES, expectations

from flake8_redis_ssot.lint.run import checker_for, run
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import Selection


@pytest.mark.parametrize("path", sorted((FIXTURES / "snippets").glob("*.txt")), ids=lambda path: path.stem)
def test_snippets(path: Path, tmp_path: Path) -> None:
    for name in ("app", "auth", "empty", "pooled"):
        shutil.copytree(FIXTURES / name, tmp_path / name)
    shutil.copy(FIXTURES / "pyproject.toml", tmp_path)
    parts = re.split(r"^#### (\S+)\n", path.read_text(), flags=re.MULTILINE)[1:]
    snippets = dict(zip(parts[::2], parts[1::2], strict=True))
    for name, text in snippets.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    settings = load_settings(str(tmp_path / "pyproject.toml"), root=str(tmp_path), codes=list(defaults()))
    files = [str(tmp_path / name) for name in snippets]
    outcome = run(files, checker_for(settings, Selection(), project=False))
    assert outcome.failures == []
    found: dict[str, list[tuple[int, str]]] = {name: [] for name in snippets}
    for d in outcome.diagnostics:
        found[str(Path(d.path).relative_to(tmp_path))].append((d.range.start.line, d.code))
    for name, text in snippets.items():
        expected = [(line, code) for line, code, _ in expectations(text)]
        assert (name, sorted(found[name])) == (name, expected)

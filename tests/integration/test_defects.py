"""A fault of our own while fixes are worked out: what was found is reported all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_redis_ssot.cli.main import main
from flake8_redis_ssot.fix.edits.propose import Rewriter

FILES = {
    "pyproject.toml": '[tool.redis-ssot]\nmanager = "app.manager"\n',
    "app/__init__.py": "",
    "app/manager.py": "import redis\n\nclient = redis.Redis()\n",
    "app/rooms.py": "import redis\n\nclient = redis.Redis()\n",
}
NAMED = (
    "error: app/rooms.py: no fixes were worked out: KeyError: 'lost'; "
    "this is a defect of redis-ssot, please report it with the file"
)


@pytest.mark.parametrize(
    ("command", "reports"),
    [
        ("check --output-format json", True),
        ("check --fix --unsafe-fixes", True),
        ("check --fix-only", False),
        ("check --diff", False),
        ("plan", False),
        ("report", False),
        ("migrate", False),
    ],
)
def test_a_defect_ends_no_run(
    command: str,
    reports: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(*given: object) -> None:
        raise KeyError("lost")

    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Rewriter, "propose", fails)
    assert main(command.split()) == 2
    said = capsys.readouterr()
    assert NAMED in " ".join(said.err.replace(str(tmp_path) + "/", "").split())
    assert ("RED201" in said.out) == reports
    assert (tmp_path / "app/rooms.py").read_text() == FILES["app/rooms.py"]

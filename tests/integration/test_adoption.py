"""What docs/adoption.md tells, done: a project that knows nothing of this tool comes to a ratchet.

The installed command is run, and git runs the hooks as `.pre-commit-hooks.yaml` has them.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from monorepo import write
from repository import commit, git

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
BASELINE = "redis-ssot-baseline.jsonl"
USER = """from shop.redis_manager import get_redis


def total(user):
    amounts = get_redis().hvals(f"amounts:{user}")
    return sum(int(amount) for amount in amounts)
"""
OLD = 'import redis\n\n\ndef {name}():\n    return redis.Redis(host="cache").get("{name}")\n'
FOREIGN = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n',
    "shop/__init__.py": "",
    "shop/redis_manager.py": "import redis\n\n_client = None\n\n\ndef get_redis():\n    global _client\n"
    '    if _client is None:\n        _client = redis.Redis(host="redis")\n    return _client\n',
    **{f"shop/{name}.py": USER for name in ("cart", "orders", "search")},
    **{f"shop/{name}.py": OLD.format(name=name) for name in ("prices", "stock")},
    "shop/lookup.py": "import redis\n\n\nclass Makers:\n    client = redis.Redis\n",
    "shop/rates.py": "from shop.lookup import Makers\n\nrates = Makers().client()\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    git(root, "init", "--quiet")
    commit(root, FOREIGN)
    return root


def redis_ssot(project: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run([BIN / "redis-ssot", *arguments], cwd=project, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def install_hook(project: Path, name: str) -> None:
    """Have git run a hook before a commit: its entry, with the staged files of Python if it is given names."""
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    entry = hooks[name]["entry"]
    if hooks[name].get("pass_filenames", True):
        entry = f"git diff --cached --name-only --diff-filter=ACM -z -- '*.py' '*.pyi' | xargs -0r {entry}"
    script = project / ".git" / "hooks" / "pre-commit"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f"#!/bin/sh\nPATH={shlex.quote(str(BIN))}:$PATH\n{entry}\n")
    script.chmod(0o755)


def refused(project: Path, files: dict[str, str]) -> str:
    """What the hook says of a commit with these files, which it has to refuse; they are not committed."""
    head = git(project, "rev-parse", "HEAD")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        commit(project, files)
    assert git(project, "rev-parse", "HEAD") == head
    return f"{caught.value.stdout}{caught.value.stderr}"


@pytest.mark.parametrize("hook", ["redis-ssot", "redis-ssot-project"])
def test_a_foreign_project_comes_to_a_ratchet(hook: str, project: Path) -> None:
    before = {name: (project / name).read_text() for name in FOREIGN}
    status, said = redis_ssot(project, "init", "--write")
    assert status == 0 and "Wrote [tool.redis-ssot] into pyproject.toml" in said
    settings = (project / "pyproject.toml").read_text()
    assert settings.startswith(before["pyproject.toml"])
    assert 'manager = "shop.redis_manager"' in settings and 'instance = "get_redis()"' in settings
    assert all((project / name).read_text() == text for name, text in before.items() if name.endswith(".py"))

    status, said = redis_ssot(project, "check", "--output-format", "concise")
    assert status == 1 and all(f"shop/{name}.py" in said for name in ("prices", "stock", "rates"))
    status, said = redis_ssot(project, "baseline")
    assert status == 0 and f"in {BASELINE}" in said
    recorded = (project / BASELINE).read_text().splitlines()
    key = f'[tool.redis-ssot]\nbaseline = "{BASELINE}"\n'
    write(project, {"pyproject.toml": settings.replace("[tool.redis-ssot]\n", key)})
    assert redis_ssot(project, "check") == (0, "All checks passed!\n")

    install_hook(project, hook)
    # what was there passes, also where its file is changed
    commit(project, {"shop/prices.py": f"# the prices\n{FOREIGN['shop/prices.py']}"})
    new = 'import redis\n\n\ndef mail():\n    redis.Redis(host="mail").publish("mail", "")\n'
    said = refused(project, {"shop/mail.py": new})
    assert "RED201 `redis.Redis` builds a client outside the Redis manager; use `get_redis()`" in said
    assert "shop/mail.py:5:5" in said and "shop/stock.py" not in said
    commit(project, {"shop/mail.py": USER})

    # what was mended leaves the baseline, and is new when it comes back
    commit(project, {"shop/stock.py": USER})
    status, said = redis_ssot(project, "check")
    assert status == 0 and f"{BASELINE}: " in said and "`redis-ssot baseline --prune` drops" in said
    assert redis_ssot(project, "baseline", "--prune")[0] == 0
    left = (project / BASELINE).read_text().splitlines()
    assert set(left) < set(recorded) and not any("stock.py" in line for line in left)
    commit(project)
    assert "shop/stock.py:5:12" in refused(project, {"shop/stock.py": FOREIGN["shop/stock.py"]})
    commit(project, {"shop/stock.py": USER})

    # done: without a finding there is nothing to record
    commit(project, {f"shop/{name}.py": USER for name in ("prices", "lookup", "rates")})
    assert redis_ssot(project, "baseline", "--prune")[0] == 0
    assert not any("RED" in line for line in (project / BASELINE).read_text().splitlines())
    (project / BASELINE).unlink()
    write(project, {"pyproject.toml": settings})
    commit(project)
    assert redis_ssot(project, "check") == (0, "All checks passed!\n")
    assert git(project, "status", "--porcelain") == ""


def test_what_needs_all_files_stops_at_the_hook_that_has_them(project: Path) -> None:
    write(project, {"pyproject.toml": '[tool.redis-ssot]\nmanager = "shop.redis_manager"\n'})
    install_hook(project, "redis-ssot")
    commit(project, {"shop/rates.py": f"# rates\n{FOREIGN['shop/rates.py']}"})
    install_hook(project, "redis-ssot-project")
    said = refused(project, {"shop/rates.py": FOREIGN["shop/rates.py"]})
    assert "RED206" in said and "shop/rates.py:3:9" in said

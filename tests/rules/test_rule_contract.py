"""What every rule keeps to."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from conftest import Command, places

from flake8_redis_ssot.output.rule_page import table
from flake8_redis_ssot.rule import Rule
from flake8_redis_ssot.rules import all_rules
from flake8_redis_ssot.settings.model import OPTIONS

ROOT = Path(__file__).parents[2]
HEADINGS = ["What it does", "Why is this bad?", "Example", "Use instead", "Options", "References"]
APP = {
    "redis_manager.py": """
import redis

pool = redis.ConnectionPool(host="cache", port=6379)


class RedisManager:
    def __init__(self):
        self.client = redis.Redis(host="queue")


redis_manager = RedisManager()
""",
    "library.py": """
import redis


def client_class():
    return redis.Redis
""",
    "store.py": """
import redis

client = redis.Redis(host="cache")
""",
    "cache.py": "from app.redis_manager import redis_manager\n",
    "rooms.py": "from app.redis_manager import redis_manager\n",
}
rules = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)


@rules
def test_names_and_headings(rule: type[Rule]) -> None:
    file = f"{rule.code}_{rule.name}".lower().replace("-", "_")
    assert rule.__module__.rpartition(".")[2] == file, "the file's name is the code with the rule's name"
    assert re.findall(r"^## (.+)$", rule.documentation(), re.MULTILINE) == HEADINGS
    options = re.findall(r"^- `([\w-]+)`$", rule.documentation(), re.MULTILINE)
    assert options, "the page names no option"
    assert set(options) <= set(OPTIONS), "the page names an option that does not exist"
    changelog = (ROOT / "CHANGELOG.md").read_text()
    unreleased = changelog.partition("## [Unreleased]")[2].partition("\n## [")[0]
    where = changelog if f"## [{rule.since}]" in changelog else unreleased
    assert rule.code in where, (
        f"CHANGELOG.md does not name {rule.code}: under [Unreleased], unless `since` is released"
    )


def test_readme_holds_the_generated_table() -> None:
    is_new = table(all_rules(), "docs/rules/") in (ROOT / "README.md").read_text()
    assert is_new, "the README has another table of rules: run `python docs/generate.py`"


@rules
def test_example_fires_and_use_instead_does_not(rule: type[Rule], tmp_path: Path, run: Command) -> None:
    bad, good = (
        textwrap.dedent(b)
        for b in re.findall(r"```(?:python|toml)\n(.*?)```", rule.documentation(), re.DOTALL)
    )
    if "```toml" in rule.documentation():
        for block, expected in ((bad, True), (good, False)):
            (tmp_path / "app").mkdir(exist_ok=True)
            (tmp_path / "app" / "redis_manager.py").write_text("")
            (tmp_path / "pyproject.toml").write_text(block)
            found = places(run("check", "--output-format", "concise", cwd=tmp_path).stdout)
            assert (rule.code in {code for _, _, _, code in found}) is expected
        return
    (tmp_path / "pyproject.toml").write_text(
        '[tool.redis-ssot]\nmanager = "app.redis_manager"\nforbidden-managers = ["app.db.redis_manager"]\n'
        '[[tool.redis-ssot.boundary]]\nname = "auth"\npaths = ["auth_service/**"]\n'
        'manager = "auth_service.auth_core.redis_manager"\n'
    )
    (tmp_path / "app").mkdir()
    for name, text in APP.items():
        (tmp_path / "app" / name).write_text(text)
    (tmp_path / "bad.py").write_text(bad)
    (tmp_path / "good.py").write_text(good)
    chosen = ("--extend-select", rule.code)
    found = places(run("check", "--output-format", "concise", *chosen, cwd=tmp_path).stdout)
    assert rule.code in {code for path, _, _, code in found if path == "bad.py"}, (
        "the page's example is not reported"
    )
    # a page's few lines may do nothing but hand the manager on
    others = {"RED402"} - {rule.code}
    wrong = [row for row in found if row[0] == "good.py" and row[3] not in others]
    assert not wrong, "what the page advises is reported"

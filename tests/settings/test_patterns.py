"""Path patterns: `exclude` and `per-file-ignores` as ruff has them, the others as gitignore, none in vain."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from flake8_redis_ssot.files import discover
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import Globs, Settings
from flake8_redis_ssot.settings.patterns import PatternError, ignoring

FILES = [
    "a.py", "b}.py", "lib/a.py", "lib/test_x.py", "sub/d.py", "sub/vendor/c.py",
    "vendor/a.py", "vendor/deep/b.py", "vendor/deep/er/b.py", "vendor[1]/a.py", "{{cookie}}/a.py",
]  # fmt: skip
BOTH = [
    "vendor", "./vendor", "{vendor,lib}", "ven{d,{x,y}}or", "{,vendor}", "vendor//deep", "a/../vendor",
    "**/vendor", "vendor/**", "vendor/*.py", "vendor/**/b.py", "**/b.py", "**", "*", "v**r", "**vendor", "[]a]*",
    "vendor/de?p", "vendor?deep", "v*b.py", "a.py", "?.py", "test_*", "vendor[[]1]", "vendor\\[1\\]",
    "*[}].py", "{a/b,vendor}", "[{][{]cookie[}][}]", "/vendor", "../project/vendor", "vendor\\/deep",
    "{vendor,lib}/{a,b}.py", "vendor/**/**/b.py", "sub/**/**", "*.{py,pyi}", "[a-c].py", "nothing",
]  # fmt: skip
WRONG = ["[vendor", "{vendor", "vendor}", "[z-a]", "vendor\\", "{vendor}", "{{cookie}}", "{}", "{,}"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout") / "project"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("import os\n")
    return folder


def ruff(folder: Path, text: str, *arguments: str) -> str:
    (folder / "ruff.toml").write_text(text)
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", *arguments, "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout


def ours(folder: Path, text: str) -> Settings:
    (folder / "pyproject.toml").write_text(f"[tool.redis-ssot]\n{text}")
    return load_settings(str(folder / "pyproject.toml"), root=str(folder), codes=["RED201"])


def below(folder: Path, paths: Iterable[str]) -> set[str]:
    return {str(Path(path).relative_to(folder)) for path in paths if path.endswith(".py")}


@pytest.mark.parametrize("pattern", [*BOTH, "vendor/", "lib/", "PROJECT/vendor", "PROJECT/**/deep"])
def test_exclude_is_ruff_s(pattern: str, project: Path) -> None:
    text = f"exclude = [{json.dumps(pattern.replace('PROJECT', str(project)))}]\n"
    expected = below(project, ruff(project, text, "--show-files").splitlines())
    settings = ours(project, text)
    found = discover([str(project)], SettingsFinder(str(project), codes=[]))
    assert below(project, found.files) == expected
    assert {name for name in FILES if not settings.excludes(str(project / name))} == expected


@pytest.mark.parametrize(
    "pattern", [*BOTH, "[!a]*", "[^a]*", "!vendor/**", "!a.py", "!{vendor,lib}/*", "PROJECT/vendor/*"]
)
def test_per_file_ignores_are_ruff_s(pattern: str, project: Path) -> None:
    key = json.dumps(pattern.replace("PROJECT", str(project)))
    rows = json.loads(
        ruff(project, f'[lint.per-file-ignores]\n{key} = ["F401"]\n', "--output-format", "json")
    )
    (ignore,) = ours(project, f'per-file-ignores = {{ {key} = ["RED201"] }}').per_file_ignores
    assert {name for name in FILES if not ignore.match(str(project / name))} == below(
        project, (row["filename"] for row in rows)
    )


def test_the_place_of_the_checkout_makes_no_difference(project: Path) -> None:
    for pattern in ("checkout*", "*project", "[!a]heckout0", "**/project"):
        assert not ours(project, f'exclude = ["{pattern}"]').excludes(str(project / "a.py"))


@pytest.mark.parametrize("pattern", [*WRONG, "", "PROJECT/[vendor"])
@pytest.mark.parametrize(
    "setting",
    ["exclude", "extend-exclude", "tests", "src", "per-file-ignores", "boundary", "allow"],
)
def test_what_can_match_nothing_is_an_error(setting: str, pattern: str, tmp_path: Path) -> None:
    text = json.dumps(pattern.replace("PROJECT", str(tmp_path)))
    table = {
        "per-file-ignores": f'[tool.redis-ssot.per-file-ignores]\n{text} = ["RED201"]\n',
        "boundary": f'[[tool.redis-ssot.boundary]]\nname = "b"\npaths = [{text}]\n',
        "allow": f'[[tool.redis-ssot.allow]]\npaths = [{text}]\nrules = ["RED201"]\nreason = "r"\n',
    }.get(setting, f"[tool.redis-ssot]\n{setting} = [{text}]\n")
    (tmp_path / "pyproject.toml").write_text(table)
    with pytest.raises(SettingsError, match=setting) as error:
        load_settings(str(tmp_path / "pyproject.toml"), root=str(tmp_path), codes=["RED201"])
    assert len(error.value.messages) == 1 and str(tmp_path) in error.value.messages[0]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('exclude = ["!vendor"]', "takes nothing back"),
        ('exclude = ["."]', "the folder of the settings file itself"),
        ('per-file-ignores = { "vendor/" = ["RED201"] }', "write `folder/\\*\\*`"),
        ('tests = ["../tests/**"]', "leads out of"),
        ('tests = ["a/../../tests/**"]', "leads out of"),
        ('tests = ["/usr/**"]', "leads out of"),
        ('tests = ["#tests"]', "would be a comment"),
        ('tests = [" "]', "matches nothing"),
        ('tests = ["!tests/data/**"]', "only takes back"),
    ],
)
def test_what_each_kind_of_pattern_cannot_say(table: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.redis-ssot]\n{table}\n")
    with pytest.raises(SettingsError, match=message):
        load_settings(str(tmp_path / "pyproject.toml"), root=str(tmp_path), codes=["RED201"])


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [
        ("auth", ["auth/a.py", "sub/auth/b.py"]),
        ("auth/", ["auth/a.py", "sub/auth/b.py"]),
        ("./auth", ["auth/a.py"]),
        ("/auth/**", ["auth/a.py"]),
        ("BASE/auth", ["auth/a.py"]),
        ("BASE/auth/", ["auth/a.py"]),
        ("sub/../auth/*.py", ["auth/a.py"]),
        ("{auth,lib}/**", ["auth/a.py", "lib/c.py"]),
        ("{lib,sub/{auth,none}}/**", ["lib/c.py", "sub/auth/b.py"]),
        ("**/auth/**", ["auth/a.py", "sub/auth/b.py"]),
        (".", ["auth/a.py", "lib/c.py", "sub/auth/b.py"]),
        ("BASE", ["auth/a.py", "lib/c.py", "sub/auth/b.py"]),
    ],
)
def test_the_others_are_gitignore_s(pattern: str, taken: list[str]) -> None:
    base = "/srv/pro[j]ect"
    globs = Globs(base, ignoring(base, pattern.replace("BASE", base), DISK))
    assert [p for p in ("auth/a.py", "lib/c.py", "sub/auth/b.py") if globs.match(f"{base}/{p}")] == taken


def test_whether_a_pattern_leads_out_is_asked_of_the_files_that_are_meant() -> None:
    with pytest.raises(PatternError, match="it leads out of /p"):
        ignoring("/p", "/etc/**", DISK)
    edited = DISK.with_edits({"/p/etc/a.py": b""})
    assert ignoring("/p", "/etc/**", edited) == ("/etc/**",)


def test_what_is_taken_back_stays_taken_back() -> None:
    globs = Globs("/p", (*ignoring("/p", "tests/**", DISK), *ignoring("/p", "!{a,tests/data}/**", DISK)))
    assert globs.match("/p/tests/x.py") and not globs.match("/p/tests/data/x.py")


def test_the_choice_of_a_choice() -> None:
    with pytest.raises(PatternError, match=r"write `\[\{\]`"):
        ignoring("/p", "{{cookiecutter.slug}}/**", DISK)
    assert ignoring("/p", "[{][{]cookiecutter.slug[}][}]/**", DISK) == ("/[{][{]cookiecutter.slug[}][}]/**",)

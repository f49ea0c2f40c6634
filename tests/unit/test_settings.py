"""Settings: patterns, choice of rules, boundaries."""

from __future__ import annotations

from pathlib import Path

import pytest

from flake8_redis_ssot.settings.boundaries import SettingsError, boundary_of, place_of
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import DottedPattern, Selection, Settings, chosen_codes

CODES = ["RED101", "RED201"]


def settings(folder: Path, text: str) -> Settings:
    (folder / "pyproject.toml").write_text("[tool.redis-ssot]\n" + text)
    return load_settings(str(folder / "pyproject.toml"), root=str(folder), codes=CODES)


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.b.c", True),
        ("a.b", "a.bc", False),
        ("a.*.m", "a.x.m.f", True),
        ("a.*.m", "a.x.y.m", False),
        ("**.m", "m", True),
        ("**.m", "a.b.m", True),
        ("a.**", "a", True),
        ("a.*_manager", "a.redis_manager", True),
    ],
)
def test_dotted_patterns(pattern: str, name: str, covered: bool) -> None:
    assert DottedPattern(pattern).covers(name) is covered


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        (Selection(), {"RED101"}),
        (Selection(select=("RED",)), {"RED101", "RED201"}),
        (Selection(select=("RED",), ignore=("RED1",)), {"RED201"}),
        (Selection(select=("RED101",), ignore=("RED",)), {"RED101"}),
        (Selection(extend_select=("RED201",)), {"RED101", "RED201"}),
        (Selection(select=("ALL",), ignore=("RED101",)), {"RED201"}),
        (Selection(ignore=("ALL",)), set()),
    ],
)
def test_the_longer_prefix_wins(selection: Selection, chosen: set[str]) -> None:
    assert chosen_codes((selection,), {"RED101": True, "RED201": False}) == chosen


def test_the_longest_literal_prefix_claims_a_path(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        '[[tool.redis-ssot.boundary]]\nname = "all"\npaths = ["services/**"]\n'
        '[[tool.redis-ssot.boundary]]\nname = "auth"\npaths = ["services/auth/**"]\n'
        '[[tool.redis-ssot.boundary]]\nname = "a"\npaths = ["x/*a.py"]\n'
        '[[tool.redis-ssot.boundary]]\nname = "b"\npaths = ["x/*_a.py"]\n',
    )

    def name(path: str) -> str:
        return boundary_of(found, str(tmp_path / path)).name

    assert [name("services/auth/x.py"), name("services/x.py"), name("x/aa.py"), name("y.py")] == [
        "auth",
        "all",
        "a",
        "",
    ]
    with pytest.raises(SettingsError, match="`a` and `b` both claim"):
        name("x/b_a.py")


def test_a_file_is_known_by_every_import_root(tmp_path: Path) -> None:
    found = settings(tmp_path, 'manager = "app.manager"\n')
    place = place_of(found, str(tmp_path / "src" / "app" / "manager" / "__init__.py"))
    assert place.modules == ("src.app.manager", "app.manager") and place.is_manager and place.is_package
    assert not place_of(found, str(tmp_path / "app" / "managers.py")).is_manager


def test_extend_keeps_the_parents_folder_for_its_paths(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    settings(tmp_path / "base", 'manager = "m"\nsrc = ["lib"]\nextend-exclude = ["gone"]\n')
    found = settings(tmp_path, 'extend = "base/pyproject.toml"\ninstance = "i"\n')
    assert found.boundaries[0].managers == ("m",) and found.boundaries[0].instance == "i"
    assert found.boundaries[0].roots == (str(tmp_path / "base" / "lib"),)
    assert found.excludes(str(tmp_path / "base" / "gone" / "x.py"))
    assert not found.excludes(str(tmp_path / "gone" / "x.py"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'manager = "m"\n[[tool.redis-ssot.boundary]]\nname = "b"\npaths = ["b/**"]\nmanager = "m"\n',
            "is the manager of the top-level table and of boundary `b`",
        ),
        ('manager = "m"\nforbidden-managers = ["m"]\n', "names the manager `m` itself"),
        ('[[tool.redis-ssot.allow]]\npaths = ["x"]\nrules = ["RED201"]\n', "needs `reason`"),
        ('cache-dir = "../elsewhere"\n', "outside the project"),
        ('required-version = ">=99"\n', "install a version that fits"),
    ],
)
def test_contradictions_are_errors(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=message):
        settings(tmp_path, text)

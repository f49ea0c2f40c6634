"""All that is wrong with settings is said in one go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.load import load_settings

CLAIMED = '[[tool.redis-ssot.boundary]]\nname = "{}"\npaths = ["auth/**"]\nmanager = "m"\n'
TWICE = CLAIMED.format("a") + CLAIMED.format("b")
JOINT = [
    "`m` is the manager of the top-level table and of boundary `a`",
    "`m` is the manager of the top-level table and of boundary `b`",
    "`m` is the manager of boundary `a` and of boundary `b`",
    "the path `/auth/**` is claimed by boundary `a` and by boundary `b`",
]


def messages(folder: Path, text: str) -> list[str]:
    (folder / "pyproject.toml").write_text(f"[tool.redis-ssot]\n{text}")
    with pytest.raises(SettingsError) as error:
        load_settings(str(folder / "pyproject.toml"), root=str(folder), codes=["RED101"], formats=["full"])
    return [message.removeprefix(f"{folder}/pyproject.toml") for message in error.value.messages]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # a version that is none hides no other mistake
        ('required-version = "latest"\nmanger = 3\nselect = ["E5"]\n', ["`latest`", "`manger`", "`E5`"]),
        # what is wrong with one value, and what values have to do with each other
        ('manager = "m"\nmanger = 3\ncache-dir = "../x"\nbaseline = "../y"\n' + TWICE, ["`manger`", "`baseline`", "`cache-dir`", *JOINT]),
        ('manager = "m"\nforbidden-managers = ["m"]\ninstance = ""\n', ["`instance`", "names the manager `m` itself"]),
        ('manager = "m"\nselect = 3\n[[tool.redis-ssot.allow]]\npaths = ["x"]\nrules = ["E5"]\n' + TWICE, ["`select`", "`E5`", "needs `reason`", *JOINT]),
        # a key of a boundary, its name, and a boundary that is none
        ('manager = "m"\n' + TWICE + "instnace = 3\n", ["`boundary.instnace`", *JOINT]),
        ('manager = "m"\n' + TWICE + "forbidden-managers = 3\n", ["`boundary.forbidden-managers`", *JOINT]),
        ('manager = "m"\n' + TWICE.replace('paths = ["auth/**"]\n', "", 1), ["needs `paths`", *JOINT[:3]]),
        ('manager = "m"\n' + TWICE + CLAIMED.format("a"), ["boundary `a` is defined twice", *JOINT]),
        ('manager = "m"\n' + TWICE.replace('name = "a"', "name = 3"), ["`boundary.name`", JOINT[1]]),
        # the items of a list, and the entries of a table
        ("exclude = ['[vendor', '', 3, '{a']\n", ["none empty", "a `[` is not closed", "a `{` is not closed"]),
        ('manager = ["", "a b", "c/d"]\n', ["must be a dotted module name", "`a b`", "`c/d`"]),
        ('select = ["", "E5"]\n', ["none empty", "`E5`"]),
        ('tests = ["", "!tests"]\n', ["none empty", "only takes back"]),
        ('replacements = { "a b" = "c.d", "e.f" = 3, "g.h" = "i j" }\n', ["must be a table of strings", "`a b`", "`i j`"]),
    ],
)  # fmt: skip
def test_one_mistake_hides_no_other(text: str, said: list[str], tmp_path: Path) -> None:
    found = messages(tmp_path, text)
    assert [part for part in said if not any(part in message for message in found)] == []
    assert len(found) == len(said)


@pytest.mark.parametrize(
    ("parent", "text", "said"),
    [
        # what a wrong key replaces is not meant
        ('manager = "m"\n' + CLAIMED.format("a").replace('"m"', '"n"'), 'manager = "n o"\n', "`n o`"),
        ('manager = "n"\n', 'manager = ""\n' + CLAIMED.format("a").replace('"m"', '"n"'), "dotted module name"),
        ('manager = "m"\nforbidden-managers = ["n"]\n', CLAIMED.format("a").replace('"m"', '"n"') + "forbidden-managers = 3\n", "list of strings"),
    ],
)  # fmt: skip
def test_a_mistake_makes_no_other(parent: str, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "pyproject.toml").write_text(f"[tool.redis-ssot]\n{parent}")
    (message,) = messages(tmp_path, f'extend = "base/pyproject.toml"\n{text}')
    assert said in message


def test_places_are_those_of_the_file(tmp_path: Path) -> None:
    found = messages(
        tmp_path, 'manager = "m"\n' + CLAIMED.format("a").replace('name = "a"', "name = 3") + TWICE
    )
    lines = [re.match(r":(\d+): ", message) for message in found]
    assert [line and int(line[1]) for line in lines] == [3, 7, 11, 11, 11]

"""What is released, and by which workflows."""

from __future__ import annotations

import io
import re
import runpy
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RELEASE = runpy.run_path(str(ROOT / ".ci" / "release.py"))
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-01\n\n- New.\n\n## [1.1.0]\n\n- Old.\n"


def workflow(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())


def jobs() -> list[tuple[str, dict[str, Any]]]:
    return [(f"{p.stem}: {name}", job) for p in WORKFLOWS for name, job in workflow(p.name)["jobs"].items()]


def test_every_action_is_pinned_to_a_commit_and_says_its_version() -> None:
    used = [one for path in WORKFLOWS for one in re.findall(r"\buses:.*", path.read_text())]
    assert len(used) == sum("uses" in step for _, job in jobs() for step in job["steps"]) > 0
    pins = [re.fullmatch(r"uses: ([\w./-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)", one) for one in used]
    assert None not in pins, used
    pinned = {(pin[1], pin[2]) for pin in pins if pin}
    assert len(pinned) == len({action for action, _ in pinned}), "one action, one version"


def test_jobs_may_do_what_they_need() -> None:
    assert [workflow(path.name)["permissions"] for path in WORKFLOWS] == [{"contents": "read"}, {}]
    may = {name: job["permissions"] for name, job in jobs() if "permissions" in job}
    assert may == {
        "release: build": {"contents": "read"},
        "release: publish": {"id-token": "write", "attestations": "write"},
        "release: announce": {"contents": "write"},
    }
    assert not [name for name, job in jobs() if "timeout-minutes" not in job]


def test_who_may_publish_runs_no_script() -> None:
    publish = workflow("release.yml")["jobs"]["publish"]
    assert publish["environment"] == "release" and not [s for s in publish["steps"] if "run" in s]


def test_no_script_is_put_together_from_what_others_write() -> None:
    assert not [s["run"] for _, job in jobs() for s in job["steps"] if "${{" in s.get("run", "")]


def test_ci_runs_every_supported_python() -> None:
    tested = workflow("ci.yml")["jobs"]["ci"]["strategy"]["matrix"]["python"]
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert tested[0] == needed.removeprefix(">=") and {"3.12", "3.13"} <= {*tested}


def test_every_script_of_a_workflow_is_there() -> None:
    scripts = [s["run"] for _, job in jobs() for s in job["steps"] if "run" in s]
    named = {name for text in scripts for name in re.findall(r"(?:\.ci|tests)/[\w./]+", text)}
    assert ".ci/run" in named and not [name for name in named if not (ROOT / name).is_file()]


def test_every_dependency_states_its_lowest_version() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert not [one for one in stated if not re.fullmatch(r"[\w-]+>=[\d.]+", one)]


def test_a_tag_is_the_version_that_the_changelog_has() -> None:
    mistakes = RELEASE["mistakes"]
    assert mistakes("v1.2.0", "1.2.0", CHANGELOG) == []
    assert "the tag is v1.2.0" in mistakes("v1.2.0", "1.1.0", CHANGELOG)[0]
    assert "no section [1.3.0]" in mistakes("v1.3.0", "1.3.0", CHANGELOG)[0]
    assert len(mistakes("1.2.0", "1x2.0", CHANGELOG)) == 2


def test_the_notes_are_the_section_of_the_version() -> None:
    assert RELEASE["notes"]("1.2.0", CHANGELOG) == "- New."
    assert RELEASE["notes"]("1.1.0", CHANGELOG) == "- Old."
    assert RELEASE["notes"]("Unreleased", CHANGELOG) == ""


def sdist(*, mtime: int, uid: int, names: list[str]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.mtime, member.uid, member.uname, member.size = mtime, uid, f"user{uid}", len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
    return data.getvalue()


def test_a_source_distribution_does_not_tell_when_and_by_whom_it_was_built() -> None:
    one = sdist(mtime=1, uid=7, names=["p/a.py", "p/b.py"])
    other = sdist(mtime=9, uid=8, names=["p/b.py", "p/a.py"])
    normalized = RELEASE["normalized"]
    assert one != other and normalized(one, 5) == normalized(other, 5) != normalized(one, 6)
    with tarfile.open(fileobj=io.BytesIO(normalized(one, 5))) as archive:
        assert {m.name: archive.extractfile(m).read().decode() for m in archive} == {
            "p/a.py": "p/a.py",
            "p/b.py": "p/b.py",
        }


@pytest.mark.parametrize("folder", ["tests", "docs", "benchmarks", "examples", "editors", ".ci", ".github"])
def test_the_source_distribution_has_all_folders(folder: str) -> None:
    assert f"graft {folder}\n" in (ROOT / "MANIFEST.in").read_text()

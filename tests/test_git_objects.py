"""The files of a commit as a file system: what git has counts, and not what lies in the checkout."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from repository import commit, git

from flake8_redis_ssot.files import Discovery, Project, discover
from flake8_redis_ssot.git_objects import GitError, Repository, Revision
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.source import SourceError


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    top = tmp_path / "checkout"
    top.mkdir()
    git(top, "init", "-q", "-b", "main")
    commit(top, {"app/one.py": "first\n", "app/two.py": "second\n"})
    return top


def first(checkout: Path) -> Revision:
    return Repository(str(checkout)).revision("HEAD")


def test_a_revision_has_what_was_committed_and_not_what_lies_there(checkout: Path) -> None:
    (checkout / "app/one.py").write_text("changed\n")
    (checkout / "app/two.py").unlink()
    (checkout / "app/new.py").write_text("new\n")
    seen = first(checkout)
    assert seen.source(f"{checkout}/app/one.py").data == b"first\n"
    assert seen.names(f"{checkout}/app") == ["one.py", "two.py"]
    assert seen.names(str(checkout)) == ["app"]
    assert seen.is_file(f"{checkout}/app/two.py") and not seen.is_file(f"{checkout}/app/new.py")
    assert seen.is_folder(f"{checkout}/app") and not seen.is_folder(f"{checkout}/app/one.py")
    assert [e.name for e in seen.entries(f"{checkout}/app")] == ["one.py", "two.py"]
    with pytest.raises(SourceError, match="there is no such file in"):
        seen.source(f"{checkout}/app/new.py")
    with pytest.raises(FileNotFoundError):
        seen.entries(f"{checkout}/gone")


def test_other_bytes_lie_over_a_revision(checkout: Path) -> None:
    path = f"{checkout}/app/one.py"
    seen = first(checkout).with_edits({path: b"tried\n"})
    assert seen.source(path).data == b"tried\n"
    assert seen.source(f"{checkout}/app/two.py").data == b"second\n"


def test_what_lies_outside_is_the_disks(checkout: Path) -> None:
    beside = checkout.parent / "checkout-beside"
    beside.mkdir()
    (beside / "there.py").write_text("disk\n")
    seen = first(checkout)
    assert seen.source(f"{beside}/there.py").data == b"disk\n"
    assert seen.names(str(beside)) == ["there.py"]
    assert seen.is_file(f"{beside}/there.py") and seen.is_folder(str(beside))


def test_links_are_followed_as_a_checkout_follows_them(checkout: Path) -> None:
    (checkout / "linked").symlink_to("app")
    (checkout / "one.py").symlink_to("linked/one.py")
    (checkout / "loop.py").symlink_to("loop.py")
    commit(checkout)
    seen = first(checkout)
    assert seen.source(f"{checkout}/one.py").data == b"first\n"
    assert seen.source(f"{checkout}/linked/two.py").data == b"second\n"
    assert seen.is_folder(f"{checkout}/linked") and seen.names(f"{checkout}/linked") == ["one.py", "two.py"]
    assert not seen.is_file(f"{checkout}/loop.py")


def test_names_of_any_kind_are_read(checkout: Path) -> None:
    odd = os.fsdecode(b"caf\xe9 \n\t.py")
    (checkout / odd).write_bytes(b"odd\r\n")
    commit(checkout)
    assert first(checkout).source(f"{checkout}/{odd}").data == b"odd\r\n"


def test_a_subfolder_and_a_link_to_it_name_the_same_files(checkout: Path) -> None:
    (checkout.parent / "way").symlink_to("checkout/app")
    inside = Repository(str(checkout / "app")).revision("HEAD")
    assert inside.top == str(checkout)
    assert inside.source(f"{checkout}/app/one.py").data == b"first\n"
    through = Repository(f"{checkout.parent}/way").revision("HEAD")
    (checkout / "app/one.py").write_text("changed\n")
    assert through.source(f"{checkout.parent}/way/one.py").data == b"first\n"


def test_a_submodule_is_an_empty_folder(checkout: Path) -> None:
    git(
        checkout,
        "update-index",
        "--add",
        "--cacheinfo",
        f"160000,{git(checkout, 'rev-parse', 'HEAD')},vendored",
    )
    git(checkout, "commit", "-qm", "a submodule")
    seen = first(checkout)
    assert seen.is_folder(f"{checkout}/vendored") and seen.names(f"{checkout}/vendored") == []


def test_each_process_reads_for_itself(checkout: Path) -> None:
    seen = first(checkout)
    assert seen.source(f"{checkout}/app/one.py").data == b"first\n"
    child = os.fork()
    if child == 0:
        same = all(seen.source(f"{checkout}/app/two.py").data == b"second\n" for _ in range(50))
        os._exit(0 if same else 1)
    assert all(seen.source(f"{checkout}/app/one.py").data == b"first\n" for _ in range(50))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert pickle.loads(pickle.dumps(seen)).source(f"{checkout}/app/one.py").data == b"first\n"


def test_contents_that_a_clone_lacks_are_said_and_not_fetched(checkout: Path) -> None:
    seen = first(checkout)
    blob = seen.blob(f"{checkout}/app/one.py")
    assert blob is not None
    (checkout / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(SourceError, match="does not have its content"):
        seen.source(f"{checkout}/app/one.py")
    assert seen.source(f"{checkout}/app/two.py").data == b"second\n"


def test_equal_contents_have_one_name_and_edited_files_have_none(checkout: Path) -> None:
    commit(checkout, {"app/same.py": "first\n"})
    seen = first(checkout)
    one = f"{checkout}/app/one.py"
    assert seen.blob(one) == seen.blob(f"{checkout}/app/same.py") != seen.blob(f"{checkout}/app/two.py")
    assert seen.blob(f"{checkout}/app") is None


@pytest.mark.parametrize("name", ["gone", "--all", "", "HEAD:app"])
def test_a_wrong_revision_is_one_clear_message(checkout: Path, name: str) -> None:
    said = f"{name}: git knows no such revision here" if name else "no revision is named"
    with pytest.raises(GitError, match=f"^{said}; name a commit"):
        Repository(str(checkout)).revision(name)


def test_a_folder_outside_of_git_is_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="git finds no repository here"):
        Repository(str(tmp_path))


def test_a_machine_without_git_is_one_clear_message(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    with pytest.raises(GitError, match="git cannot be run: No such file or directory"):
        Repository(str(checkout))


def test_a_branch_is_compared_with_where_it_left(checkout: Path) -> None:
    start = git(checkout, "rev-parse", "HEAD")
    git(checkout, "checkout", "-qb", "branch")
    commit(checkout, {"app/mine.py": ""})
    git(checkout, "checkout", "-q", "main")
    commit(checkout, {"app/theirs.py": ""})
    assert Repository(str(checkout)).merge_base("main", "branch") == start


def test_a_projects_files_are_those_of_the_revision(checkout: Path) -> None:
    (checkout / ".gitignore").write_text("made_*\n")
    (checkout / "pyproject.toml").write_text("[tool.redis-ssot]\nexclude = ['out']\n")
    commit(checkout, {"out/no.py": "", "app/deep/er.py": ""})
    (checkout / "app/later.py").write_text("")
    finder = SettingsFinder(str(checkout), codes=[])
    project = Project(finder.must_find(str(checkout)))
    found = Discovery(finder, [project], filesystem=first(checkout))
    assert [os.path.relpath(p, checkout) for p in found.all_files(project)] == [
        "app/deep/er.py", "app/one.py", "app/two.py",
    ]  # fmt: skip


def test_settings_and_ignored_files_are_those_of_the_revision_too(checkout: Path) -> None:
    service = checkout / "service"
    service.mkdir()
    (checkout / ".gitignore").write_text("made.py\n")
    (service / "pyproject.toml").write_text("[tool.redis-ssot]\nsrc = ['lib*']\n")
    commit(checkout, {"service/lib1/a.py": ""})
    git(
        checkout,
        "update-index",
        "--add",
        "--cacheinfo",
        f"100644,{git(checkout, 'rev-parse', 'HEAD:app/one.py')},service/made.py",
    )
    git(checkout, "commit", "-qm", "what is ignored can be there all the same")
    seen = first(checkout)
    for path in (checkout / ".gitignore", service / "pyproject.toml", service / "lib1/a.py"):
        path.unlink()
    found = discover([str(service)], SettingsFinder(str(service), codes=[], filesystem=seen))
    assert found.files == [f"{service}/lib1/a.py"]
    assert found.projects[0].settings.boundaries[0].roots == (f"{service}/lib1",)
    assert seen.kind(f"{checkout}/.git") == "folder"

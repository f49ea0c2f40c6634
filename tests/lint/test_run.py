"""Runs in which something goes wrong: what is said of it, and that the rest is still reported."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import Pipe, Value
from pathlib import Path
from typing import Any, NoReturn

import pytest

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.lint import fingerprint, run
from flake8_redis_ssot.lint.allowances import exceptions
from flake8_redis_ssot.lint.check import FileChecker
from flake8_redis_ssot.lint.noqa import with_rows
from flake8_redis_ssot.lint.run import Outcome, checker_for, run_project
from flake8_redis_ssot.migrate.silenced import Silenced
from flake8_redis_ssot.rules import defaults
from flake8_redis_ssot.rules.red201_direct_client_construction import DirectClientConstruction
from flake8_redis_ssot.rules.red401_competing_manager import CompetingManager
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import Selection, Settings

FILES = {
    "app/manager.py": "import redis\n\nmanager = redis.Redis()\n",
    "app/rooms.py": "import redis\n\nrooms = redis.Redis()  # noqa: RED999\n",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "app").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "pyproject.toml").write_text('[tool.redis-ssot]\nmanager = "app.manager"\n')
    return load_settings(str(tmp_path / "pyproject.toml"), root=str(tmp_path), codes=list(defaults()))


def ran(settings: Settings, *more: str) -> Outcome:
    files = [str(Path(settings.root, name)) for name in (*FILES, *more)]
    return run_project(files, checker_for(settings, Selection(extend_select=("RED904",))))


def failing(error: BaseException) -> Callable[..., NoReturn]:
    def fail(*_: Any, **__: Any) -> NoReturn:
        raise error

    return fail


def codes(outcome: Outcome) -> list[tuple[str, str]]:
    return [(Path(d.path).name, d.code) for d in outcome.diagnostics]


def test_code_that_is_nested_too_deeply_is_said_and_the_rest_reported(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = "too deeply"
    for owner, name, left, said in (
        (DirectClientConstruction, "check", [], f"an expression is nested {deep} for some of the rules"),
        (FileChecker, "check", [], f"it is nested {deep} to be checked"),
        (FileChecker, "_facts_of", None, f"an expression is nested {deep} for some of the project rules"),
        (CompetingManager, "check_project", None, f"RED401: code is nested {deep} to be followed from file to file"),
    ):  # fmt: skip
        with monkeypatch.context() as patch:
            plain = getattr(owner, name)
            if name == "_facts_of":

                def facts(self: Any, source: Any, context: Any, used: Any, plain: Any = plain) -> Any:
                    if context is not None:
                        raise RecursionError
                    return plain(self, source, context, used)

                patch.setattr(owner, name, facts)
            elif name == "check" and owner is DirectClientConstruction:
                handler = failing(RecursionError())
                handler.handles = plain.handles  # type: ignore[attr-defined]
                patch.setattr(owner, name, handler)
            else:
                patch.setattr(owner, name, failing(RecursionError()))
            outcome = ran(settings)
        assert any(said in limit for limit in outcome.limits), (said, outcome.limits)
        assert outcome.failures == []
        if left is None:
            assert ("rooms.py", "RED201") in codes(outcome)


def test_a_defect_of_a_project_rule_is_said_and_the_rest_reported(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CompetingManager, "check_project", failing(LookupError("planted")))
    outcome = ran(settings)
    assert [("RED401" in one, "planted" in one) for one in outcome.failures] == [(True, True)]
    assert ("rooms.py", "RED201") in codes(outcome)


def test_a_process_of_its_own_sends_what_ended_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.signal, "signal", lambda *_: None)
    receiver, sender = Pipe(duplex=False)
    run._work(failing(LookupError("planted")), [], False, Value("i", 0), sender)
    assert repr(receiver.recv()) == "LookupError('planted')"


@pytest.mark.parametrize("owner", [FileChecker, CompetingManager])
def test_wrong_settings_end_a_run(owner: type, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "check" if owner is FileChecker else "check_project"
    monkeypatch.setattr(owner, name, failing(SettingsError(["wrong"])))
    with pytest.raises(SettingsError, match="wrong"):
        ran(settings)


def test_a_file_that_the_project_asks_for_in_vain_is_unreadable(settings: Settings) -> None:
    folder = Path(settings.root, "app")
    (folder / "made.py").write_text("def make(:\n")
    (folder / "user.py").write_text(
        "from app.made import make\n\n\nasync def use():\n    make().get('a')\n    make()()\n    make.Redis()\n"
    )
    (folder / "asked.py").write_text("from app.user import make, use\nimport redis\n\nmake(redis.Redis)()\n")
    outcome = ran(settings, "app/made.py", "app/user.py", "app/asked.py")
    assert ("made.py", "RED000") in codes(outcome)


def test_what_cannot_be_read_any_more_is_reported_as_it_was_found(settings: Settings, tmp_path: Path) -> None:
    (found,) = [d for d in ran(settings).diagnostics if d.code == "RED201"]
    assert [d.noqa_row for d in with_rows([found], DISK)] == [3]
    Path(found.path).unlink()
    assert [d.code for d in with_rows([found], DISK)] == ["RED201"]
    assert Silenced([found], settings, DISK).by(found) is None
    seen = exceptions(
        [str(tmp_path / name) for name in FILES], [found.path], settings, DISK, 1, lambda *_: None
    )
    assert seen.comments == []


def test_a_statement_that_is_nested_too_deeply_is_known_by_its_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = [d for d in ran(settings).diagnostics if d.code == "RED201"]
    source = DISK.source(found.path)

    def known() -> Diagnostic:
        (one,) = fingerprint.fingerprinted([found], source)
        return one

    whole = known().fingerprint
    monkeypatch.setattr(fingerprint, "_normalised", failing(RecursionError()))
    cut = known().fingerprint
    assert whole is not None and cut is not None and whole.text == cut.text and whole.digest != cut.digest

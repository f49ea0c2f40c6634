"""What an editor sees, over real standard streams."""

from __future__ import annotations

import asyncio
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from conftest import run_here
from lsprotocol import types
from monorepo import write
from pygls.exceptions import JsonRpcException
from shimmed import FILES, TABLE

from flake8_redis_ssot import __version__
from server.conftest import COMMAND, Editor, applied

pytestmark = pytest.mark.asyncio

JOBS, OLD, SHIM, MANAGER = "app/jobs.py", "app/old.py", "app/db/redis_manager.py", "app/redis_manager.py"
BAD = "import redis\n\nclient = redis.Redis()\n"


async def test_what_the_server_says_of_itself(editor: Editor) -> None:
    told = await editor.begin()
    assert told.server_info == types.ServerInfo("redis-ssot", __version__)
    assert told.capabilities.hover_provider and told.capabilities.definition_provider


async def test_opening_typing_saving_and_closing(editor: Editor) -> None:
    await editor.begin()
    editor.open(JOBS)
    (found,) = await editor.shows(JOBS, ["RED201"])
    assert found.range == types.Range(types.Position(2, 9), types.Position(2, 22))
    assert (found.severity, found.source) == (types.DiagnosticSeverity.Warning, "redis-ssot")
    assert found.code_description is not None and found.code_description.href.endswith("RED201.md")
    editor.type(JOBS, "import redis\n")
    await editor.shows(JOBS, [])
    editor.type(JOBS, BAD + "other = redis.Redis()\n")
    await editor.shows(JOBS, ["RED201", "RED201"])
    editor.save(JOBS, BAD)
    editor.close(JOBS)
    await editor.shows(JOBS, [])


async def test_what_is_typed_at_once_is_not_lost(editor: Editor) -> None:
    await editor.begin()
    editor.open(JOBS)
    editor.type(JOBS, BAD + "other = redis.Redis()\n")
    await editor.shows(JOBS, ["RED201", "RED201"])
    for text in (BAD, "import redis\n", BAD + "# end\n"):
        editor.type(JOBS, text)
    (found,) = await editor.shows(JOBS, ["RED201"])
    assert found.range.start.line == 2


async def test_a_text_that_changes_while_a_fix_is_looked_for(editor: Editor) -> None:
    await editor.begin()
    editor.open(OLD)
    (found,) = await editor.shows(OLD, ["RED101"])
    asked = asyncio.ensure_future(editor.actions(OLD, found.range))
    await asyncio.sleep(0.05)
    editor.type(OLD, "# one more\n" + FILES[OLD])
    with pytest.raises(JsonRpcException):  # the request was cancelled
        await asyncio.wait_for(asked, 30)
    (found,) = await editor.shows(OLD, ["RED101"])
    first, *_ = await editor.actions(OLD, found.range)
    assert first.is_preferred


async def test_two_boundaries_that_claim_a_file_are_a_message(editor: Editor) -> None:
    entry = '[[tool.redis-ssot.boundary]]\nname = "{}"\npaths = ["app/*.py"]\nmanager = "{}"\n'
    write(editor.root, {"pyproject.toml": TABLE + entry.format("a", "x.a") + entry.format("b", "x.b")})
    await editor.begin()
    editor.open(JOBS)
    assert "claim" in await editor.message()
    await editor.shows(JOBS, [])
    assert await editor.hover(JOBS, 2, 12) == "" and not await editor.definition(JOBS, 2, 12)
    assert not await editor.actions(JOBS, types.Range(types.Position(2, 9), types.Position(2, 12)))


async def test_project_rules_after_opening_and_saving(editor: Editor) -> None:
    await editor.begin()
    editor.open(SHIM)
    await editor.shows(SHIM, ["RED402"])
    text = FILES[SHIM] + "\n\ndef more():\n    pass\n"
    editor.type(SHIM, text)
    editor.save(SHIM, text)
    await editor.shows(SHIM, [])


async def test_what_the_project_shows_moves_with_its_lines(editor: Editor) -> None:
    await editor.begin()
    editor.open(SHIM)
    await editor.shows(SHIM, ["RED402"])
    editor.type(SHIM, "\n\n" + FILES[SHIM])
    (found,) = await editor.shows(SHIM, ["RED402"])
    assert found.range.start == types.Position(2, 0)
    editor.type(SHIM, "from app.redis_manager import redis_manager as it\n")
    await editor.shows(SHIM, [])


async def test_another_buffer_counts_before_it_is_saved(editor: Editor) -> None:
    manager = "import redis\n\n\nclass Manager:\n    def __init__(self):\n        self.client = redis.Redis()\n\n\nredis_manager = redis.Redis()\n"
    write(editor.root, {MANAGER: manager})
    await editor.begin()
    text = "from app.redis_manager import Manager\n\nmine = Manager()\n"
    editor.open(JOBS, text)
    await editor.shows(JOBS, ["RED203"])
    editor.open(MANAGER)
    editor.type(MANAGER, manager.replace("self.client = redis.Redis()", "pass"))
    await editor.shows(JOBS, [])
    editor.close(MANAGER)
    await editor.shows(JOBS, ["RED203"])


async def test_a_fix_is_offered_and_settles_the_finding(editor: Editor) -> None:
    await editor.begin()
    editor.open(OLD)
    (found,) = await editor.shows(OLD, ["RED101"])
    fix, *others = await editor.actions(OLD, found.range)
    assert fix.is_preferred and fix.kind == types.CodeActionKind.QuickFix
    assert [d.code for d in fix.diagnostics or ()] == ["RED101"]
    assert not any(action.is_preferred for action in others)
    after = applied(FILES[OLD], fix.edit)
    assert after == "from app.redis_manager import redis_manager\n\nredis_manager.get('key')\n"
    editor.type(OLD, after)
    await editor.shows(OLD, [])


async def test_a_fix_is_granted_for_the_text_as_it_is(editor: Editor) -> None:
    await editor.begin()
    editor.open(OLD)
    await editor.shows(OLD, ["RED101"])
    text = "# one more line\n" + FILES[OLD]
    editor.type(OLD, text)
    (found,) = await editor.shows(OLD, ["RED101"])
    fix = (await editor.actions(OLD, found.range))[0]
    assert applied(text, fix.edit).startswith(
        "# one more line\nfrom app.redis_manager import redis_manager\n"
    )
    unsafe = FILES[OLD] + "redis_manager.marked = True\n"
    editor.type(OLD, unsafe)
    (found,) = await editor.shows(OLD, ["RED101"])
    assert await editor.actions(OLD, found.range)


@pytest.mark.parametrize("resolves", [False, True])
async def test_fix_all(editor: Editor, resolves: bool) -> None:
    support = types.ClientCodeActionResolveOptions(["edit"]) if resolves else None
    text = types.TextDocumentClientCapabilities(
        code_action=types.CodeActionClientCapabilities(resolve_support=support)
    )
    await editor.begin(capabilities=types.ClientCapabilities(text_document=text))
    editor.open(OLD)
    (found,) = await editor.shows(OLD, ["RED101"])
    (action,) = await editor.actions(OLD, found.range, "source.fixAll")
    assert action.kind == "source.fixAll.redisSsot"
    if resolves:
        assert action.edit is None
        action = await editor.client.code_action_resolve_async(action)
    assert applied(FILES[OLD], action.edit) == FILES[OLD].replace("app.db.", "app.")


async def test_fix_all_is_nothing_where_nothing_is_safe(editor: Editor) -> None:
    await editor.begin()
    editor.open(SHIM)
    (found,) = await editor.shows(SHIM, ["RED402"])
    assert not await editor.actions(SHIM, found.range, "source.fixAll.redisSsot")


async def test_an_edit_names_the_version_and_asks_before_what_is_unsafe(editor: Editor) -> None:
    annotations = types.ChangeAnnotationsSupportOptions()
    edits = types.WorkspaceEditClientCapabilities(
        document_changes=True, change_annotation_support=annotations
    )
    await editor.begin(
        capabilities=types.ClientCapabilities(
            workspace=types.WorkspaceClientCapabilities(workspace_edit=edits)
        )
    )
    editor.open(OLD)
    (found,) = await editor.shows(OLD, ["RED101"])
    fix = (await editor.actions(OLD, found.range))[0]
    assert fix.edit is not None and fix.edit.document_changes is not None
    (change,) = fix.edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    assert (change.text_document.version, change.text_document.uri) == (1, editor.uri(OLD))


async def test_a_comment_with_a_reason(editor: Editor) -> None:
    await editor.begin()
    editor.open(JOBS)
    (found,) = await editor.shows(JOBS, ["RED201"])
    action = next(a for a in await editor.actions(JOBS, found.range) if "noqa" in a.title)
    after = applied(BAD, action.edit)
    assert after == BAD.replace("Redis()", "Redis()  # noqa: RED201 TODO: say why")
    editor.type(JOBS, after)
    await editor.shows(JOBS, [])


async def test_an_entry_of_the_settings(editor: Editor) -> None:
    await editor.begin()
    editor.open(JOBS)
    (found,) = await editor.shows(JOBS, ["RED201"])
    action = next(a for a in await editor.actions(JOBS, found.range) if a.title.startswith("Allow"))
    after = applied(TABLE, action.edit, editor.uri("pyproject.toml"))
    assert after.startswith(TABLE) and 'paths = ["app/jobs.py"]' in after and 'rules = ["RED201"]' in after
    write(editor.root, {"pyproject.toml": after})
    editor.files_changed("pyproject.toml")
    await editor.shows(JOBS, [])


WITH_VERSIONS = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True)
    )
)


async def test_an_entry_goes_into_settings_that_are_not_saved(editor: Editor) -> None:
    await editor.begin(capabilities=WITH_VERSIONS)
    unsaved = f"# more\n# lines\n{TABLE}\n[tool.other]\nkey = 1\n"
    editor.open("pyproject.toml")
    editor.type("pyproject.toml", unsaved)
    editor.open(JOBS)
    (found,) = await editor.shows(JOBS, ["RED201"])
    action = next(a for a in await editor.actions(JOBS, found.range) if a.title.startswith("Allow"))
    assert action.edit is not None and action.edit.document_changes is not None
    (change,) = action.edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    assert (change.text_document.version, change.text_document.uri) == (2, editor.uri("pyproject.toml"))
    after = applied(unsaved, action.edit)
    assert after.startswith(unsaved) and tomllib.loads(after)["tool"]["redis-ssot"]["allow"]
    editor.type("pyproject.toml", after)  # which allows it as soon as it is saved
    assert not [a for a in await editor.actions(JOBS, found.range) if a.title.startswith("Allow")]
    for wrong in (f"{unsaved}key =", after.replace("manager =", "manger =").replace("jobs", "other")):
        editor.type("pyproject.toml", wrong)
        assert not [a for a in await editor.actions(JOBS, found.range) if a.title.startswith("Allow")]
    editor.close("pyproject.toml")
    action = next(a for a in await editor.actions(JOBS, found.range) if a.title.startswith("Allow"))
    assert applied(TABLE, action.edit, editor.uri("pyproject.toml")).startswith(TABLE)


async def test_no_entry_without_a_settings_file(editor: Editor) -> None:
    os.unlink(editor.root / "pyproject.toml")
    await editor.begin()
    editor.open(JOBS)
    (found,) = await editor.shows(JOBS, ["RED201"])
    assert [a.title[:7] for a in await editor.actions(JOBS, found.range)] == ["Silence"]


async def test_hover_on_a_finding_and_on_the_manager(editor: Editor) -> None:
    write(
        editor.root,
        {
            "pyproject.toml": TABLE + '[[tool.redis-ssot.boundary]]\nname = "auth"\npaths = ["auth/**"]\n'
            'manager = "auth.redis"\nreason = "starts alone"\n',
            "auth/redis.py": "import redis\n\nclient = redis.Redis()\n",
        },
    )
    await editor.begin()
    text = (
        "import auth.redis\nfrom app.redis_manager import redis_manager\n\nredis_manager.get('x')\nprint(1)\n"
    )
    editor.open(JOBS, text)
    await editor.shows(JOBS, ["RED103"])
    page = await editor.hover(JOBS, 0, 9)
    assert "the Redis manager of boundary `auth`" in page and "starts alone" in page
    assert "# cross-boundary-manager-import (RED103)" in page
    for line, column in ((1, 7), (1, 32), (3, 2)):
        page = await editor.hover(JOBS, line, column)
        assert "the Redis manager of the files outside every boundary" in page and "RED" not in page
    assert await editor.hover(JOBS, 4, 2) == ""


async def test_definition_of_a_finding_is_the_manager(editor: Editor) -> None:
    await editor.begin()
    editor.open(JOBS)
    await editor.shows(JOBS, ["RED201"])
    (place,) = await editor.definition(JOBS, 2, 12)
    assert place.uri == editor.uri(MANAGER)
    assert place.range == types.Range(types.Position(2, 0), types.Position(2, 13))
    assert not await editor.definition(JOBS, 0, 8)


async def test_nested_projects_by_their_own_settings(editor: Editor) -> None:
    write(
        editor.root,
        {
            "auth/pyproject.toml": '[tool.redis-ssot]\nmanager = "login.redis"\n',
            "auth/login/redis.py": BAD,
            "auth/login/other.py": BAD,
        },
    )
    await editor.begin()
    editor.open("auth/login/redis.py")
    editor.open("auth/login/other.py")
    (found,) = await editor.shows("auth/login/other.py", ["RED201"])
    assert "login.redis" in found.message
    await editor.shows("auth/login/redis.py", [])


async def test_settings_are_read_again_and_a_mistake_is_told(editor: Editor) -> None:
    await editor.begin()
    editor.open(JOBS)
    await editor.shows(JOBS, ["RED201"])
    write(editor.root, {"pyproject.toml": TABLE + 'ignore = ["RED201"]\n'})
    editor.files_changed("pyproject.toml")
    await editor.shows(JOBS, [])
    write(editor.root, {"pyproject.toml": TABLE + 'manger = "x"\n'})
    editor.files_changed("pyproject.toml")
    assert "unknown key `manger`" in await editor.message()
    editor.type(JOBS, BAD + "\n")
    await editor.shows(JOBS, [])  # by the settings before
    write(editor.root, {"pyproject.toml": TABLE})
    editor.save(JOBS, BAD)  # a client that watches no files
    await editor.shows(JOBS, ["RED201"])


async def test_a_project_whose_settings_are_wrong_from_the_start(editor: Editor) -> None:
    write(editor.root, {"pyproject.toml": "[tool.redis-ssot]\nselect = 3\n"})
    await editor.begin()
    editor.open(JOBS)
    assert "`select`" in await editor.message()
    await editor.shows(JOBS, [])
    assert not await editor.actions(JOBS, types.Range(types.Position(2, 0), types.Position(2, 3)))
    write(editor.root, {"pyproject.toml": TABLE})
    editor.save(JOBS, BAD)
    await editor.shows(JOBS, ["RED201"])


async def test_settings_that_the_client_gives(editor: Editor) -> None:
    write(editor.root, {"other.toml": TABLE.replace("app.redis_manager", "app.jobs")})
    await editor.begin(config="other.toml", settings={"ignore": ["RED106"]})
    editor.open(JOBS)
    await editor.shows(JOBS, [])
    editor.client.workspace_did_change_configuration(
        types.DidChangeConfigurationParams({"redisSsot": {"settings": {"ignore": ["RED402"]}}})
    )
    await editor.shows(JOBS, ["RED201"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"config": 3}, "the settings of the editor: `config` must be a string"),
        ({"settings": ["RED102"]}, "the settings of the editor: `settings` must be a table"),
        (
            {"ignore": ["RED201"]},
            "the settings of the editor: `ignore` is a key of `settings`; write it there",
        ),
    ],
)
@pytest.mark.parametrize("later", [False, True])
async def test_what_is_wrong_with_settings_that_the_client_gives(
    later: bool, given: dict[str, Any], message: str, editor: Editor
) -> None:
    await editor.begin(**({} if later else given))
    editor.open(JOBS)
    if later:
        await editor.shows(JOBS, ["RED201"])
        editor.client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"redisSsot": given})
        )
    assert message in await editor.message()
    await editor.shows(JOBS, ["RED201"])


async def test_hover_without_boundaries_names_none(editor: Editor) -> None:
    await editor.begin()
    editor.open(OLD)
    await editor.shows(OLD, ["RED101"])
    page = await editor.hover(OLD, 0, 30)
    assert "is a forbidden Redis manager of the project; use `redis_manager` from" in page
    editor.open(SHIM)
    assert "the Redis manager of the project." in await editor.hover(SHIM, 0, 10)


@pytest.mark.parametrize(
    ("encoding", "column"),
    [(types.PositionEncodingKind.Utf8, 15), (types.PositionEncodingKind.Utf16, 12), (None, 12)],
)
async def test_columns_in_the_encoding_that_was_agreed_on(
    editor: Editor, encoding: types.PositionEncodingKind | None, column: int
) -> None:
    general = types.GeneralClientCapabilities(position_encodings=[encoding]) if encoding else None
    told = await editor.begin(capabilities=types.ClientCapabilities(general=general))
    assert told.capabilities.position_encoding == (encoding or types.PositionEncodingKind.Utf16)
    text = "import redis\nx = 'é😀\x0c'; redis.Redis()\n"
    editor.open(JOBS, text)
    (found,) = await editor.shows(JOBS, ["RED201"])
    assert found.range.start == types.Position(1, column)
    assert "RED201" in await editor.hover(JOBS, 1, found.range.start.character)
    assert await editor.hover(JOBS, 1, 0) == ""


async def test_the_baseline_is_heeded(editor: Editor) -> None:
    write(editor.root, {"pyproject.toml": TABLE + 'baseline = "known.jsonl"\n'})
    run_here("baseline", cwd=editor.root)
    await editor.begin()
    editor.open(JOBS)
    await editor.shows(JOBS, [])
    editor.type(JOBS, "# moved\n" + BAD + "other = redis.Redis(db=1)\n")
    (found,) = await editor.shows(JOBS, ["RED201"])
    assert found.range.start.line == 4


async def test_what_is_excluded_or_no_python_or_on_no_disk_is_left_alone(editor: Editor) -> None:
    write(editor.root, {"pyproject.toml": TABLE + 'extend-exclude = ["app/jobs.py"]\n'})
    await editor.begin()
    editor.open(JOBS)
    await editor.shows(JOBS, [])
    for uri, language in (("untitled:1", "python"), (editor.uri("a.txt"), "plaintext")):
        item = types.TextDocumentItem(uri, language, 1, BAD)
        editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    editor.open("new.py", BAD)
    await editor.shows("new.py", ["RED201"])
    assert not {"untitled:1", editor.uri("a.txt")} & editor.published.keys()


async def test_what_is_wrong_with_the_settings_file_stands_in_it(editor: Editor) -> None:
    entry = '[[tool.redis-ssot.allow]]\npaths = ["gone/**"]\nrules = ["RED201"]\nreason = "was"\n'
    write(editor.root, {"pyproject.toml": TABLE + entry})
    await editor.begin()
    editor.open(JOBS)
    (found,) = await editor.shows("pyproject.toml", ["RED902"])
    assert found.range.start.line == TABLE.count("\n")
    write(editor.root, {"pyproject.toml": TABLE})
    editor.files_changed("pyproject.toml")
    await editor.shows("pyproject.toml", [])


async def test_files_that_no_editor_has_open_count(editor: Editor) -> None:
    await editor.begin()
    editor.open(SHIM)
    await editor.shows(SHIM, ["RED402"])
    os.unlink(editor.root / SHIM)
    editor.close(SHIM)
    write(editor.root, {OLD: "from app.db.redis_manager import redis_manager\n"})
    editor.open(OLD)
    await editor.shows(OLD, ["RED101"])


async def test_the_server_ends_with_its_client_and_leaves_nothing(project: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 60) in (0, 1)

"""Settings: patterns, choice of rules, boundaries."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flake8_redis_ssot.settings import validate
from flake8_redis_ssot.settings.boundaries import SettingsError, boundary_of, place_of
from flake8_redis_ssot.settings.load import load_settings
from flake8_redis_ssot.settings.model import OPTIONS, DottedPattern, Selection, Settings, chosen_codes
from flake8_redis_ssot.settings.nearest import nearest

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
    assert place.modules == ("app.manager", "src.app.manager") and place.is_manager and place.is_package
    assert not place_of(found, str(tmp_path / "app" / "managers.py")).is_manager


def test_the_first_name_of_a_file_is_like_those_in_the_settings(tmp_path: Path) -> None:
    said = ['manager = "src.app.manager"', 'forbidden-managers = ["src.old.**"]', 'manager = "app.x"', ""]
    path = str(tmp_path / "src" / "app" / "rooms.py")
    found = [place_of(settings(tmp_path, text + "\n"), path).modules[0] for text in said]
    assert found == ["src.app.rooms", "src.app.rooms", "app.rooms", "app.rooms"]


def test_a_manager_is_exactly_that_module(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        'manager = ["app", "shop.redis.**"]\nforbidden-managers = ["app.old"]\n'
        '[[tool.redis-ssot.boundary]]\nname = "auth"\npaths = ["app/auth/**"]\nmanager = "app.auth"\n',
    )
    root, auth = found.boundaries
    assert root.managers == ("app", "shop.redis") and root.packages == {"shop.redis"}
    names = ["app", "app.auth", "app.old", "shop", "shop.redis", "shop.redis.pools.deep", "shop.redis_old"]
    assert [name for name in names if root.is_manager(name)] == ["app", "shop.redis", "shop.redis.pools.deep"]
    assert auth.is_manager("app.auth") and not auth.is_manager("app.auth.models")
    paths = ["app/__init__.py", "app/models.py", "app/auth/__init__.py", "shop/redis/pools.py"]
    places = [place_of(found, str(tmp_path / path)) for path in paths]
    assert [place.is_manager for place in places] == [True, False, True, True]
    assert [place.manager_around for place in places] == [None, "app", None, None]


def test_settings_modules_may_be_packages(tmp_path: Path) -> None:
    found = settings(tmp_path, 'settings-modules = ["app.config.**", "app.env"]\n')
    assert found.settings_modules == ("app.config", "app.env")


def test_extend_keeps_the_parents_folder_for_its_paths(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    settings(tmp_path / "base", 'manager = "m"\nsrc = ["lib"]\nextend-exclude = ["gone/", "no"]\n')
    found = settings(tmp_path, 'extend = "base/pyproject.toml"\ninstance = "i"\n')
    assert found.boundaries[0].managers == ("m",) and found.boundaries[0].instance == "i"
    assert found.boundaries[0].roots == (str(tmp_path / "base" / "lib"),)
    assert found.excludes(str(tmp_path / "base" / "gone" / "x.py"))
    assert not found.excludes(str(tmp_path / "gone" / "x.py"))
    assert found.excludes(str(tmp_path / "no" / "x.py"))  # a mere name is excluded wherever it is


def test_a_shared_manager_is_looked_for_in_the_project_and_beside_what_shares_it(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    settings(tmp_path / "base", 'manager = "m"\n')
    found = settings(tmp_path, 'extend = "base/pyproject.toml"\n')
    folders = ("", "src", "base", "base/src")
    assert found.boundaries[0].roots == tuple(str(tmp_path / folder) for folder in folders)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'manager = "m"\n[[tool.redis-ssot.boundary]]\nname = "b"\npaths = ["b/**"]\nmanager = "m"\n',
            "is the manager of the top-level table and of boundary `b`",
        ),
        ('manager = "m"\nforbidden-managers = ["m"]\n', "names the manager `m` itself"),
        ('manager = "m.**"\nforbidden-managers = ["m.old"]\n', "names `m.old`, which `manager` takes in"),
        (
            'manager = "m.**"\n[[tool.redis-ssot.boundary]]\nname = "b"\npaths = ["b/**"]\nmanager = "m.b"\n',
            "is the manager of the top-level table and of boundary `b`",
        ),
        ('[[tool.redis-ssot.allow]]\npaths = ["x"]\nrules = ["RED201"]\n', "needs `reason`"),
        ('cache-dir = "../elsewhere"\n', "outside the project"),
        ('required-version = ">=99"\n', "install a version that fits"),
    ],
)
def test_contradictions_are_errors(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=message):
        settings(tmp_path, text)


@pytest.mark.parametrize(
    ("required", "fits"),
    [
        ("0.3.0", True),
        ("0.3", True),
        ("==0.3.*", True),
        ("0.3.*", True),
        (">=0.1,<0.4", True),
        (" ~=0.3", True),
        ("!=0.2", True),
        (">0.2.9", True),
        (">=0.3.0.0", True),
        ("==0.4", False),
        ("<0.3", False),
        (">=0.1, !=0.3", False),
        ("~=0.2.1", False),
        (">=0.4.dev0", False),
    ],
)
def test_required_version_is_read_as_pep_440(
    required: str, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "__version__", "0.3.0")
    text = f'required-version = "{required}"\n'
    if fits:
        settings(tmp_path, text)
        return
    # what only the other version knows is no mistake
    (tmp_path / "child").mkdir()
    for folder, more in ((tmp_path, 'new-key = 1\nselect = ["NEW1"]\n'), (tmp_path / "child", "")):
        with pytest.raises(SettingsError) as error:
            settings(
                folder, more + (text if folder == tmp_path else 'extend = "../pyproject.toml"\nold = 2\n')
            )
        (message,) = error.value.messages
        assert f"this is flake8-redis-ssot 0.3.0, but `required-version` is `{required}`" in message
        assert message.startswith(f"{tmp_path / 'pyproject.toml'}:4:")


@pytest.mark.parametrize("required", ["latest", "=0.1", ">=", "0.1 0.2", "^0.1", "v0.1", ">=0.1;<2"])
def test_a_version_that_is_none_says_how_to_write_one(required: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"write a version, as `0.1.0`, or bounds, as `>=0.1,<0.2`"):
        settings(tmp_path, f'required-version = "{required}"\n')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('output-format = "jsom"\n', ":2: `output-format` is `jsom`; did you mean `json`?"),
        ('force-exclude = "yes"\n', ":2: `force-exclude` must be true or false"),
        ("allow = 3\n", ":2: write each `allow` under a line [[tool.redis-ssot.allow]] of its own"),
        ('boundary = ["auth"]\n', ":2: write each `boundary` under a line [[tool.redis-ssot.boundary]] of its own"),
        ("per-file-ignores = 3\n", ':2: `per-file-ignores` must be a table, as "tests/**" = ["RED201"]'),
        ('manager = "app manager"\n', ":2: `manager` is `app manager`, which is no module name; write it as `app.redis_manager`"),
        ('settings-modules = ["app.*"]\n', ":2: `settings-modules` is `app.*`, which is no module name; write it as `app.redis_manager`"),
        ('forbidden-managers = ["app/db"]\n', ":2: `forbidden-managers` is `app/db`, which is no dotted name or pattern; write it as `app.db.*`"),
        ('instance = "app/redis.py"\n', ":2: `instance` is `app/redis.py`, which is no name of an object; write it as `redis_manager`, or `get_redis()`"),
        ('instance = "get_redis().client"\n', ":2: `instance` is `get_redis().client`, which is no name of an object; "),
        ('[[tool.redis-ssot.boundary]]\nname = "a"\npaths = ["a"]\ninstance = "redis manager"\n', ":2: `boundary.instance` is `redis manager`, which"),
        (
            '[[tool.redis-ssot.boundary]]\nname = "a"\npaths = ["a"]\n[[tool.redis-ssot.boundary]]\nname = "a"\npaths = ["b"]\n',
            ":5: boundary `a` is defined twice; give each a name of its own",
        ),
        ('[[tool.redis-ssot.allow]]\npaths = ["a"]\nrules = ["RED201"]\nreason = "x"\nuntil = 3\n', ":2: unknown key `allow.until`; "),
        ('[[tool.redis-ssot.allow]]\npaths = ["a"]\nrules = ["RED201"]\nreason = " "\n', ":2: `allow.reason` must be a string that is not empty"),
        ('[tool.redis-ssot.replacements]\n"old.get" = "new get"\n', ":2: `replacements` has `new get`, which is no dotted name; "),
        ('[tool.redis-ssot.replacements]\n"old get" = "new.get"\n', ":2: `replacements` has `old get`, which is no dotted name; "),
    ],
)  # fmt: skip
def test_a_value_that_means_nothing_is_one_error(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.redis-ssot]\n" + text)
    with pytest.raises(SettingsError) as error:
        load_settings(
            str(tmp_path / "pyproject.toml"), root=str(tmp_path), codes=CODES, formats=["json", "full"]
        )
    (said,) = error.value.messages
    assert message in said


@pytest.mark.parametrize("key", ["extend-client-builders", "extend-pool-builders"])
@pytest.mark.parametrize(
    "builder",
    ["acme_redis.connect()", "acme redis", "acme_redis/connect.py", "*", "acme_redis.*", "acme_redis.**", "connect", ".redis.connect", "acme_redis:connect", "acme-redis.connect"],
)  # fmt: skip
def test_a_builder_that_can_match_nothing_is_an_error(key: str, builder: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        settings(tmp_path, f'{key} = ["acme_redis.connect", "acme.Redis.from_url", "{builder}"]\n')
    (said,) = error.value.messages
    assert said.endswith(
        f":2: `{key}` is `{builder}`, which is no dotted name of a callable; "
        "write it with its module, as `acme_redis.connect`"
    )


def test_a_settings_file_has_a_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\n")
    with pytest.raises(SettingsError, match=r"pyproject\.toml: has no \[tool\.redis-ssot\] table; add one"):
        load_settings(str(tmp_path / "pyproject.toml"), root=str(tmp_path), codes=CODES)
    (tmp_path / "own.toml").write_text('manager = "m"\n')
    found = load_settings(str(tmp_path / "own.toml"), root=str(tmp_path), codes=CODES)
    assert found.boundaries[0].managers == ("m",)


def test_an_option_of_flake8_must_equal_the_table(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(
        '[tool.redis-ssot]\nmanager = "m"\n[[tool.redis-ssot.boundary]]\nname = "auth"\npaths = ["auth/**"]\n'
        'manager = "auth.m"\n'
    )

    def with_options(**options: object) -> Settings:
        given = {key.replace("_", "-"): value for key, value in options.items()}
        return load_settings(str(path), root=str(tmp_path), codes=CODES, options=given)

    auth = {"name": "auth", "paths": ["auth/**"], "manager": ["auth.m"]}
    same = with_options(manager=["m"], boundary=[auth], forbidden_managers=["old"])
    assert [one.managers for one in same.boundaries] == [("m",), ("auth.m",)]
    assert same.boundaries[0].forbidden
    with pytest.raises(SettingsError) as error:
        with_options(manager="other", boundary=[auth | {"paths": ["login/**"]}])
    assert [
        "`manager` is set" in error.value.messages[0],
        "--redis-ssot-boundaries" in error.value.messages[1],
    ] == [True, True]


@pytest.mark.parametrize("key", ["select", "src"])
def test_a_list_that_says_nothing_is_an_error(key: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f":2: `{key}` is empty"):
        settings(tmp_path, f"{key} = []\n")
    settings(tmp_path, "ignore = []\nextend-select = []\ntests = []\nexclude = []\nmanager = []\n")


@pytest.mark.parametrize("key", ["paths", "rules", "symbols"])
def test_an_exception_without_bounds_is_an_error(key: str, tmp_path: Path) -> None:
    entry = {"paths": '["a.py"]', "rules": '["RED201"]', "symbols": '["redis.Redis"]', "reason": '"why"'}
    text = "".join(f"{k} = {v}\n" for k, v in (entry | {key: "[]"}).items())
    with pytest.raises(SettingsError, match=f":2: `allow.{key}` is empty"):
        settings(tmp_path, f"[[tool.redis-ssot.allow]]\n{text}")


@pytest.mark.parametrize("key", sorted(k for k, o in OPTIONS.items() if o.type.startswith("string")))
def test_no_string_may_be_empty(key: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f":2: `{key}` must be"):
        settings(tmp_path, f'{key} = ""\n')


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("E501", "; the codes of redis-ssot begin with `RED`"),
        ("RET501", "; the codes of redis-ssot begin with `RED`"),
        ("RED211", "; did you mean `RED201`?"),
        ("RE201", "; did you mean `RED201`?"),
        ("red201", "; did you mean `RED201`?"),
        ("RED9", "; known are RED101, RED201"),
    ],
)
def test_the_code_of_another_tool_is_near_none_of_ours(code: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        settings(tmp_path, f'ignore = ["{code}"]\n')
    assert error.value.messages[0].endswith(f"unknown rule code `{code}` in `ignore`{hint}")
    assert nearest(code, []) == ""
    assert nearest("forbiden", OPTIONS) == "; did you mean `forbidden-managers`?"
    assert nearest("foo", ["bar"]) == "; known are bar"


def test_patterns_of_src_name_the_folders_that_are_there(tmp_path: Path) -> None:
    project = tmp_path / "a[b]"  # is a pattern only where a pattern is written
    for folder in ("one/src", "one/.hidden/src", "two/deep/src", ".venv/src"):
        (project / folder).mkdir(parents=True)
    (project / "three").symlink_to(project / "one")
    (project / "one" / "back").symlink_to(project)
    (project / "one" / "file").touch()

    def roots(pattern: str) -> list[str]:
        found = settings(project, f'src = ["{pattern}"]\n').boundaries[0].roots
        return sorted(os.path.relpath(path, project) for path in found)

    assert roots("*/src") == ["one/src", "three/src"]
    assert roots("**/src") == ["one/src", "two/deep/src"]
    assert roots("one/*") == ["one/back", "one/src"]
    assert roots("../*/two") == ["two"] and roots("t?o/**/src") == ["two/deep/src"]
    assert roots(f"{tmp_path}/*/one") == ["one"] and roots(".*/src") == [".venv/src"]
    assert roots("gone") == ["gone"] and roots("gone/*") == []


def test_src_may_name_alternatives(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / "packages" / name).mkdir(parents=True)
    found = settings(tmp_path, 'src = ["packages/{a,b}", "packages/[c]*", "./lib"]\n')
    assert [Path(root).name for root in found.boundaries[0].roots] == ["a", "b", "c", "lib"]


def test_replacements_may_rename_parameters(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        '[tool.redis-ssot.replacements]\n"old.get" = "new.get"\n'
        '"old.put" = { to = "new.set", arguments = { name = "key" } }\n',
    )
    assert found.replacements == (("old.get", "new.get"), ("old.put", "new.set"))
    assert found.renamed_arguments == (("old.put", (("name", "key"),)),)


@pytest.mark.parametrize("wrong", ["3", "{ arguments = {} }", '{ to = "m.a", other = 1 }', '{ to = "m.a", arguments = { a = "b.c" } }'])  # fmt: skip
def test_a_replacement_is_a_name_or_a_table_of_one(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingsError) as error:
        settings(tmp_path, f'[tool.redis-ssot.replacements]\n"old.get" = {wrong}\n')
    assert any("must be a table of strings, or of tables" in message for message in error.value.messages)

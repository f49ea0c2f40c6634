"""What Python's own library offers, where a value goes through it: decorators, wrappers, types (Python 3.11 to 3.13)."""

from __future__ import annotations

import builtins

BUILT_IN_DECORATORS = frozenset(["staticmethod", "classmethod", "property"])
PROPERTIES = frozenset(["property", "cached_property"])
CACHES = frozenset(["lru_cache", "cache"])
CONTEXT_MANAGERS = frozenset(["contextmanager", "asynccontextmanager"])

KEEPING = BUILT_IN_DECORATORS | PROPERTIES | CACHES | CONTEXT_MANAGERS | {"override"}
"""Decorators after which a function still gives what it gives."""

KIND_DECORATORS = (
    PROPERTIES
    | CONTEXT_MANAGERS
    | frozenset(["override", "abstractmethod", "final", "setter", "deleter", "getter"])
)
"""Decorators that say of which kind a member is, or nothing."""

HANDED_ON = {
    "functools.partial": 0,
    "functools.partialmethod": 0,
    "asyncio.create_task": 0,
    "asyncio.ensure_future": 0,
    "asyncio.shield": 0,
    "asyncio.wait_for": 0,
    "contextlib.closing": 0,
    "contextlib.aclosing": 0,
    "contextlib.nullcontext": 0,
}
"""Functions that give one of their arguments, or what calls it or awaits it, by its index."""

AWAITED_CALLERS = {"to_thread": 0, "run_in_executor": 1, "run_in_threadpool": 0, "run_sync": 0}
CALLERS = {"map": 0, "submit": 0} | AWAITED_CALLERS
"""Functions, by their last names, that call one of their arguments with those after it, and the index of that.

The first ones are awaited, for what the call gives.
"""

RESULT = "result"
"""The method of a future that gives what the call in the thread gives."""

RUNNERS = frozenset(["asyncio.run", "asyncio.runners.run", "anyio.run", "uvloop.run"])
"""Functions that make an event loop, run in it the coroutine or function that is their first argument, and close it."""

CASTS = frozenset(["typing.cast", "typing_extensions.cast"])
"""Functions that give their second argument, said to be of the type which is the first."""

NAMESPACES = frozenset(["types.SimpleNamespace", "argparse.Namespace"])
"""Objects whose attributes are what they are called with."""

RECORD = "NamedTuple"
RECORDS = frozenset(["collections.namedtuple", f"typing.{RECORD}", "dataclasses.make_dataclass"])
"""Functions that make a class of the names of its fields, and the base that a class of fields has."""

REPLACING = frozenset(
    ["dataclasses.replace", "copy.replace", "attr.evolve", "attrs.evolve", "msgspec.structs.replace"]
)
REPLACING_METHOD = "_replace"
"""Functions, and the method of a record, that make another one with some fields given anew."""

MAKING_MISSING = frozenset(["collections.defaultdict"])
"""Mappings that make by their first argument what is not there."""

FIELDS = frozenset(
    ["dataclasses.field", "attr.ib", "attr.field", "attrs.field", "pydantic.Field", "msgspec.field"]
)
FACTORIES = frozenset(["default_factory", "factory"])
"""Functions that say what a field is made of, and the keywords by which they take what makes it for each object."""

MAPPINGS = frozenset(["dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict"])
SEQUENCES = frozenset(
    ["list", "List", "set", "Set", "frozenset", "Sequence", "Iterable", "Collection", "deque"]
)
"""Types of containers, by their last names."""

ITERATORS = frozenset(["Iterator", "AsyncIterator", "AsyncIterable", "Generator", "AsyncGenerator"])
"""Types of what is gone through, or yields: their first parameter is the type of each value."""

CONTAINERS = MAPPINGS | SEQUENCES | ITERATORS | {"tuple", "Tuple", "Callable", "type", "Type", "Awaitable"}
VAGUE = frozenset(["Any", "object", "AnyStr", "Incomplete"])
"""Types that say nothing of what is in them, unless that is written beside, and those that say nothing at all."""

CHANGING_METHODS = frozenset(
    ["append", "appendleft", "extend", "insert", "remove", "pop", "popleft", "popitem", "clear", "update"]
    + ["setdefault", "add", "discard", "sort", "reverse", "put", "put_nowait", "get_nowait", "rotate"]
    + ["acquire", "release", "set", "increment"]
)
"""Methods that change a container, a lock, a queue or an event."""

PICKLING = frozenset(
    ["pickle", "cPickle", "cloudpickle", "dill", "jsonpickle", "joblib", "shelve", "copyreg"]
)
"""Packages that write the name of a class's module with its objects."""

READING_METHODS = frozenset(
    ["get", "items", "keys", "values", "copy", "index", "count", "format", "startswith", "endswith", "split"]
    + ["strip", "lower", "upper", "join", "encode", "decode", "replace", "isdigit", "parent", "name", "hex"]
)
"""Methods and attributes of plain values that change nothing."""

FILLING = frozenset(["append", "appendleft", "add", "put", "put_nowait"])
"""Methods of a container that take in one more element."""

CONSUMING = frozenset(
    ["list", "tuple", "set", "frozenset", "dict", "sum", "any", "all", "min", "max", "sorted", "join", "next"]
    + ["extend", "update", "deque", "Counter", "fsum", "prod", "writelines"]
)
"""Functions that go through an iterator before they return, by their last names."""

LEAVING_EARLY = frozenset(["all", "any", "next"])
"""Those of them that need not come to its end."""

PASSING_ON = frozenset(
    ["map", "filter", "enumerate", "zip", "iter", "reversed", "islice", "chain", "from_iterable"]
)
"""Functions that give an iterator of what the one that they are given gives."""

CHANGING_FUNCTIONS = frozenset(["next", "setattr", "delattr", "heappush", "heappop", "insort", "shuffle"])
"""Functions that change their first argument."""

PLAIN_CALLS = frozenset(
    ["str", "int", "float", "bool", "bytes", "len", "min", "max", "abs", "round", "getLogger", "get_logger"]
    + ["getenv", "frozenset", "tuple", "partial", "Path", "timedelta", "compile", "TypeVar", "NamedTuple"]
    + ["namedtuple", "object", "repr", "format", "join", "lower", "upper", "strip", "register_script"]
)
"""Functions whose results nobody changes, by their last names."""

ENTERING_METHODS = frozenset(["enter_context", "enter_async_context"])
"""Methods of an exit stack that give what a `with` gets of their argument."""

GIVING_METHODS = frozenset(
    [
        "__enter__",
        "__aenter__",
        "__call__",
        "__getattr__",
        "__getitem__",
        "__iter__",
        "__aiter__",
        "__await__",
    ]
)
"""Methods that Python itself calls, and that give something of an object."""

LOOPS = frozenset(
    ["asyncio.Runner", "asyncio.runners.Runner", "asyncio.new_event_loop", "uvloop.new_event_loop"]
)
"""Functions that make an event loop to run things in."""

BRIDGES = frozenset(["asgiref.sync.async_to_sync", "asgiref.sync.AsyncToSync"])
"""Functions that make of a coroutine function one that runs it in an event loop, a new one where none is around."""

RUNNING_METHOD = "run_until_complete"
RUNNING = frozenset(["run", RUNNING_METHOD])
"""Methods of a loop that run their first argument to its end; by the name of the first it is one of a loop."""

JOBS = frozenset(["main", "future", "coro", "func", "awaitable"])
"""The keywords by which all of these take what they run."""

THREADS = frozenset(["Thread", "submit", *AWAITED_CALLERS])
THREAD_PACKAGES = frozenset(["threading", "concurrent", "asyncio", "anyio", "starlette", "fastapi"])
"""What runs a function that it is passed in another thread, by their last names, and the packages that have it."""

LOOP_PACKAGES = frozenset(name.partition(".")[0] for name in RUNNERS | LOOPS | BRIDGES)
LOOP_WORDS = RUNNING | frozenset(name.rpartition(".")[2] for name in RUNNERS | BRIDGES)
"""What a file imports that makes an event loop, and the words of which it has one."""

WAITING_FOR = frozenset(["wait_for", "shield", "anext", "aiter"])
"""Functions that give what the coroutine or iterator gives which is their first argument, and keep nothing of it."""

GETTERS = frozenset(["get", "pop", "setdefault"])
"""Methods of mappings that give what is under a key."""

TAKERS = frozenset(["pop", "popleft"])
"""Methods of lists and sets that give an element."""

SAME_TEXT = frozenset(["str", "bytes", "lower", "upper", "strip", "encode", "decode"])
"""What makes the same text of a text."""

TEXT_METHODS = frozenset(
    ["lower", "upper", "casefold", "title", "capitalize", "strip", "lstrip", "rstrip"]
    + ["removeprefix", "removesuffix", "replace"]
)
"""Methods of a string that make another one of it."""

PLAIN_BASES = frozenset(["object", "ABC", "Protocol", "Generic"])
"""Base classes without members."""

OPTIONAL = frozenset(["Optional", "Final", "Annotated"])
"""Types around the type of a value."""

COROUTINE_MEMBERS = frozenset(["send", "throw", "close", "cr_await", "cr_code", "cr_frame", "cr_running"])

TAKING_VALUES = frozenset(["int", "float", "len", "sorted", "sum", "loads"])
"""Functions that take a value and can do nothing with a coroutine."""

BUILTINS_TAKING_VALUES = frozenset(
    [
        "abs",
        "all",
        "any",
        "bool",
        "bytes",
        "dict",
        "enumerate",
        "frozenset",
        "iter",
        "list",
        "max",
        "min",
        "range",
    ]
    + ["reversed", "round", "set", "str", "tuple", "zip"]
)
"""The same of those whose names methods have as well, that do something else."""

QUESTIONS = frozenset(["hasattr", "isinstance", "isawaitable", "iscoroutine", "iscoroutinefunction"])
"""Functions that ask what a value is."""

CHANGING = frozenset(
    ["next", "pop", "popleft", "popitem", "get_nowait", "choice", "randint", "input", "recv"]
)
"""Functions that give something else at each call."""

ENTERING = frozenset(
    ["enter_context", "enter_async_context", "push", "push_async_exit", "closing", "aclosing"]
)
"""What of contextlib closes in the end what it is given."""

WARNINGS = frozenset(["DeprecationWarning", "PendingDeprecationWarning", "deprecated"])
"""What says that something is out of date."""

PURE_DECORATORS = (
    KEEPING
    | KIND_DECORATORS
    | frozenset(
        [
            "dataclass",
            "total_ordering",
            "runtime_checkable",
            "wraps",
            "singledispatch",
            "define",
            "frozen",
            "s",
        ]
        + ["overload", "no_type_check", "deprecated", "unique", "override", "cached_property", "lru_cache"]
    )
)
"""Decorators that take no note of what they are put on."""

LOGS = frozenset(["logger", "log", "logging", "warnings", "_logger", "_log", "LOGGER", "LOG"])
"""The usual names of what only reports."""

REPORTING = frozenset(["debug", "info", "warning", "error", "warn", "critical", "exception", "log"])
"""Its methods that do so, and set nothing."""

BUILT_IN_EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)
"""Exceptions that every module knows."""

TYPE_QUESTIONS = frozenset(["isinstance", "issubclass", "cast", "create_autospec"])
SPEC_KEYWORDS = frozenset(["spec", "spec_set", "autospec"])
"""Functions and keywords that take a class to ask for, or to imitate, what it is."""

CONTEXT_METHODS = ("__enter__", "__exit__", "__aenter__", "__aexit__")
"""Methods that run as a `with` begins and ends."""

STATING_TYPES = frozenset(["cast", "TypeVar"])
"""Functions, by their last names, that do nothing with the types that they are given."""

ENUMERATIONS = frozenset(["enum.Enum", "enum.IntEnum", "enum.StrEnum"])
"""Classes of the standard library whose members each have the value that is written for them."""

FRAME_GETTERS = frozenset(["_getframe", "currentframe"])
"""Functions, by their last names, that give the frame of the code that calls them, or of a caller of that."""

FRAME_LISTER = "stack"
"""The function of `inspect` that lists the frames of all code that is running, the innermost first."""

PLACE_READERS = FRAME_GETTERS | {FRAME_LISTER, "__module__"}
"""What tells in which module a function or class stands, or the code that calls."""

RECEIVERS = frozenset(["self", "cls"])
"""The usual names of a method's first parameter, which is its object or class."""

PLACES = frozenset(["__module__", "__qualname__"])
"""Attributes of a function or class that say where it is defined."""

NAME_COPIERS = frozenset(["wraps", "update_wrapper"])
"""Functions, by their last names, that give a function the names of the one that it wraps."""

CARRYING = NAME_COPIERS | {"partial", "partialmethod", "staticmethod", "list", "tuple", "dict"}
"""What hands on what it is given, within an object or under its name, by last names."""

PACKAGE_WALKERS = frozenset(["walk_packages", "iter_modules"])
"""Functions of `pkgutil` that list the modules of a package."""

KEEPING_QUIET = frozenset(["suppress"])
"""What is entered to let errors pass."""

CODECS = {
    library: name
    for name, libraries in {
        "JSON": "json orjson ujson simplejson rapidjson",
        "pickle": "pickle cPickle cloudpickle dill",
        "msgpack": "msgpack ormsgpack",
        "YAML": "yaml",
        "marshal": "marshal",
        "zlib": "zlib",
        "gzip": "gzip",
        "bz2": "bz2",
        "lzma": "lzma",
        "base64": "base64",
    }.items()
    for library in libraries.split()
}
"""Libraries that turn values into text or bytes and back, with what is called alike where they read each other's."""

CHANGING_TEXT = frozenset(
    ["lower", "upper", "casefold", "capitalize", "title", "swapcase", "strip", "lstrip", "rstrip", "replace"]
    + [
        "hexdigest",
        "digest",
        "quote",
        "quote_plus",
        "md5",
        "sha1",
        "sha256",
        "sha512",
        "blake2b",
        "blake2s",
        "crc32",
    ]
)
"""What makes another text of one, by last names."""

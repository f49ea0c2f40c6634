"""What frameworks offer: who calls a function, who gives it a value, and which strings are dotted names.

The names are those of the documentation of aiohttp, attrs, Celery, Django, Dramatiq, FastAPI, Flask, huey, msgspec,
mock, pydantic, pytest, Starlette, Tornado and Werkzeug; where a framework renamed something, both stand here.
"""

from __future__ import annotations

from flake8_redis_ssot.libraries.standard import BUILT_IN_DECORATORS

HTTP_VERBS = frozenset(["get", "post", "put", "patch", "delete", "head", "options", "trace"])
"""Decorators of routes, once they are given a path, and methods of class-based views."""

ROUTES = frozenset(["route", "api_route", "websocket", "websocket_route", "api_view", "middleware", "view"])
"""Decorators after which a function is called for each request."""

VIEWS = frozenset(
    ["HTTPEndpoint", "RequestHandler", "Resource", "ViewSet", "ModelViewSet", "WebSocketEndpoint"]
)
VIEW_SUFFIX = "View"
"""How the names of other base classes of views end."""

REQUESTS = frozenset(["Request", "HttpRequest", "HTTPConnection", "WebSocket"])
"""Types of a parameter that is a request."""

APPLICATIONS = frozenset(
    ["FastAPI", "Starlette", "Litestar", "Flask", "Quart", "Sanic", "Application", "APIFlask"]
)
"""Classes of web applications, by their last names."""

APPLICATION_NAMES = frozenset(["app", "application", "current_app"])
"""What a web application is called, also as an attribute: `request.app`."""

STATES = frozenset(["state", "ctx", "extensions", "config"])
"""Attributes of an application in which others keep their objects, by name or by key."""

TASKS = frozenset(["task", "shared_task", "periodic_task", "actor", "job", "db_task", "db_periodic_task"])
"""Decorators after which a queue runs a function for each job."""

RUN_ONCE = ("invoke", "fabric", "nox", "pytest")
"""Libraries whose tasks a person starts, each in a process of its own."""

COMMAND_LINES = ("argparse", "click", "typer", "__main__", "sys.argv", "docopt", "BaseCommand")
"""Words of a file that a person starts, with one function of it a process."""

DEPENDS = frozenset(["fastapi.Depends", "fastapi.params.Depends", "fastapi.Security"])
"""Functions that give what the function gives which is their first argument."""

INJECTING = frozenset(["fastapi"])
"""Packages that call a generator for each request that depends on it."""

GIVERS = {
    "pytest.fixture": "fixture",
    "pytest_asyncio.fixture": "fixture",
    "contextlib.contextmanager": "manager",
    "contextlib.asynccontextmanager": "manager",
}
"""Decorators of functions that hand a value to a test, or to a `with` block."""

DECORATORS = frozenset(
    ["functools.cached_property", "functools.lru_cache", "functools.cache", "abc.abstractmethod"]
    + ["django.utils.functional.cached_property", "werkzeug.utils.cached_property"]
    + ["typing.override", "typing.final", "typing_extensions.override", "typing_extensions.final"]
)
TRANSPARENT = BUILT_IN_DECORATORS | {name.rpartition(".")[2] for name in DECORATORS}
"""Decorators after which a function still returns what it returns, by their last names."""

DATA_BASES = frozenset(
    ["Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "NamedTuple", "TypedDict", "Protocol", "BaseModel"]
    + ["Struct", "BaseException", "ExceptionGroup"]
)
FIELD_BASES = frozenset(["NamedTuple", "BaseModel", "Struct"])
"""Those whose subclasses are made from their annotated fields, by their last names."""

DATA_DECORATORS = frozenset(["dataclass", "define", "frozen", "attrs", "mutable"])
"""Bases and decorators of classes that hold or signal something, by their last names."""

FACTORY_KEYWORDS = frozenset(["default_factory", "factory"])
"""Keywords of a field (dataclasses, attrs, pydantic) whose value makes one for each object."""

MAKING_METHODS = frozenset(["__post_init__", "__attrs_post_init__", "model_post_init"])
"""Methods in which such a class makes what it holds."""

HARMLESS_DECORATORS = DATA_DECORATORS | {"final", "runtime_checkable", "total_ordering", "deprecated", "s"}
"""Decorators after which a call of a class still makes an object."""

PLAIN_METACLASSES = frozenset(["abc.ABCMeta", "enum.EnumMeta", "enum.EnumType"])
"""Metaclasses after which it does."""

LOADERS = frozenset(
    ["importlib.import_module", "importlib.__import__", "pkgutil.resolve_name", "sys.modules.get"]
)
"""Functions that give the module of a dotted name; `__import__` besides."""

IMPORTERS = LOADERS | {
    "django.utils.module_loading.import_string", "werkzeug.utils.import_string", "pytest.importorskip",
}  # fmt: skip
"""These and the functions of frameworks that give any object by its dotted name."""

LOADING = frozenset(
    ["import_string", "import_object", "import_class", "load_object", "locate", "symbol_by_name"]
    + ["get_callable", "string_import"]
)
"""Callables, by their last names, that give the object which a string names."""

PATCHING = (b"patch", b"setattr", b"setitem", b"delattr")
"""Words without which no test patches anything."""

TAKERS = LOADING | {"patch", "multiple", "dict", "setattr", "delattr"}
"""Callables that take a dotted name first."""

TARGETS = ("target", "in_dict", "name", "import_name", "dotted_path")
"""Keywords by which they do."""

SETTING = frozenset(["object", "setattr", "delattr", "setitem", "multiple", "dict", "spy", "stub"])
"""Methods that exchange something of an object which they are given."""

MOCKS = frozenset(["unittest", "mock", "asynctest", "pytest_mock", "pytest"])
"""Packages whose `patch` takes a dotted name; that of an HTTP library takes a path."""

MOCKING = frozenset(["patch", "monkeypatch", "mocker"])
"""Names by which a test puts something else in an object's place."""

CELERY_SETTINGS = frozenset(
    ["imports", "include", "task_routes", "task_annotations", "beat_schedule", "beat_scheduler"]
    + ["result_backend", "worker_pool", "task_cls", "loader"]
)
SETTINGS = frozenset(
    ["INSTALLED_APPS", "MIDDLEWARE", "MIDDLEWARE_CLASSES", "CACHES", "SESSION_ENGINE", "SESSION_SERIALIZER"]
    + ["AUTHENTICATION_BACKENDS", "TEMPLATES", "STORAGES", "DEFAULT_FILE_STORAGE", "STATICFILES_STORAGE"]
    + ["EMAIL_BACKEND", "LOGGING", "LOGGING_CONFIG", "CHANNEL_LAYERS", "DATABASE_ROUTERS", "TEST_RUNNER"]
    + ["ROOT_URLCONF", "WSGI_APPLICATION", "ASGI_APPLICATION", "REST_FRAMEWORK", "TASKS", "HUEY", "RQ"]
    + ["CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE", "CELERY_ROUTES", "CELERY_ANNOTATIONS"]
    + [f"CELERY_{name.upper()}" for name in CELERY_SETTINGS]
)
"""Settings that hold dotted names, of Django and of Celery in both of its spellings."""

ENVIRONMENT_READERS = frozenset(["os.getenv", "os.environ.get", "os.environ.pop", "decouple.config"])
"""Functions that give an environment variable."""

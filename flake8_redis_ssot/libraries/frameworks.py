"""What frameworks offer: who calls a function, who gives it a value, and which strings are dotted names.

The names are those of the documentation of aiogram, aiohttp, APScheduler, arq, attrs, Bottle, Celery, Channels, Django,
Django REST framework, Dramatiq, FastAPI, FastMCP, FastStream, Flask, gRPC, huey, Litestar, msgspec, mock, Nameko,
Procrastinate, pydantic, pytest, Quart, RQ, Sanic, python-socketio, Starlette, Strawberry, taskiq, Temporal, Tornado and
Werkzeug; where a framework renamed something, both stand here.
"""

from __future__ import annotations

from typing import Literal

from flake8_redis_ssot.libraries.standard import BUILT_IN_DECORATORS, CARRYING

Occasion = Literal["request", "connection", "message", "job", "signal"]
"""What a framework calls a function for."""

_VERBS = "get post put patch delete head options trace"
HTTP_VERBS = frozenset(_VERBS.split())

_CALLING: tuple[tuple[str, Occasion, str], ...] = (
    ("fastapi starlette", "request",
     f"{_VERBS} api_route route middleware exception_handler Depends Security add_api_route add_route Route"
     " add_task BackgroundTask"),
    ("fastapi starlette", "connection",
     "websocket websocket_route add_api_websocket_route add_websocket_route WebSocketRoute"),
    ("flask quart", "request",
     f"{_VERBS} route add_url_rule before_request after_request teardown_request before_app_request"
     " after_app_request teardown_app_request errorhandler app_errorhandler context_processor"
     " app_context_processor url_value_preprocessor"),
    ("quart", "connection", "websocket before_websocket after_websocket"),
    ("django", "request",
     "path re_path url require_GET require_POST require_safe require_http_methods csrf_exempt csrf_protect"
     " login_required permission_required user_passes_test never_cache cache_page xframe_options_exempt"),
    ("django", "signal",
     "receiver pre_save.connect post_save.connect pre_delete.connect post_delete.connect m2m_changed.connect"
     " request_started.connect request_finished.connect"),
    ("rest_framework", "request", "api_view action"),
    ("ninja", "request", f"{_VERBS} api_operation"),
    ("aiohttp", "request",
     f"{_VERBS} view route middleware add_get add_post add_put add_patch add_delete add_head add_options"
     " add_view add_route"),
    ("sanic", "request",
     f"{_VERBS} route add_route middleware on_request on_response exception register_middleware"),
    ("sanic", "connection", "websocket add_websocket_route"),
    ("bottle litestar", "request", f"{_VERBS} route"),
    ("litestar", "request", "Provide"),
    ("litestar", "connection", "websocket websocket_listener websocket_stream"),
    ("strawberry", "request", "field mutation"),
    ("fastmcp mcp", "request", "tool resource prompt"),
    ("aiogram", "message",
     "message edited_message channel_post edited_channel_post callback_query inline_query chosen_inline_result"
     " my_chat_member chat_member chat_join_request pre_checkout_query shipping_query"),
    ("faststream", "message", "subscriber"),
    ("nameko", "request", "rpc http"),
    ("nameko", "message", "event_handler"),
    ("socketio flask_socketio", "message", "on event on_event"),
    ("celery", "job", "task shared_task periodic_task"),
    ("rq django_rq flask_rq2", "job", "job enqueue enqueue_call enqueue_in enqueue_at"),
    ("dramatiq", "job", "actor"),
    ("arq", "job", "func cron"),
    ("taskiq taskiq_redis taskiq_aio_pika taskiq_nats taskiq_pg taskiq_faststream", "job",
     "task register_task"),
    ("huey", "job", "task periodic_task db_task db_periodic_task on_commit_task"),
    ("apscheduler flask_apscheduler", "job", "scheduled_job add_job task"),
    ("procrastinate", "job", "task periodic"),
    ("django_tasks", "job", "task"),
    ("temporalio", "job", "defn"),
    ("celery", "job", "task_prerun.connect task_postrun.connect task_success.connect task_failure.connect"
     " task_retry.connect task_received.connect before_task_publish.connect after_task_publish.connect"),
)  # fmt: skip
CALLING: dict[str, dict[str, Occasion]] = {}
"""By package, the last names of the decorators and functions that take a function to be called, and what for.

One of two parts is the method of an object of that name.
"""
for _packages, _occasion, _names in _CALLING:
    for _package in _packages.split():
        CALLING.setdefault(_package, {}).update(dict.fromkeys(_names.split(), _occasion))

ROUTES = HTTP_VERBS | {"route", "api_route", "websocket", "websocket_route"}
"""Decorators that are a route's, whatever the framework, once they are given a path."""

APPLICATIONS = frozenset(
    ["FastAPI", "Starlette", "Litestar", "Flask", "Quart", "Sanic", "Application", "APIFlask"]
)
"""Classes of web applications, by their last names."""

CURRENT_APPLICATION = "current_app"
"""The name by which Flask hands out the application of the present request."""

APPLICATION_NAMES = frozenset(["app", "application", CURRENT_APPLICATION])
"""What a web application is called, also as an attribute: `request.app`."""

STATES = frozenset(["state", "ctx", "extensions", "config"])
"""Attributes of an application in which others keep their objects, by name or by key."""

REQUEST_OBJECTS = frozenset(["flask.g", "quart.g"])
"""Objects of a framework in which others keep theirs for a request, the same one by name in all files."""

HOLDING = {"rq": "connection"}
"""By package, the keyword by which its classes take the client that they use."""

REQUEST_NAMES = frozenset(["request", "req"])
"""What a request is called as a parameter; it has its own state, also by key."""

APPLICATION_KEYS = frozenset(["AppKey"])
"""Classes of keys of an application that are equal to nothing but themselves, by their last names."""

TASKS = frozenset(["task", "shared_task", "periodic_task", "actor", "job", "db_task", "db_periodic_task"])
"""Decorators that are a queue's where the project itself hands the queue out."""

JOBS = TASKS.union(*({name for name, what in names.items() if what == "job"} for names in CALLING.values()))
"""These, and all that takes the function of a job."""

KEYED_BY_NAME: dict[str, frozenset[str]] = {
    package: frozenset(names.split())
    for package, names in {
        "aiocache": "cached multi_cached",
        "dogpile": "cache_on_arguments cache_multi_on_arguments",
        "flask_caching": "cached memoize",
        "joblib": "cache",
    }.items()
}
"""By package, what keeps the results of a function under the names of its module and class."""

_PER_REQUEST = f"{_VERBS} __init__ setup dispatch"
_CALLED: tuple[tuple[str, str, Occasion, str], ...] = (
    ("django flask quart aiohttp sanic rest_framework", "View", "request",
     f"{_PER_REQUEST} dispatch_request get_queryset get_context_data list create retrieve update destroy"),
    ("rest_framework", "ViewSet", "request",
     f"{_PER_REQUEST} list create retrieve update partial_update destroy get_queryset"),
    ("flask_restful flask_restx flask_restplus", "Resource", "request", _PER_REQUEST),
    ("starlette", "HTTPEndpoint", "request", _PER_REQUEST),
    ("starlette", "WebSocketEndpoint", "connection", "__init__ dispatch on_connect on_disconnect"),
    ("starlette", "WebSocketEndpoint", "message", "on_receive"),
    ("starlette fastapi", "BaseHTTPMiddleware", "request", "dispatch"),
    ("django", "MiddlewareMixin", "request",
     "process_request process_response process_view process_exception process_template_response"),
    ("tornado", "RequestHandler", "request", f"{_PER_REQUEST} initialize prepare on_finish"),
    ("tornado", "WebSocketHandler", "connection", "__init__ initialize prepare open on_close"),
    ("tornado", "WebSocketHandler", "message", "on_message"),
    ("channels", "Consumer", "connection",
     "__init__ connect disconnect websocket_connect websocket_disconnect"),
    ("channels", "Consumer", "message", "receive receive_json websocket_receive"),
    ("channels", "Consumer", "request", "handle http_request"),
    ("celery", "Task", "job", "run __call__ before_start after_return on_success on_failure on_retry"),
    ("dramatiq", "GenericActor", "job", "perform"),
    ("aiogram", "BaseMiddleware", "message", "__call__"),
)  # fmt: skip
CALLED: dict[str, tuple[tuple[str, dict[str, Occasion]], ...]] = {}
"""By package, how its base classes' names end, with the methods that it calls and what for.

A view or consumer is made for each request or connection, so that its `__init__` runs as often; a task is made once.
"""
for _packages, _suffix, _occasion, _names in _CALLED:
    for _package in _packages.split():
        CALLED[_package] = (
            *CALLED.get(_package, ()),
            (_suffix, dict.fromkeys(_names.split(), _occasion)),
        )

CALLED_WITH: tuple[tuple[str, str, tuple[str, ...], Occasion], ...] = (
    ("channels", "Consumer", ("event",), "message"),
    ("grpc", "Servicer", ("request", "context"), "request"),
    ("grpc", "Servicer", ("request_iterator", "context"), "request"),
)
"""By package, how its base classes' names end whose methods, whatever they are called, get these parameters."""

GENERATED = {"_pb2_grpc.": "grpc"}
"""Words in the dotted names of classes that a package's compiler writes."""

CALLED_ONCE: dict[str, frozenset[str]] = {
    "django": frozenset(
        ["pre_migrate", "post_migrate", "class_prepared", "setting_changed", "connection_created"]
    ),
    "litestar": frozenset(["use_cache"]),
}
"""By package, the keywords and arguments with which what takes a function calls it once, or keeps what it gives."""

RESPONDERS = ("on_", ("req", "resp"))
"""How the names of Falcon's responders begin, before the verb, and their first parameters; no base class says so."""

REQUESTS: dict[str, frozenset[str]] = {
    package: frozenset(names.split())
    for package, names in {
        "aiohttp": "Request",
        "django": "HttpRequest",
        "fastapi": "Request WebSocket",
        "flask": "Request",
        "ninja": "Request",
        "quart": "Request Websocket",
        "rest_framework": "Request",
        "sanic": "Request",
        "starlette": "Request WebSocket HTTPConnection",
        "werkzeug": "Request",
    }.items()
}
"""Types of a parameter that is a request, by package."""

VIEW_PACKAGES = frozenset(["django", "rest_framework"])
VIEW_PARAMETER = "request"
RESPONSES = frozenset(["render", "redirect", "Response"])
RESPONSE_WORD = "Response"
"""Packages whose views are functions with this first parameter that return what one of these gives, or of such a name."""

TASK_LISTS = ("WorkerSettings", frozenset(["functions", "cron_jobs"]))
"""The class in which arq finds its jobs, and the attributes that list them."""

COMMAND_LINES = ("argparse", "click", "typer", "__main__", "sys.argv", "docopt", "BaseCommand")
"""Words of a file that a person starts, with one function of it a process."""

SHUTDOWN_WORDS = (
    "atexit", "shutdown", "cleanup", "after_serving", "server_stop", "process_stop", "on_stop", "signal",
)  # fmt: skip
"""Words of the decorators, calls and attributes that have something run when a process or an application ends."""

PER_REQUEST_ENDS = ("teardown_appcontext", "teardown_app_request", "teardown_request", "after_request")
"""Words of those that run at the end of each request instead."""

LIFESPAN = "lifespan"
"""What the function is called that runs before and after an application."""

DEPENDS = frozenset(["fastapi.Depends", "fastapi.params.Depends", "fastapi.Security"])
"""Functions that give what their first argument, a function, gives."""

DEPENDS_NAMES = frozenset(name.rpartition(".")[2] for name in DEPENDS)
"""The last names of those functions."""

OVERRIDES = "dependency_overrides"
"""The mapping of an application by which a test puts another function in the place of one that is depended on."""

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
"""Bases of classes that hold or signal something, by their last names."""

FIELD_BASES = frozenset(["NamedTuple", "BaseModel", "Struct"])
"""Those whose subclasses are made from their annotated fields, by their last names."""

DATA_DECORATORS = frozenset(["dataclass", "define", "frozen", "attrs", "mutable"])
"""Decorators of classes that hold something, by their last names."""

MAKING_METHODS = frozenset(["__post_init__", "__attrs_post_init__", "model_post_init"])
"""Methods in which a class with fields makes what it holds."""

HARMLESS_DECORATORS = DATA_DECORATORS | {"final", "runtime_checkable", "total_ordering", "deprecated", "s"}
"""Decorators after which a call of a class still makes an object."""

PLAIN_METACLASSES = frozenset(["abc.ABCMeta", "enum.EnumMeta", "enum.EnumType"])
"""Metaclasses with which a call of the class still makes an object."""

LOADERS = frozenset(
    ["importlib.import_module", "importlib.__import__", "pkgutil.resolve_name", "sys.modules.get"]
)
"""Functions that give the module of a dotted name; `__import__` besides."""

IMPORTERS = LOADERS | {
    "django.utils.module_loading.import_string", "werkzeug.utils.import_string", "pytest.importorskip",
}  # fmt: skip
"""These and the functions of frameworks that give any object by its dotted name."""

LOADER_NAMES = frozenset(["import_module", "__import__", "resolve_name", "import_string", "importorskip"])
"""The last names of those functions."""

LOADING_WORDS = LOADER_NAMES | {"sys.modules"}
"""Words without which nothing is imported by the text of its name."""

LOADING_WORDS = LOADER_NAMES | {"sys.modules"}
"""Words without which nothing is imported by the text of its name."""

IMPORTED = frozenset(["name", "modname", "import_name", "dotted_path"])
"""Keywords by which they get the name."""

TYPE_READERS = frozenset(
    ["register", "inject", "autowired", "validate_call", "validate_arguments", "typechecked", "beartype"]
)
"""Decorators, by their last names, that act by the types which a function states."""

VALIDATING = frozenset(["pydantic", "pydantic_settings", "sqlmodel", "beanie", "odmantic", "ninja"])
"""Packages whose classes check their fields by the types stated for them."""

RUNNING_SPECIFIED = frozenset(["exec_module", "load_module"])
"""Methods that run a file of which something else says where it is."""

SPECIFYING = "spec_from_file_location"
"""The function that says where it is."""

RUNNING_ANEW = LOADER_NAMES | {"reload", "run_module", "run_path", "modules"} | RUNNING_SPECIFIED
"""What may run a module once more, or for the first time: names of functions, and of `sys.modules`."""

MAKING_NAMES = ("__init__", "__new__", "__post_init__")
"""Methods that run when an object is made."""

LOADING = frozenset(
    ["import_string", "import_object", "import_class", "load_object", "locate", "symbol_by_name"]
    + ["get_callable", "string_import"]
)
"""Callables, by their last names, that give the object which a string names."""

CALLING_ANY_TIME = frozenset(
    ["Thread", "Timer", "start_new_thread", "submit", "signal", "add_signal_handler", "finalize", "ref"]
    + ["WeakMethod", "addHandler", "addFilter", "settrace", "setprofile", "excepthook", "unraisablehook"]
)
"""What takes a callable, or an object with methods, and calls it whatever code runs, by their last names."""

CALLING_WHILE_AWAITED = frozenset(
    ["create_task", "ensure_future", "run_coroutine_threadsafe", "start_soon", "call_soon", "call_later"]
    + ["call_at", "call_soon_threadsafe", "add_done_callback"]
)
"""What takes a callable or a coroutine, and runs it while other code awaits something, by their last names."""

ONLY_CALLING = (
    CALLING_ANY_TIME
    | CALLING_WHILE_AWAITED
    | CARRYING
    | {"map", "filter", "to_thread", "run_in_executor", "callable"}
)
"""What only calls what it is given, or hands it to what calls it, by their last names."""

PATCHING = (b"patch", b"setattr", b"setitem", b"delattr")
"""Words without which no test patches anything."""

PATCHERS = frozenset(["patch", "multiple", "dict", "setattr", "delattr"])
"""Callables, by their last names, that exchange what a string names."""

NAME_TAKERS = LOADING | PATCHERS
"""Callables that take a dotted name first."""

TARGETS = ("target", "in_dict", "name", "import_name", "dotted_path")
"""Keywords by which they do."""

OBJECT_PATCHERS = frozenset(["object", "setattr", "delattr", "setitem", "multiple", "dict", "spy", "stub"])
"""Methods that exchange something of an object which they are given."""

PATCHING_METHODS = frozenset(["object", "setattr", "delattr", "spy", "stub"])
"""Those that take the object, the name of one attribute, and put it back."""

MOCKS = frozenset(["unittest", "mock", "asynctest", "pytest_mock", "pytest"])
"""Packages whose `patch` takes a dotted name; that of an HTTP library takes a path."""

MOCKING = frozenset(["patch", "monkeypatch", "mocker"])
"""Names by which a test puts something else in an object's place."""

FIXTURES = frozenset(["fixture", "yield_fixture"])
"""Decorators of what pytest runs for tests, once all modules are imported, by their last names."""

RAISING_TESTS = frozenset(["raises", "assertRaises", "assertRaisesRegex", "suppress", "RaisesGroup"])
"""What takes the class of an exception that is to be raised."""

WARNING_TESTS = RAISING_TESTS | frozenset(
    ["warns", "deprecated_call", "assertWarns", "assertWarnsRegex", "assertLogs", "catch_warnings", "recwarn"]
)
"""What asks how something fails, or warns."""

RUNNER_METHODS = ("test", "setUp", "setup", "asyncSetUp", "tearDown", "teardown", "asyncTearDown")
"""How the names begin of functions that a test runner finds by their names, and calls."""

PREPARING = ("setUp", "setup", "asyncSetUp")
"""How those begin that it calls before a test."""

TEARING_DOWN = ("tearDown", "teardown", "asyncTearDown")
"""How those begin that it calls after one."""

CELERY_SETTINGS = frozenset(
    ["imports", "include", "task_routes", "task_annotations", "beat_schedule", "beat_scheduler"]
    + ["result_backend", "worker_pool", "task_cls", "loader"]
)
SETTINGS = frozenset(
    ["INSTALLED_APPS", "MIDDLEWARE", "MIDDLEWARE_CLASSES", "CACHES", "SESSION_ENGINE", "SESSION_SERIALIZER"]
    + ["AUTHENTICATION_BACKENDS", "TEMPLATES", "STORAGES", "DEFAULT_FILE_STORAGE", "STATICFILES_STORAGE"]
    + ["EMAIL_BACKEND", "LOGGING", "LOGGING_CONFIG", "CHANNEL_LAYERS", "DATABASE_ROUTERS", "TEST_RUNNER"]
    + ["ROOT_URLCONF", "WSGI_APPLICATION", "ASGI_APPLICATION", "REST_FRAMEWORK", "TASKS", "HUEY", "RQ"]
    + ["DJANGO_REDIS_CONNECTION_FACTORY", "default_app_config", "pytest_plugins"]
    + ["handler400", "handler403", "handler404", "handler500"]
    + ["CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE", "CELERY_ROUTES", "CELERY_ANNOTATIONS"]
    + [f"CELERY_{name.upper()}" for name in CELERY_SETTINGS]
)
"""Settings that hold dotted names, of Django, of Celery in both of its spellings, and of pytest."""

NAMED_TO = frozenset(
    ["uvicorn.run", "uvicorn.main.run", "uvicorn.Config", "uvicorn.config.Config", "granian.Granian"]
    + ["runpy.run_module", "django.urls.include", "django.conf.urls.include", "logging.config.dictConfig"]
)
"""Functions whose first argument has dotted names, of the whole name."""

NAMED_TO_METHODS = {
    "autodiscover_tasks": 0,
    "config_from_object": 0,
    "from_object": 0,
    "enqueue": 0,
    "enqueue_call": 0,
    "enqueue_in": 1,
    "enqueue_at": 1,
    "add_job": 0,
}
"""Methods of Celery, Flask, RQ and APScheduler that take dotted names, and the index of the argument."""

NAMED_BY = frozenset(["app", "target", "mod_name", "arg", "config", "packages", "obj", "f", "func"])
"""Keywords by which they do."""

ENVIRONMENT_READERS = frozenset(["os.getenv", "os.environ.get", "os.environ.pop", "decouple.config"])
"""Functions that give an environment variable."""

ENVIRONMENTS = frozenset(
    ["environs.Env", "environs.FileAwareEnv", "environ.Env", "environ.FileAwareEnv"]
    + ["decouple.AutoConfig", "starlette.config.Config"]
)
"""Classes whose objects give one when they are called, or by any of their methods."""

LOADING_SETTINGS = frozenset(["load_dotenv", "read_dotenv", "read_env"])
"""Functions that set the variables of a file which the environment lacks: a second call sets nothing more."""

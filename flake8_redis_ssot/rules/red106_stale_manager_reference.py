"""RED106."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.rule import Rule, RuleContext, manager_needles, on
from flake8_redis_ssot.semantic.flow import Dotted, Flow, Text
from flake8_redis_ssot.semantic.scopes import Site
from flake8_redis_ssot.settings.model import Settings

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")
# callables that take a dotted name first
_TAKERS = frozenset(
    ["patch", "multiple", "dict", "setattr", "delattr", "import_string", "import_object", "import_class"]
    + ["load_object", "locate", "symbol_by_name", "get_callable", "string_import"]
)
_KEYWORDS = ("target", "in_dict", "name", "import_name", "dotted_path")
# settings that hold dotted names, of Django and of Celery in both of its spellings
_CELERY = frozenset(
    ["imports", "include", "task_routes", "task_annotations", "beat_schedule", "beat_scheduler"]
    + ["result_backend", "worker_pool", "task_cls", "loader"]
)
_SETTINGS = frozenset(
    ["INSTALLED_APPS", "MIDDLEWARE", "MIDDLEWARE_CLASSES", "CACHES", "SESSION_ENGINE", "SESSION_SERIALIZER"]
    + ["AUTHENTICATION_BACKENDS", "TEMPLATES", "STORAGES", "DEFAULT_FILE_STORAGE", "STATICFILES_STORAGE"]
    + ["EMAIL_BACKEND", "LOGGING", "LOGGING_CONFIG", "CHANNEL_LAYERS", "DATABASE_ROUTERS", "TEST_RUNNER"]
    + ["ROOT_URLCONF", "WSGI_APPLICATION", "ASGI_APPLICATION", "REST_FRAMEWORK", "TASKS", "HUEY", "RQ"]
    + ["CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE", "CELERY_ROUTES", "CELERY_ANNOTATIONS"]
    + [f"CELERY_{name.upper()}" for name in _CELERY]
)


class StaleManagerReference(Rule):
    """A string names a forbidden manager.

    ## What it does
    Reports strings that are the dotted name of a forbidden manager, or of something in one,
    where code takes such a name: `mock.patch` and its like, `monkeypatch.setattr`,
    `import_string`, `sys.modules`, and the settings of Django and Celery that hold
    dotted names. Names of constants, f-strings and sums of constants are followed.

    ## Why is this bad?
    A migration of imports leaves such strings behind. A patch of the old place then may
    replace nothing that runs, so the test passes or fails for the wrong reason.

    ## Example
    ```python
    from unittest.mock import patch

    with patch("app.db.redis_manager.get_redis_manager"):
        pass
    ```

    ## Use instead
    ```python
    from unittest.mock import patch

    # where the code under test looks the manager up
    with patch("app.rooms.redis_manager"):
        pass
    ```

    ## Options
    - `forbidden-managers`
    - `manager`

    ## References
    - [unittest.mock: where to patch](https://docs.python.org/3/library/unittest.mock.html#where-to-patch)
    """

    code = "RED106"
    name = "stale-manager-reference"
    since = "0.1.0"

    def needles(self, settings: Settings) -> Iterable[str]:
        return manager_needles(settings)

    @on(ast.Module)
    def check(self, module: ast.Module, context: RuleContext) -> Iterator[Diagnostic]:
        seen = set()
        homes = (
            " in " + " or ".join(f"`{m}`" for m in context.boundary.managers)
            if context.boundary.managers
            else ""
        )
        for site in context.walk.sites:
            for text in _references(site, context.flow):
                name = text.value.removesuffix(".*").replace(":", ".")
                if text.node in seen or not _DOTTED.fullmatch(name) or not context.forbids(name):
                    continue
                seen.add(text.node)
                yield self.diagnostic(
                    context,
                    context.source.range_of(text.node),
                    f"This string names `{name}`, which {context.belongs(name)} a forbidden Redis manager; "
                    f"name what replaces it{homes}, or where the code under test looks it up",
                    symbols=(name,),
                )


def _references(site: Site, flow: Flow) -> Iterator[Text]:
    """The strings of a call or assignment that are meant as dotted names."""
    node = site.node
    if isinstance(node, ast.Call):
        last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if last in _TAKERS:
            for argument in [*node.args[:1], *(k.value for k in node.keywords if k.arg in _KEYWORDS)]:
                yield from flow.texts(argument, site)
            if any(_is_sys_modules(argument, site, flow) for argument in node.args[:1]):
                for argument in node.args[1:]:
                    yield from _all_texts(argument)
        elif last in ("setitem", "delitem") and node.args and _is_sys_modules(node.args[0], site, flow):
            for argument in node.args[1:2]:
                yield from flow.texts(argument, site)
        for keyword in node.keywords:
            if keyword.arg in _SETTINGS or (keyword.arg in _CELERY and last in ("Celery", "update")):
                yield from _all_texts(keyword.value)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            match target:
                case ast.Name(id=name) if (
                    site.scope.kind in ("module", "class") and name in _SETTINGS | _CELERY
                ):
                    yield from _all_texts(node.value)
                case ast.Attribute(attr=name, value=ast.Attribute(attr="conf") | ast.Name(id="conf")):
                    if name in _SETTINGS | _CELERY:
                        yield from _all_texts(node.value)
                case ast.Subscript(value=value, slice=key) if _is_sys_modules(value, site, flow):
                    yield from flow.texts(key, site)


def _is_sys_modules(node: ast.expr, site: Site, flow: Flow) -> bool:
    """Whether it is `sys.modules`, or its name as `patch.dict` takes it."""
    names = (v.name if isinstance(v, Dotted) else getattr(v, "value", "") for v in flow.values(node, site))
    return "sys.modules" in names


def _all_texts(node: ast.expr) -> Iterator[Text]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield Text(part.value, part)

"""By which of its dotted names a file is imported, where one import root lies in another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flake8_redis_ssot.facts.modules import Modules, is_under
from flake8_redis_ssot.settings.boundaries import heads_of
from flake8_redis_ssot.settings.model import Settings


class ImportNames:
    """Chooses among the names that a file has by several import roots.

    With the roots `.` and `src` it is `app.db` and `src.app.db`, and the layout of the folders does not tell which
    of them is meant. What is `named` in the project does: the modules that it imports, and what strings name; and so
    does what its settings name.
    """

    def __init__(self, settings: Settings, modules: Modules, named: Iterable[str]) -> None:
        self._modules = modules
        self._named: dict[str, set[str]] = {}
        """What is named, by its first part."""
        for name in (*_names_in(settings), *named):
            dotted = name.replace(":", ".")
            self._named.setdefault(dotted.partition(".")[0], set()).add(dotted)
        self._used: dict[str, bool] = {}

    def of(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the `names` of a file that somebody uses; else the likeliest one."""
        heads = heads_of(names)
        used = tuple(name for name in names if self._is_used(heads[name]))
        inner = min(names, key=len)
        around = (name for name in names if name != inner and self._is_package(heads[name]))
        return used or (next(around, names[0]),)

    def _is_used(self, head: str) -> bool:
        """Whether something is named that begins with the dotted `head`."""
        if head not in self._used:
            named = self._named.get(head.partition(".")[0], ())
            self._used[head] = any(is_under(name, head) for name in named)
        return self._used[head]

    def _is_package(self, module: str) -> bool:
        return (self._modules.find(module) or "").endswith((".py", ".pyi"))


def _names_in(settings: Settings) -> Iterator[str]:
    """The dotted names of a project's modules, and of what is in them, in its settings."""
    for boundary in settings.boundaries:
        yield from boundary.managers
        yield from (pattern.text for pattern in boundary.forbidden)
    yield from settings.settings_modules
    for old, new in settings.replacements:
        yield from (old, new)
    for allowance in settings.allowances:
        yield from (pattern.text for pattern in allowance.symbols)

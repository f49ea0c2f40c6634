"""Methods of other packages are replaced, now or when their module is imported, and put back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from functools import wraps
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import Any, cast

Make = Callable[[Callable[..., Any]], Callable[..., Any]]
"""What is to run instead of a method, given the method."""


class Wrapping:
    """The methods that were replaced."""

    def __init__(self) -> None:
        self._replaced: list[tuple[type, str, Any, Any]] = []

    def wrap(self, owner: type, name: str, make: Make) -> None:
        """Replace a method that the class itself defines; twice is once."""
        original = vars(owner).get(name)
        if isinstance(original, FunctionType) and not any(
            owner is known and name == method for known, method, _, _ in self._replaced
        ):
            wrapper = wraps(original)(make(original))
            setattr(owner, name, wrapper)
            self._replaced.append((owner, name, original, wrapper))

    def wrap_inherited(self, owner: type, name: str, make: Make) -> None:
        """Replace a method where the class has it from."""
        for base in owner.__mro__:
            if name in vars(base):
                return self.wrap(base, name, make)

    def restore(self) -> None:
        """Put all back, but for what somebody else has replaced since: that would go with ours."""
        while self._replaced:
            owner, name, original, wrapper = self._replaced.pop()
            if vars(owner).get(name) is wrapper:
                setattr(owner, name, original)


class ImportHook(MetaPathFinder):
    """Calls back with each of the modules, at once where it is imported already, else as soon as it is."""

    def __init__(self, modules: Collection[str], imported: Callable[[ModuleType], None]) -> None:
        self._modules = frozenset(modules)
        self._imported = imported

    def install(self) -> None:
        sys.meta_path.insert(0, self)
        for name in sorted(self._modules & sys.modules.keys()):
            self._imported(sys.modules[name])

    def uninstall(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname not in self._modules:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = find(fullname, path, target) if find is not None else None
            if isinstance(spec, ModuleSpec):
                if spec.loader is not None:
                    spec.loader = _Telling(spec.loader, self._imported)
                return spec
        return None


class _Telling(Loader):
    """A loader that says when its module is there, and steps aside."""

    def __init__(self, loader: Loader, imported: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._imported = imported

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._imported(module)


def as_coroutine_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a plain function that returns a coroutine, as mocks and frameworks look for it."""
    if sys.version_info >= (3, 12):
        import inspect

        return inspect.markcoroutinefunction(function)
    from asyncio import coroutines

    marked = cast(Any, function)
    marked._is_coroutine = cast(Any, coroutines)._is_coroutine
    return function

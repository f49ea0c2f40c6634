"""What runs instead of the libraries' methods: the methods, and what the recorder is told of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

from flake8_redis_ssot.census.libraries import Part
from flake8_redis_ssot.census.recorder import Recorder
from flake8_redis_ssot.census.wrapping import Make, Wrapping, as_coroutine_function

Method = Callable[..., Any]


def replace(module: ModuleType, parts: Iterable[Part], wrapping: Wrapping, recorder: Recorder) -> None:
    """Replace the methods of the classes of a module; what a version of the library does not have is left out."""
    for part in parts:
        found = getattr(module, part.name, None)
        if not isinstance(found, type):
            continue
        match part.role:
            case "connection":
                _replace_connection(found, part, wrapping, recorder)
            case "node":
                recorder.nodes.add(found)
                wrapping.wrap(found, "acquire_connection", _taking(recorder))
            case _:
                wrapping.wrap(found, "__init__", _constructor(part, recorder))


def _replace_connection(connection: type, part: Part, wrapping: Wrapping, recorder: Recorder) -> None:
    root = next(base for base in reversed(connection.__mro__) if "_connect" in vars(base))
    kinds: list[type[Any]] = [root, *_below(root)]
    for kind in kinds:
        if not getattr(vars(kind).get("_connect"), "__isabstractmethod__", False):
            wrapping.wrap(kind, "_connect", _opening(part, recorder))
    wrapping.wrap_inherited(connection, "disconnect", _closing(recorder))
    if part.is_async:
        wrapping.wrap_inherited(connection, "run", _closing(recorder))  # coredis: ends with the connection
        for name in ("connect", "create_request", "create_request_batch"):
            wrapping.wrap_inherited(connection, name, _using(recorder))
    else:
        wrapping.wrap_inherited(connection, "send_packed_command", _sending(part, recorder))


def _below(base: type[Any]) -> Iterator[type[Any]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _below(kind)


def _constructor(part: Part, recorder: Recorder) -> Make:
    def make(original: Method) -> Method:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            is_new = recorder.building(self, part)
            try:
                original(self, *args, **kwargs)
            except BaseException:
                if is_new:
                    recorder.abandoned(self)
                raise
            if is_new:
                recorder.built(self)

        return __init__

    return make


def _opening(part: Part, recorder: Recorder) -> Make:
    def make(original: Method) -> Method:
        running_loop = _running_loop()

        def connect(self: Any, *args: Any, **kwargs: Any) -> Any:
            opened = original(self, *args, **kwargs)
            recorder.opened(self, part)
            return opened

        async def connect_async(self: Any, *args: Any, **kwargs: Any) -> Any:
            opened = await original(self, *args, **kwargs)
            recorder.opened(self, part, running_loop())
            return opened

        return connect_async if inspect.iscoroutinefunction(original) else connect

    return make


def _closing(recorder: Recorder) -> Make:
    def make(original: Method) -> Method:
        def close(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return original(self, *args, **kwargs)
            finally:
                recorder.closed(self)

        async def close_async(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return await original(self, *args, **kwargs)
            finally:
                recorder.closed(self)

        return close_async if inspect.iscoroutinefunction(original) else close

    return make


# Every command passes through one of these: where the signature is as expected, they pack no arguments.


def _sending(part: Part, recorder: Recorder) -> Make:
    """What a blocking connection sends."""

    def make(original: Method) -> Method:
        running_loop = _running_loop()

        def send(self: Any, command: Any, check_health: bool = True) -> Any:
            if running_loop() is not None:
                recorder.blocked(self, part)
            return original(self, command, check_health)

        def send_any(self: Any, *args: Any, **kwargs: Any) -> Any:
            if running_loop() is not None:
                recorder.blocked(self, part)
            return original(self, *args, **kwargs)

        return send if _parameters(original) == ["self", "command", "check_health"] else send_any

    return make


def _using(recorder: Recorder) -> Make:
    """What makes sure that an asyncio connection is ready: a coroutine around the coroutine would cost more."""

    def make(original: Method) -> Method:
        running_loop = _running_loop()

        def use(self: Any) -> Any:
            try:
                loop = self._reader._loop
            except AttributeError:  # it is not open, or reads from no stream of asyncio's
                return original(self)
            if loop is not running_loop():
                recorder.used(self, running_loop())
            return original(self)

        def use_any(self: Any, *args: Any, **kwargs: Any) -> Any:
            recorder.used(self, running_loop())
            return original(self, *args, **kwargs)

        using = use if _parameters(original) == ["self"] else use_any
        return as_coroutine_function(using) if inspect.iscoroutinefunction(original) else using

    return make


def _taking(recorder: Recorder) -> Make:
    """What takes a connection of an asyncio cluster's node."""

    def make(original: Method) -> Method:
        running_loop = _running_loop()

        def take(self: Any) -> Any:
            connection = original(self)
            recorder.used(connection, running_loop())
            return connection

        return take

    return make


def _parameters(function: Method) -> list[str]:
    return [*inspect.signature(function).parameters]


def _running_loop() -> Callable[[], Any]:
    """The function that gives the loop of this thread, or None; asyncio is loaded only with a library that uses it."""
    from asyncio import _get_running_loop

    return _get_running_loop

"""`redis-ssot check --executor dask`: the workers of a cluster that is there already."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flake8_redis_ssot.cli.messages import Messages
from flake8_redis_ssot.settings.boundaries import SettingsError

if TYPE_CHECKING:
    from flake8_redis_ssot.lint.remote import Workers

_TIMEOUT = 5
"""Seconds to wait for the scheduler, and then for a first worker."""
_FRESH = 1.0
"""Seconds for which the number of workers is taken to be what it was."""


@contextmanager
def workers_of(options: argparse.Namespace, say: Messages) -> Iterator[Workers | None]:
    """The workers that the options name, while they are needed; SettingsError where they cannot be had."""
    if options.executor is None:
        yield None
        return
    try:
        import distributed
    except ImportError:
        raise SettingsError(["--executor dask needs distributed; install flake8-redis-ssot[dask]"]) from None
    from flake8_redis_ssot.lint.remote import InstalledDiffersError, Workers

    client = _connected(distributed, options.scheduler)
    try:
        _check_workers(client, options.scheduler)
        cluster = _Cluster(client)
        yield Workers(
            client.get_executor(pure=False),
            cluster.threads,
            say=lambda message: say("warning", message),
            # a task gives it, not the memory of a worker: what was lost with one is made again
            share=lambda data: client.submit(bytes, data, pure=False),
            is_there=lambda: cluster.threads() > 0,
        )
    except InstalledDiffersError as error:
        raise SettingsError([_differs("a worker that joined", str(error))]) from error
    finally:
        client.close(timeout=1)


def _connected(distributed: Any, address: str) -> Any:
    import asyncio
    import logging
    import warnings

    # it would tell of workers that come and go, and of its own end; what must be equal is asked for below
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
    try:
        # a client that finds nobody does not end for long
        asyncio.run(_reach(distributed, address))
        return distributed.Client(address, timeout=_TIMEOUT, set_as_default=False)
    except ValueError as error:
        raise SettingsError(
            [f"--scheduler {address}: is no address ({error}); write it as tcp://HOST:8786"]
        ) from error
    except Exception as error:  # of whatever answers there
        why = " ".join(str(error).split())
        raise SettingsError(
            [f"--scheduler {address}: no scheduler answers there ({why}); start `dask scheduler`, or name another"]
        ) from error  # fmt: skip


async def _reach(distributed: Any, address: str) -> None:
    arguments = distributed.Security().get_connection_args("client")
    comm = await distributed.comm.connect(
        distributed.comm.normalize_address(address), timeout=_TIMEOUT, **arguments
    )
    comm.abort()


def _check_workers(client: Any, address: str) -> None:
    """SettingsError where there are no workers, or such as would find something else than this machine."""
    from flake8_redis_ssot.installed import Installed

    try:
        client.wait_for_workers(1, timeout=_TIMEOUT)
    except TimeoutError as error:
        raise SettingsError(
            [f"--scheduler {address}: it has no workers; start some with `dask worker {address}`"]
        ) from error
    here = Installed.here()
    problems = []
    for worker, found in client.run(Installed.here, on_error="return").items():
        if not isinstance(found, Installed):
            problems.append(_differs(worker, f"no flake8-redis-ssot {here.version} ({found})"))
        elif found != here:
            problems.append(_differs(worker, here.difference(found)))
    if problems:
        raise SettingsError(problems)


def _differs(worker: str, what: str) -> str:
    return f"{worker} has {what}, and would find something else; install there what is installed here"


class _Cluster:
    """How many tasks the workers of a cluster run at a time."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._known, self._when = 0, 0.0

    def threads(self) -> int:
        """The number, not older than a moment; 0 where nothing is there to run any."""
        if time.monotonic() - self._when > _FRESH:
            self._known = self._asked()
            self._when = time.monotonic()
        return self._known

    def _asked(self) -> int:
        if self._client.status != "running":
            return 0
        try:
            return sum(self._client.nthreads().values())
        except (OSError, TimeoutError, ValueError):
            return 0

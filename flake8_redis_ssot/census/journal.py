"""The census of processes that a test run starts: each writes its events to a file in one folder.

A process may end at any time and in any way, so each event is written as it happens. Where the environment names
the folder, Python itself starts the census (`on_start/sitecustomize.py`), and a forked process goes on with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from flake8_redis_ssot.census.counts import Counts, Fold, What
from flake8_redis_ssot.census.events import EVENTS, Event
from flake8_redis_ssot.census.sites import Origin, Site

VARIABLE = "REDIS_CENSUS_JOURNAL"
"""The environment variable that names the folder."""
_OPTIONS = "REDIS_CENSUS_OPTIONS"
ON_START = os.path.join(os.path.dirname(os.path.abspath(__file__)), "on_start")
_SUFFIX = ".jsonl"


class Journal:
    """The file of this process, which is there once there is something to say."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, f"{os.getpid()}-{os.urandom(4).hex()}{_SUFFIX}")

    def __call__(self, event: Event) -> None:
        """Write one event. A folder that is gone means that nobody waits for it."""
        import json

        line = json.dumps([type(event).__name__, *event])
        if not os.path.exists(self._path):
            line = f"{json.dumps(process_name())}\n{line}"
        with suppress(OSError), open(self._path, "a", encoding="utf-8") as stream:
            stream.write(f"{line}\n")

    def withdraw(self) -> None:
        """Take back what was written."""
        with suppress(OSError):
            os.remove(self._path)


def process_name() -> str:
    """What a person knows this process by."""
    words = [os.path.basename(word) for word in sys.orig_argv[1:4] if "\n" not in word]
    return f"process {os.getpid()} ({' '.join(words)[:60]})" if words else f"process {os.getpid()}"


def of_environment() -> Journal | None:
    """The journal that this process is to write; None where nobody asked for one."""
    folder = os.environ.get(VARIABLE)
    return Journal(folder) if folder else None


def options_of_environment() -> tuple[list[str], dict[What, int]]:
    """The packages that whoever asked for the journal takes for the user's code, and the limits of the run."""
    import json

    packages, limits = json.loads(os.environ.get(_OPTIONS, "[[], {}]"))
    return packages, limits


def ask_children(
    folder: str,
    packages: Collection[str],
    limits: Mapping[What, int],
    environment: MutableMapping[str, str],
) -> None:
    """Make all Python processes that get this environment write a journal."""
    import json

    before = environment.get("PYTHONPATH")
    environment[VARIABLE] = folder
    environment[_OPTIONS] = json.dumps([[*packages], {**limits}])
    environment["PYTHONPATH"] = os.pathsep.join([ON_START, *([before] if before else [])])


def read(folder: str) -> Iterator[Counts]:
    """The counts of each process that wrote something; the last line may be cut off."""
    import json

    for name in sorted(os.listdir(folder)):
        if not name.endswith(_SUFFIX):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as stream:
            said = [json.loads(line) for line in stream if line.endswith("\n")]
        # several threads may begin the file at once
        events = [one for one in said if isinstance(one, list)]
        if events:
            process = next((one for one in said if isinstance(one, str)), name)
            yield Fold(process).add_all(map(_event, events))


def _event(data: list[Any]) -> Event:
    name, *values = data
    kind: Any = EVENTS[name]
    fields = dict(zip(kind._fields, values, strict=True))
    if "origin" in fields:
        site, *rest = fields["origin"]
        fields["origin"] = Origin(Site(*site), *rest)
    if "used" in fields:
        fields["used"] = Site(*fields["used"])
    event: Event = kind(**fields)
    return event

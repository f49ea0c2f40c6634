"""Projects made at random, migrated in safe mode: what each does is the same before and after.

`random_projects.py --projects 5000 --seed 1 --jobs 2` tries that many, and keeps the folders of those whose
behaviour changed, or that broke another promise; with `--clients` projects in which clients are built beside
the manager.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from itertools import repeat
from pathlib import Path
from random import Random
from typing import Any

from random_clients import clients
from random_objects import managers, with_copy
from random_patches import DID, patches
from random_users import helpers, other, reader, user

from flake8_redis_ssot.cli.main import main

HERE = Path(__file__).parent

_REPLACEMENTS = {
    "app.cache.manager.cache": "app.redis_manager.redis_manager",
    "app.cache.manager.get_cache": "app.redis_manager.redis_manager",
    "app.cache.manager.CacheManager": "app.redis_manager.RedisManager",
    "app.cache.manager.CacheError": "app.redis_manager.ManagerError",
    "app.cache.manager.remember": "app.redis_manager.remember",
    "app.cache.manager.recall": "app.redis_manager.recall",
}
_CALLS = """
for value in ('', 'w'):
    for name, module, functions in MODULES:
        for n in range(functions):
            print(name, n, did(getattr(module, f'f{n}'), 'k', value), did(getattr(module, f'f{n}')))
"""
_PROBE = """
from app.redis_manager import redis_manager
print({server: data for server, data in sorted(redis.STORE.items()) if data}, redis.EXPIRING)
"""
_CLOSED = """print('closed', redis_manager._client.is_closed)
"""
_USES_MANAGER = re.compile(
    r"app\.redis_manager|from app import redis_manager|from \.+(?: import )?redis_manager"
)
_SHARED = """
def shared():
    from app import redis_manager as home
    given = [getattr(home, name, None) for name in ('client', '_client')]
    return any(one.is_closed for one in given if hasattr(one, 'is_closed'))
print('closed', did(shared))
"""


@dataclass
class Project:
    """The files of a project, what shows its behaviour, and the options of the migration."""

    files: dict[str, str]
    probe: str
    options: list[str] = field(default_factory=list)


def project(pick: Random) -> Project:
    """A project made at random."""
    files = managers(pick)
    users = ["rooms", "users", "mail"][: pick.choice([1, 2, 3])]
    functions: dict[str, int] = {}
    for name in users:
        is_package = pick.random() < 0.06
        text = user(pick, name)
        files[f"app/{name}/__init__.py" if is_package else f"app/{name}.py"] = text.replace(
            "from .cache", "from ..cache" if is_package else "from .cache"
        )
        if is_package:
            files[f"app/{name}/redis_manager.py"] = "redis_manager = None\n"
        functions[name] = text.count("def f")
    if pick.random() < 0.3:
        files["app/front.py"] = reader(pick, users[0], files.get(f"app/{users[0]}.py", ""))
        functions["front"] = 1
    if pick.random() < 0.3:
        files["app/admin.py"] = other(pick)
        functions["admin"] = 1
    if "app/stats.py" in files:
        functions["stats"] = 1
    files["app/helpers.py"] = helpers([*files.values()])
    if pick.random() < 0.6:
        patches(pick, files, functions)
    replacements = dict(_REPLACEMENTS)
    if pick.random() < 0.2:
        files = with_copy(files)
        replacements = {"app.cache.manager": "app.redis_manager"}
    if pick.random() < 0.08:
        circle = pick.choice(users)
        files["app/redis_manager.py"] += pick.choice(
            [
                f"\nfrom app import {circle}\n",
                f"\n\ndef later():\n    from app import {circle}\n\n    return {circle}\n",
            ]
        )
    options, settings = _settings(pick, users, files, replacements)
    files["pyproject.toml"] = settings
    # a copy that nobody used may be closed in the place of the other one
    is_used = any(_USES_MANAGER.search(text) for path, text in files.items() if path.endswith(".py"))
    return Project(files, _probe(functions) + _PROBE + (_CLOSED if is_used else ""), options)


def project_of_clients(pick: Random) -> Project:
    """A project made at random in which clients are built beside the manager."""
    files, functions, settings = clients(pick, DID)
    files["pyproject.toml"] = settings
    return Project(
        files,
        _probe(functions)
        + _SHARED
        + "print(sorted(one for one in redis.STORE.items() if one[1]), redis.EXPIRING)\n",
    )


def _probe(functions: dict[str, int]) -> str:
    """What calls the functions of modules, as many as each has, and prints what they give."""
    lines = ["import redis\nredis.RECONNECTS = True\nMODULES = []"]
    for name, count in functions.items():
        lines.append(f"try:\n    from app import {name}\n    MODULES.append(('{name}', {name}, {count}))")
        lines.append(f"except Exception as error:\n    print('{name}', type(error).__name__)")
    return DID + "\n".join(lines) + _CALLS


def _settings(
    pick: Random, users: list[str], files: dict[str, str], replacements: dict[str, str]
) -> tuple[list[str], str]:
    named = {old: new for old, new in replacements.items() if pick.random() < 0.9 and _exists(new, files)}
    if pick.random() < 0.15 and replacements.keys() == _REPLACEMENTS.keys():
        named["app.cache.manager.CacheManager.names"] = "app.redis_manager.RedisManager.names"
    excluded = "\nexclude = ['app/mail.py']" if pick.random() < 0.06 and "mail" in users else ""
    lines = [f'"{old}" = "{new}"' for old, new in named.items()]
    settings = (
        '[tool.redis-ssot]\nmanager = "app.redis_manager"\ninstance = "redis_manager"\n'
        f'forbidden-managers = ["app.db.redis_manager", "app.cache.**"]{excluded}\n\n'
        "[tool.redis-ssot.replacements]\n" + "\n".join(lines) + "\n"
    )
    options = ["app"] if pick.random() < 0.08 else [f"app/{users[0]}.py"] if pick.random() < 0.06 else []
    return (options if all(os.path.exists(o) or o == "app" or o in files for o in options) else []), settings


def _exists(new: str, files: dict[str, str]) -> bool:
    last = new.rpartition(".")[2]
    if new == "app.redis_manager":
        return True
    return f" {last}" in files["app/redis_manager.py"] or f"\n{last} =" in files["app/redis_manager.py"]


class Runner:
    """A process that runs projects, each in a process that it forks."""

    def __init__(self) -> None:
        command = [sys.executable, "-B", str(HERE / "run.py"), str(HERE / "redis_in_memory")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def behaviour(self, folder: Path) -> dict[str, Any]:
        """What the project in a folder does, by the probe beside it and by its tests."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(folder, file=self._process.stdin, flush=True)
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def close(self) -> None:
        self._process.communicate()


@contextmanager
def runner() -> Iterator[Runner]:
    """A runner for a while."""
    running = Runner()
    try:
        yield running
    finally:
        running.close()


@dataclass
class Outcome:
    """Which files moved, and how the project broke; empty where it did not."""

    moved: list[str]
    broken: str = ""


def judged(made: Project, folder: Path, running: Runner) -> Outcome:
    """Migrate a project, and compare what it does before and after."""
    roots = [folder / name / "project" for name in ("before", "after")]
    for root in roots:
        for path, text in made.files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        (root.parent / "probe.py").write_text(made.probe)
    said = migrate(roots[1], *made.options)
    if "Traceback" in said or "error:" in said:
        return Outcome([], said)
    moved = [path for path, text in made.files.items() if (roots[1] / path).read_text() != text]
    if not moved:
        return Outcome([])
    did, does = (running.behaviour(root) for root in roots)
    if not same(did, does):
        return Outcome(moved, f"before: {did}\nafter:  {does}\n{said}")
    again = migrate(roots[1], *made.options)
    return Outcome(
        moved, f"the second run changes something:\n{again}" if "Migrated nothing" not in again else ""
    )


def same(did: dict[str, Any], does: dict[str, Any]) -> bool:
    """Whether a project does the same as before; what could not be imported then may be better now."""
    if did.get("app.redis_manager") is not True:
        return True
    tests = [one.get("tests", {}) for one in (did, does)]
    fails = [name for name, done in did.items() if name not in ("probe", "tests") and done is not True]
    if any(does.get(name) is not True for name, done in did.items() if done is True):
        return False
    if any(does[name] is True for name in fails):
        return True
    run = [name for name, outcome in tests[0].items() if outcome != "cannot be collected"]
    return did["probe"] == does["probe"] and all(tests[0][name] == tests[1].get(name) for name in run)


def migrate(root: Path, *options: str) -> str:
    """Run the migration in a project; what it says."""
    said = StringIO()
    with chdir(root), redirect_stdout(said), redirect_stderr(said):
        main(["migrate", *options])
    return said.getvalue()


def tried(
    first: int, last: int, folder: Path, make: Callable[[Random], Project] = project
) -> tuple[int, list[int]]:
    """Try the projects of the seeds from `first` to `last`; how many moved, and which are broken."""
    moved, broken = 0, []
    with runner() as running:
        for seed in range(first, last):
            place = folder / str(seed)
            outcome = judged(make(Random(seed)), place, running)
            moved += bool(outcome.moved)
            if outcome.broken:
                broken.append(seed)
                (place / "broken.txt").write_text(f"{outcome.moved}\n{outcome.broken}")
            else:
                shutil.rmtree(place)
    return moved, broken


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first (default: 0)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--folder", type=Path, help="where broken ones are kept (default: a temporary one)")
    parser.add_argument("--clients", action="store_true", help="clients that are built beside the manager")
    options = parser.parse_args()
    make = project_of_clients if options.clients else project
    folder = options.folder or Path(tempfile.mkdtemp(prefix="random-projects-"))
    starts = range(options.seed, options.seed + options.projects, 50)
    ends = [min(start + 50, options.seed + options.projects) for start in starts]
    moved, broken = 0, []
    with ProcessPoolExecutor(options.jobs) as pool:
        for count, found in pool.map(tried, starts, ends, repeat(folder), repeat(make)):
            moved += count
            broken += found
    print(f"{options.projects} projects, {moved} in which something moved, {len(broken)} broken: {broken}")
    print(f"see {folder}" if broken else "")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(_main())

"""What is known of files that change is what a fresh look at them would tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.fix.sources.reads import ProjectReads

TEXTS = [
    "from app import cache\ncache.first.get('a.b')\n",
    "import_module('x' + y)\nNAME = 'app.cache'\n",
    "run_path('a.py')\nNAMES = ['a.b', 'app.cache']\n",
    "broken(\n",
    "import sys\nsys.modules['a.b']\n",
]
PATTERN = re.compile(rb"app|sys")


def told(reads: ProjectReads, paths: list[str]) -> object:
    return (
        {name: files for name, files in reads.quoted.items() if files},
        reads.loading,
        reads.by_path,
        [*reads.matching(PATTERN, [b"app", b"sys"])],
        [reads.of(path) for path in paths],
    )


@pytest.mark.parametrize("shift", [1, 2, 3, 4])
def test_changed_files_are_told_anew(tmp_path: Path, shift: int) -> None:
    paths = [str(tmp_path / f"module{number}.py") for number in range(10)]
    for number, path in enumerate(paths):
        Path(path).write_text(TEXTS[number % 5])
    reads = ProjectReads(paths, DISK)
    before = told(reads, paths)
    changes = {path: TEXTS[(number + shift) % 5].encode() for number, path in enumerate(paths) if number % 3}
    after = told(reads.changed(changes), paths)
    assert after == told(ProjectReads(paths, DISK.with_edits(changes)), paths)
    assert after != before == told(reads, paths)


TELLINGS = {
    "a name in quotes": "NAME = 'app.user.cache'\n",
    "code in quotes": "CODE = 'from app.user import cache'\n",
    "a name behind another": "NAME = f'{__package__}.user'\n",
    "modules by their names": "import_module(name)\n",
    "all modules": "for module in sys.modules.values(): ...\n",
    "a file by its path": "run_path(path)\n",
    "what is searched for": "app = 1\n",
}


@pytest.mark.parametrize("telling", TELLINGS)
def test_what_was_told_holds_until_a_changed_file_tells_something_else(tmp_path: Path, telling: str) -> None:
    paths = [str(tmp_path / f"module{number}.py") for number in range(3)]
    for path in paths:
        Path(path).write_text("import os\n")
    reads = ProjectReads(paths, DISK)
    told(reads, [])
    before = reads.told()

    def hold(changed: list[str]) -> bool:
        return ProjectReads(paths, DISK).take(before, changed)

    assert hold([]) and hold(paths)
    Path(paths[1]).write_text("import os  # changed\n")
    assert hold([paths[1]])
    Path(paths[1]).write_text(TELLINGS[telling])
    assert not hold([paths[1]])
    now = ProjectReads(paths, DISK)
    now.take(before, [paths[1]])
    assert told(now, paths) == told(ProjectReads(paths, DISK), paths)
    Path(paths[1]).write_text("import os\n")
    assert hold([paths[1]])

"""What is known of files that change is what a fresh look at them would tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flake8_redis_ssot.filesystem import DISK
from flake8_redis_ssot.fix.code.reads import ProjectReads

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

"""Change files at random as an editor does, and compare what the session shows with a run that knows nothing.

    python tests/server/edits.py --edits 1000 --seed 1

Files are opened, changed, saved and closed, the manager and what it is forbidden among them. After each step the
rules that need one file have to say of every open document what a new checker says, and after some a run over
the project has to be shown as it is.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from random import Random

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "fuzz")]

from monorepo import write  # noqa: E402
from mutations import mutated  # noqa: E402

from flake8_redis_ssot.api import check_paths, check_source  # noqa: E402
from flake8_redis_ssot.filesystem import DISK  # noqa: E402
from flake8_redis_ssot.server.session import Options, Session  # noqa: E402
from flake8_redis_ssot.server.worker import Check  # noqa: E402
from server.projects import FILES, LINES  # noqa: E402


def edited(random: Random, text: str) -> str:
    """A text after one edit: a line typed, taken out or moved, a word of it, or anything at all."""
    lines = text.splitlines(keepends=True) or ["\n"]
    at = random.randrange(len(lines))
    match random.randrange(6):
        case 0:
            lines.insert(at, random.choice(LINES) + "\n")
        case 1:
            del lines[at]
        case 2:
            lines.insert(random.randrange(len(lines)), lines.pop(at))
        case 3:
            lines[at] = lines[at].replace("redis_manager", random.choice(["Manager", "legacy", "redis"]), 1)
        case 4:
            lines[at] = random.choice(["# ", "    ", "é😀 = 1; "]) + lines[at]
        case _:
            return mutated(random, text.encode("utf-8", "replace")).decode("utf-8", "replace")
    return "".join(lines)


class Editing:
    """A session in a folder, and what it is compared with."""

    def __init__(self, root: Path, seed: int) -> None:
        write(root, FILES)
        self.root = root
        self.random = Random(seed)
        self.session = Session(Options(folders=(str(root),)))
        self.texts: dict[str, str] = {}
        self.compared = 0

    def step(self) -> None:
        """One thing that an editor does."""
        random, session = self.random, self.session
        path = str(self.root / random.choice([name for name in FILES if name.endswith(".py")]))
        if path not in self.texts:
            self.texts[path] = Path(path).read_text()
            session.open(path, path, self.texts[path], 1)
            touched = [*session.documents]
        elif random.random() < 0.08:
            touched = session.close(path)
            del self.texts[path]
        elif random.random() < 0.1:
            Path(path).write_text(self.texts[path])
            session.refresh()
            touched = [*session.documents]
        else:
            self.texts[path] = edited(random, self.texts[path])
            touched = session.change(path, self.texts[path], None)
        for one in touched:
            session.check(one)
        self.compare()
        if random.random() < 0.05:
            self.run()

    def compare(self) -> None:
        """What is known of each document is what a new checker says."""
        fresh = DISK.with_edits(self.session.unsaved)
        for path, text in self.texts.items():
            own = self.session.documents[path].own
            cold = check_source(text, path, filesystem=fresh).diagnostics
            assert own == cold, f"{path}\n{text}\nshown: {own}\ncold: {cold}"
            self.compared += 1

    def run(self) -> None:
        """A run over the project: what is shown afterwards is what the command finds."""
        session = self.session
        files, unsaved = tuple(session.documents), session.unsaved
        result = Check(session.options, files, unsaved).result()
        cold = check_paths(files, filesystem=DISK.with_edits(unsaved), cache=False)
        own = tuple(d for d in result.diagnostics if d.path in files)  # besides what the settings file has
        assert replace(result, diagnostics=own) == cold
        for path in files:
            found = tuple(d for d in result.diagnostics if d.path == path)
            document = session.documents[path]
            session.took(path, document.source, document.own, found)
            assert tuple(document.diagnostics) == found, f"{path}: {document.diagnostics} is not {found}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        editing = Editing(Path(folder), options.seed)
        for _ in range(options.edits):
            editing.step()
    print(f"{options.edits} edits, {editing.compared} comparisons: all alike")


if __name__ == "__main__":
    main()

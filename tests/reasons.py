"""What a migration leaves, as it is shown, with the reasons in full."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

ACTION = re.compile(
    r"; (?:add|allow|annotate|ask|await|bind|build|catch|change|close|compare|correct|decorate|define|delete|derive|do|give|hand|import|indent|keep"
    r"|leave|let|look|make|migrate|move|name|pass|patch|put|read|remove|rename|rewrite|run|save|send|set|settle|take|use|write)\b"
)
"""How the part of a reason begins that says what to do."""


def left(said: str) -> list[str]:
    """The lines of what is left for a person, `path:line: CODE reason`."""
    listed = said.partition(" for a person:\n")[2].splitlines()
    lines = [line.strip() for line in takewhile(lambda line: line.startswith("  "), listed)]
    reasons = {
        line.split(": ", 1)[0]: line.split(" ", 2)[2] for line in lines if "the same as for" not in line
    }
    return [re.sub(r"the same as for (\S+) \(.*\)$", lambda found: reasons[found[1]], line) for line in lines]


def without_what_is_not_there(folder: Path) -> None:
    """Take out of a project's settings what names `redis_manager` where the case gives it another manager."""
    manager, settings = folder / "app/redis_manager.py", folder / "pyproject.toml"
    if manager.exists() and not re.search(
        r"^redis_manager\b|import .*\bredis_manager\b", manager.read_text(), re.MULTILINE
    ):
        lines = settings.read_text().splitlines(keepends=True)
        named = re.compile(r'^instance = "redis_manager"$|= "app\.redis_manager\.redis_manager"$')
        settings.write_text("".join(line for line in lines if not named.search(line)))

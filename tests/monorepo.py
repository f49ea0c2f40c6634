"""Three services with settings of their own, and code at the root that they share; expectations stand inline."""

from __future__ import annotations

from pathlib import Path

from conftest import expectations

SERVICES = ("auth", "billing", "chat")
MANAGER = "import redis\n\nredis_manager = redis.Redis()\n"
BAD = "import redis\n\nredis.Redis()  # error: RED201\n"


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def make(root: Path) -> Path:
    """Write the monorepo below `root`."""
    files = {
        "pyproject.toml": '[tool.redis-ssot]\nmanager = "shared.redis_manager"\nextend-exclude = ["generated"]\n',
        "shared/redis_manager.py": MANAGER,
        "shared/bad.py": BAD,
        "shared/library.py": "import redis\n\n\nclass Library:\n    maker = redis.Redis\n",
        "shared/generated/client.py": BAD,
    }
    for name in SERVICES:
        home = f"services/{name}"
        files |= {
            f"{home}/pyproject.toml": "[tool.redis-ssot]\n"
            f'manager = "{name}.redis_manager"\nforbidden-managers = ["shared.redis_manager"]\nsrc = ["../..", "."]\n',
            f"{home}/{name}/redis_manager.py": MANAGER,
            f"{home}/{name}/bad.py": "from shared.redis_manager import redis_manager  # error: RED101\n"
            + BAD,
            f"{home}/{name}/handy.py": f"from {name}.redis_manager import redis_manager  # error: RED402\n",
            f"{home}/{name}/user.py": f"from {name}.handy import redis_manager  # error: RED108\n\nprint(redis_manager)\n",
            f"{home}/{name}/across.py": "from shared.library import Library\n\nLibrary().maker()  # error: RED206\n",
            f"{home}/{name}/generated/client.py": BAD,
        }
    write(root, files)
    return root


def expected(root: Path) -> list[tuple[str, int, str]]:
    """(path, line, code) of all that is to be found in it."""
    return sorted(
        (str(path), line, code)
        for path in root.rglob("*.py")
        for line, code, _ in expectations(path.read_text())
        if "generated" not in path.parts
    )

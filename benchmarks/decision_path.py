"""How far one has to go to see a decision: modules, functions and lines entered for one diagnostic or fix.

`python benchmarks/decision_path.py [PYTHON ...]`: each a Python with this package installed; without one, this.
A project in which the rule fires once is checked, and one whose file is not even parsed; counted are the
functions of the package that only the first run enters, with their modules and the lines of their source.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

SETTINGS = '[tool.redis-ssot]\nmanager = "app.redis_manager"\nforbidden-managers = ["app.legacy"]\n'
MANAGER = "import redis\n\n\nclass Manager:\n    def __init__(self):\n        self.client = redis.Redis()\n\n\nmanager = Manager()\n"
LEGACY = "from app.redis_manager import manager as legacy\n"
QUIET = "x = 1\n"
DECISIONS = {
    "RED202": (
        ["--select", "RED202", "--no-project"],
        "import redis\n\nkind = redis.Redis\n\n\ndef f(x):\n    return kind()\n",
    ),
    "RED401": (
        ["--select", "RED401"],
        "import redis\n\n\nclass Store:\n    def __init__(self):\n        self.r = redis.Redis()\n\n"
        + "".join(
            f"    def {name}(self, key):\n        return self.r.{name}(key)\n\n"
            for name in ("get", "delete", "exists")
        ),
    ),
    "RED101 fix": (
        ["--select", "RED101", "--diff"],
        "from app.legacy import legacy\n\n\ndef f(x):\n    return legacy.client.get(x)\n",
    ),
}
TRACER = """
import sys
from flake8_redis_ssot.cli.main import main
seen = set()
def note(frame, event, _):
    code = frame.f_code
    if event == "call" and "flake8_redis_ssot" in code.co_filename and code.co_name[:1] != "<":
        seen.add(code)
sys.setprofile(note)
try:
    main(sys.argv[1:])
except SystemExit:
    pass
sys.setprofile(None)
for code in seen:
    lines = [line for _, _, line in code.co_lines() if line]
    name = code.co_filename.partition("flake8_redis_ssot/")[2]
    print("ENTERED", name, code.co_qualname, max(lines) - code.co_firstlineno + 1)
"""


def entered(python: str, arguments: list[str], text: str) -> set[tuple[str, str, int]]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "app").mkdir()
        (root / "pyproject.toml").write_text(SETTINGS)
        (root / "app/__init__.py").write_text("")
        (root / "app/redis_manager.py").write_text(MANAGER)
        (root / "app/legacy.py").write_text(LEGACY)
        (root / "app/sample.py").write_text(text)
        command = [python, "-c", TRACER, "check", "--no-cache", "--jobs", "1", *arguments, "app/sample.py"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    rows = (line.split(" ")[1:] for line in done.stdout.splitlines() if line.startswith("ENTERED "))
    return {(module, name, int(lines)) for module, name, lines in rows}


def main() -> None:
    for python in sys.argv[1:] or [sys.executable]:
        print(python)
        for decision, (arguments, text) in DECISIONS.items():
            found = entered(python, arguments, text) - entered(python, arguments, QUIET)
            modules = {module for module, _, _ in found}
            lines = sum(lines for _, _, lines in found)
            print(f"  {decision}: {len(modules)} modules, {len(found)} functions, {lines:,} lines")


if __name__ == "__main__":
    main()

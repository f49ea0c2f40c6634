"""`redis-ssot check --watch`: the check again whenever a file changes."""

from __future__ import annotations

import argparse
import subprocess
import sys

from flake8_redis_ssot.cli.messages import Messages, refuse
from flake8_redis_ssot.wording import counted


def watch(options: argparse.Namespace) -> int:
    """Check until interrupted; each time in a process of its own, which remembers nothing."""
    try:
        from watchfiles import PythonFilter
        from watchfiles import watch as changes
    except ImportError:
        return refuse(["--watch needs watchfiles; install flake8-redis-ssot[watch]"])
    if options.stdin_filename is not None or "-" in options.paths:
        return refuse(["--watch cannot watch standard input; name files or folders"])
    arguments = [argument for argument in options.arguments if argument not in ("-w", "--watch")]
    say = Messages(options.color)
    command = [sys.executable, "-m", "flake8_redis_ssot", *arguments]
    subprocess.run(command, check=False)
    seen = PythonFilter(extra_extensions=(".toml", ".jsonl"))
    for changed in changes(*(options.paths or ["."]), watch_filter=seen, raise_interrupt=False):
        if sys.stdout.isatty():
            print("\x1b[2J\x1b[H", end="", flush=True)
        say("note", f"{counted(len(changed), 'file')} changed")
        subprocess.run(command, check=False)
    return 0

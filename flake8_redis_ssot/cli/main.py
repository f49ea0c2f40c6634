"""Reads the command line and hands over to a subcommand."""

from __future__ import annotations

import atexit
import io
import os
import sys

from flake8_redis_ssot.cli.replay import Record, repeat


def _run(arguments: list[str], earlier: Record | None = None) -> int:
    from flake8_redis_ssot.cli.parser import parse

    options = parse(arguments)
    options.earlier = earlier
    return int(options.handler(options))


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 clean, 1 diagnostics, 2 could not do what was asked."""
    _open_streams()
    given = sys.argv[1:] if arguments is None else arguments
    try:
        found = repeat(given)
        status = found if isinstance(found, int) else _run(given, found)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return 1
    except OSError as error:
        if error.filename is not None:
            raise
        _discard_output()
        print(f"error: the output cannot be written: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return status


def console() -> None:
    """The command itself: `main`, and then the end of the process without taking apart what is in memory.

    For a single file that would take a tenth of the time.
    """
    status = main()
    try:
        sys.stderr.flush()
    finally:
        atexit._run_exitfuncs()
        os._exit(status)


class _Closed(io.TextIOBase):
    """Stands for a standard output that is closed."""

    @property
    def buffer(self) -> _Closed:
        return self

    def write(self, text: str | bytes) -> int:
        raise OSError("standard output is closed")


def _open_streams() -> None:
    """Streams that take every character, and that are there even where whoever calls us closed them."""
    if sys.stdout is None:
        sys.stdout = _Closed()
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for the rest of the run
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Let go of what could not be written, which Python would try again at exit."""
    if not isinstance(sys.stdout, _Closed):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

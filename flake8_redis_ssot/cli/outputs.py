"""Where the diagnostics of a run go: one or more formats, each to a file or to standard output."""

from __future__ import annotations

import argparse
import sys

from flake8_redis_ssot.cli.replay import look
from flake8_redis_ssot.cli.words import text
from flake8_redis_ssot.lazy_dataclass import dataclass, replace
from flake8_redis_ssot.output import escaped
from flake8_redis_ssot.output.report import Look, Report, counting, format_of
from flake8_redis_ssot.settings.boundaries import SettingsError
from flake8_redis_ssot.source import PYTHON


@dataclass(frozen=True, slots=True)
class Outputs:
    """Pairs of a format and the file that it goes to, None for standard output, of which there is one."""

    pairs: tuple[tuple[str, str | None], ...]
    look: Look
    counted: bool
    silent: bool

    @classmethod
    def of(cls, options: argparse.Namespace, style: str) -> Outputs:
        """The outputs that the options name, the `style` of the settings where they name none."""
        pairs = tuple((name or style, file) for name, file in options.outputs or [(None, None)])
        if sum(file is None for _, file in pairs) > 1:
            raise SettingsError(
                ["several formats go to standard output; give all but one a file by --output-file behind it"]
            )
        for _, file in pairs:
            if file is not None and file.endswith(PYTHON):  # a slip would cost a source file
                raise SettingsError(
                    [f"--output-file {file}: is what would be checked, not where to write; name another file"]
                )
        if options.statistics:
            for name, _ in pairs:
                if format_of(name).count is None:
                    known = ", ".join(counting())
                    raise SettingsError([f"--statistics has no form in {name}; choose one of {known}"])
        return cls(pairs, Look(*look(sys.stdout, options.color)), options.statistics, options.silent)

    def _look(self, file: str | None) -> Look:
        return self.look if file is None else Look()

    @property
    def need_fixes(self) -> bool:
        """Whether the fixes of what is found must be known."""
        return any(format_of(name).needs_fixes(self._look(file)) for name, file in self.pairs)

    @property
    def is_for_people(self) -> bool:
        """Whether what goes to standard output is text that is not parsed."""
        return any(file is None and format_of(name).is_text for name, file in self.pairs)

    def write(self, report: Report) -> str:
        """Write everything; what went to standard output. SettingsError, once the rest is written, for what could not be."""
        said, problems = "", []
        # standard output may be a pipe that is closed
        for name, file in sorted(self.pairs, key=lambda pair: pair[1] is None):
            whole = text(name, replace(report, look=self._look(file)), counted=self.counted)
            try:
                if file is not None:
                    _write_file(file, whole.encode(errors="backslashreplace"))
                elif not self.silent:
                    sys.stdout.write(whole)
                    said = whole
            except SettingsError as error:
                problems += error.messages
        if problems:
            raise SettingsError(problems)
        return said

    def write_bytes(self, data: bytes) -> None:
        """Write something else to where the first output goes, as `print_bytes` does."""
        file = self.pairs[0][1]
        if file is not None:
            _write_file(file, data)
        elif not self.silent:
            print_bytes(data)


def print_bytes(data: bytes) -> None:
    """Write bytes to standard output; a terminal is shown no control characters."""
    if sys.stdout.isatty():
        lines = data.decode(errors="backslashreplace").split("\n")
        sys.stdout.write("\n".join(escaped(line.removesuffix("\r")) for line in lines))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)


def _write_file(file: str, data: bytes) -> None:
    """Write a file; SettingsError where that is not possible."""
    try:
        with open(file, "wb") as stream:
            stream.write(data)
    except OSError as error:
        raise SettingsError([f"{file}: cannot be written: {error.strerror}; name another file"]) from error

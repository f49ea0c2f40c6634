"""A place that patches an object, or asks for it where no import shows that."""

from __future__ import annotations

import ast

from flake8_redis_ssot.fix.compatibility.patch_targets import LOADED, LOGGER, MODULE, OBJECT, PUT
from flake8_redis_ssot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Patch:
    """A place that names what may be patched."""

    path: str
    line: int
    text: str
    """What it names, behind a prefix that says of which kind that is: see `act`."""
    string: ast.Constant | None = None
    """The string that names it, where that can be written anew."""
    is_written: bool = False
    """Whether the place has the object by an expression, through an import of its file."""
    is_none: bool = False
    """Whether the patch puts None there."""
    written: str = ""
    """How the place names it, where that is not the name of its home."""
    code: str = ""
    """The code that does it, where that is in a string."""
    is_listing: bool = False
    """Whether the place goes through all imported modules whose names begin alike."""
    is_loaded: bool = False
    """Whether a test loads what the string names, and may patch that."""
    is_asking: bool = False
    """Whether the file only looks into `sys.modules`, and puts nothing there by this name."""
    is_importing: bool = False
    """Whether the test replaces what imports modules."""

    @property
    def act(self) -> str:
        """What the place does, for a message."""
        if self.text.startswith(OBJECT):
            return f"changes `{self.text.removeprefix(OBJECT)}` itself"
        if self.is_listing:
            return f"goes through the modules that have been imported, of which `{self.text.removeprefix(LOADED)}` is one"
        if self.text.startswith(LOADED):
            return f"asks whether `{self.text.removeprefix(LOADED)}` has been imported"
        if self.text.startswith(LOGGER):
            return f"asks for what `{self.text.removeprefix(LOGGER)}` logs"
        if self.is_asking:
            return f"looks for `{self.text.removeprefix(PUT)}` in `sys.modules`"
        if self.is_importing:
            return f"settles what the import of `{self.text.removeprefix(PUT)}` gives"
        if self.text.startswith(PUT):
            return f"gives `sys.modules` another `{self.text.removeprefix(PUT)}`"
        return f"{'loads' if self.is_loaded else 'patches'} `{self.text.removeprefix(MODULE)}`"

    @property
    def owner(self) -> str:
        """The object that it changes, where it has that by an expression."""
        return (
            self.text.removeprefix(OBJECT) if self.text.startswith(OBJECT) else self.text.rpartition(".")[0]
        )

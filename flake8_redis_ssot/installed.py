"""What is installed here of all that decides what is found."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib.util import find_spec

from flake8_redis_ssot import __version__
from flake8_redis_ssot.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Installed:
    """What must be equal on two machines for them to find the same."""

    version: str
    code: str
    python: str
    flake8: str

    @classmethod
    def here(cls) -> Installed:
        """What this process runs."""
        package = os.path.dirname(os.path.abspath(__file__))
        paths = (os.path.join(folder, name) for folder, _, names in os.walk(package) for name in names)
        return cls(
            __version__,
            _digest(sorted(path for path in paths if path.endswith(".py"))),
            f"{sys.version_info[0]}.{sys.version_info[1]} ({os.name})",
            digest_of_flake8(),
        )

    def difference(self, other: Installed) -> str:
        """What `other` has instead, in words; nothing where it is the same."""
        if other.version != self.version:
            return f"flake8-redis-ssot {other.version}, here {self.version}"
        if other.python != self.python:
            return f"Python {other.python}, here {self.python}"
        if other.code != self.code:
            return f"another build of flake8-redis-ssot {self.version}"
        return "another flake8" if other.flake8 != self.flake8 else ""


def digest_of_flake8() -> str:
    """Its version: flake8's own expressions find the `noqa` comments."""
    spec = find_spec("flake8")
    return _digest([spec.origin]) if spec is not None and spec.origin else ""


def _digest(paths: Iterable[str]) -> str:
    import hashlib  # loads OpenSSL, and only a cluster asks

    found = hashlib.sha256(usedforsecurity=False)
    for path in paths:
        with open(path, "rb") as stream:
            found.update(stream.read())
    return found.hexdigest()[:32]

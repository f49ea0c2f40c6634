"""Settings as TOML, with the keys under which they are set: what holds after defaults, files and options."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from flake8_redis_ssot.settings.model import Allowance, Boundary, Globs, Settings, chosen_codes
from flake8_redis_ssot.settings.patterns import FilePatterns

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def as_toml(settings: Settings, codes: Mapping[str, bool], prefix: str = "") -> str:
    """One project's settings; `codes` are the rules with whether each is on by default."""
    head = f"{prefix}tool.redis-ssot"
    lines = [f"# {settings.root}", *(f"# read from {path}" for path in settings.read_from), f"[{head}]"]
    lines += _pairs(_top(settings, codes))
    lines += ["", f"[{head}.per-file-ignores]"]
    lines += _pairs(
        {
            "!" * one.negated + pattern: list(one.codes)
            for one in settings.per_file_ignores
            for pattern in _paths(one.patterns, settings.root)
        }
    )
    lines += ["", f"[{head}.replacements]", *_pairs(_replacements(settings))]
    for boundary in settings.boundaries[1:]:
        lines += ["", f"[[{head}.boundary]]", *_pairs(_boundary(boundary, settings.root))]
    for allowance in settings.allowances:
        lines += ["", f"[[{head}.allow]]", *_pairs(_allowance(allowance, settings.root))]
    return "\n".join(lines) + "\n"


def toml_key(text: str) -> str:
    """`text` as one part of a key."""
    return text if _BARE.fullmatch(text) else _value(text)


def _replacements(settings: Settings) -> dict[str, Any]:
    renamed = dict(settings.renamed_arguments)
    return {
        old: {"to": new, "arguments": dict(renamed[old])} if old in renamed else new
        for old, new in settings.replacements
    }


def _top(settings: Settings, codes: Mapping[str, bool]) -> dict[str, Any]:
    root = settings.boundaries[0]
    return {
        **_managers(root, settings.root),
        "tests": [pattern for globs in settings.tests for pattern in shown_globs(globs, settings.root)],
        "settings-modules": list(settings.settings_modules),
        "extend-client-builders": list(settings.client_builders),
        "extend-pool-builders": list(settings.pool_builders),
        "select": sorted(chosen_codes(settings.selections, dict(codes)) | {"RED000"}),
        "fixable": ["ALL"] if all(map(settings.may_fix, codes)) else list(filter(settings.may_fix, codes)),
        "exclude": [one for patterns in settings.exclude for one in _paths(patterns, settings.root)],
        "force-exclude": settings.force_exclude,
        "respect-gitignore": settings.respect_gitignore,
        "cache-dir": settings.cache_dir,
        "output-format": settings.output_format,
        "baseline": settings.baseline and os.path.relpath(settings.baseline, settings.root),
    }


def _boundary(boundary: Boundary, root: str) -> dict[str, Any]:
    named = {"name": boundary.name, "paths": shown_globs(boundary.paths, root), "reason": boundary.reason}
    return named | _managers(boundary, root)


def _managers(boundary: Boundary, root: str) -> dict[str, Any]:
    return {
        "manager": [f"{m}.**" if m in boundary.packages else m for m in boundary.managers] or None,
        "instance": boundary.instance,
        "forbidden-managers": [pattern.text for pattern in boundary.forbidden],
        "src": [os.path.relpath(path, root) for path in boundary.roots],
    }


def _allowance(one: Allowance, root: str) -> dict[str, Any]:
    return {
        "paths": shown_globs(one.paths, root),
        "rules": list(one.rules),
        "symbols": [pattern.text for pattern in one.symbols] or None,
        "reason": one.reason,
        "owner": one.owner,
        "expires": one.expires,
    }


def shown_globs(globs: Globs, root: str) -> list[str]:
    """gitignore patterns as they are written in a file of the folder `root`."""
    found = []
    for line in globs.patterns:
        sign, pattern = ("!", line[1:]) if line.startswith("!") else ("", line)
        if globs.base != root and pattern.startswith("/"):
            pattern = globs.base + pattern
        elif "/" in pattern.strip("/"):
            pattern = pattern.removeprefix("/")
        found.append(sign + pattern)
    return found


def _paths(patterns: FilePatterns, root: str) -> list[str]:
    """ruff's patterns as they are written in a file of the folder `root`."""
    return [
        os.path.join(patterns.base, one) if "/" in one and patterns.base != root else one
        for one in patterns.patterns
    ]


def _pairs(values: Mapping[str, Any]) -> Iterator[str]:
    return (f"{toml_key(key)} = {_value(value)}" for key, value in values.items() if value is not None)


def _value(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{toml_key(k)} = {_value(v)}' for k, v in value.items())} }}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_value, value))}]"
    # JSON's strings are TOML's, but for a delete and halves of characters
    text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return text.encode("utf-8", "backslashreplace").decode()


def shown_settings(several: Sequence[Settings], codes: Mapping[str, bool]) -> str:
    """The settings of each project: of several each below the path of its folder, so that all are one document."""
    if len(several) == 1:
        return as_toml(several[0], codes)
    return "\n".join(as_toml(one, codes, f"{_value(os.path.relpath(one.root))}.") for one in several)

"""One JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Sequence

from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.output.json_format import as_object


def render(diagnostics: Sequence[Diagnostic]) -> str:
    return "".join(json.dumps(as_object(d)) + "\n" for d in diagnostics)

"""A proposal as options of flake8, for its own settings file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flake8_redis_ssot.init.proposal import Proposal
from flake8_redis_ssot.output.proposal_toml import commented


def render(proposal: Proposal) -> str:
    """The section for a `setup.cfg`, `tox.ini` or `.flake8`; what only a table can say is told in a comment."""
    return commented((proposal.summary, *proposal.doubts)) + "".join(f"{line}\n" for line in _lines(proposal))


def _lines(proposal: Proposal) -> Iterator[str]:
    yield "[flake8]"
    if proposal.scope.managers:
        yield from _option("manager", [choice.value for choice in proposal.scope.managers], ",")
    if proposal.forbidden:
        yield from _option("forbidden-managers", [choice.value for choice in proposal.forbidden], ",")
    if proposal.src is not None:
        yield from _option("src", proposal.src, ",")
    boundaries = [
        f"{b.name}: {', '.join(b.globs)} -> {', '.join(choice.value for choice in b.managers)}"
        for b in proposal.boundaries
    ]
    if boundaries:
        yield from _option("boundaries", boundaries, "")
    granted = any(one.against is None for one in proposal.replacements)
    scopes = (proposal.scope, *proposal.boundaries)
    only = [
        key
        for key, is_there in (
            ("instance", any(scope.instance for scope in scopes)),
            ("tests", proposal.tests is not None),
            ("replacements", granted),
        )
        if is_there
    ]
    if only:
        named = " and ".join(f"`{key}`" for key in only)
        yield f"# {named} can only be set in [tool.redis-ssot] of pyproject.toml"


def _option(name: str, values: Sequence[str], between: str) -> Iterator[str]:
    if len(values) == 1:
        yield f"redis-ssot-{name} = {values[0]}"
        return
    yield f"redis-ssot-{name} ="
    for n, value in enumerate(values, 1):
        yield f"    {value}{between if n < len(values) else ''}"

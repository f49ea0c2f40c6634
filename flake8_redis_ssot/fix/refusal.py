"""Why something is left as it is, in words for who has to change it by hand."""

from __future__ import annotations

import re
from typing import Self

from flake8_redis_ssot.lazy_dataclass import dataclass


class Refusal(Exception):
    """Why something is left as it is: `what` stands in the way, and where, and the `advice` what to do about it.

    Where it stays because another reference does, the `cause` is the one at the root of these, and its reason is said
    first.
    """

    def __init__(self, what: str, advice: str, cause: Cause | None = None) -> None:
        self._own = what
        root: Cause | None = cause and (cause.why.cause or cause)
        if root is not None:
            chain = "" if root is cause else f", and that with {root.where}"
            first = f"{root.where} stays, since {_seen_from_elsewhere(root.why.what, root.where)}"
            share = f"{_as_sentence(what)}{chain}"
            what, advice = f"{first}. {share}", _seen_from_elsewhere(root.why.advice, root.where)
            super().__init__(f"{first}; {advice}. {share}")
        else:
            super().__init__(f"{what}; {advice}")
        self.what: str = what
        self.advice: str = advice
        self.cause: Cause | None = root

    def after(self, words: str) -> Refusal:
        """The same reason, said after some words."""
        return Refusal(f"{words}{self._own}", self.advice, self.cause)

    def untraced(self) -> Self:
        """This one, to be kept, without the frames that raised it: these hold whole files."""
        self.__traceback__ = self.__context__ = self.__cause__ = None
        return self

    @property
    def reason(self) -> str:
        """What stands in the way, and what to do about it."""
        return str(self)


@dataclass(frozen=True, slots=True)
class Cause:
    """A reference that stays, `where` it is and why."""

    where: str
    why: Refusal


def _seen_from_elsewhere(text: str, where: str) -> str:
    """What is said of lines of a file, for one who reads of them at another place."""
    path, colon, _ = where.rpartition(":")
    if not colon:
        return text
    text = re.sub(r"\blines ((?:\d+, )*\d+ and \d+)", rf"lines \1 of {path}", text)
    text = re.sub(
        r"\b(?:in )?this (?:file|test)\b",
        lambda found: f"in {path}" if found[0].startswith("in") else path,
        text,
    )
    return re.sub(r"\bline (\d+)", rf"{path}:\1", text)


def _as_sentence(text: str) -> str:
    """The same words with a capital, where they begin with a word, not with a path or code."""
    first = text.partition(" ")[0]
    return f"{text[0].upper()}{text[1:]}" if first.isalpha() else text


class Unsafe(Refusal):
    """That a safe run does not do it."""


class Awaiting(Refusal):
    """That something moves with what stands in another line of its file, which is left."""

    def __init__(self, together: str, line: int) -> None:
        super().__init__(f"{together}, which is left", "change both by hand")
        self.together = together
        self.line = line


class Unfollowed(Refusal):
    """That no import takes a string along that patches `old`; why is known when all else is settled."""

    def __init__(self, old: str) -> None:
        super().__init__(f"a patch moves with the code that looks `{old}` up", "change it by hand")
        self.old = old

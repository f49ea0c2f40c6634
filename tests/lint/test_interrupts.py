"""When Ctrl-C is told, while it is put off and where it cannot be."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from flake8_redis_ssot.lint.interrupts import interrupts_put_off

Told = list[int]


@pytest.fixture
def told() -> Iterator[Told]:
    found: Told = []
    before = signal.signal(signal.SIGINT, lambda number, _: found.append(number))
    yield found
    signal.signal(signal.SIGINT, before)


def test_it_is_told_afterwards(told: Told) -> None:
    with interrupts_put_off():
        signal.raise_signal(signal.SIGINT)
        assert not told
    assert told == [signal.SIGINT]


def test_it_is_told_at_once_where_the_system_cannot_hold_it_back(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(signal, "pthread_sigmask")
    with interrupts_put_off():
        signal.raise_signal(signal.SIGINT)
        assert told == [signal.SIGINT]

"""What is said of changed files, at the lines that were there before."""

from __future__ import annotations

import pytest

from flake8_redis_ssot.fix.shifts import Shifts

A = "/project/app/a.py"
B = "/project/app/b.py"
LINES = b"".join(b"line%d = 0\n" % number for number in range(1, 21))
SHIFTS = Shifts({A: LINES}, {A: b"import new\n" + LINES}, "/project")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("in line 6 it goes on; look there", "in line 5 it goes on; look there"),
        ("used in lines 4, 7 and 9; add it", "used in lines 3, 6 and 8; add it"),
        ("used in lines 4, 7 and 9 more; add it", "used in lines 3, 6 and 9 more; add it"),
        ("`x` (app/a.py:6) is none, nor app/b.py:6", "`x` (app/a.py:5) is none, nor app/b.py:6"),
        ("app/b.py:6 stays: line 7 reads it; a", "app/b.py:6 stays: line 7 reads it; a"),
        ("app/b.py uses it: line 7 reads it; a", "app/b.py uses it: line 7 reads it; a"),
        ("stays with app/a.py:6: line 7 reads it; a", "stays with app/a.py:5: line 6 reads it; a"),
        ("line 7 asks (app/b.py:3) for line 8; a", "line 6 asks (app/b.py:3) for line 7; a"),
    ],
)
def test_lines_in_a_reason(said: str, meant: str) -> None:
    assert SHIFTS.reason_before(A, said) == meant


def test_a_reason_of_another_file() -> None:
    assert SHIFTS.reason_before(B, "line 7 reads what app/a.py:7 has") == "line 7 reads what app/a.py:6 has"

"""Counters, tracking and the worker between them."""

import pytest

from analytics import counters, tracking, worker


@pytest.mark.parametrize("kind", ["redis", "memory"])
def test_counters_count_by_day(kind):
    counted = counters.Counters(kind)
    counted.add("mon", "logins")
    assert counted.add("mon", "logins", 2) == 3
    counted.add("tue", "logins")
    assert counted.of("mon") == {"logins": 3}
    assert counted.of("sun") == {}


def test_the_report_sums_days():
    counted = counters.Counters()
    for day, name in [("mon", "logins"), ("tue", "logins"), ("tue", "posts"), ("wed", "posts")]:
        counted.add(day, name)
    assert counters.report(["mon", "tue"]) == {"logins": 2, "posts": 1}


def test_the_worker_counts_what_was_tracked(server):
    tracker = tracking.Tracker()
    assert [tracker.track("mon", "posts") for _ in range(3)] == [1, 2, 3]
    counted = counters.Counters()
    with worker.connect() as client:
        assert worker.drain(client, counted) == 3
        assert worker.drain(client, counted) == 0
    assert counted.of("mon") == {"posts": 3}
    assert server.exists("events") == 0


def test_the_worker_says_what_it_did(capsys):
    tracking.Tracker().track("mon", "posts")
    worker.main()
    assert capsys.readouterr().out == "1 events\n"


def test_a_trace_names_the_commands():
    assert tracking.trace() == ["RPUSH", "DEL"]

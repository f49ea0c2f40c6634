"""Sessions and login limits of the auth service."""

import subprocess
import sys
from pathlib import Path

import pytest

from auth_service.auth_core import limits, sessions
from auth_service.auth_core.redis_manager import auth_redis


def test_log_in_and_out():
    tokens = [sessions.log_in("ann", password_is_right=True) for _ in range(2)]
    assert [sessions.user_of(token) for token in tokens] == ["ann", "ann"]
    assert sessions.log_out("ann") == 2
    assert sessions.log_out("ann") == 0
    assert auth_redis.sessions("ann") == set()
    assert sessions.user_of(tokens[0]) is None


def test_sessions_end_after_a_day_and_live_in_the_second_database(server):
    token = sessions.log_in("ann", password_is_right=True)
    assert server.dbsize() == 0
    assert 0 < auth_redis.client.ttl(f"session:{token}") <= 24 * 3600


def test_five_wrong_passwords_lock_the_user():
    for _ in range(4):
        assert sessions.log_in("ann", password_is_right=False) is None
    assert not limits.locked("ann")
    sessions.log_in("ann", password_is_right=False)
    with pytest.raises(sessions.Locked):
        sessions.log_in("ann", password_is_right=True)
    assert sessions.log_in("bob", password_is_right=True)
    assert 0 < auth_redis.client.ttl("failed:ann") <= 60


def test_a_right_password_clears_the_count():
    limits.failed("ann")
    sessions.log_in("ann", password_is_right=True)
    assert limits.failed("ann") == 1


def test_a_session_can_be_shortened():
    token = sessions.log_in("ann", password_is_right=True)
    assert auth_redis.expire(f"session:{token}", 1)
    assert auth_redis.client.ttl(f"session:{token}") <= 1


def test_auth_starts_without_the_backend():
    code = (
        "import sys; sys.modules['backend'] = None\n"
        "from auth_service.auth_core import sessions\n"
        "print(sessions.user_of(sessions.log_in('ann', True)))"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("ann\n", "")

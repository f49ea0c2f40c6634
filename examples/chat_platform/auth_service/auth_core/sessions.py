"""Sessions: a token for a user, for a day."""

import secrets

from auth_service.auth_core import limits
from auth_service.auth_core.redis_manager import auth_redis

SECONDS = 24 * 3600


class Locked(Exception):
    """Too many wrong passwords."""


def log_in(user: str, password_is_right: bool) -> str | None:
    """A new token, or None."""
    if limits.locked(user):
        raise Locked(user)
    if not password_is_right:
        limits.failed(user)
        return None
    limits.cleared(user)
    token = secrets.token_urlsafe(16)
    auth_redis.set(f"session:{token}", user, SECONDS)
    auth_redis.remember_session(user, token)
    return token


def user_of(token: str) -> str | None:
    return auth_redis.get(f"session:{token}")


def log_out(user: str) -> int:
    """Ends the user's sessions; how many there were."""
    tokens = auth_redis.sessions(user)
    ended = sum(auth_redis.delete(f"session:{token}") for token in tokens)
    if tokens:
        auth_redis.forget_sessions(user, *tokens)
    return ended

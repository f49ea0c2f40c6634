"""Who stands behind a token: asked of the auth service's Redis, one hop less than over HTTP."""

from auth_service.auth_core.redis_manager import auth_redis


def user_of(token: str) -> str | None:
    return auth_redis.get(f"session:{token}")

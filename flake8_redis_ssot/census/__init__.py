"""Counts the Redis clients, pools and connections that a running process really has."""

from flake8_redis_ssot.census.live import Live, install

__all__ = ["Live", "install"]

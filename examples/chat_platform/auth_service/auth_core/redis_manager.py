"""The auth service's own manager: its boundary allows it."""

import redis

auth_redis = redis.Redis(host="localhost", port=6379, db=1)

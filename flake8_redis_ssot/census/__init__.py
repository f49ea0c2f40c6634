"""Counts the Redis clients, pools and connections that a running process really has. See docs/census.md."""

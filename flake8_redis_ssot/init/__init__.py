"""A first table for a project: what its files say of Redis, and which settings follow from that."""

"""`python -m flake8_redis_ssot`."""

from flake8_redis_ssot.cli.main import console

console()

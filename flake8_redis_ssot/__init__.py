"""Keep one Redis manager per service boundary: a flake8 plugin and a command.

PYTEST_DONT_REWRITE: a worker of a census has it loaded before pytest comes to know it, and it asserts nothing.
"""

__version__ = "0.1.0"

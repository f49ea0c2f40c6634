"""Keep one Redis manager per service boundary: a flake8 plugin and a command."""

__version__ = "0.1.0"

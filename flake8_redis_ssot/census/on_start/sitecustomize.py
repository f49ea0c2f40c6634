"""Python runs this at its start where its folder is in PYTHONPATH: see `journal.py`."""

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

try:
    from flake8_redis_ssot.census.census import start_with_journal
except ImportError:  # the Python of another environment
    pass
else:
    start_with_journal()

# the one that this one hides
_here = os.path.dirname(os.path.abspath(__file__))
_spec = PathFinder.find_spec("sitecustomize", [path for path in sys.path if os.path.abspath(path) != _here])
if _spec is not None and _spec.loader is not None:
    sys.modules["sitecustomize"] = _module = module_from_spec(_spec)
    _spec.loader.exec_module(_module)

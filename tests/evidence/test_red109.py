"""RED109: a patch of the manager's name at home reaches nobody who took the object from there before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from unittest.mock import MagicMock, patch

import pytest

from .conftest import Server

HOME = """
import redis


class Manager:
    def __init__(self):
        self.client = redis.Redis.from_url({!r}, decode_responses=True)

    def get(self, key):
        return self.client.get(key)


manager = Manager()


def get_manager():
    return manager
"""
EARLY = "from home import manager\n\n\ndef read():\n    return manager.get('key')\n"
BY_MODULE = "import home\n\n\ndef read():\n    return home.manager.get('key')\n"
IN_FUNCTION = "def read():\n    from home import manager\n\n    return manager.get('key')\n"
BY_ACCESSOR = "from home import get_manager\n\n\ndef read():\n    return get_manager().get('key')\n"
Write = Callable[[str, str], ModuleType]


@pytest.fixture
def home(server: Server, module: Write) -> Iterator[ModuleType]:
    """The manager's module; its Redis holds what no test with a patch means to see."""
    server.admin.set("key", "of production")
    found = module("home", HOME.format(server.url))
    yield found
    found.manager.client.close()


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("text", "target", "reached"),
    [
        (EARLY, "home.manager", False),
        (EARLY, "reader.manager", True),
        (EARLY, "home.manager.get", True),
        (EARLY, "reader.manager.get", True),
        (BY_MODULE, "home.manager", True),
        (IN_FUNCTION, "home.manager", True),
        (BY_ACCESSOR, "home.manager", True),
    ],
    ids=["home", "lookup", "method", "lookup's method", "by module", "in function", "by accessor"],
)
def test_misplaced_manager_patch(module: Write, text: str, target: str, reached: bool) -> None:
    reader = module("reader", text)
    fake = MagicMock(return_value="of the test")
    fake.get.return_value = "of the test"
    with patch(target, fake):
        assert reader.read() == ("of the test" if reached else "of production")
    assert fake.mock_calls != [] if reached else fake.mock_calls == []
    assert reader.read() == "of production"


def test_patched_object(home: ModuleType, module: Write) -> None:
    reader = module("reader", EARLY)
    with patch.object(home.manager, "get", return_value="of the test"):
        assert reader.read() == "of the test"
    with patch.object(home, "manager"):
        assert reader.read() == "of production"


def test_monkeypatched_name(home: ModuleType, module: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = module("reader", EARLY)
    fake = MagicMock()
    fake.get.return_value = "of the test"
    monkeypatch.setattr("home.manager", fake)
    assert reader.read() == "of production"
    monkeypatch.setattr(reader, "manager", fake)
    assert reader.read() == "of the test"


@pytest.mark.usefixtures("home")
def test_reader_imported_after_the_patch(module: Write) -> None:
    """It takes the fake, and keeps it."""
    with patch("home.manager") as fake:
        fake.get.return_value = "of the test"
        reader = module("reader", EARLY)
        assert reader.read() == "of the test"
    assert reader.read() == "of the test"

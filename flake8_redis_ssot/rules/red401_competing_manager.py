"""RED401."""

from __future__ import annotations

from collections.abc import Iterator

from flake8_redis_ssot.analysis.manager_classes import ENOUGH
from flake8_redis_ssot.diagnostic import Diagnostic
from flake8_redis_ssot.facts.model import ClassFacts
from flake8_redis_ssot.project.managers import competing_managers
from flake8_redis_ssot.project.shims import is_shim
from flake8_redis_ssot.rule import ProjectContext, ProjectRule, manager_wanted
from flake8_redis_ssot.settings.model import Boundary

_SHOWN = 4


class CompetingManager(ProjectRule):
    """A class outside the manager does what the manager does.

    ## What it does
    Reports a class that holds or builds a client, or holds a manager, and that

    - has three or more public methods that pass a parameter on as the key of the command they are
      named after, such as `get_value(key)` that sends `GET`, or
    - has a public method or property that returns a client which the class built.

    What the class does counts, not its name. The operations of a base class in the same file count
    too, unless the base is itself a manager.

    Not counted:

    - methods named after the domain, such as `save_session(session_id)`
    - a fake that reaches no client
    - a test class with `test_` methods
    - methods that a base class of another package asks for by its name, such as those of a cache backend for Django
    - a class that the manager creates and gives to others: it is the manager's client

    A module that only re-exports the manager is RED402.

    ## Why is this bad?
    Two managers mean two sets of settings, pools and error handling. The import in each file decides
    which of them handles a key.

    ## Example
    ```python
    import redis


    class KeyValueStore:
        def __init__(self, url):
            self._client = redis.Redis.from_url(url)

        def get(self, key):
            return self._client.get(key)

        def put(self, key, value):
            return self._client.set(key, value)

        def remove(self, key):
            return self._client.delete(key)
    ```

    ## Use instead
    ```python
    from app.redis_manager import redis_manager


    class Sessions:
        def save_session(self, session_id, text):
            return redis_manager.set(f"session:{session_id}", text)

        def load_session(self, session_id):
            return redis_manager.get(f"session:{session_id}")

        def delete_session(self, session_id):
            return redis_manager.delete(f"session:{session_id}")
    ```

    ## Options
    - `manager`
    - `boundary`
    - `extend-client-builders`
    - `allow`

    ## References
    - [redis-py: connection pools](https://redis.readthedocs.io/en/stable/connections.html)
    """

    code = "RED401"
    name = "competing-manager"
    since = "0.1.0"
    judges_classes = True

    def check_project(self, project: ProjectContext) -> Iterator[Diagnostic]:
        index = project.index
        for path, classes in competing_managers(index, project.managing()).items():
            place = index.place(path)
            if not (place.boundary.managers or place.boundary.name) or is_shim(index, path):
                continue
            for found in classes:
                names = [f"{module}.{name}" for module in place.modules for name in found.known_as]
                users = len(index.importers_of(place.modules, names) - {path}) if names else 0
                yield self.at(
                    path,
                    found.range,
                    f"`{found.name}` is one more Redis manager: it {_does(found)}, and "
                    f"{ {0: 'no file imports', 1: '1 file imports'}.get(users, f'{users} files import') } it; "
                    f"{_instead(place.boundary)}",
                    symbols=[f"{module}.{found.name}" for module in place.modules],
                )


def _does(found: ClassFacts) -> str:
    parts = []
    names = list(dict.fromkeys(name for name, _ in found.operations))
    if len(names) >= ENOUGH:
        shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
        more = len(names) - _SHOWN
        more_shown = f" and {more} more" if more > 0 else ""
        # that the manager has them too would often be wrong: others may need what it lacks
        parts.append(f"has {len(names)} operations of a manager ({shown}{more_shown})")
    if found.handing_out:
        parts.append(f"hands out a client that it built (`{found.handing_out[0]}`)")
    return " and ".join(parts)


def _instead(boundary: Boundary) -> str:
    if not boundary.managers:
        return manager_wanted(boundary)
    return "move what others need of it into " + " or ".join(f"`{name}`" for name in boundary.managers)

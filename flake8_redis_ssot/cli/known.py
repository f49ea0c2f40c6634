"""What an earlier run tells of this one, where nothing but some of the files checked has changed since.

The folders need not be searched then, nor the places where modules were looked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flake8_redis_ssot.cli.replay import Record, today
from flake8_redis_ssot.files import Discovery, Project
from flake8_redis_ssot.lazy_dataclass import dataclass
from flake8_redis_ssot.settings.finder import SettingsFinder
from flake8_redis_ssot.stamps import Stamp


@dataclass(frozen=True, slots=True)
class Known:
    """A `record` that holds but for the files in `changed`; with the `stamps` of all of its paths now.

    The places of these `modules` are among them.
    """

    record: Record
    stamps: Mapping[str, Stamp | None]
    changed: Collection[str]
    modules: Collection[str]

    @classmethod
    def of(cls, record: Record | None) -> Known | None:
        """What a record of a whole project, which does not hold as it is, still tells; None where that is nothing."""
        if record is None or record.scope != "parts" or record.day not in ("", today()):
            return None
        kept = record.details()
        if kept is None:
            return None
        before, modules = kept
        changed = [
            path for path, now, then in zip(record.paths, record.now, before, strict=True) if now != then
        ]
        stamps = dict(zip(record.paths, record.now, strict=True))
        if not {*record.files}.issuperset(changed) or any(stamps[path] is None for path in changed):
            return None
        return cls(record, stamps, frozenset(changed), frozenset(modules))

    def discovery(self, finder: SettingsFinder) -> Discovery:
        """What a search of the folders of the project would find again."""
        (root,) = self.record.of
        finder.name([root])
        project = Project(finder.must_find(root), [*self.record.files], is_whole=True, reports_settings=True)
        return Discovery(finder, [project])

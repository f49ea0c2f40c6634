"""A room's messages as a text file, and the right to have them forgotten."""

import importlib

from backend.app import settings
from backend.app.websocket import messages


def _store():
    # Imported late: the database layer imported this module once.
    return importlib.import_module("backend.app.db.redis_manager").get_redis_manager()


async def export(room: str) -> str:
    exports = settings.cache_backend()
    text = await exports.get(f"export:{room}")
    if text is None:
        lines = await messages.recent(room, settings.MESSAGES_KEPT)
        text = "\n".join(f"{line['user']}: {line['text']}" for line in lines)
        await exports.set(f"export:{room}", text)
    return text


async def forget(room: str) -> int:
    """Deletes what there is of the room's messages; the number of keys that went."""
    return await _store().delete(f"messages:{room}", f"last:{room}", f"export:{room}")

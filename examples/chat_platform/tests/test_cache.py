"""The cache manager, its backend in the settings, and the profiles that use it."""

from backend.app import settings
from backend.app.api import profiles
from backend.app.cache.redis_cache_manager import CacheBackend, RedisCacheManager, cache


def test_values_under_both_names(run, server):
    async def story():
        await cache.set_value("a", "1")
        assert await cache.get("a") == await cache.get_value("a") == "1"
        assert await cache.get_value("b", "none") == "none"
        assert await cache.exists("a") and await cache.touch("a", 5)
        assert await cache.count("n") == 1
        assert 0 < server.ttl("a") <= 5
        return await cache.remove("a"), await cache.remove("a"), await cache.delete("n")

    assert run(story()) == (True, False, 1)


def test_json(run, server):
    async def story():
        await cache.set_json("a", {"b": [1, None]}, ttl=9)
        return await cache.get_json("a"), await cache.get_json("none")

    assert run(story()) == ({"b": [1, None]}, None)
    assert 0 < server.ttl("a") <= 9


def test_remember_asks_once(run):
    asked = []

    async def produce():
        asked.append(1)
        return len(asked)

    async def story():
        return [await cache.remember("a", produce) for _ in range(3)]

    assert run(story()) == [1, 1, 1]


def test_values_live_as_long_as_the_default(run, server, monkeypatch):
    monkeypatch.setattr("backend.app.cache.redis_cache_manager.DEFAULT_TTL", 7)
    run(cache.set_value("a", "1"))
    assert 0 < server.ttl("a") <= 7


def test_the_settings_name_a_backend(run, server):
    async def story():
        backend = settings.cache_backend()
        assert isinstance(backend, CacheBackend)
        await backend.set("a", [1])
        return await backend.get("a"), await backend.delete("a"), await backend.get("a", "gone")

    assert run(story()) == ([1], True, "gone")


def test_the_settings_say_how_long(run, server, monkeypatch):
    monkeypatch.setitem(settings.CACHES["default"], "TIMEOUT", 9)
    run(settings.cache_backend().set("a", 1))
    assert 0 < server.ttl("a") <= 9


def test_a_backend_takes_the_manager_of_its_module(monkeypatch):
    other = RedisCacheManager()
    monkeypatch.setattr("backend.app.cache.redis_cache_manager.cache", other)
    assert settings.cache_backend().manager is other


def test_profiles_are_one_in_store_and_cache(run):
    async def story():
        await profiles.save("ann", "tired")
        assert await profiles.known("ann")
        about = await profiles.about("ann")
        await profiles.forget("ann")
        return about, await profiles.known("ann"), await profiles.about("ann")

    assert run(story()) == ("tired", False, "")

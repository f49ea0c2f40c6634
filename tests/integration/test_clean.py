"""`clean` removes all caches below a folder, and nothing else."""

from __future__ import annotations

from pathlib import Path

from conftest import Command

from flake8_redis_ssot import store


def test_clean_removes_the_caches_of_nested_projects(tmp_path: Path, run: Command) -> None:
    tables = {"web": "", "auth": 'cache-dir = "var/cache"\n', "vendor/lib": "", "broken": ""}
    for name, text in tables.items():
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "pyproject.toml").write_text(f"[tool.redis-ssot]\n{text}")
        (tmp_path / name / "a.py").write_text("import redis\n")
    (tmp_path / "auth" / "var").mkdir()
    (tmp_path / "other" / store.FOLDER).mkdir(parents=True)
    (tmp_path / "other" / store.FOLDER / "CACHEDIR.TAG").write_text("of another\n")
    before = sorted(tmp_path.rglob("*"))
    run("check", cwd=tmp_path)
    (tmp_path / "linked").symlink_to(tmp_path / "web" / store.FOLDER)
    (tmp_path / "broken" / "pyproject.toml").write_text("[tool.redis-ssot]\nmanger = 1\n")
    done = run("clean", cwd=tmp_path / "auth")
    assert done.stdout == "Removed the cache var/cache.\n"
    assert (tmp_path / "web" / store.FOLDER).exists()
    done = run("clean", cwd=tmp_path)
    removed = [f"{folder}{store.FOLDER}" for folder in ("", "broken/", "vendor/lib/", "web/")]
    assert done.stdout == "".join(f"Removed the cache {folder}.\n" for folder in removed)
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "linked").unlink()
    assert sorted(tmp_path.rglob("*")) == before
    advice = "if it is elsewhere, name it with `--cache-dir`"
    assert run("clean", cwd=tmp_path).stdout == f"There is no cache at {store.FOLDER}; {advice}.\n"
    told = run("clean", "--cache-dir", "gone", cwd=tmp_path).stdout
    assert told == "There is no cache at gone; check the name.\n"


def test_one_cache_that_stays_keeps_no_other(tmp_path: Path, run: Command) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "pyproject.toml").write_text("[tool.redis-ssot]\n")
    (tmp_path / "web" / "a.py").write_text("import redis\n")
    (tmp_path / store.FOLDER).mkdir()
    (tmp_path / store.FOLDER / "mine").touch()
    run("check", cwd=tmp_path)
    done = run("clean", cwd=tmp_path)
    assert done.stdout == f"Removed the cache web/{store.FOLDER}.\n"
    assert done.returncode == 2 and "is no cache of redis-ssot" in done.stderr
    assert (tmp_path / store.FOLDER / "mine").exists()

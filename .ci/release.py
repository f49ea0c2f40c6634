"""Build the distributions so that everyone gets the same bytes, and check that they are what a tag says.

    python .ci/release.py dist            build twice, compare, and run tests of the unpacked source distribution
    python .ci/release.py dist v1.2.0     the same; first, the tag must be the version, which CHANGELOG.md must have
    python .ci/release.py --notes v1.2.0  the changelog's section of that version

What is built is the last commit, not the working tree. Needs `build`, and an index of packages for the tests' environment.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SMOKE = ["tests/settings", "tests/rules/test_rule_contract.py", "tests/test_source.py"]
SMOKE_NEEDS = ["pytest", "hypothesis", "ruff"]


def notes(version: str, changelog: str) -> str:
    """The changelog's section of `version`; empty where it has none."""
    found = re.search(rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## \[|\Z)", changelog, re.M | re.S)
    return found[1].strip() if found else ""


def mistakes(tag: str, version: str, changelog: str) -> list[str]:
    """Why `tag` cannot be released."""
    found = []
    if tag != f"v{version}":
        found.append(f"the tag is {tag}, but flake8_redis_ssot.__version__ is {version}; make them equal")
    if not notes(version, changelog):
        found.append(f"CHANGELOG.md has no section [{version}]; rename [Unreleased]")
    return found


def build(commit: Path, out: Path, epoch: int) -> None:
    """Build both distributions of a clean copy of the sources."""
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", out, commit],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)},
    )
    for sdist in out.glob("*.tar.gz"):
        sdist.write_bytes(normalized(sdist.read_bytes(), epoch))


def normalized(sdist: bytes, epoch: int) -> bytes:
    """A source distribution without traces of when, where and by whom it was built, which setuptools leaves in it."""
    plain = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(sdist)) as before,
        tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as after,
    ):
        for member in sorted(before.getmembers(), key=lambda m: m.name):
            member.mtime, member.uid, member.gid, member.uname, member.gname = epoch, 0, 0, "", ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            member.pax_headers = {}
            after.addfile(member, before.extractfile(member) if member.isfile() else None)
    return gzip.compress(plain.getvalue(), mtime=epoch)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def try_out(sdist: Path, scratch: Path) -> None:
    """Run some tests of the unpacked source distribution, in an environment that has nothing else."""
    with tarfile.open(sdist) as archive:
        archive.extractall(scratch, filter="data")
    (folder,) = scratch.iterdir()
    venv.create(scratch / "venv", with_pip=True)
    python = scratch / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", folder, *SMOKE_NEEDS], check=True)
    subprocess.run([python, "-m", "pytest", "-q", *SMOKE], check=True, cwd=folder)


def release(out: Path, tag: str | None) -> int:
    version = runpy.run_path(str(ROOT / "flake8_redis_ssot" / "__init__.py"))["__version__"]
    wrong = mistakes(tag, version, (ROOT / "CHANGELOG.md").read_text()) if tag else []
    if wrong:
        print(*(f"error: {one}" for one in wrong), sep="\n", file=sys.stderr)
        return 1
    git = ["git", "-C", str(ROOT)]
    epoch = int(subprocess.check_output([*git, "log", "-1", "--format=%ct"]))
    archive = subprocess.check_output([*git, "archive", "HEAD"])
    with tempfile.TemporaryDirectory() as scratch:
        built = []
        for name in ("once", "again"):
            commit, folder = Path(scratch, name, "commit"), Path(scratch, name, "dist")
            with tarfile.open(fileobj=io.BytesIO(archive)) as sources:
                sources.extractall(commit, filter="data")
            build(commit, folder, epoch)
            built.append(files(folder))
        if built[0] != built[1]:
            print(
                "error: two builds of one commit differ; look at what the build wrote down", file=sys.stderr
            )
            return 1
        try_out(next(folder.glob("*.tar.gz")), Path(scratch, "sdist"))
        out.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            shutil.copy(path, out)
    return 0


if __name__ == "__main__":
    first, *rest = sys.argv[1:]
    if first == "--notes":
        print(notes(rest[0].removeprefix("v"), (ROOT / "CHANGELOG.md").read_text()))
    else:
        sys.exit(release(Path(first), rest[0] if rest else None))

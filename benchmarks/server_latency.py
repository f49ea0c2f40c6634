"""Claim: a keystroke is checked before one sees it. `server_latency.py TREE [CONFIG]`.

Starts the server over standard streams in a tree that is indexed already, opens files of about 500 lines that import
redis, and changes each many times as somebody types. Prints the milliseconds from a change to its
diagnostics, median and 95th percentile, once by itself and once while a run over the project goes on beside it,
the same for the manager itself; what cpu the server took, which a busy machine does not change; and the peak MiB of the server.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from measure import BIN, ENVIRONMENT, measure, ours, tree_and_config

from flake8_redis_ssot.api import load_settings

CHANGES = 40
"""Of each file."""
FILES = 8
PAUSE = 0.05
"""Seconds between two keys of somebody who types fast."""
LONG = range(450, 560)
IMPORTS = re.compile(r"^(import|from) redis\b", re.MULTILINE)


class Client:
    """Says to a server what an editor says."""

    def __init__(self, tree: Path, config: str | None) -> None:
        options = ["--config", str(tree / config)] if config else []
        self.process = subprocess.Popen(
            [str(BIN / "redis-ssot"), "server", *options],
            cwd=tree,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.versions: dict[Path, int] = {}
        folder = {"uri": tree.as_uri(), "name": tree.name}
        self.send(
            "initialize",
            {"processId": None, "capabilities": {}, "rootUri": None, "workspaceFolders": [folder]},
            1,
        )
        self.receive()
        self.send("initialized", {})

    def send(self, method: str, params: Any, number: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params, **({"id": number} if number else {})}
        body = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        stream, length = self.process.stdout, 0
        assert stream is not None
        while line := stream.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        if not length:
            raise SystemExit("the server ended")
        message: dict[str, Any] = json.loads(stream.read(length))
        return message

    def diagnostics(self, path: Path) -> None:
        """Wait for those of the latest version."""
        while True:
            params = self.receive().get("params") or {}
            if params.get("uri") == path.as_uri() and params.get("version") == self.versions[path]:
                return

    def open(self, path: Path, text: str) -> None:
        self.versions[path] = 1
        document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": text}
        self.send("textDocument/didOpen", {"textDocument": document})

    def change(self, path: Path, text: str) -> float:
        """The seconds from a change to its diagnostics, after a pause as between two keys."""
        time.sleep(PAUSE)
        self.versions[path] += 1
        document = {"uri": path.as_uri(), "version": self.versions[path]}
        start = time.perf_counter()
        self.send("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})
        self.diagnostics(path)
        return time.perf_counter() - start

    def save(self, path: Path) -> None:
        self.send("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})

    @property
    def memory(self) -> float:
        """The peak MiB of the process."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        peak = re.search(r"VmHWM:\s+(\d+)", status)
        return int(peak[1]) / 1024 if peak else 0.0

    @property
    def cpu(self) -> float:
        """The seconds of cpu that the process has taken so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        self.send("shutdown", None, 2)
        self.send("exit", None)
        self.process.wait(10)


def typed(text: str) -> list[str]:
    """The texts that come to be while the comment behind a construction is typed, each of which can be parsed."""
    end = "" if text.endswith("\n") else "\n"
    return [f"{text}{end}client = redis.Redis()  # {'x' * n}\n" for n in range(CHANGES)]


def manager_of(tree: Path, config: str | None) -> Path | None:
    """The file of the first manager that the settings name."""
    settings = load_settings(tree / config if config else tree)
    for boundary in settings.boundaries:
        for module in boundary.managers:
            stems = [Path(root, *module.split(".")) for root in boundary.roots]
            found = [
                f for stem in stems for f in (stem.with_suffix(".py"), stem / "__init__.py") if f.is_file()
            ]
            if found:
                return found[0]
    return None


def show(what: str, client: Client, changes: Iterable[tuple[Path, str]]) -> None:
    before = client.cpu
    found = [client.change(path, text) for path, text in changes]
    median, late = statistics.median(found), sorted(found)[int(len(found) * 0.95)]
    cpu = (client.cpu - before) / len(found)
    print(
        f"{what}: median {median * 1000:.1f} ms, p95 {late * 1000:.1f} ms, mean of cpu {cpu * 1000:.1f} ms, "
        f"of {len(found)} changes",
        flush=True,
    )


def main() -> None:
    name, config = tree_and_config()
    tree = Path(name).resolve()
    measure(ours(config=config), tree)  # so that there is an index
    texts = {path: path.read_text(errors="replace") for path in sorted(tree.rglob("*.py")) if path.is_file()}
    chosen = [p for p, text in texts.items() if text.count("\n") in LONG and IMPORTS.search(text)][:FILES]
    if not chosen:
        raise SystemExit(f"{tree}: has no file of about 500 lines that imports redis")
    client = Client(tree, config)
    for path in chosen:
        client.open(path, texts[path])
        client.diagnostics(path)
    client.diagnostics(chosen[-1])  # of the run over the project
    show("one changed file", client, [(p, text) for p in chosen for text in typed(texts[p])])
    for path in chosen:
        client.change(path, texts[path])
    client.save(chosen[0])
    time.sleep(0.3)
    beside = [(path, text) for path in chosen[:3] for text in typed(texts[path])]
    show("the same beside a run over the project", client, beside)
    manager = manager_of(tree, config)
    if manager is not None:
        client.open(manager, manager.read_text())
        client.diagnostics(manager)
        show("the manager itself", client, [(manager, text) for text in typed(manager.read_text())])
    print(f"peak memory of the server: {client.memory:.0f} MiB")
    client.end()


if __name__ == "__main__":
    sys.exit(main())

"""Claim: many managers hold more connections than one. `many_managers_against_one.py [--svg FILE]`.

76 modules send 8 commands at once each, through 1, 4, 16 or 76 managers with a pool each, to a server
that the script starts. Prints for three loads the connections that are open afterwards, the server's
memory for them (and when they are idle), what the process grew by, and all over those of one manager.
Linux only; takes seven minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import redis
import redis.asyncio

EXAMPLE = Path(__file__).parent.parent / "examples" / "chat_platform"
MODULES, COMMANDS, LIMIT = 76, 8, 50
MANAGERS = (1, 4, 16, 76)
LOADS = {
    "in turn": "one module after the other, pools of at most 50",
    "at once": "all modules at once, pools of at most 50",
    "no limit": "all modules at once, pools without a limit",
}
# what is drawn, and in which colour: readable on light and on dark ground
ROWS = {
    "connections": {"connections": "#3b82f6"},
    "memory, MiB": {"server": "#d97706", "process": "#0d9488"},
}
IDLE = 6  # seconds after which the server has taken back the buffers of idle connections
ROUNDS = 5
Found = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write the plot")
    parser.add_argument("--one", nargs=3, metavar=("ADDRESS", "MANAGERS", "LOAD"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        address, managers, load = arguments.one
        print(json.dumps(asyncio.run(measured(address, int(managers), load))))
        return
    run = runpy.run_path(str(EXAMPLE / "tests" / "redis_process.py"))["redis_server"]
    with tempfile.TemporaryDirectory(prefix="red-") as folder, run(Path(folder)) as address:
        with redis.Redis.from_url(f"unix://{address}", decode_responses=True) as admin:
            print(f"redis-server {admin.info('server')['redis_version']}, redis-py {redis.__version__}")
        found = {load: {count: medians(address, count, load) for count in MANAGERS} for load in LOADS}
    for load, rows in found.items():
        show(load, rows)
    if arguments.svg:
        arguments.svg.write_text(plot(found), encoding="utf-8")


def medians(address: Path, managers: int, load: str) -> Found:
    """Of rounds in a process of its own each."""
    command = [sys.executable, __file__, "--one", str(address), str(managers), load]
    rounds = [json.loads(subprocess.check_output(command)) for _ in range(ROUNDS)]
    assert len({each["connections"] for each in rounds}) == 1
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


def show(load: str, rows: dict[int, Found]) -> None:
    print(f"\n{load}: {LOADS[load]}")
    for count, row in rows.items():
        print(
            f"{count:4} managers: {row['connections']:.0f} connections, server {row['server']:.2f} MiB "
            f"(idle {row['idle']:.2f}), process {row['process']:.2f} MiB",
            flush=True,
        )
    for name in ("connections", "server", "idle", "process"):
        ratios = ", ".join(f"{n}: {rows[n][name] / rows[1][name]:.1f}" for n in MANAGERS[1:])
        print(f"{name}, many managers / one: {ratios}")


async def measured(address: str, managers: int, load: str) -> Found:
    """The load in this process, and what it leaves open."""
    admin = redis.Redis.from_url(f"unix://{address}", decode_responses=True)
    clients = [client(f"unix://{address}?client_name=load", load) for _ in range(managers)]
    before = resident()
    if load == "in turn":
        for module in range(MODULES):
            await answered(admin, [clients[module % managers]])
    else:
        await answered(admin, [clients[module % managers] for module in range(MODULES)])
    gc.collect()
    after = resident()
    now = held(admin)
    time.sleep(IDLE)
    idle = held(admin)
    for each in clients:
        await each.connection_pool.disconnect()
    while held(admin)[0]:
        await asyncio.sleep(0.01)
    return {"connections": now[0], "server": now[1], "idle": idle[1], "process": after - before}


def client(url: str, load: str) -> redis.asyncio.Redis:
    """What a manager owns: a client and its pool, which lets commands queue where it is full."""
    kind: Any = redis.asyncio.ConnectionPool if load == "no limit" else redis.asyncio.BlockingConnectionPool
    limit = {"max_connections": 2**31} if load == "no limit" else {"max_connections": LIMIT, "timeout": None}
    return redis.asyncio.Redis(connection_pool=kind.from_url(url, socket_timeout=None, **limit))


async def answered(admin: redis.Redis, clients: list[redis.asyncio.Redis]) -> None:
    """Commands of so many modules that all wait for an answer at the same time, until they have it."""
    jobs = [asyncio.create_task(each.blpop("jobs", 0)) for each in clients for _ in range(COMMANDS)]
    asked: dict[int, int] = {}
    for each in clients:
        asked[id(each)] = asked.get(id(each), 0) + COMMANDS
    limits = {id(each): each.connection_pool.max_connections for each in clients}
    waiting = sum(min(count, limits[each]) for each, count in asked.items())
    while admin.info("clients")["blocked_clients"] < waiting:
        await asyncio.sleep(0.01)
    admin.rpush("jobs", *range(len(jobs)))
    await asyncio.gather(*jobs)


def held(admin: redis.Redis) -> tuple[int, float]:
    """Connections of the load, and the MiB that the server has for them."""
    memory = [int(each["tot-mem"]) for each in admin.client_list() if each["name"] == "load"]
    return len(memory), sum(memory) / 2**20


def resident() -> float:
    """MiB of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def plot(found: dict[str, dict[int, Found]]) -> str:
    """A panel for each load, connections above memory; drawn by hand, so that nothing is installed for it."""
    parts = []
    for row, (title, bars) in enumerate(ROWS.items()):
        highest = max(rows[n][bar] for rows in found.values() for n in rows for bar in bars)
        for column, (load, rows) in enumerate(found.items()):
            left, bottom = 30 + column * 260, 220 + row * 230
            parts.append(text(left, bottom - 165, f"{title}, {load}", "start"))
            parts.append(f'<line x1="{left}" y1="{bottom}" x2="{left + 230}" y2="{bottom}"/>')
            width = 44 / len(bars)
            for group, count in enumerate(rows):
                for place, (bar, colour) in enumerate(bars.items()):
                    value = rows[count][bar]
                    height = 130 * value / highest
                    x, y = left + 8 + group * 57 + place * width, bottom - height
                    parts.append(
                        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width - 2:.1f}" height="{height:.1f}" '
                        f'fill="{colour}"><title>{count} managers, {bar}: {value:.2f}</title></rect>'
                    )
                    label = f"{value:.0f}" if bar == "connections" else f"{value:.1f}"
                    parts.append(text(x + width / 2 - 1, y - 4, label, size=10))
                parts.append(text(left + 30 + group * 57, bottom + 16, str(count)))
    for place, (bar, colour) in enumerate(ROWS["memory, MiB"].items()):
        x = 330 + place * 90
        parts.append(f'<rect x="{x}" y="478" width="10" height="10" fill="{colour}"/>')
        parts.append(text(x + 16, 487, bar, "start"))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 500" role="img" font-family="sans-serif" '
        'fill="#7d7d7d" stroke="none">\n'
        "<title>Connections and memory by the number of managers</title>\n"
        "<style>line { stroke: #7d7d7d }</style>\n"
        + text(30, 28, "1, 4, 16 and 76 managers for the same commands of 76 modules", "start")
        + "\n"
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def text(x: float, y: float, words: str, anchor: str = "middle", size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{words}</text>'


if __name__ == "__main__":
    main()

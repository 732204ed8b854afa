"""Polls a second and CPU a poll, side by side: `python -m benchmarks.throughput [--feeds N] [--peers]`.

A server of its own process plays as many hosts as there are feeds (127.0.0.0/8 is a large network). Five rounds: new feeds, answers 304,
whole bodies whose bytes are those of the last time, whole bodies made anew (another `lastBuildDate`, the entries as they were), and
bodies in which one entry of thirty is new. `--peers` puts beside it lemon24/reader, installed
into an environment that is thrown away (or that of the Python which the variable READER_PYTHON names), and newsboat and sfeed where the system has them; all with eight fetches at a time, and an
empty database each. CPU counts the poller with all its processes, not the server. Machines are noisy: ratios count.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import structlog

from monitor.app import App
from monitor.config import Settings
from monitor.config.settings import DatabaseSettings, FetchSettings
from monitor.core.types import Feed, FeedKey

WORKERS = 8
N_ENTRIES = 30
ROUNDS = ("new", "304", "same body", "made anew", "one new item")


# --- the server --------------------------------------------------------------------------------------------------------


def _body(path: str, stamp: int, n_fresh: int) -> bytes:
    items = "".join(
        f"<item><guid>https://news.example{path}/{number}</guid><title>Story {number} of {path}</title><link>https://news.example{path}/{number}</link>"
        f"<pubDate>Mon, 02 Mar 2026 12:{number % 60:02}:00 GMT</pubDate>"
        f"<description>&lt;p&gt;The ministers of {path} met for the {number}th time, and {'talked on and on ' * 15}.&lt;/p&gt;</description></item>"
        for number in range(n_fresh, N_ENTRIES + n_fresh)
    )
    head = f"<title>News of {path}</title><link>https://news.example{path}</link><description>News</description>"
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>{head}<lastBuildDate>{stamp}</lastBuildDate>{items}</channel></rss>'.encode()


async def _serve(port: int) -> None:
    mode = "new"
    stamp = 0
    bodies: dict[tuple[str, int, int], bytes] = {}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal mode, stamp
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                if path.startswith("/mode/"):
                    mode, stamp = path.removeprefix("/mode/").replace("%20", " "), stamp + 1
                    writer.write(b"HTTP/1.1 204 OK\r\n\r\n")
                elif mode == "304" and b"if-none-match" in head.lower():
                    writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')
                else:
                    key = path, stamp if mode in ROUNDS[3:] else 0, int(mode == "one new item")
                    body = bodies.get(key) or bodies.setdefault(key, _body(*key))
                    lines = f'HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: "1"\r\nContent-Length: {len(body)}\r\n\r\n'
                    writer.write(lines.encode() + body)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "0.0.0.0", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


@contextmanager
def _server() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.throughput", "--serve"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()


def _set_mode(port: int, mode: str) -> None:
    from urllib.request import urlopen

    with urlopen(f"http://127.0.0.1:{port}/mode/{mode.replace(' ', '%20')}"):
        pass


def _addresses(port: int, n_feeds: int) -> list[str]:
    return [f"http://127.1.{number // 250}.{number % 250 + 1}:{port}/feed/{number}" for number in range(n_feeds)]


# --- the pollers -------------------------------------------------------------------------------------------------------


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _measure(port: int, run: Callable[[str], None], settle: Callable[[], None]) -> dict[str, tuple[float, float]]:
    """Return seconds and CPU seconds of each round."""
    found = {}
    for mode in ROUNDS:
        _set_mode(port, mode)
        wall, cpu = time.perf_counter(), _cpu_s()
        run(mode)
        wall = time.perf_counter() - wall
        # Processes that parse are counted when they are over.
        settle()
        found[mode] = wall, _cpu_s() - cpu
    return found


def poll_ours(port: int, n_feeds: int) -> dict[str, tuple[float, float]]:
    """Measure this poller, as the daemon runs it, but for the schedule."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_construct(
            **{name: field.get_default() for name, field in Settings.model_fields.items()}
            | {
                "database": DatabaseSettings.model_validate({"url": f"sqlite:///{Path(folder) / 'bench.db'}"}),
                "fetch": FetchSettings(allowed_networks=("127.0.0.0/8",), workers=WORKERS),
            }
        )
        app = App(settings)
        app.uow.upgrade()
        feeds = [Feed(FeedKey(f"f{number}"), url, "bench") for number, url in enumerate(_addresses(port, n_feeds))]
        with app.uow.transaction() as store:
            store.feeds.sync(feeds, now=app.clock.now())
        _ = app.fetcher, app.parser

        def run(mode: str) -> None:
            polled = app.poll()
            assert (polled.n_due, polled.n_failed) == (n_feeds, 0), polled
            assert polled.n_new == n_feeds * {"new": N_ENTRIES, "one new item": 1}.get(mode, 0), polled

        def settle() -> None:
            app.__dict__.pop("parser").close()
            _ = app.parser
            past = app.clock.now() - timedelta(minutes=1)
            with app.uow.transaction() as store:
                for state in store.feeds.states():
                    store.feeds.save(replace(state, next_poll_at=past, last_poll_at=past))

        found = _measure(port, run, settle)
        app.uow.close()
        return found


_READER = """
import json, resource, sys, time
from urllib.request import urlopen
from reader import make_reader
port, folder, workers, rounds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4])
reader = make_reader(folder + "/reader.db")
for url in json.load(sys.stdin):
    reader.add_feed(url)
found = {}
for mode in rounds:
    urlopen(f"http://127.0.0.1:{port}/mode/" + mode.replace(" ", "%20")).close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    wall, cpu = time.perf_counter(), used.ru_utime + used.ru_stime
    # Whether they are due or not.
    reader.update_feeds(workers=workers, scheduled=False)
    used = resource.getrusage(resource.RUSAGE_SELF)
    found[mode] = time.perf_counter() - wall, used.ru_utime + used.ru_stime - cpu
assert reader.get_entry_counts().total > 0
print(json.dumps(found))
"""


def poll_reader(port: int, n_feeds: int) -> dict[str, tuple[float, float]]:
    """Measure lemon24/reader, with the Python that READER_PYTHON names or in an environment that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        python = os.environ.get("READER_PYTHON", "")
        if not python:
            subprocess.run([sys.executable, "-m", "venv", f"{folder}/venv"], check=True)
            python = f"{folder}/venv/bin/python"
            subprocess.run([python, "-m", "pip", "install", "--quiet", "reader", "sgmllib3k"], check=True)
        done = subprocess.run(
            [python, "-c", _READER, str(port), folder, str(WORKERS), json.dumps(ROUNDS)],
            input=json.dumps(_addresses(port, n_feeds)),
            capture_output=True,
            text=True,
            check=True,
        )
        return {mode: (wall, cpu) for mode, (wall, cpu) in json.loads(done.stdout).items()}


def poll_newsboat(port: int, n_feeds: int) -> dict[str, tuple[float, float]]:
    """Measure newsboat."""
    with tempfile.TemporaryDirectory() as folder:
        urls, config = Path(folder) / "urls", Path(folder) / "config"
        urls.write_text("\n".join(_addresses(port, n_feeds)), encoding="utf-8")
        config.write_text(f"reload-threads {WORKERS}\n", encoding="utf-8")
        command = ["newsboat", "-q", "-u", str(urls), "-C", str(config), "-c", f"{folder}/cache.db", "-x", "reload"]
        environment = os.environ | {"HOME": folder, "TERM": "xterm"}
        return _measure(port, lambda _: _done(command, environment), lambda: None)


def poll_sfeed(port: int, n_feeds: int) -> dict[str, tuple[float, float]]:
    """Measure sfeed, which fetches with curl and knows no conditional requests."""
    with tempfile.TemporaryDirectory() as folder:
        feeds = "\n".join(f"feed 'f{number}' '{url}'" for number, url in enumerate(_addresses(port, n_feeds)))
        rc = Path(folder) / "sfeedrc"
        rc.write_text(f"sfeedpath='{folder}/feeds'\nmaxjobs={WORKERS}\nfeeds() {{\n{feeds}\n}}\n", encoding="utf-8")
        return _measure(port, lambda _: _done(["sfeed_update", str(rc)], dict(os.environ)), lambda: None)


def _done(command: list[str], environment: dict[str, str]) -> None:
    subprocess.run(command, env=environment, check=True, capture_output=True)


def main() -> None:
    """Print one line a poller and round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=300, help="number of feeds, each on a host of its own; 500 at most")
    parser.add_argument("--peers", action="store_true", help="measure other pollers as well")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.serve:
        asyncio.run(_serve(0))
        return
    pollers: dict[str, Callable[[int, int], dict[str, tuple[float, float]]]] = {"statuswatch": poll_ours}
    if words.peers:
        pollers["reader"] = poll_reader
        pollers |= {"newsboat": poll_newsboat} if shutil.which("newsboat") else {}
        pollers |= {"sfeed": poll_sfeed} if shutil.which("sfeed_update") and shutil.which("curl") else {}
    print(f"{words.feeds} feeds of {N_ENTRIES} entries, {WORKERS} at a time")
    print(f"{'':12}" + "".join(f"{mode:>28}" for mode in ROUNDS))
    for name, poll in pollers.items():
        with _server() as port:
            found = poll(port, words.feeds)
        cells = (f"{words.feeds / wall:8.0f}/s {cpu / words.feeds * 1000:7.2f} ms CPU" for wall, cpu in found.values())
        print(f"{name:12}" + "".join(f"{cell:>28}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()

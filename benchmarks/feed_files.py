"""Every feed file of a folder, served over loopback, fetched and read as the daemon would: `python -m benchmarks.feed_files FOLDER`.

For each file the number of items found is set beside that of feedparser given the same bytes and headers. A test file of feedparser's own
kind may name its HTTP headers in a comment at its head (`Header: Content-type: ...`); it is served with them. Exit status 1 where a file
broke the reader, took longer than the deadline, or gave fewer items than feedparser finds.
"""

from __future__ import annotations

import argparse
import io
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import feedparser

from monitor import log
from monitor.app import App
from monitor.config import Settings
from monitor.config.settings import FetchSettings
from monitor.core.types import Feed, FeedKey
from monitor.errors import MonitorError
from monitor.testing.loopback import LoopbackSite

_HEADER = re.compile(rb"^\s*Header:\s*([\w-]+):\s*(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    path: Path
    n_items: int
    n_reference: int
    took_s: float
    #: What the reader said where it refused the file; None where it read it.
    refusal: str | None
    #: What was raised that no reader may raise; None where nothing was.
    crash: str | None


def headers_of(body: bytes) -> dict[str, str]:
    """Return the HTTP headers that a test file asks to be served with, lower-case names."""
    found = _HEADER.findall(body[:4096].replace(b"\0", b""))
    return {name.decode("ascii").lower(): value.decode("latin-1") for name, value in found}


def measure(app: App, site: LoopbackSite, path: Path, number: int) -> Outcome:
    """Serve, fetch and read one file, and count with feedparser what is in it."""
    body = path.read_bytes()
    own = headers_of(body)
    content_type = own.pop("content-type", "application/xml")
    url = site.publish(f"/{number}/feed", body, content_type, headers={name: own[name] for name in own if name == "content-language"})
    n_items, refusal, crash = 0, None, None
    begun = time.perf_counter()
    try:
        answer = app.fetcher.fetch(url)
        feed = Feed(FeedKey(f"file-{number}"), url, path.name)
        parsed = app.parser.parse(answer.body, feed=feed, content_type=answer.content_type, fetched_at=app.clock.now())
        n_items = len(parsed.entries)
    except MonitorError as error:
        refusal = str(error)
    except Exception as error:
        crash = f"{type(error).__name__}: {error}"
    took_s = time.perf_counter() - begun
    reference = feedparser.parse(
        io.BytesIO(body), response_headers={"content-type": content_type}, sanitize_html=False, resolve_relative_uris=False
    )
    return Outcome(path, n_items, len(reference.entries), took_s, refusal, crash)


def run(folder: Path) -> Iterator[Outcome]:
    """Yield the outcome of each file of a folder, in the order of their paths."""
    settings = Settings(fetch=FetchSettings(allowed_networks=("127.0.0.0/8",)))
    app = App(settings)
    with LoopbackSite() as site:
        for number, path in enumerate(sorted(path for path in folder.rglob("*") if path.is_file())):
            yield measure(app, site, path, number)


def main() -> int:
    """Measure a folder and print a table by its sub-folders."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("folder", type=Path, help="folder of feed files, searched through all its levels")
    arguments.add_argument("--deadline", type=float, default=2.0, help="seconds that one file may take (2)")
    chosen = arguments.parse_args()
    log.configure("error", "console")
    outcomes = list(run(chosen.folder))
    if not outcomes:
        print(f"{chosen.folder}: holds no file", file=sys.stderr)
        return 2
    groups = Counter(_group(outcome.path, chosen.folder) for outcome in outcomes)
    print(f"{'files':>6} {'items':>7} {'feedparser':>10} {'fewer':>6} {'more':>6} {'refused':>8} {'median ms':>10} {'most ms':>8}  folder")
    for group in [*sorted(groups), ""]:
        members = [outcome for outcome in outcomes if not group or _group(outcome.path, chosen.folder) == group]
        times = [1000 * outcome.took_s for outcome in members]
        print(
            f"{len(members):6} {sum(member.n_items for member in members):7} {sum(member.n_reference for member in members):10} "
            f"{sum(member.n_items < member.n_reference for member in members):6} {sum(member.n_items > member.n_reference for member in members):6} "
            f"{sum(member.refusal is not None for member in members):8} {statistics.median(times):10.2f} {max(times):8.0f}  {group or 'all'}"
        )
    faults = [outcome for outcome in outcomes if outcome.crash or outcome.took_s > chosen.deadline or outcome.n_items < outcome.n_reference]
    for fault in faults:
        why = fault.crash or fault.refusal or f"{fault.took_s:.2f} s"
        print(f"{fault.path.relative_to(chosen.folder)}: {fault.n_items} of {fault.n_reference} items; {why}")
    return 1 if faults else 0


def _group(path: Path, folder: Path) -> str:
    return "/".join(path.relative_to(folder).parts[:-1][:3]) or "."


if __name__ == "__main__":
    sys.exit(main())

"""Measure speed: `make bench`. Prints medians and ratios; machines are noisy, so that nothing here is a test.

Start-up of the command, encoding, reading against encoding, matching against a full baseline, polls over loopback, change-log writes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from monitor.app import App
from monitor.config import Settings, load_settings
from monitor.config.settings import DatabaseSettings, FetchSettings, PollSettings
from monitor.core.matching import decide_match
from monitor.core.text import head_text, split_sentences
from monitor.core.types import Feed, FeedKey, ReadingContext
from monitor.jobs.examine import head_hash
from monitor.jobs.seed import learn
from monitor.testing.loopback import LoopbackSite


def seconds(run: Callable[[], object], times: int = 5) -> float:
    """Return the median seconds of several runs."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return median(found)


def start_up() -> None:
    """Time `monitor --help` against an empty Python."""
    command = seconds(lambda: subprocess.run([sys.executable, "-m", "monitor", "--help"], capture_output=True, check=True))
    empty = seconds(lambda: subprocess.run([sys.executable, "-c", "pass"], capture_output=True, check=True))
    print(f"monitor --help            {command:.2f} s ({empty:.2f} s of it Python itself)")


def model() -> None:
    """Time encoding, reading and matching on the shipped stories."""
    app = App(load_settings())
    stories = [*app.off_topic, *(seed.article for issue in app.issues for seed in issue.seeds)]
    heads = [head_text(story.title, story.text) for story in stories]
    load = seconds(lambda: app.encoder.embed(["warm"]), times=1)
    encode = seconds(lambda: app.encoder.embed(heads), times=3) / len(heads)
    print(f"model load                {load:.1f} s")
    print(f"encode a head             {encode * 1000:.1f} ms")
    whole = [seed.article for seed in app.issues[0].seeds]
    sentences = [split_sentences(story.title, story.text) for story in whole]
    texts = [[sentence.text for sentence in group] for group in sentences]
    once = seconds(lambda: [app.encoder.embed(group) for group in texts], times=3)
    read = seconds(
        lambda: [app.reader.read(group, ReadingContext(app.issues[0], story)) for story, group in zip(whole, sentences, strict=True)],
        times=3,
    )
    print(f"read an article           {read / len(whole) * 1000:.0f} ms, {read / once:.1f} times encoding its sentences")
    learned = learn(
        app.issues[0], off_topic=app.off_topic_vectors, encoder=app.encoder, examiner=app.examiner, match_policy=app.settings.match.policy()
    )
    vector = app.encoder.embed(heads[:1])[0]
    policy = app.settings.match.policy()
    judge = seconds(lambda: [decide_match(vector, story, learned.baseline, policy) for story in stories]) / len(stories)
    print(f"match an article          {judge * 1e6:.0f} µs beside its encoding ({head_hash(stories[0])[:4]}...)")


def polls() -> None:
    """Time polls of feeds over loopback: first full bodies, then unchanged ones."""
    items = "".join(
        f"<item><guid>{n}</guid><title>Story {n}</title><link>http://127.0.0.1/{n}</link><description>Words of story {n}.</description></item>"
        for n in range(30)
    )
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode()
    n_feeds = 100
    with tempfile.TemporaryDirectory() as folder, LoopbackSite() as site:
        settings = Settings.model_construct(
            **{name: field.get_default() for name, field in Settings.model_fields.items()}
            | {
                "database": DatabaseSettings.model_validate({"url": f"sqlite:///{Path(folder) / 'bench.db'}"}),
                "poll": PollSettings(host_spacing_s=0),
                "fetch": FetchSettings(allowed_networks=("127.0.0.0/8",)),
            }
        )
        app = App(settings)
        app.uow.upgrade()
        feeds = [Feed(FeedKey(f"f{n}"), site.publish(f"/{n}.xml", body, etag='"1"'), "bench") for n in range(n_feeds)]
        with app.uow.transaction() as store:
            store.feeds.sync(feeds, now=app.clock.now())
        for name in ("full", "304"):
            wall, cpu = time.perf_counter(), time.process_time()
            polled = app.poll()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            print(
                f"poll, {name:4}                {polled.n_due / wall:.0f} feeds/s, {cpu / polled.n_due * 1000:.1f} ms CPU each, {polled.n_new} new"
            )
            with app.uow.transaction() as store:
                for feed in feeds:
                    state = next(one for one in store.feeds.states() if one.feed.key == feed.key)
                    store.feeds.save(
                        type(state)(**{key: getattr(state, key) for key in state.__slots__} | {"next_poll_at": app.clock.now()})
                    )
        app.uow.close()


if __name__ == "__main__":
    start_up()
    model()
    polls()

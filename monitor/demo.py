"""The demonstration: a real story through the real jobs, over loopback, with nothing outside the machine.

The seed articles and other news appear in the order in which they were published, as RSS and Atom on a loopback server. The issue knows
only the first article, as an analyst's would have in January 2024. The jobs are the daemon's own; only the clock is turned by hand,
from story to story, and Slack is a stand-in.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from html import unescape
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import yaml

from monitor.app import App
from monitor.config import Settings
from monitor.config.articles import load_articles, load_seeds
from monitor.config.files import resolve
from monitor.config.settings import DatabaseSettings, FetchSettings, PathSettings, PollSettings, SlackSettings
from monitor.core.text import split_sentences
from monitor.core.types import Article, Change
from monitor.ports import Trace
from monitor.testing.fakes import FrozenClock
from monitor.testing.loopback import LoopbackSite
from monitor.testing.slack_server import StandInSlack

SEEDS = Path("seeds/us-iraq-coalition")
OFF_TOPIC = Path("seeds/off-topic/stories.jsonl")
#: Off-topic stories that are served; the others teach the threshold what other news looks like.
N_SERVED = 12
#: How long after its publication a story is polled.
LATENESS = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demonstration showed, for those who check it."""

    changes: tuple[Change, ...]
    traces: tuple[Trace, ...]
    messages: tuple[dict[str, Any], ...]
    #: Titles of the off-topic stories that were served.
    off_topic: tuple[str, ...]


def run(say: Callable[[str], None], *, afterwards: Callable[[App], None] | None = None) -> Outcome:
    """Show the story; `say` prints a line. Takes about a minute, most of it loading the model.

    `afterwards` gets the application over the demonstration's own database, which is gone when it returns: to look at what happened.
    """
    seeds = [seed.article for seed in load_seeds(resolve(SEEDS))]
    others = load_articles(resolve(OFF_TOPIC))
    served, teaching = others[::3][:N_SERVED], [story for story in others if story not in others[::3][:N_SERVED]]
    stories = sorted([*seeds, *served], key=lambda story: story.published_at)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="monitor-demo-")))
        site = stack.enter_context(LoopbackSite())
        slack = stack.enter_context(StandInSlack())
        clock = FrozenClock(stories[0].published_at - timedelta(days=1))
        app = App(_settings(folder, site, slack, seeds, teaching), clock)
        stack.callback(app.uow.close)
        app.uow.upgrade()
        say("Learning the matter from its first article ...")
        app.learn_seeds()
        app.sync_feeds()
        for line in _introduction(app):
            say(line)
        for number, story in enumerate(stories, start=1):
            _publish(site, stories[:number])
            clock.at = max(clock.at, story.published_at) + LATENESS
            n_changes, n_messages = len(app.queries.log()), len(slack.told)
            _tick(app)
            for line in _account(app, site, story, n_changes):
                say(line)
            for message in slack.told[n_messages:]:
                say(_as_slack_shows(message))
        say("")
        say("The root of the thread, as it reads now:")
        for message in slack.of_form("root"):
            say(_as_slack_shows(message))
        say("")
        say("The change log (monitor log):")
        changes = tuple(reversed(app.queries.log()))
        for change in changes:
            say(f"  {change.at:%Y-%m-%d}  {change.from_status or '—'} → {change.to_status}  [{change.confirmation.value}]")
        traces = tuple(trace for story in stories if (trace := _trace(app, site, story)) is not None)
        if afterwards is not None:
            afterwards(app)
        return Outcome(changes, traces, tuple(slack.told), tuple(story.title for story in served))


def _tick(app: App) -> None:
    """Run each job of the daemon once, in the order of the flow."""
    app.poll(jitter=lambda: 0.0)
    app.match()
    app.assess()
    app.deliver()
    app.watch()


def _settings(folder: Path, site: LoopbackSite, slack: StandInSlack, seeds: Sequence[Article], teaching: Sequence[Article]) -> Settings:
    """Write the demonstration's own feeds, issue and off-topic file, and return settings over them."""
    _write_issue(folder, seeds[0])
    feeds = [
        {"key": "demo-rss", "url": site.url("/rss.xml"), "source": "Demo RSS"},
        {"key": "demo-atom", "url": site.url("/atom.xml"), "source": "Demo Atom"},
    ]
    (folder / "feeds.yaml").write_text(yaml.safe_dump({"feeds": feeds}), encoding="utf-8")
    lines = resolve(OFF_TOPIC).read_text(encoding="utf-8").splitlines()
    kept = {story.article_id for story in teaching}
    (folder / "off-topic.jsonl").write_text("\n".join(line for line in lines if any(f'"{key}"' in line for key in kept)), encoding="utf-8")
    return Settings.model_construct(
        **{name: field.get_default() for name, field in Settings.model_fields.items()}
        | {
            "paths": PathSettings(feeds=folder / "feeds.yaml", issues=folder / "issues", off_topic=folder / "off-topic.jsonl"),
            "database": DatabaseSettings.model_validate({"url": f"sqlite:///{folder / 'demo.db'}"}),
            "poll": PollSettings(host_spacing_s=0),
            "fetch": FetchSettings(allowed_networks=("127.0.0.0/8",), full_text=False),
            "slack": SlackSettings.model_validate({"token": "xoxb-demonstration", "channel": "#desk", "base_url": slack.base_url}),
        }
    )


def _write_issue(folder: Path, first: Article) -> None:
    seed_folder = folder / "seeds"
    seed_folder.mkdir()
    source = resolve(SEEDS)
    (seed_folder / f"{first.article_id}.txt").write_bytes((source / f"{first.article_id}.txt").read_bytes())
    row = {
        "file": f"{first.article_id}.txt",
        "published_at": first.published_at.isoformat(),
        "source": first.source,
        "title": first.title,
        "url": None,
    }
    (seed_folder / "manifest.yaml").write_text(yaml.safe_dump({"seeds": [row]}), encoding="utf-8")
    (folder / "issues").mkdir()
    issue = {
        "key": "us-iraq-coalition",
        "title": "Will the US-led coalition end its military mission in Iraq, and on what terms?",
        "ladder": "agreement",
        "seeds": "../seeds",
    }
    (folder / "issues" / "us-iraq-coalition.yaml").write_text(yaml.safe_dump(issue), encoding="utf-8")


def _link(site: LoopbackSite, story: Article) -> str:
    return site.url(f"/stories/{story.article_id}")


def _headline(story: Article) -> str:
    """Return a headline; where the story has none, as its feed would have it: the first words of its lead."""
    if story.title:
        return story.title
    lead = split_sentences("", story.text)[0].text
    return lead if len(lead) <= 110 else f"{lead[:110].rsplit(' ', 1)[0]} ..."


def _publish(site: LoopbackSite, stories: Sequence[Article]) -> None:
    """Put the stories so far into the two feeds, newest first: RSS has the odd ones, Atom the even ones."""
    rss, atom = [], []
    for number, story in enumerate(stories):
        title, link, text = escape(_headline(story)), escape(_link(site, story)), escape(story.text)
        if number % 2:
            when = story.published_at.isoformat()
            atom.append(
                f'<entry><id>{link}</id><title>{title}</title><link href="{link}"/><updated>{when}</updated><content>{text}</content></entry>'
            )
        else:
            when = format_datetime(story.published_at)
            rss.append(
                f"<item><guid>{link}</guid><title>{title}</title><link>{link}</link><pubDate>{when}</pubDate><description>{text}</description></item>"
            )
    site.publish(
        "/rss.xml",
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Demo RSS</title>{"".join(reversed(rss))}</channel></rss>'.encode(),
        etag=f'"rss-{len(rss)}"',
    )
    site.publish(
        "/atom.xml",
        f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Demo Atom</title>{"".join(reversed(atom))}</feed>'.encode(),
        "application/atom+xml",
        etag=f'"atom-{len(atom)}"',
    )


def _introduction(app: App) -> list[str]:
    with app.uow.reading() as store:
        baseline = store.issues.baseline(app.issues[0].key)
        state = store.issues.state(app.issues[0].key)
    assert baseline is not None
    assert state is not None
    status = app.issues[0].ladder.status(state.status_key or "").label
    return [
        "",
        f"Issue: {app.issues[0].title}",
        f"  status from the seed: {status}",
        *(f"    “{quote.quote}”" for quote in state.quotes[:1]),
        f"  a story is followed up from a score of {baseline.threshold:.2f}: {baseline.threshold_reason}",
        f"  it should name: {', '.join(anchor.name for anchor in baseline.anchors)}",
    ]


def _trace(app: App, site: LoopbackSite, story: Article) -> Trace | None:
    with app.uow.reading() as store:
        article = store.articles.find(_link(site, story)) or store.articles.find(story.article_id)
    return app.queries.trace(article) if article else None


def _account(app: App, site: LoopbackSite, story: Article, n_changes: int) -> list[str]:
    """Return what became of a story, in a few lines."""
    trace = _trace(app, site, story)
    lines = ["", f"{story.published_at:%d %b %Y}  {_headline(story)}"]
    if trace is None or not trace.matches:
        return [*lines, "  not stored: no feed delivered it"]
    match = trace.matches[0]
    if not match.is_match:
        return [*lines, f"  score {match.score:.2f} < {match.threshold:.2f}: not followed up — {match.reason}"]
    if match.reason == "is a seed of the issue":
        return [*lines, "  known: it is the seed itself"]
    lines.append(f"  score {match.score:.2f} ≥ {match.threshold:.2f}: read")
    lines += [f"  verdict: {assessment.verdict}" for assessment in trace.assessments]
    ladder = app.issues[0].ladder
    for change in reversed(app.queries.log()[: len(app.queries.log()) - n_changes]):
        before = ladder.status(change.from_status).label if change.from_status else "—"
        lines.append(f"  ★ {change.kind.value}: {before} → {ladder.status(change.to_status).label} [{change.confirmation.value}]")
        lines += [f"      now:    “{quote.quote}”" for quote in change.evidence[:1]]
        lines += [f"      before: “{quote.quote}”" for quote in change.baseline_evidence[:1]]
    return lines


def _as_slack_shows(message: dict[str, Any]) -> str:
    """Return a posted message the way a channel would show it, in a box of text."""
    lines = [f"Slack #{message['channel_name']}"] if "thread_ts" not in message else ["Slack, in the thread"]
    for block in message.get("blocks", []):
        if block["type"] == "actions":
            lines.append("  ".join(f"[{(element.get('text') or element['placeholder'])['text']}]" for element in block["elements"]))
            continue
        texts = [block["text"]] if "text" in block else block.get("fields") or block.get("elements", [])
        for text in texts:
            lines += unescape(str(text["text"]).replace("\u200b", "")).splitlines()
    return "\n".join(f"    ┃ {line}" for line in lines)

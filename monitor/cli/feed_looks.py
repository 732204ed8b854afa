"""`monitor feeds test`, `discover`, `audit`: look into feeds, change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.context import open_app

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.app import App
    from monitor.core.audit import Audit
    from monitor.core.types import Entry, Feed, FetchResult, ParsedFeed
    from monitor.jobs.audit import Comparison

#: Entries shown of a feed.
_N_SHOWN = 10


def register(commands: typer.Typer) -> None:
    """Add the commands to the group."""
    commands.command("test")(test)
    commands.command("discover")(discover)
    commands.command("audit")(audit)


def test(context: typer.Context, target: Annotated[str, typer.Argument(help="A feed's key, or an address.", metavar="KEY|URL")]) -> None:
    """Fetch and parse one feed now, and explain what was seen. Stores nothing; exit status 1 if it is no feed, 3 if out of reach."""
    from monitor.errors import ParseError

    app = open_app(context)
    feed = _feed(app, target)
    result = app.fetcher.fetch(feed.url)
    for line in _answer_lines(app, feed, result):
        typer.echo(line)
    try:
        parsed = app.parser.parse(result.body, feed=feed, content_type=result.content_type, fetched_at=app.clock.now())
    except ParseError as exc:
        if "HTML page" not in str(exc):
            raise
        raise ParseError(f"{exc} `monitor feeds discover {feed.url}` looks for the feeds of the site.") from exc
    for line in _feed_lines(app, feed, parsed):
        typer.echo(line)


def discover(context: typer.Context, url: Annotated[str, typer.Argument(help="The address of a page, or of a site.")]) -> None:
    """Find the feeds of a site from any of its pages: declared, linked, named in robots.txt, or in the usual places."""
    from monitor.errors import ConfigError, ParseError

    app = open_app(context)
    if "://" not in url:
        raise ConfigError(f"{url!r} is no address; write it like https://example.org/")
    found = app.discovery.find(url)
    for feed in found.feeds:
        newest = f", newest {feed.newest_at:%Y-%m-%d %H:%M}" if feed.newest_at else ""
        typer.echo(f"{feed.url}\n  {feed.version}: “{feed.title}”, {feed.n_entries} entries{newest}; {feed.how}")
    for address, why in found.refused:
        typer.echo(f"not a feed: {address}\n  {why}", err=True)
    if not found.feeds:
        raise ParseError(f"{url}: no feed was found; {len(found.refused)} addresses were tried. Look for the word RSS on the site's pages.")


def audit(
    context: typer.Context,
    key: Annotated[str | None, typer.Argument(help="A feed's key; all feeds where none is given.", metavar="[KEY]")] = None,
    since: Annotated[str, typer.Option(help="First day or instant of the window, ISO 8601.")] = "",
    until: Annotated[str, typer.Option(help="End of the window, ISO 8601; now where none is given.")] = "",
    now: Annotated[bool, typer.Option("--now", help="Fetch each feed as well, and compare what it serves now.")] = False,
    body: Annotated[
        list[Path] | None, typer.Option(help="A saved body of the feed, to be compared; may be given more than once.", show_default=False)
    ] = None,
) -> None:
    """Compare what feeds served with what is stored: what is missing, when nothing was watched, where items may have come and gone."""
    from datetime import timedelta

    from monitor.errors import ConfigError, MonitorError
    from monitor.jobs import audit as job

    app = open_app(context)
    end = _instant("--until", until) if until else app.clock.now()
    begin = _instant("--since", since) if since else end - timedelta(days=7)
    with app.uow.reading() as store:
        feeds = {state.feed.key: state.feed for state in store.feeds.states()}
    if key is not None and key not in feeds:
        raise ConfigError(f"{key!r} is no feed that was ever polled; see `monitor feeds list`")
    if body and key is None:
        raise ConfigError("--body needs the key of the feed that served it: monitor feeds audit KEY --body FILE")
    chosen = [feed for feed in feeds.values() if key in (None, feed.key)]
    is_whole = True
    typer.echo(f"from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC")
    for account in job.run([feed.key for feed in chosen], since=begin, until=end, uow=app.uow):
        is_whole &= account.is_whole
        for line in _audit_lines(app, account):
            typer.echo(line)
    for feed in chosen:
        bodies: list[tuple[str, bytes, str | None]] = [(str(path), _bytes(path), None) for path in body or ()]
        if now:
            try:
                result = app.fetcher.fetch(feed.url)
                bodies.append(("what it serves now", result.body, result.content_type))
            except MonitorError as exc:
                is_whole = False
                typer.echo(f"{feed.key}: cannot be compared now: {exc}")
        for name, content, content_type in bodies:
            parsed = app.parser.parse(content, feed=feed, content_type=content_type, fetched_at=app.clock.now())
            comparison = job.compare(feed, parsed.entries, uow=app.uow)
            is_whole &= not comparison.missing
            for line in _comparison_lines(name, comparison):
                typer.echo(line)
    if not is_whole:
        raise typer.Exit(1)


def _feed(app: App, target: str) -> Feed:
    from monitor.core.types import Feed, FeedKey
    from monitor.errors import ConfigError

    known = {feed.key: feed for feed in app.feeds}
    if target not in known and "://" not in target:
        raise ConfigError(f"{target!r} is neither an address nor the key of a feed; see `monitor feeds list`")
    return known.get(FeedKey(target)) or next((feed for feed in app.feeds if feed.url == target), Feed(FeedKey("test"), target, "test"))


def _answer_lines(app: App, feed: Feed, result: FetchResult) -> Iterator[str]:
    from monitor.errors import MonitorError

    yield f"HTTP {result.status}, {len(result.body):,} bytes, {result.content_type or 'no content type'}, from {result.url}"
    if result.url != feed.url:
        yield f"redirected from {feed.url}: list the new address if it stays"
    yield f"validators: ETag {result.etag or '—'}, Last-Modified {result.last_modified or '—'}"
    if result.etag is None and result.last_modified is None:
        yield "  the server gives none: every poll costs the whole body"
    else:
        try:
            again = app.fetcher.fetch(feed.url, etag=result.etag, last_modified=result.last_modified)
            yield f"  asked again with them: {again.status}, {'as it should' if again.status == 304 else 'the whole body again'}"
        except MonitorError as exc:
            yield f"  asked again with them: {exc}"
    asked = [f"{name}: {result.headers[name]}" for name in ("cache-control", "expires", "retry-after") if name in result.headers]
    yield f"how often it wants to be asked: {'; '.join(asked) or 'it does not say'}"


def _feed_lines(app: App, feed: Feed, parsed: ParsedFeed) -> Iterator[str]:
    from monitor.core.identity import count_habits, date_habit, decide_id_policy
    from monitor.errors import MonitorError
    from monitor.jobs.audit import compare

    entries = parsed.entries
    yield f"{parsed.version or 'unknown format'}: “{parsed.title}”, {len(entries)} entries" + (
        f"; flaw: {parsed.flaw}" if parsed.flaw else ", well-formed"
    )
    wordless = sum(not (entry.title or entry.text) for entry in entries)
    texts = sorted(len(entry.text) for entry in entries)
    if entries:
        yield f"text: {texts[len(texts) // 2]} characters in the middle of the range, {texts[-1]} at most" + (
            f"; {wordless} entries without a word" if wordless else ""
        )
    habits = count_habits(entries, {})
    verdict = decide_id_policy(habits)
    yield f"ids: items are known by {_POLICIES[verdict.policy.value]}; {verdict.reason}"
    yield f"dates: {date_habit(habits)}"
    try:
        with app.uow.reading() as store:
            learned = store.feeds.id_verdict(feed.key)
        found = compare(feed, entries, uow=app.uow)
        if learned is not None:
            yield f"  as learned from its polls: {_POLICIES[learned.policy.value]}; {learned.reason}"
        yield f"stored: {found.n_entries - len(found.missing)} of {found.n_entries} entries are known"
    except MonitorError:
        yield "stored: cannot be told, there is no database yet"
    for entry in entries[:_N_SHOWN]:
        yield f"  {_when(entry)}  {entry.title[:100]}  {entry.url}"


#: Policies in words.
_POLICIES = {"both": "id and address", "url": "their address", "id": "their id", "words": "their words alone"}


def _when(entry: Entry) -> str:
    return f"{entry.published_at:%Y-%m-%d %H:%M}" if entry.published_at else f"no date ({entry.published_raw or 'none given'})"


def _audit_lines(app: App, account: Audit) -> Iterator[str]:
    verdict = "whole" if account.is_whole else f"{account.n_missing} MISSING"
    yield (
        f"{account.feed_key}: {verdict}; {account.n_stored} of {account.n_served} served wordings stored; "
        f"{account.n_answered} of {account.n_polls} polls answered"
    )
    with app.uow.reading() as store:
        learned = store.feeds.id_verdict(account.feed_key)
    if learned is not None:
        yield f"  items are known by {_POLICIES[learned.policy.value]}: {learned.reason}"
    for at, n_items in account.missing:
        yield f"  missing: {n_items} items that the poll of {at:%Y-%m-%d %H:%M} was served"
    for spell in account.blind:
        begin = f"{spell.since:%Y-%m-%d %H:%M}" if spell.since else "before the window"
        end = f"{spell.until:%Y-%m-%d %H:%M}" if spell.until else "now"
        yield f"  not watched from {begin} to {end}: {spell.n_failed} polls failed, the last with: {spell.detail}"
    for gap in account.gaps:
        yield (
            f"  may have missed items between {gap.since:%Y-%m-%d %H:%M} and {gap.until:%Y-%m-%d %H:%M}: "
            f"none of the {gap.n_items} items served then was known"
        )


def _comparison_lines(name: str, comparison: Comparison) -> Iterator[str]:
    n_known = comparison.n_entries - len(comparison.missing)
    yield f"{comparison.feed_key}, {name}: {n_known} of {comparison.n_entries} entries stored, {len(comparison.other_words)} edited since"
    yield from _entry_lines("missing", comparison.missing)
    yield from _entry_lines("edited", comparison.other_words)


def _entry_lines(word: str, entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries[:_N_SHOWN]:
        yield f"  {word}: {_when(entry)}  {entry.title[:100]}  {entry.url}"
    if len(entries) > _N_SHOWN:
        yield f"  {word}: {len(entries) - _N_SHOWN} more"


def _instant(option: str, text: str) -> datetime:
    from monitor.config.articles import instant
    from monitor.errors import ConfigError

    at = instant(text)
    if at is None:
        raise ConfigError(f"{option} {text!r}: must be a day or an instant in ISO 8601, e.g. 2024-09-27 or 2024-09-27T18:00:00Z")
    return at


def _bytes(path: Path) -> bytes:
    from monitor.errors import ConfigError

    try:
        return path.read_bytes()
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read ({exc.strerror}); give a file that holds the body of a feed") from exc

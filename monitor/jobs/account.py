"""The account of one article, from feed to alert or to where it stopped, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from monitor.core.policy import StatusPolicy
from monitor.core.reading import weight_of
from monitor.core.types import DateBasis, Delivery, HeldAlert, Match
from monitor.ports import Assessment, Trace

#: What the date of an article rests on, in words.
_DATED_BY = {DateBasis.ADDRESS: "the day in its address", DateBasis.PAGE: "its page", DateBasis.SEEN: "its first sight"}


def lines(trace: Trace, policy: StatusPolicy, held: Sequence[HeldAlert] = ()) -> Iterator[str]:
    """Yield the account of an article; `held` is what waits, or waited, of its alerts."""
    article = trace.article
    yield f"{article.title or '(no headline)'} — {article.source}, {article.published_at:%Y-%m-%d %H:%M} UTC"
    yield f"  id {article.article_id}, version {article.version}, first seen {article.first_seen_at:%Y-%m-%d %H:%M} UTC  {article.url}"
    if article.dated_by is not DateBasis.FEED:
        yield f"  dated by {_DATED_BY[article.dated_by]}: its feed tells no date for this version"
    for edit in article.edits:
        yield f"  this version changed: “{edit.before or '(nothing)'}” → “{edit.after or '(nothing)'}”"
    for feed_key, _, raw, fetched_at in trace.entries:
        when = f"{fetched_at:%Y-%m-%d %H:%M} UTC" if fetched_at else "an unknown time"
        yield f"1. feed: {feed_key} delivered it at {when}, dated “{raw or 'without date'}”"
    if not trace.entries:
        yield "1. feed: none delivered it; it was given as a seed"
    if not trace.matches:
        yield "2. match: not yet judged (the next tick of the match job does)"
    for match in trace.matches:
        yield from match_lines(match)
    if trace.matches and not any(match.is_match for match in trace.matches):
        yield "   it stopped here: only a match is read"
        return
    for assessment in trace.assessments:
        yield from assessment_lines(assessment, policy)
    for change in trace.changes:
        role = "tipped by it" if change.article_id == article.article_id else f"tipped by {change.article_id}, quotes it"
        yield f"4. change: {change.kind.value} {change.from_status or '—'} → {change.to_status} ({change.change_id}), {role}"
        for delivery in trace.deliveries:
            if delivery.alert.change is not None and delivery.alert.change.change_id == change.change_id:
                yield delivery_line(delivery)
        for row in held:
            if row.alert.change is not None and row.alert.change.change_id == change.change_id:
                yield held_line(row)


def held_line(row: HeldAlert) -> str:
    """Return why an alert waits, or waited, on one channel, and in which message it was told."""
    until = f"told in {row.told_in}" if row.told_in else f"waits until {row.release_at:%Y-%m-%d %H:%M} UTC"
    return f"5. alert: {row.channel}, held since {row.held_at:%Y-%m-%d %H:%M} UTC, {until}: {row.reason}"


def delivery_line(delivery: Delivery) -> str:
    """Return what became of one alert on one channel."""
    when = f" at {delivery.sent_at:%Y-%m-%d %H:%M} UTC" if delivery.sent_at else ""
    error = f", last error: {delivery.last_error}" if delivery.last_error else ""
    return f"5. alert: {delivery.channel}, {delivery.state.value}{when}, tries {delivery.n_attempts}{error}"


def match_lines(match: Match) -> Iterator[str]:
    """Yield what was judged of an article's relevance."""
    yield f"2. match with {match.issue_key}: {'yes' if match.is_match else 'no'}, {match.reason}"
    yield (
        f"   score {match.score:.2f} (threshold {match.threshold:.2f}), similarity {match.similarity:.2f} to seed {match.nearest_seed}, "
        f"anchors {match.anchor_share:.0%} ({', '.join(match.anchors) or 'none'})"
    )


def assessment_lines(assessment: Assessment, policy: StatusPolicy) -> Iterator[str]:
    """Yield what was read in an article and what came of it."""
    evidence = assessment.evidence
    yield f"3. read for {evidence.issue_key} by {evidence.reader_id}, origin {evidence.origin}: {len(evidence.claims)} sentences tell of a step"
    # What is said not to be so weighs nothing and stands last, but an analyst looks for it.
    for claim in dict.fromkeys((*evidence.claims[:5], *(claim for claim in evidence.claims if claim.denies))):
        denies = f", denies a {claim.denies} and not the status" if claim.denies else ""
        yield (
            f"   weight {weight_of(claim, policy):.2f} (decisive {policy.decisive_weight:.2f}, vote {policy.vote_weight:.2f}) {claim.status_key}, "
            f"{claim.stance.value}, {claim.speaker.value}, {claim.place.value}{denies}: “{claim.quote}”"
        )
    yield f"   verdict: {assessment.verdict or 'not yet assessed'}"

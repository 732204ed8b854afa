"""Every tunable number, with unit, range and reason. Settings override them by these names; docs/configuration.md lists them all."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.core.types.severity import Severity


@dataclass(frozen=True, slots=True)
class PollPolicy:
    """How often feeds are polled, and how failures weigh."""

    #: Seconds between polls of a feed that says nothing of its own, 60 to 86400. An hour is what feed publishers ask of readers.
    interval_s: float = 3600.0
    #: Least seconds between polls, whatever a feed asks for; 10 minutes is what the large news collectors settled on.
    min_interval_s: float = 600.0
    #: Most seconds between polls, whatever a feed or a back-off asks for.
    max_interval_s: float = 86_400.0
    #: Most seconds for which skipHours and skipDays may put off a poll: a weekend and a holiday.
    max_skip_s: float = 259_200.0
    #: Share of the interval by which each poll is put off at most, 0 to 0.5, so that feeds of one host do not fall into step.
    jitter: float = 0.1
    #: Weights of failures. A 404 or 429 often passes (soft), a refused address or a page in place of a feed rarely does (hard),
    #: a time-out or a 503 says little (temporary).
    hard_weight: float = 1.0
    soft_weight: float = 0.5
    temporary_weight: float = 0.25
    #: Seconds of failing after which a feed counts as blind. Six hours: several polls of an hourly feed.
    blind_after_s: float = 21_600.0
    #: Seconds after which a feed is asked without validators even though it keeps answering 304: servers are known to lie. Once a day
    #: is the most that publishers grant to requests without validators.
    probe_after_s: float = 86_400.0
    #: The same for a server that was caught. With it no conditional request is worth anything, and a day is too long for news.
    doubted_probe_after_s: float = 14_400.0
    #: Shares of known entries in a poll, 0 to 1, below which a feed is asked more often and above which less often (from the practice of
    #: Media Cloud, which polls 180,000 news feeds by them).
    known_share_low: float = 1 / 3
    known_share_high: float = 2 / 3
    #: What the interval is multiplied by then; faster at once, slower little by little. `gap_factor` where nothing at all was known.
    faster_factor: float = 0.5
    slower_factor: float = 1.25
    gap_factor: float = 0.25
    #: Polls in a row that must be redirected to the same address, permanently, before it is asked directly: some redirects that call
    #: themselves permanent are a slip, or a hotel's sign-in page.
    n_confirm_redirect: int = 3
    #: Seconds between two requests to one host, and most feeds of one host that are asked in one tick. Five seconds is what large
    #: collectors grant a host; three of them fill a tick.
    host_spacing_s: float = 5.0
    n_host_feeds: int = 3
    #: Seconds for which all feeds of a host rest after a 429 or 503, if the server does not say how long.
    host_rest_s: float = 900.0


@dataclass(frozen=True, slots=True)
class MatchPolicy:
    """When an article is about an issue."""

    #: Least and most value of the learned threshold, as a relevance score. The span keeps two or three odd seeds from
    #: opening or closing the gate altogether. It lies low: at 0.30 nine tenths of the changes pass and one per cent of unrelated news
    #: (docs/accuracy.md); to tell look-alikes from the matter is for the judge, who has read them.
    min_threshold: float = 0.28
    max_threshold: float = 0.30
    #: What the share of anchors named adds to the cosine: score = cosine + anchor_weight * (share - 0.5).
    anchor_weight: float = 0.2
    #: Least share of the anchors' weight that an article must name, 0 to 1, where the issue has anchors. Off by default: short
    #: headlines often name no actor; the share weighs in the score and with the judge instead.
    min_anchor_share: float = 0.0
    #: Share of the seeds that must name an actor or place for it to be an anchor.
    anchor_document_share: float = 0.6
    #: Most anchors kept for an issue.
    max_anchors: int = 12


@dataclass(frozen=True, slots=True)
class StatusPolicy:
    """When evidence moves a status."""

    #: Least weight at which one claim alone moves the status.
    decisive_weight: float = 0.60
    #: Least weight of a claim that is remembered as a vote for a status.
    vote_weight: float = 0.35
    #: Sum of votes of independent origins that moves the status.
    votes_needed: float = 0.80
    #: Least weight that brings back a forward status which was held before: most such sentences only recall it. Talks that resume
    #: are the exception and need no more than any other step.
    return_weight: float = 0.80
    #: Where a trained judge weighs an article (`core.judging`): least probability that moves the status at once, and that is remembered as a
    #: vote. Several independent votes count as one probability that not all are wrong.
    decisive_probability: float = 0.74
    vote_probability: float = 0.35
    #: Log-odds that a trained judge's word of a setback (postponed, stalled, contested) is doubted by, 0 to 5: what is put off, slowed or opposed is more
    #: often a session, a clause or a side issue than the matter itself (docs/accuracy.md).
    setback_doubt: float = 1.0
    #: Log-odds that a trained judge's word of a flash gains, 0 to 5: a bare headline from an outlet whose articles otherwise carry text. For an outlet to
    #: count as such: share of its latest articles that carry text, 0 to 1, and how many of them must be known.
    flash_credit: float = 2.5
    flash_text_share: float = 0.8
    flash_least_articles: int = 10
    #: Least relevance score at which an article may confirm the present status. The gate to reading lies lower, and a confirmation has no judge.
    confirm_relevance: float = 0.45
    #: Days after which a vote is forgotten.
    vote_days: float = 14.0
    #: What a sentence's place makes of its weight.
    headline_factor: float = 1.0
    lead_factor: float = 0.95
    body_factor: float = 0.6


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """When a change becomes an alert, and how a delivery is retried."""

    #: Kinds of change that alert; the others are recorded only.
    kinds: tuple[str, ...] = ("status", "denial")
    #: Least confidence of an alerting change, 0 to 1; below, it is recorded only.
    min_confidence: float = 0.0
    #: Seconds that a worker may hold a delivery: longer than any post with its time-outs.
    lease_s: float = 120.0
    #: First wait after a failed post, seconds; doubled at each try up to the most.
    retry_s: float = 30.0
    max_retry_s: float = 3600.0
    #: Tries after which a delivery is dead: with the doubling about half a day.
    max_attempts: int = 16
    #: Longest time, in seconds, that one tick goes on posting; shorter than the ten seconds that containers give a process to end.
    shift_s: float = 4.0
    #: Least severity at which a change, a reply in its issue's thread, is shown in the channel as well.
    show_from: Severity = Severity.NOTABLE

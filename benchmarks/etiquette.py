"""Play a publisher and score the poller on each criterion of etiquette: `python -m benchmarks.etiquette`.

Real HTTP over loopback, the real fetcher and parser, a clock that jumps to the next poll. Each trial is a server with one habit; what it
saw of the poller in days of its time is judged, and every fault is told. Exit status 1 unless all marks are given.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from benchmarks.publisher import (
    DAY_S,
    HOUR_S,
    POLICY,
    USER_AGENT,
    Habit,
    Trial,
    always,
    feed_body,
    gaps_s,
    judge,
    least_gap,
    unchanged,
)
from monitor.fetch.isolate import IsolatedParser
from monitor.jobs import poll
from monitor.store.session import SqlUnitOfWork
from monitor.testing.loopback import Answer, SiteRequest


def only_first_unconditional(trial: Trial) -> Iterator[str]:
    """Only the first request of a day is unconditional."""
    visits = trial.follow(unchanged(), days=3)
    bare = [visit for visit in visits if not visit.is_conditional]
    if bare[0] is not visits[0]:
        yield "the first request was conditional"
    yield from least_gap(bare, DAY_S, "without validators")
    if len(bare) > 4:
        yield f"{len(bare)} requests without validators in three days"


def validators_byte_exact(trial: Trial) -> Iterator[str]:
    """Validators go back byte for byte, and none is made up."""
    for number, (etag, modified) in enumerate(
        [
            ('W/"a"', "Mon, 02 Mar 2026 00:00:00 GMT"),
            ("bare", None),
            ('"a,b\\" "', None),
            (None, "yesterday, or so"),
            ('""', "0"),
            (None, None),
        ]
    ):
        visits = trial.follow(unchanged(etag, modified), path=f"/exact/{number}", days=0.3)[1:]
        for visit in visits:
            sent = visit.request.headers.get("if-none-match"), visit.request.headers.get("if-modified-since")
            if sent != (etag, modified):
                yield f"{(etag, modified)} came back as {sent}"
        if not visits:
            yield f"{(etag, modified)}: it never came back"


def new_validators_with_an_old_body(trial: Trial) -> Iterator[str]:
    """New validators are stored though the body did not change, and with a 304."""
    told: list[str] = []
    faults: list[str] = []

    def answer(request: SiteRequest, at: datetime) -> Answer:
        del at
        if told and request.headers.get("if-none-match") != told[-1]:
            faults.append(f"{request.headers.get('if-none-match')} was sent, not {told[-1]}")
        told.append(f'"{len(told)}"')
        headers = {"ETag": told[-1], "Content-Type": "text/xml"}
        return Answer(304, headers) if len(told) % 3 == 0 else Answer(200, headers, feed_body())

    trial.follow(answer, days=0.9)
    yield from faults
    if len(told) < 10:
        yield f"only {len(told)} requests"


def hourly_at_most(trial: Trial) -> Iterator[str]:
    """No more than one request an hour where nobody asks for more."""
    yield from least_gap(trial.follow(unchanged(), days=1.5), HOUR_S, "unchanged feed")
    changes = iter(range(10_000))
    changing = trial.follow(lambda *_: Answer(200, {"Content-Type": "text/xml"}, feed_body(100 + next(changes))), path="/changing", days=1)
    yield from least_gap(changing, HOUR_S, "slowly changing feed")


def spacing_survives_restarts(trial: Trial) -> Iterator[str]:
    """Spacing survives a restart after every single poll."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'restarts.db'}"
        first = SqlUnitOfWork(url)
        first.upgrade()
        trial.uow = first
        trial.site.habits["/restarts"] = unchanged()
        trial.follow_all(["/restarts"])
        first.close()
        for _ in range(30):
            trial.uow = again = SqlUnitOfWork(url)
            trial.follow_all(["/restarts"])
            poll.run(trial.polling())
            again.close()
            trial.clock.advance(10 * 60)
        yield from least_gap(trial.site.visits, HOUR_S, "restarted every ten minutes")


def plain_requests(trial: Trial) -> Iterator[str]:
    """No cookies, no Referer, no added query, GET alone, compression asked for, and a name with a contact."""
    there = "/feed?key=%7E&b=2"
    visits = trial.follow(unchanged(Set_Cookie="id=7; Path=/", etag='"c"'), path=there, days=0.3)
    for visit in visits:
        headers = visit.request.headers
        for name in sorted({"cookie", "referer", "authorization", "from"} & set(headers)):
            yield f"{name} was sent"
        if visit.request.path != there:
            yield f"{visit.request.path} was asked"
        if "gzip" not in headers.get("accept-encoding", ""):
            yield "no compression was asked for"
        if headers.get("user-agent") != USER_AGENT:
            yield f"the User-Agent was {headers.get('user-agent')!r}"


def retry_after(trial: Trial) -> Iterator[str]:
    """Retry-After is heeded, in seconds and as a date, with 429 and 503, and capped at a day."""

    def once(status: int, wait: Callable[[], str]) -> Habit:
        answers = iter([Answer(status, {"Retry-After": wait()})])
        return lambda request, at: next(answers, None) or unchanged()(request, at)

    def date() -> str:
        # The server's own Date is that of the machine: what counts is the difference.
        return format_datetime(datetime.fromtimestamp(trial.real_time(), UTC) + timedelta(hours=5, seconds=5), usegmt=True)

    cases: list[tuple[int, Callable[[], str], float, float]] = [
        (429, lambda: "18000", 18_000, 20_000),
        (503, date, 18_000, 20_000),
        (429, date, 18_000, 20_000),
        (500, lambda: "7200", 7200, 8000),
        (429, lambda: "999999999", DAY_S, DAY_S * 1.1),
    ]
    for number, (status, wait, least_s, most_s) in enumerate(cases):
        gaps = gaps_s(trial.follow(once(status, wait), path=f"/busy/{number}", days=2))
        if not gaps or not least_s <= gaps[0] <= most_s:
            yield f"{status} with {wait()}: came back after {gaps[:1]}"


def freshness(trial: Trial) -> Iterator[str]:
    """`max-age` and `Expires` are heeded, longer and shorter than an hour, and capped at a day."""
    in_three_hours = format_datetime(datetime.fromtimestamp(trial.real_time(), UTC) + timedelta(hours=3, minutes=1), usegmt=True)
    for number, (headers, least_s, most_s) in enumerate(
        [
            ({"Cache_Control": "public, max-age=14400"}, 14_400, 16_000),
            ({"Cache_Control": "max-age=14400", "Age": "3600"}, 10_800, 12_000),
            ({"Expires": in_three_hours}, 10_700, 12_200),
            ({"Cache_Control": "max-age=900"}, 900, 1000),
            ({"Cache_Control": "max-age=5"}, HOUR_S, 4000),
            ({"Cache_Control": "max-age=31536000"}, DAY_S, DAY_S * 1.1),
        ]
    ):
        gaps = gaps_s(trial.follow(unchanged('"f"', **headers), path=f"/fresh/{number}", days=2.5))
        if not gaps or not (least_s <= min(gaps) and max(gaps) <= most_s):
            yield f"{headers}: gaps of {gaps[:3]}"


def hints_of_the_body(trial: Trial) -> Iterator[str]:
    """`ttl`, `sy:updatePeriod`, `skipHours` and `skipDays` are heeded, also after answers without a body."""

    def saying(channel: str) -> Habit:
        def answer(request: SiteRequest, at: datetime) -> Answer:
            del at
            headers = {"ETag": '"h"', "Content-Type": "text/xml"}
            return Answer(304, headers) if "if-none-match" in request.headers else Answer(200, headers, feed_body(channel=channel))

        return answer

    yield from least_gap(trial.follow(saying("<ttl>240</ttl>"), path="/ttl", days=3), 14_400, "ttl of four hours")
    period = "<sy:updatePeriod xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>daily</sy:updatePeriod>"
    period += "<sy:updateFrequency xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>6</sy:updateFrequency>"
    yield from least_gap(trial.follow(saying(period), path="/period", days=3), 14_400, "six times a day")
    night = "".join(f"<hour>{hour}</hour>" for hour in (22, 23, 0, 1, 2, 3, 4, 5))
    asleep = trial.follow(saying(f"<skipHours>{night}</skipHours>"), path="/night", days=4)[1:]
    if not asleep or any(visit.at.hour in (22, 23, 0, 1, 2, 3, 4, 5) for visit in asleep):
        yield "a skipped hour was not skipped"
    resting = trial.follow(saying("<skipDays><day>Saturday</day><day>Sunday</day></skipDays>"), path="/weekend", days=9)[1:]
    if not resting or any(visit.at.weekday() >= 5 for visit in resting):
        yield "a skipped day was not skipped"


def permanent_redirects(trial: Trial) -> Iterator[str]:
    """301 and 308 adopt the new address after repeated confirmation; 302, 303 and 307 never do."""
    for status in (301, 302, 303, 307, 308):
        old, new = f"/old/{status}", f"/new/{status}"
        trial.site.habits[new] = unchanged()
        location = {"Location": trial.site.url(new)}
        visits = trial.follow(always(Answer(status, location)), path=old, days=1)
        n_old = sum(visit.request.path == old for visit in visits)
        if status in (301, 308) and n_old != POLICY.n_confirm_redirect:
            yield f"{status}: the old address was asked {n_old} times"
        if status not in (301, 308) and n_old < 10:
            yield f"{status}: the old address was given up after {n_old} requests"


def gone_is_gone(trial: Trial) -> Iterator[str]:
    """410 ends the polls of a feed; 404 does not, but slows them down."""
    n_gone = len(trial.follow(always(Answer(410)), path="/gone", days=30))
    if n_gone != 1:
        yield f"410 was asked for {n_gone} times"
    missing = gaps_s(trial.follow(always(Answer(404)), path="/missing", days=10))
    if len(missing) < 5 or missing[-1] < 4 * missing[0] or max(missing) > DAY_S * 1.1:
        yield f"404: gaps of {missing}"


def backs_off(trial: Trial) -> Iterator[str]:
    """A failing server is asked less and less, and as ever once it is well."""
    for status in (500, 502, 429):
        gaps = gaps_s(trial.follow(always(Answer(status)), path=f"/failing/{status}", days=6))
        if gaps[0] < HOUR_S or gaps[5] < 1.5 * gaps[0] or any(later < 0.9 * earlier for earlier, later in pairwise(gaps)):
            yield f"{status}: gaps of {[round(gap) for gap in gaps[:8]]}"
    ill_until = trial.clock.now() + timedelta(hours=12)
    healing = trial.follow(lambda request, at: Answer(500) if at < ill_until else unchanged()(request, at), path="/healing", days=3)
    if not gaps_s(healing) or gaps_s(healing)[-1] > 1.2 * HOUR_S:
        yield "a server that is well again is still avoided"


def one_host_one_party(trial: Trial) -> Iterator[str]:
    """Feeds of one host are asked in turn, apart, and do not fall into step."""
    paths = [f"/many/{number}" for number in range(24)]
    trial.site.habits |= dict.fromkeys(paths, unchanged())
    trial.follow_all(paths)
    visits = trial.run_for(1.0)
    yield from least_gap(visits, POLICY.host_spacing_s, "one host")
    counts = [sum(visit.request.path == path for visit in visits) for path in paths]
    if min(counts) < 20:
        yield f"a feed was asked only {min(counts)} times a day"


def a_busy_host_rests(trial: Trial) -> Iterator[str]:
    """One 429 gives all feeds of the host a rest, after which they do not wake together."""
    paths = [f"/rest/{number}" for number in range(12)]
    answers = iter([Answer(429, {"Retry-After": "7200"})])
    trial.site.habits |= dict.fromkeys(paths, lambda request, at: next(answers, None) or unchanged()(request, at))
    trial.follow_all(paths)
    visits = trial.run_for(1.0)
    gaps = gaps_s(visits)
    if gaps[0] < 7200:
        yield f"asked again after {gaps[0]:.0f} s"
    if min(gaps[1:]) < POLICY.host_spacing_s:
        yield f"woke {min(gaps[1:]):.1f} s apart"


def a_lie_is_found(trial: Trial) -> Iterator[str]:
    """A server that answers 304 for ever is found out within a day or so, and no news is lost after that for more than hours."""
    faults = []
    begun = trial.clock.now()

    def lying(request: SiteRequest, at: datetime) -> Answer:
        headers = {"ETag": '"for ever"', "Last-Modified": "Tue, 01 Jan 2041 00:00:00 GMT", "Content-Type": "text/xml"}
        number = 100 + int((at - begun).total_seconds() // HOUR_S)
        return Answer(304, headers) if "if-none-match" in request.headers else Answer(200, headers, feed_body(number, n_items=60))

    bodies = [visit for visit in trial.follow(lying, path="/lying", days=3) if not visit.is_conditional]
    gaps = gaps_s(bodies)
    if not gaps or gaps[0] > 1.1 * DAY_S or max(gaps[1:], default=DAY_S) > 6 * HOUR_S:
        faults.append(f"bodies {[round(gap / HOUR_S, 1) for gap in gaps]} hours apart")
    yield from faults


CRITERIA: tuple[Callable[[Trial], Iterator[str]], ...] = (
    only_first_unconditional,
    validators_byte_exact,
    new_validators_with_an_old_body,
    hourly_at_most,
    spacing_survives_restarts,
    plain_requests,
    retry_after,
    freshness,
    hints_of_the_body,
    permanent_redirects,
    gone_is_gone,
    backs_off,
    one_host_one_party,
    a_busy_host_rests,
    a_lie_is_found,
)


def main() -> int:
    """Print the marks."""
    # What the poller logs of failing feeds is what was wanted.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    parser = IsolatedParser(n_processes=1)
    n_full = 0
    for criterion in CRITERIA:
        faults = judge(criterion, parser)
        n_full += not faults
        print(f"{'full' if not faults else 'FAIL':5} {(criterion.__doc__ or '').strip()}", flush=True)
        for fault in faults[:5]:
            print(f"        {fault}")
    parser.close()
    print(f"{n_full} of {len(CRITERIA)}")
    return 0 if n_full == len(CRITERIA) else 1


if __name__ == "__main__":
    sys.exit(main())

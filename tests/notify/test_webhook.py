"""Webhooks: what goes out, that it is signed and dated, and what each answer means."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.interchange import change_object
from monitor.core.types import AlertKind
from monitor.errors import (
    BlockedAddressError,
    ChannelRefusedError,
    ConfigError,
    DeliveryError,
    DeliveryRefusedError,
    FetchError,
    RateLimitedError,
)
from monitor.fetch.post import GuardedPoster
from monitor.notify.webhook import TOLERANCE, WebhookNotifier, is_genuine, payload, signed_headers, signing_key
from monitor.testing.fakes import FrozenClock
from monitor.testing.loopback import Answer, LoopbackSite
from tests.examples import NOON, delivery

KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@pytest.fixture
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite() as found:
        yield found


def hook(url: str, *, secret: str = SECRET, timeout_s: float = 5, networks: tuple[str, ...] = ("127.0.0.0/8",)) -> WebhookNotifier:
    poster = GuardedPoster("Statuswatch/test", timeout_s=timeout_s, allowed_networks=networks)
    return WebhookNotifier(poster, url, secret, clock=FrozenClock(NOON), channel="desk")


def test_a_change_goes_out_as_the_change_object_signed_and_dated(site: LoopbackSite) -> None:
    alert = delivery().alert
    assert hook(site.publish("/hook", b"ignored")).send(alert) == alert.alert_id
    [post] = site.requests
    assert alert.change is not None
    assert json.loads(post.body) == change_object(alert.change) | {"headline": "Agreed"}
    assert post.headers["content-type"] == "application/json; charset=utf-8"
    assert post.headers["statuswatch-event"] == "change"
    assert (post.headers["webhook-id"], post.headers["webhook-timestamp"]) == (alert.alert_id, str(int(NOON.timestamp())))
    # As Standard Webhooks has it, reckoned here by hand.
    signed = f"{alert.alert_id}.{int(NOON.timestamp())}.".encode() + post.body
    wanted = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    assert post.headers["webhook-signature"] == f"v1,{wanted}"
    assert is_genuine(post.headers, post.body, KEY, NOON)


def test_anything_else_goes_out_as_a_notice_with_its_changes() -> None:
    notice = delivery(is_notice=True).alert
    change = delivery().alert.change
    assert change is not None
    summary = replace(notice, kind=AlertKind.SUMMARY, changes=(change,), issue_key=change.issue_key)
    assert payload(summary, NOON) == {
        "notice_id": notice.alert_id,
        "kind": "summary",
        "issue": change.issue_key,
        "at": "2026-03-01T12:00:00Z",
        "headline": notice.headline,
        "detail": list(notice.detail),
        "changes": [change_object(change)],
    }


@pytest.mark.parametrize("field", ["body", "webhook-id", "webhook-timestamp", "webhook-signature", "key", "age", "future"])
def test_whatever_is_altered_is_no_longer_genuine(field: str) -> None:
    body, key, now = b'{"a":1}', KEY, NOON
    headers = signed_headers(KEY, "a_1", NOON, body)
    assert is_genuine(headers, body, key, now + TOLERANCE)
    match field:
        case "body":
            body += b" "
        case "key":
            key = KEY[::-1]
        case "age":
            now += TOLERANCE + timedelta(seconds=1)
        case "future":
            now -= TOLERANCE + timedelta(seconds=1)
        case _:
            headers[field] = f"1{headers[field]}"
    assert not is_genuine(headers, body, key, now)


@pytest.mark.parametrize("headers", [{}, {"webhook-timestamp": "soon"}, {"webhook-timestamp": "9" * 400}, {"webhook-timestamp": "²"}])
def test_rubbish_is_not_genuine(headers: dict[str, str]) -> None:
    assert not is_genuine(headers, b"", KEY, NOON)


def test_while_a_secret_is_changed_either_signature_will_do() -> None:
    headers = signed_headers(KEY, "a_1", NOON, b"")
    headers["webhook-signature"] = f"v1,AAAA {headers['webhook-signature']}"
    assert is_genuine(headers, b"", KEY, NOON)


def test_without_a_secret_posts_are_dated_but_not_signed(site: LoopbackSite) -> None:
    hook(site.publish("/hook", b""), secret="").send(delivery().alert)
    assert "webhook-signature" not in site.requests[0].headers
    assert "webhook-timestamp" in site.requests[0].headers


@pytest.mark.parametrize(("secret", "wrong"), [("short", "has 5 bytes"), ("whsec_***", "no base64"), ("whsec_QUJD", "has 3 bytes")])
def test_a_secret_that_is_no_good_is_refused_and_not_shown(secret: str, wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong) as caught:
        signing_key(secret, setting="channels.desk.secret")
    assert secret not in str(caught.value)


def test_a_plain_secret_is_taken_as_its_bytes() -> None:
    assert signing_key("ein längeres Geheimnis", setting="x") == "ein längeres Geheimnis".encode()


@pytest.mark.parametrize(
    ("status", "error", "wait_s"),
    [
        (429, RateLimitedError, 7.0),
        (500, DeliveryError, 7.0),
        (503, DeliveryError, 7.0),
        (408, DeliveryError, 7.0),
        (401, ChannelRefusedError, None),
        (404, ChannelRefusedError, None),
        (410, ChannelRefusedError, None),
        (302, ChannelRefusedError, None),
        (400, DeliveryRefusedError, None),
        (413, DeliveryRefusedError, None),
    ],
)
def test_each_answer_means_what_it_should(site: LoopbackSite, status: int, error: type[Exception], wait_s: float | None) -> None:
    url = site.script("/hook?token=hush", Answer(status, {"Retry-After": "7", "Location": "/elsewhere"}))
    with pytest.raises(error) as caught:
        hook(url).send(delivery().alert)
    assert type(caught.value) is error
    assert getattr(caught.value, "retry_after_s", None) == wait_s
    assert "hush" not in str(caught.value)
    assert len(site.requests) == 1


def test_a_private_address_is_refused_for_good_before_anything_is_dialled(site: LoopbackSite) -> None:
    with pytest.raises(ChannelRefusedError, match=r"channels\.desk\.url: .*fetch\.allowed_networks"):
        hook(site.publish("/hook", b""), networks=()).send(delivery().alert)
    assert site.requests == []


@pytest.mark.parametrize("url", ["ftp://hooks.example/x", "https://user:hush@hooks.example/x", "http://[hush", "hush"])
def test_an_address_that_cannot_be_posted_to_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ChannelRefusedError) as caught:
        hook(url).send(delivery().alert)
    assert "hush" not in str(caught.value)


def test_no_address_at_all_stops_the_start() -> None:
    with pytest.raises(ConfigError, match=r"channels\.desk\.url is empty"):
        hook("")


def test_a_server_that_is_down_or_silent_is_tried_again(site: LoopbackSite) -> None:
    slow = site.script("/slow", Answer(200, {}, lambda: iter(lambda: (site.closing.wait(3) and b"") or b"", None)))
    poster = GuardedPoster("Test", timeout_s=0.2, allowed_networks=["127.0.0.0/8"])
    # The headers of a drip arrive, and they are all that is asked for.
    assert poster.post(slow, b"{}", {}).status == 200
    dead = site.url("/x")
    site.closing.set()
    with pytest.raises((FetchError, BlockedAddressError)):
        poster.post(dead.replace(str(site.port), "1"), b"{}", {})
    with pytest.raises(DeliveryError, match=r"the webhook desk failed: 127\.0\.0\.1 is not reached"):
        hook(dead.replace(str(site.port), "1")).send(delivery().alert)

"""Apprise: an optional extra that is named where it lacks, and whose URLs are never shown."""

from __future__ import annotations

import json
import sys

import pytest

from monitor.errors import ConfigError, DeliveryError
from monitor.notify.apprise import AppriseNotifier
from monitor.testing.loopback import Answer, LoopbackSite
from tests.examples import delivery


def test_headline_and_text_go_to_the_service() -> None:
    with LoopbackSite() as site:
        notifier = AppriseNotifier(site.publish("/inbox", b"").replace("http:", "json:"), channel="mail")
        assert notifier.channel == "mail"
        assert notifier.send(delivery().alert) is None
        sent = json.loads(site.requests[0].body)
    assert sent["title"] == "Agreed"
    assert "We agreed." in sent["message"]
    assert sent["type"] == "info"


def test_a_service_that_fails_is_tried_again() -> None:
    with LoopbackSite() as site:
        notifier = AppriseNotifier(site.script("/inbox", Answer(500)).replace("http://", "json://user:hush@"), channel="mail")
        with pytest.raises(DeliveryError, match=r"channels\.mail") as caught:
            notifier.send(delivery().alert)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "pigeon://hush", "hush"])
def test_a_url_that_it_does_not_know_stops_the_start_and_is_not_shown(url: str) -> None:
    with pytest.raises(ConfigError, match=r"channels\.mail\.url") as caught:
        AppriseNotifier(url, channel="mail")
    assert "hush" not in str(caught.value)


def test_where_it_is_not_installed_the_command_that_mends_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"pip install 'monitor\[apprise\]'"):
        AppriseNotifier("json://localhost", channel="mail")

"""The list of outlets: read, or refused with the line that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config.files import load_feeds
from monitor.config.outlets import load_outlets
from monitor.errors import ConfigError
from tests.builders import ROOT


def write(folder: Path, *rows: str) -> Path:
    path = folder / "outlets.yaml"
    path.write_text("outlets:\n" + "".join(f"  - {row}\n" for row in rows), encoding="utf-8")
    return path


def test_an_outlet_without_an_owner_is_its_own_voice(tmp_path: Path) -> None:
    outlets = load_outlets(write(tmp_path, "{name: The Gazette}", "{name: Herald, owner: Harbour Group, wire: true}"))
    gazette, herald = outlets.named("Gazette"), outlets.named("the Herald")
    assert gazette is not None
    assert herald is not None
    assert (gazette.owner, gazette.is_wire) == ("The Gazette", False)
    assert (herald.owner, herald.is_wire) == ("Harbour Group", True)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("{owner: Harbour Group}",), "outlets.0.name: is missing; add it"),
        (("{name: Gazette, site: x}",), "outlets.0.site: there is no such key"),
        (
            ("{name: Gazette, aliases: [HG]}", "{name: Herald, aliases: [HG]}"),
            "outlets.aliases = 'HG' is claimed by both 'Gazette' and 'Herald'",
        ),
        (
            ("{name: Gazette, domains: [a.example]}", "{name: Herald, domains: [a.example]}"),
            "outlets.domains = 'a.example' is claimed by both",
        ),
    ],
)
def test_a_wrong_row_is_refused_with_its_place(tmp_path: Path, rows: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_outlets(write(tmp_path, *rows))
    assert message in str(caught.value)


def test_every_shipped_feed_is_of_a_listed_outlet_or_its_own_voice() -> None:
    outlets = load_outlets(ROOT / "config" / "outlets.yaml")
    feeds = load_feeds(ROOT / "config" / "feeds.yaml")
    listed = [feed.source for feed in feeds if outlets.named(feed.source)]
    # Think tanks and the like are voices of their own; the wires and the titles of large owners must be there.
    assert len(listed) > 0.8 * len(feeds)
    press_tv, irna = outlets.named("Press TV"), outlets.named("IRNA")
    assert press_tv is not None
    assert irna is not None
    assert press_tv.owner == irna.owner

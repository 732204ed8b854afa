"""Channels, and when they are left in peace: settings to the rules of the core."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from monitor.config.section import Seconds, Section, Share, secret_of
from monitor.core.schedule import parse_quiet_hours, parse_schedule
from monitor.core.types import ChannelRules, HeldNotices, QuietPolicy, Severity


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:
        raise ValueError(f"there is no time zone {name!r}; write it like Europe/Berlin or UTC") from exc
    return name


def _check_hours(spans: tuple[str, ...]) -> tuple[str, ...]:
    for span in spans:
        parse_quiet_hours(span, UTC)
    return spans


def _check_schedule(schedule: str) -> str:
    if schedule != "off":
        parse_schedule(schedule, UTC)
    return schedule


def _off(value: object) -> object:
    # YAML reads a bare `off` as false.
    return "off" if value is False else value


Floor = Literal["minor", "notable", "major"]
Zone = Annotated[str, AfterValidator(_check_zone)]
Hours = Annotated[tuple[str, ...], AfterValidator(_check_hours)]
Digest = Annotated[str, BeforeValidator(_off), AfterValidator(_check_schedule)]
Wait = Annotated[float, Field(ge=0, le=31_536_000)]


class QuietSettings(Section):
    """When channels are left in peace; a channel may say otherwise for itself, an issue adds its own wishes. See docs/quiet.md."""

    floor: Floor = Field("minor", description="Least severity that is told; what lies below is in the digest only")
    hours: Hours = Field((), description="Quiet hours, such as 22:00-07:00 or sat-sun 00:00-24:00; alerts wait for their end")
    time_zone: Zone = Field("UTC", description="Time zone of quiet hours and digests, e.g. Europe/Berlin")
    override: tuple[str, ...] = Field(
        (), description="Statuses, phases, major (severity) or blind (notices) that are told at once at any hour"
    )
    hold_notices: Literal["none", "feeds", "all"] = Field(
        "feeds", description="Notices that wait for quiet hours: feeds (not those on an issue's coverage), all, or none"
    )
    cooldown_s: Wait = Field(0.0, description="Seconds after a message on an issue for which the next ones on it wait, to be told as one")
    burst_n: int = Field(
        5, ge=0, le=1000, description="Messages within burst_s after which further ones wait, to be told as one; 0: no limit"
    )
    burst_s: Seconds = Field(600.0, description="Seconds in which messages count as a burst")
    late_after_s: float = Field(
        21_600.0,
        gt=0,
        le=10_000_000_000,
        description="Seconds after publication from which a change is caught up with, not news; such changes are told as one",
    )
    max_catch_up_s: Wait = Field(900.0, description="Most seconds for which a late change waits until everything that has arrived is read")
    digest: Digest = Field("off", description="Regular report: off, daily, weekly, or times such as 07:30 or mon-fri 07:30,17:00")


class ChannelSettings(Section):
    """A channel beside those that `slack` and the console make; an empty value takes that of `quiet`."""

    kind: Literal["slack", "console", "webhook", "apprise", "atom"] = Field(description="What it is")
    to: str = Field("", max_length=200, description="slack: channel id or name; empty takes slack.channel")
    url: SecretStr = Field(SecretStr(""), description="webhook: address; apprise: URL, e.g. mailto://...")
    url_file: Path | None = Field(None, description="File that holds the address, e.g. a mounted secret")
    secret: SecretStr = Field(SecretStr(""), description="webhook: what posts are signed with, whsec_... or any text")
    secret_file: Path | None = Field(None, description="File that holds the secret")
    timeout_s: Seconds = Field(20.0, description="Seconds for one post")
    folder: Path = Field(Path("var/atom"), description="atom: folder of the feeds, one file an issue")
    link: str = Field("", max_length=500, description="atom: public address of that folder, for the feeds to name themselves")
    issues: tuple[str, ...] = Field((), description="Keys of the issues that it is told of; empty: all")
    notices: bool = Field(True, description="Whether it gets notices on feeds and coverage")
    floor: Floor | None = Field(None, description="See quiet.floor")
    quiet_hours: Hours | None = Field(None, description="See quiet.hours")
    time_zone: Zone | None = Field(None, description="See quiet.time_zone")
    override: tuple[str, ...] | None = Field(None, description="See quiet.override")
    hold_notices: Literal["none", "feeds", "all"] | None = Field(None, description="See quiet.hold_notices")
    cooldown_s: Wait | None = Field(None, description="See quiet.cooldown_s")
    digest: Digest | None = Field(None, description="See quiet.digest")

    def address(self, name: str) -> str:
        """Return the address, from the setting or its file; empty where none is set. Raises: ConfigError."""
        return secret_of(self.url_file, f"channels.{name}.url_file") if self.url_file else self.url.get_secret_value()

    def signing_secret(self, name: str) -> str:
        """Return the secret, from the setting or its file; empty where none is set. Raises: ConfigError."""
        return secret_of(self.secret_file, f"channels.{name}.secret_file") if self.secret_file else self.secret.get_secret_value()


class CoverageSettings(Section):
    """How much of its sources an issue needs, where its file does not say."""

    min_share: Share = Field(0.8, description="Least share of an issue's feeds that must be readable; below, a notice is sent; 0: never")


def channel_rules(quiet: QuietSettings, channel: ChannelSettings | None) -> ChannelRules:
    """Return the rules of a channel; None: of one that has no settings of its own."""
    own = channel.model_dump(exclude_none=True) if channel else {}
    zone = ZoneInfo(own.get("time_zone", quiet.time_zone))
    digest = own.get("digest", quiet.digest)
    return ChannelRules(
        quiet=QuietPolicy(
            floor=Severity(own.get("floor", quiet.floor)),
            hours=tuple(parse_quiet_hours(span, zone) for span in own.get("quiet_hours", quiet.hours)),
            overrides=frozenset(own.get("override", quiet.override)),
            held_notices=HeldNotices(own.get("hold_notices", quiet.hold_notices)),
            cooldown_s=own.get("cooldown_s", quiet.cooldown_s),
            burst_n=quiet.burst_n,
            burst_s=quiet.burst_s,
            late_after_s=quiet.late_after_s,
            max_catch_up_s=quiet.max_catch_up_s,
        ),
        issues=own.get("issues", ()),
        takes_notices=own.get("notices", True),
        digest=None if digest == "off" else parse_schedule(digest, zone),
    )

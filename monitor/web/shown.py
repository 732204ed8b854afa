"""How things are written on a page: instants, numbers, links, words. Jinja escapes all of it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from monitor.core.interchange import instant_text
from monitor.core.visible import visible
from monitor.log import mask_secrets

HERE = Path(__file__).parent


def environment() -> Environment:
    """Return the templates, with everything escaped that is not written in them, and every missing name an error."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "words": words,
        "masked": masked,
        "instant": instant,
        "day": day,
        "share": share,
        "counted": counted,
        "link": link,
        "plain": plain,
        "span": span,
        "without_cursor": without_cursor,
    }
    found.filters.update(filters)
    found.globals["static"] = static
    found.globals["last_day"] = last_day
    return found


def words(text: object) -> str:
    """Return words from outside as they may be shown."""
    return visible(str(text))


def masked(text: object) -> str:
    """Return words that may hold an address or an error of another program, with whatever looks like a secret hidden."""
    return visible(mask_secrets(str(text)))


def instant(at: datetime | None) -> Markup:
    """Return an instant in UTC, marked so that the page's script may show it in the reader's zone, in the same width."""
    if at is None:
        return Markup('<span class="none">never</span>')
    exact = instant_text(at)
    return Markup('<time datetime="{0}" title="{1} UTC">{2:%Y-%m-%d %H:%M}</time>').format(
        exact, at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f").rstrip("0").rstrip("."), at.astimezone(UTC)
    )


def day(at: datetime | None) -> Markup:
    """Return the day of an instant, with the exact instant on hover."""
    if at is None:
        return Markup('<span class="none">never</span>')
    return Markup('<time datetime="{0}" data-day title="{1:%Y-%m-%d %H:%M:%S} UTC">{1:%Y-%m-%d}</time>').format(
        instant_text(at), at.astimezone(UTC)
    )


def share(value: float | None) -> str:
    """Return a score with two digits, as thresholds have them."""
    return "–" if value is None else f"{value:.2f}"


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{n:,} {one if n == 1 else many or one + 's'}".replace(",", "\u202f")


def span(length: timedelta) -> str:
    """Return a length of time in its two greatest units."""
    total = max(0, int(length.total_seconds()))
    days, rest = divmod(total, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes = rest // 60
    if days:
        return f"{days} d {hours} h" if days < 10 else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{total} s"


def link(url: str) -> str | None:
    """Return an address that may be followed: http or https with a host, nothing invisible in it; None for any other."""
    cleaned = url.strip()
    try:
        parts = urlsplit(cleaned)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return None
    return cleaned if is_good and cleaned.isprintable() and visible(cleaned) == cleaned and " " not in cleaned else None


def plain(key: str) -> str:
    """Return a key in words: `not_a_change` to `not a change`."""
    return key.replace("_", " ").replace("-", " ")


def without_cursor(query: str) -> str:
    """Return the parameters of a view without the place in it."""
    return urlencode([(name, value) for name, value in parse_qsl(query) if name != "cursor"])


def last_day(until: datetime | None) -> str:
    """Return the last day of a span that ends before an instant, as a form takes it; empty where there is no end."""
    return "" if until is None else f"{until - timedelta(microseconds=1):%Y-%m-%d}"


@cache
def static(name: str) -> str:
    """Return the address of a file of the page, which changes when the file does, so that a browser may keep it for ever."""
    return f"/static/{name}?v={sha256((HERE / 'static' / name).read_bytes()).hexdigest()[:12]}"

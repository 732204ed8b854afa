"""OPML (opml.org/spec2.opml), the format in which feed readers exchange their lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from monitor.core.types import Feed
from monitor.errors import ConfigError

#: Attributes of our own, so that a list that comes back keeps its keys and intervals; other readers pass over them.
_OWN = "urn:statuswatch:feeds"
_OWN_KEY, _OWN_INTERVAL = f"{{{_OWN}}}key", f"{{{_OWN}}}interval_s"

#: Most bytes of a list: tens of thousands of feeds.
MAX_OPML_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed as a list tells of it; empty where it does not say."""

    url: str
    title: str
    language: str = ""
    key: str = ""
    interval_s: float | None = None


def parse_opml(body: bytes, *, name: str) -> tuple[Outline, ...]:
    """Return the feeds of a list in its order, folders unfolded, each address once. Raises: ConfigError where it is no OPML."""
    if len(body) > MAX_OPML_BYTES:
        raise ConfigError(f"{name}: has {len(body):,} bytes, more than the {MAX_OPML_BYTES:,} of the largest list that is read; split it")
    # Lists come from anywhere: nothing is fetched or expanded, and a bare `&` costs the damaged line only.
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise ConfigError(f"{name}: is no OPML ({exc}); export the list of the other reader once more") from exc
    if root is None or etree.QName(root).localname.lower() != "opml":
        raise ConfigError(f"{name}: is no OPML, whose first element is <opml>; export the list of the other reader once more")
    outlines: dict[str, Outline] = {}
    for element in root.iter():
        if not isinstance(element.tag, str) or etree.QName(element).localname.lower() != "outline":
            continue
        # Programs differ in the case of the names.
        attributes = {str(key).lower(): str(value).strip() for key, value in element.attrib.items()}
        url = attributes.get("xmlurl", "")
        if url and url not in outlines:
            title = attributes.get("title") or attributes.get("text") or ""
            interval = attributes.get(_OWN_INTERVAL.lower(), "")
            outlines[url] = Outline(
                url,
                " ".join(title.split()),
                attributes.get("language", ""),
                attributes.get(_OWN_KEY.lower(), ""),
                float(interval) if interval.replace(".", "", 1).isdigit() else None,
            )
    return tuple(outlines.values())


def render_opml(feeds: Iterable[Feed]) -> bytes:
    """Return a list that any feed reader takes, UTF-8."""
    root = etree.Element("opml", {"version": "2.0"}, nsmap={"statuswatch": _OWN})
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "Feeds of Statuswatch"
    body = etree.SubElement(root, "body")
    for feed in feeds:
        own = {"type": "rss", "text": feed.source, "title": feed.source, "xmlUrl": feed.url, "language": feed.language}
        own |= {_OWN_KEY: feed.key} | ({} if feed.interval_s is None else {_OWN_INTERVAL: f"{feed.interval_s:g}"})
        etree.SubElement(body, "outline", own)
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True))

"""Web addresses: one canonical form for comparing them. The canonical form is never fetched and never shown."""

from __future__ import annotations

import re
import string
from urllib.parse import SplitResult, unquote, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}

#: Query parameters that tell where a click came from, never what is shown. Names of general use, such as `ref` or `source`, are kept:
#: some sites pick the article by them.
_TRACKING = frozenset(
    {
        "fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "ttclid", "igsh", "igshid",
        "mc_cid", "mc_eid", "_hsenc", "_hsmi", "mkt_tok", "vero_id", "oly_enc_id", "oly_anon_id", "ref_src", "cmp", "cmpid",
        "ocid", "ncid", "smid", "xtor", "ftag", "guccounter", "guce_referrer", "guce_referrer_sig", "__twitter_impression",
        "_ga", "_gl", "phpsessid", "jsessionid", "at_medium", "at_campaign", "at_custom1", "at_custom2", "at_custom3", "at_custom4",
    }
)  # fmt: skip
_TRACKING_PREFIXES = ("utm_", "pk_", "mtm_", "hsa_")

#: Host labels of the twins that sites make for telephones.
_TWIN_LABELS = ("m", "mobile", "amp")
_AMP_PARAMETERS = frozenset({"amp", "outputtype"})
_AMP_VALUES = frozenset({"", "1", "true", "amp"})

#: Paths of AMP caches (`/c/s/gazette.example/ferry`) and viewers (`/amp/s/gazette.example/ferry`); the `s` stands for https.
_AMP_CACHE = re.compile(r"/[acivr]/(?P<secure>s/)?(?P<page>[^/]+\.[^/]+/.*)")
_AMP_VIEWER = re.compile(r"/amp/(?P<secure>s/)?(?P<page>[^/]+\.[^/]+/.*)")
#: `ferry.amp`, `ferry.amp.html`, `ferry-amp.html`.
_AMP_ENDING = re.compile(r"(?:\.amp|(?<=\w)[.-]amp(\.html?))$")
#: A visit's number in the path, which some application servers put there for clients without cookies.
_SESSION = re.compile(r";jsessionid=[^/;?]*", re.IGNORECASE)
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
_IPV4 = re.compile(r"\d+(\.\d+){3}")
_NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f]")

#: What nine of ten addresses of articles look like: nothing in them that needs taking apart, or that another spelling could stand for.
_PLAIN = re.compile(r"https?://(?!m\.|mobile\.|amp\.)(?:[a-z0-9-]+\.)+[a-z]+(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+")
#: What every mark of an AMP twin has in it; not so `campaign` or `stamp`.
_AMP_WORD = re.compile(r"(?<![A-Za-z0-9])amp(?:project|(?![A-Za-z0-9]))")


def is_web_url(url: str) -> bool:
    """Return whether this is a whole http or https address with a host, and without blanks or control characters."""
    return is_plain_url(url) or (_NOT_IN_URLS.search(url) is None and _split(url) is not None)


def is_plain_url(url: str) -> bool:
    """Return whether this is a web address in its canonical form already, told at a glance; False says only that a closer look is needed."""
    # A label of more than 63 characters is none that a resolver knows, and an ending `.amp` or `-amp.html` marks a twin. `campaign` marks nothing.
    return _PLAIN.fullmatch(url) is not None and ("amp" not in url or _AMP_WORD.search(url) is None)


def canonical_url(url: str) -> str:
    """Return the form under which two addresses of one page compare equal; idempotent.

    Lower-cases scheme and host, drops default ports, credentials, fragments, tracking parameters and trailing slashes, sorts the
    query, and folds telephone and AMP twins where their marks are unmistakable. Anything that is no web address comes back stripped.
    """
    url = url.strip()
    if is_plain_url(url):
        return url
    parts = _split(url)
    if parts is None:
        return url
    original = _behind_cache(parts)
    if original is not None:
        return canonical_url(original)
    scheme = parts.scheme.lower()
    port = parts.port
    authority = _canonical_host(parts.hostname or "")
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        authority = f"{authority}:{port}"
    query = _canonical_query(parts.query)
    return f"{scheme}://{authority}{_canonical_path(parts.path)}{'?' + query if query else ''}"


def site_of(host: str) -> str:
    """Return the last two labels of a host: `feeds.gazette.example` and `www.gazette.example` are of one site."""
    return ".".join(host.casefold().split(".")[-2:])


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme.lower() in _DEFAULT_PORTS and bool((parts.hostname or "").strip(".")) and parts.port != 0
    except ValueError:  # An unclosed bracket, or a port that is no number.
        return None
    return parts if is_usable else None


def _behind_cache(parts: SplitResult) -> str | None:
    """Return the address of the page that an AMP cache or viewer shows; None where this is neither."""
    host = _canonical_host(parts.hostname or "").removeprefix("www.")
    path = _canonical_escapes(parts.path)
    found = None
    if host == "cdn.ampproject.org" or host.endswith(".cdn.ampproject.org"):
        found = _AMP_CACHE.fullmatch(path)
    elif host.startswith("google."):
        found = _AMP_VIEWER.fullmatch(path)
    if found is None:
        return None
    scheme = "https" if found["secure"] else "http"
    original = f"{scheme}://{found['page']}{'?' + parts.query if parts.query else ''}"
    return original if is_web_url(original) else None


def _canonical_host(host: str) -> str:
    host = host.strip(".").lower()
    if ":" in host:
        return f"[{host}]"
    try:
        host = host.encode("idna").decode("ascii").lower().strip(".")
    except UnicodeError:  # A name that no resolver knows; it only has to compare equal to itself.
        host = "".join(char if "!" <= char <= "~" else _percent_encode(char) for char in host).lower()
    labels = host.split(".")
    # At least two labels must remain: `m.example` may well be a site of its own.
    while len(labels) > 2 and labels[0] in _TWIN_LABELS and not _IPV4.fullmatch(host):
        labels = labels[1:]
    return ".".join(labels)


def _canonical_path(path: str) -> str:
    path = _SESSION.sub("", _canonical_escapes(path)).rstrip("/")
    before = None
    while path != before:
        before = path
        # Only a segment, or an ending, that is `amp` and nothing else marks a twin; `/amp` alone may be a page on amplifiers.
        if path.count("/") > 1:
            path = path.removesuffix("/amp").rstrip("/")
        if path.startswith("/amp/") and path.count("/") > 2:
            path = path.removeprefix("/amp")
        path = _AMP_ENDING.sub(r"\1", path)
    return path or "/"


def _canonical_query(query: str) -> str:
    pairs = (_canonical_escapes(pair) for pair in query.split("&") if pair)
    return "&".join(sorted(pair for pair in pairs if not _is_dropped(pair)))


def _is_dropped(pair: str) -> bool:
    name, _, value = pair.partition("=")
    name = unquote(name).lower()
    if name in _AMP_PARAMETERS:
        return unquote(value).lower() in _AMP_VALUES
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def _canonical_escapes(text: str) -> str:
    """Escape what must be escaped, in upper case, and nothing else (RFC 3986, section 6.2.2)."""
    text = "".join(char if "!" <= char <= "~" else _percent_encode(char) for char in text)
    return _ESCAPE.sub(_unescape_unreserved, _STRAY_PERCENT.sub("%25", text))


def _percent_encode(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))


def _unescape_unreserved(match: re.Match[str]) -> str:
    char = chr(int(match.group(1), 16))
    return char if char in _UNRESERVED else match.group(0).upper()

"""Who comes in, and what they may do: asked of every request before any route is, so that none can forget to.

A request passes when its host is one of ours, when it carries a session, a password or a trusted proxy's word (where the settings ask for
one), and, if it changes anything, when it comes from a page of ours and its user may act.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http.cookies import CookieError, SimpleCookie
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urlsplit

from monitor.config.settings import WebSettings
from monitor.errors import ConfigError
from monitor.ports import Clock
from monitor.web.passwords import parse_hash, verify_password
from monitor.web.sessions import Sessions
from monitor.web.throttle import Throttle

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Open to everybody: the sign-in itself, what it looks like, whether the page lives, and what Slack signs.
SLACK_PATH = "/slack/acts"
OPEN_PATHS = ("/sign-in", "/static/", "/alive", SLACK_PATH)
API = "/api/"
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})


class Role(StrEnum):
    """What a visitor may do."""

    READER = "reader"
    REVIEWER = "reviewer"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who makes a request."""

    name: str
    role: Role
    #: What a form of this visitor must carry.
    form_token: str
    #: Whether there is a session to sign out of.
    has_session: bool = False
    #: Whether a password came with the request itself, as scripts send it.
    is_script: bool = False

    @property
    def may_act(self) -> bool:
        """Whether the visitor may change anything."""
        return self.role is Role.REVIEWER


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that does not pass: status, why, and where a browser is sent instead."""

    status: int
    why: str
    location: str | None = None
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What the gate looks at of a request; header names in lower case."""

    method: str
    path: str
    query: str
    scheme: str
    peer: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Gate:
    """Decides on every request."""

    settings: WebSettings
    password_hash: str
    clock: Clock
    sessions: Sessions
    throttle: Throttle = field(default_factory=Throttle)

    def check(self) -> None:
        """Make sure that the settings are safe together. Raises: ConfigError."""
        section = self.settings
        if section.auth == "none" and not is_loopback(section.host):
            raise ConfigError(
                f"web.host = {section.host!r} is open to the network, but web.auth is none; set web.auth to password (hash from "
                "`monitor web password`) or proxy, or web.host to 127.0.0.1"
            )
        if section.auth == "password":
            if not self.password_hash:
                raise ConfigError("web.auth is password, but web.password_hash is empty; make one with `monitor web password`")
            parse_hash(self.password_hash)
        if section.auth == "proxy" and not section.trusted_proxies:
            raise ConfigError("web.auth is proxy, but web.trusted_proxies is empty; list the networks (CIDR) of the proxy")

    def admit(self, request: Request) -> Visitor | Refusal | None:
        """Return who it is, or why not; None for what is open to everybody."""
        host = request.headers.get("host", "")
        if not self._is_ours(host):
            return Refusal(421, f"the host {host!r} is not served here; list it in web.allowed_hosts")
        if request.method not in SAFE_METHODS and (refused := self._cross_site(request, host)):
            return refused
        if request.path.startswith(OPEN_PATHS):
            return None
        visitor = self._visitor(request)
        if isinstance(visitor, Refusal):
            return visitor
        if request.method not in SAFE_METHODS and not visitor.may_act and request.path != "/sign-out":
            return Refusal(403, f"{visitor.name} may read only; web.reviewers lists who may act")
        return visitor

    def sign_in(self, name: str, password: str, peer: str) -> str | Refusal:
        """Return the token of a new session, or why there is none."""
        refused = self._try(name, password, peer)
        return refused or self.sessions.open(name, now=self.clock.now())

    def is_secure(self, request: Request) -> bool:
        """Return whether a cookie may be marked for encrypted connections only: always, but on plain loopback, where browsers differ."""
        return self.scheme(request) == "https" or not is_loopback(_name_of(request.headers.get("host", "")))

    def cookie_name(self, request: Request) -> str:
        """Return the name of the session's cookie; the prefix has the browser refuse it from any other host or path (RFC 6265bis)."""
        return "__Host-session" if self.is_secure(request) else "session"

    def client(self, request: Request) -> str:
        """Return the address of the client, as its proxy names it where the proxy is trusted."""
        forwarded = request.headers.get("x-forwarded-for", "")
        return forwarded.rsplit(",", 1)[-1].strip() if forwarded and self._is_trusted(request.peer) else request.peer

    def scheme(self, request: Request) -> str:
        """Return http or https, as the proxy names it where the proxy is trusted."""
        forwarded = request.headers.get("x-forwarded-proto", "")
        return forwarded if forwarded in {"http", "https"} and self._is_trusted(request.peer) else request.scheme

    # --- the questions ----------------------------------------------------------------------------------------------

    def _visitor(self, request: Request) -> Visitor | Refusal:
        match self.settings.auth:
            case "none":
                return self._known(self.settings.user)
            case "proxy":
                name = request.headers.get(self.settings.proxy_header.lower(), "").strip()
                if not self._is_trusted(request.peer):
                    return Refusal(403, f"{request.peer} is no trusted proxy; web.trusted_proxies lists them")
                return self._known(name[:100]) if name else Refusal(401, f"the proxy names no user in {self.settings.proxy_header}")
            case _:
                return self._by_session(request) or self._by_password(request) or self._nobody(request)

    def _by_session(self, request: Request) -> Visitor | None:
        token = _cookie(request.headers.get("cookie", ""), self.cookie_name(request))
        session = self.sessions.find(token, now=self.clock.now()) if token else None
        if session is None:
            return None
        return Visitor(session.name, self._role(session.name), self.sessions.form_token(token), has_session=True)

    def _by_password(self, request: Request) -> Visitor | Refusal | None:
        kind, _, credentials = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return Refusal(400, "the Authorization header cannot be read; it must be Basic with user and password")
        refused = self._try(name, password, self.client(request))
        return refused or Visitor(name, self._role(name), "", is_script=True)

    def _try(self, name: str, password: str, peer: str) -> Refusal | None:
        now, keys = self.clock.now(), (f"address {peer}", f"user {name[:100]}")
        wait_s = self.throttle.wait_s(*keys, now=now)
        if wait_s > 0:
            return Refusal(429, f"too many failed sign-ins; try again in {int(wait_s // 60) + 1} minutes", retry_after_s=int(wait_s) + 1)
        # The password is looked at whatever the name, so that the time tells nothing of names.
        is_right = verify_password(password, self.password_hash)
        if not is_right or name != self.settings.user:
            self.throttle.failed(*keys, now=now)
            return Refusal(401, "user or password is wrong")
        self.throttle.succeeded(*keys)
        return None

    def _nobody(self, request: Request) -> Refusal:
        if request.path.startswith(API) or request.method not in SAFE_METHODS:
            return Refusal(401, "sign in at /sign-in, or send user and password (Basic)")
        target = f"{request.path}?{request.query}" if request.query else request.path
        return Refusal(303, "sign in first", location=f"/sign-in?next={quote(target, safe='')}")

    def _known(self, name: str) -> Visitor:
        return Visitor(name, self._role(name), self.sessions.form_token(name))

    def _role(self, name: str) -> Role:
        return Role.REVIEWER if {"*", name} & set(self.settings.reviewers) else Role.READER

    def _cross_site(self, request: Request, host: str) -> Refusal | None:
        """Return a refusal where a browser says that another site sent this."""
        origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
        is_foreign = origin is not None and origin.partition("://")[2] != host
        return Refusal(403, "this request comes from another site") if is_foreign or site not in {"same-origin", "none"} else None

    def _is_ours(self, host: str) -> bool:
        """Return whether the host is one of ours: a page that a foreign name resolves to loopback for must not read or act."""
        name = _name_of(host)
        ours = {self.settings.host.strip("[]").lower(), *(allowed.lower() for allowed in self.settings.allowed_hosts)}
        return bool(name) and (name in ours or name in _LOOPBACK_NAMES or "*" in ours)

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        networks: list[IPv4Network | IPv6Network] = [ip_network(network) for network in self.settings.trusted_proxies]
        return any(address in network for network in networks)


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a host."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def safe_next(target: str) -> str:
    """Return where to go after signing in: a path of ours, never another site."""
    is_ours = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if is_ours else "/"


def _name_of(host: str) -> str:
    """Return the name of a Host header without its port, in lower case; empty where it cannot be read."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower() if host.isprintable() else ""
    except ValueError:
        return ""


def _cookie(header: str, name: str) -> str:
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""

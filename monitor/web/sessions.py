"""Who has signed in: random tokens in cookies, their digests here. A restart signs everybody out, which costs one sign-in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser."""

    name: str
    ends_at: datetime


@dataclass
class Sessions:
    """The open sessions of this process."""

    lifetime: timedelta
    #: Signs the tokens of forms; made anew at each start.
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _by_digest: dict[str, Session] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def open(self, name: str, *, now: datetime) -> str:
        """Open a session; return its token, which goes into the cookie and is kept nowhere else."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._by_digest = {key: session for key, session in self._by_digest.items() if session.ends_at > now}
            self._by_digest[_digest(token)] = Session(name, now + self.lifetime)
        return token

    def find(self, token: str, *, now: datetime) -> Session | None:
        """Return the open session of a token; None where there is none or it has ended."""
        session = self._by_digest.get(_digest(token))
        return session if session is not None and session.ends_at > now else None

    def close(self, token: str) -> None:
        """End a session."""
        with self._lock:
            self._by_digest.pop(_digest(token), None)

    def form_token(self, bearer: str) -> str:
        """Return what a form of this bearer (a session's token, or a user's name) must carry to be believed."""
        return hmac.new(self._secret, bearer.encode(), hashlib.sha256).hexdigest()

    def is_form_token(self, bearer: str, given: str) -> bool:
        """Return whether a form carries the token of its bearer."""
        return hmac.compare_digest(self.form_token(bearer).encode(), given.encode())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

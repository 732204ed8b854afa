"""Passwords as hashes: scrypt with its parameters in the text, so that they can be raised later (RFC 7914)."""

from __future__ import annotations

import base64
import hashlib
import hmac

from monitor.errors import ConfigError

#: OWASP's parameters for scrypt (Password Storage Cheat Sheet, 2024): 32 MB and about a tenth of a second for one try.
N, R, P = 2**15, 8, 3
_MAX_MEMORY = 128 * N * R * P
#: Short passwords are guessed whatever the hash; 12 is what NIST SP 800-63B-4 asks where nothing else protects (rounded down from 15).
MIN_LENGTH = 12


def hash_password(password: str, salt: bytes, *, n: int = N) -> str:
    """Return the hash as text: `scrypt$N$r$p$salt$key`; `n` is what one try costs. Raises: ConfigError where the password is too short."""
    if len(password) < MIN_LENGTH:
        raise ConfigError(f"the password has {len(password)} characters; {MIN_LENGTH} are the least")
    return f"scrypt${n}${R}${P}${_text(salt)}${_text(_key(password, salt, n, R, P))}"


def verify_password(password: str, stored: str) -> bool:
    """Return whether a password has this hash, in a time that does not tell how near it was."""
    n, r, p, salt, key = parse_hash(stored)
    return hmac.compare_digest(_key(password, salt, n, r, p), key)


def parse_hash(stored: str) -> tuple[int, int, int, bytes, bytes]:
    """Return N, r, p, salt and key. Raises: ConfigError where the text is no hash, without showing it."""
    try:
        kind, n, r, p, salt, key = stored.split("$")
        found = int(n), int(r), int(p), base64.b64decode(salt, validate=True), base64.b64decode(key, validate=True)
        if kind != "scrypt" or not 1 < found[0] * found[1] * found[2] * 128 <= _MAX_MEMORY * 4 or not found[4]:
            raise ValueError(kind)
    except ValueError as exc:
        raise ConfigError("web.password_hash is no hash; make one with `monitor web password`, and set it whole") from exc
    return found


def _key(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MAX_MEMORY * 5, dklen=32)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()

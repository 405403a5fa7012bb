"""Hashing of PINs and passwords, and the signed tokens that name a session.

Hashing takes tens of milliseconds on purpose: it is done outside of transactions, in a thread.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from jwt.types import Options

hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""argon2id at OWASP's recommendation: 40 ms of a core and 19 MB. The library's default took 240 ms,
so that a crowd of 300 signing in kept two cores busy for longer than anybody waits."""

_REQUIRED: Options = {"require": ["sid", "iat", "exp"]}

_MAX_TOKEN_LENGTH = 1000
"""Ours have about 200 characters; a stranger's deeply nested header must not be parsed."""

_NOBODYS_HASH = hasher.hash("nobody has this one")


def hash_secret(secret: str) -> str:
    """The argon2id hash to keep."""
    return hasher.hash(secret)


def secret_matches(hash_: str | None, secret: str) -> bool:
    """Whether the secret fits the hash. Takes as long when there is no hash to fit."""
    try:
        return hasher.verify(hash_ or _NOBODYS_HASH, secret) and hash_ is not None
    except (VerificationError, InvalidHashError):
        return False


@dataclass(frozen=True, slots=True)
class Token:
    """What a genuine token says: which session it names, and its own life."""

    opaque_id: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The keys that sign tokens: the first signs, all of them are accepted, so that a key can
    be changed without signing everybody out."""

    keys: tuple[str, ...]

    def sign(self, opaque_id: str, issued_at: datetime, expires_at: datetime) -> str:
        """A JSON Web Token that holds the opaque session id and nothing to read."""
        key = self.keys[0]
        claims = {"sid": opaque_id, "iat": issued_at, "exp": expires_at}
        return jwt.encode(claims, _signing_key(key), algorithm="HS256", headers={"kid": _kid(key)})

    def read(self, token: str) -> str | None:
        """The opaque session id of a token that is genuine and has not expired; else None."""
        genuine = self.open(token)
        return None if genuine is None else genuine.opaque_id

    def open(self, token: str) -> Token | None:
        """What the token says, when it is genuine and has not expired; else None."""
        if len(token) > _MAX_TOKEN_LENGTH:
            return None
        try:
            genuine = _genuine(self, token)
        except (jwt.InvalidTokenError, StopIteration):
            return None
        return genuine if genuine.expires_at > datetime.now(UTC) else None

    def session_id_for(self, idempotency_key: str | None, *credentials: str) -> str:
        """An opaque session id: random, or, for a repeated request with the same credentials,
        the same again. Without the key nobody can compute it."""
        if idempotency_key is None:
            return secrets.token_urlsafe(32)
        text = "\0".join((idempotency_key, *credentials))
        return hmac.new(_signing_key(self.keys[0]), text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=4096)
def _genuine(keys: TokenKeys, token: str) -> Token:
    """What a genuine token says. Kept, as each event of a page names its session anew; whether it
    has expired since is for the caller to see. What raises is not kept.

    Raises:
        jwt.InvalidTokenError, StopIteration: it is not genuine, or has expired.
    """
    kid = jwt.get_unverified_header(token).get("kid")
    key = next(key for key in keys.keys if _kid(key) == kid)
    claims = jwt.decode(token, _signing_key(key), algorithms=["HS256"], options=_REQUIRED)
    opaque_id = claims["sid"]
    if not isinstance(opaque_id, str):
        raise jwt.InvalidTokenError
    issued, expires = (datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp"))
    return Token(opaque_id, issued, expires)


def _signing_key(key: str) -> bytes:
    """A key of the length that HS256 wants, whatever length the operator chose."""
    return hashlib.sha256(b"cubby token " + key.encode()).digest()


def _kid(key: str) -> str:
    return hashlib.sha256(b"cubby kid " + key.encode()).hexdigest()[:8]

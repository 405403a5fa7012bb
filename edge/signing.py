"""Grants are signed by the server with the terminal's own key, which never goes over the broker."""

import hashlib
import hmac
import json
from collections.abc import Iterable

from edge.protocol import Grant, Grants


def sign(key: bytes, terminal: str, version: int, until: int, grants: Iterable[Grant]) -> str:
    """HMAC-SHA256 in hex over whose grants these are, their version, end and content."""
    said = [terminal, version, until, [one.model_dump(mode="json") for one in grants]]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(key, b"cubby grants " + text.encode(), hashlib.sha256).hexdigest()


def is_genuine(key: bytes, terminal: str, grants: Grants) -> bool:
    """Whether the server signed exactly these grants for this terminal."""
    wanted = sign(key, terminal, grants.version, grants.until, grants.grants)
    return hmac.compare_digest(wanted, grants.sig)

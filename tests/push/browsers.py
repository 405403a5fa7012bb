"""Browsers that subscribe, as push services and servers know them: an address and keys."""

import base64
import secrets
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

ENDPOINT = "https://updates.push.services.mozilla.com/wpush/v2/abc"


def text(raw: bytes) -> str:
    """In base64url, as browsers write it."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def raw(written: str) -> bytes:
    """And back."""
    return base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))


class Phone:
    """A browser with keys of its own."""

    def __init__(self, endpoint: str = ENDPOINT) -> None:
        self.endpoint = endpoint
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._secret = secrets.token_bytes(16)
        point = self._private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self.keys = {"p256dh": text(point), "auth": text(self._secret)}

    @property
    def arguments(self) -> dict[str, str]:
        """What the command takes."""
        return {"endpoint": self.endpoint, **self.keys}

    def read(self, body: bytes) -> bytes:
        """What a message says, which nobody else can read."""
        return http_ece.decrypt(body, private_key=self._private, auth_secret=self._secret)


def a_subscription(endpoint: str = ENDPOINT) -> dict[str, Any]:
    """What a browser sends."""
    return {"endpoint": endpoint, "expirationTime": None, "keys": Phone().keys}


PUSH_KEY = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)

"""One message to one browser, through its push service: encrypted (RFC 8291), signed (RFC 8292).

The library is loaded when the first message, or the public key, is wanted: most starts need
neither, and it takes longer to load than the rest of a small server.
"""

import base64
import json
import threading
from collections.abc import Collection
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, Any

from locker_app.domain.errors import BadInput
from locker_app.domain.push import TTL_SECONDS, Message, StayMessage, check_endpoint
from locker_app.queries.push import Subscription

if TYPE_CHECKING:
    from py_vapid import Vapid02

TIMEOUT_SECONDS = 10.0
_GONE = (404, 410)


class Outcome(Enum):
    """What became of a message."""

    SENT = auto()
    GONE = auto()
    """The push service does not know this browser any more."""
    FAILED = auto()


class Post:
    """Sends, and knows this installation's key. Its methods block: not for the event loop."""

    def __init__(self, private_key: str, contact: str, more_hosts: Collection[str] = ()) -> None:
        self._private_key = private_key
        self._contact = contact
        self._more_hosts = more_hosts
        self._own = threading.local()

    def send(self, to: Subscription, message: Message | StayMessage) -> tuple[Outcome, str]:
        """Send it; what became of it, and, where it failed, why in a few words."""
        import requests
        from pywebpush import WebPushException, webpush

        try:
            check_endpoint(to.endpoint, self._more_hosts)
        except BadInput:
            return Outcome.FAILED, "its host is not on the list"
        try:
            webpush(
                {"endpoint": to.endpoint, "keys": {"p256dh": to.p256dh, "auth": to.auth}},
                json.dumps(message.told()),
                vapid_private_key=self._vapid,
                vapid_claims={"sub": self._contact},
                ttl=TTL_SECONDS,
                headers={"Topic": message.topic, "Urgency": "high"},
                timeout=TIMEOUT_SECONDS,
                requests_session=self._session(),
            )
        except WebPushException as error:
            gone = error.status_code in _GONE
            return Outcome.GONE if gone else Outcome.FAILED, f"it answered {error.status_code}"
        except requests.RequestException as error:
            return Outcome.FAILED, type(error).__name__
        return Outcome.SENT, ""

    @cached_property
    def _vapid(self) -> "Vapid02":
        from py_vapid import Vapid02

        return Vapid02.from_pem(self._private_key.encode())

    def _session(self) -> Any:
        """A session of this thread's own, which follows no redirects: the host is the one that was
        looked up in the list, or none."""
        session = getattr(self._own, "session", None)
        if session is None:
            import requests

            class Straight(requests.Session):
                def get_redirect_target(self, resp: requests.Response) -> None:
                    return None

            session = self._own.session = Straight()
        return session


def public_key(private_key: str) -> str:
    """What a browser needs of the key to subscribe, in base64url."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_private_key,
    )

    public = load_pem_private_key(private_key.encode(), None).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")

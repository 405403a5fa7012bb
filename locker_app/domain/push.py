"""Web push: to which addresses messages may be sent, what keys look like, and what is said.

A browser names the address itself, so it is a stranger's: only known push services, and those that
the operator adds, are ever asked for anything.
"""

import base64
import binascii
import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from locker_app.domain.errors import BadInput

SERVICES = (
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.notify.windows.com",
    "web.push.apple.com",
)
"""The push services of the browsers: Chrome and those made from it, Firefox, Edge, Safari."""
PER_SESSION = 5
"""How many subscriptions one session keeps; the oldest goes for a new one."""
TTL_SECONDS = 300
"""How long a push service keeps a message for a phone that is out of reach."""
MAX_ENDPOINT_LENGTH = 1500

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_HTTPS_PORT = 443
_POINT_LENGTH, _AUTH_LENGTH, _UNCOMPRESSED = 65, 16, 4

# The curve P-256 (NIST SP 800-186): y² = x³ - 3x + b, modulo p.
_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


class Phase(Enum):
    """What somebody is told, by the names that the page has for it."""

    NEXT = "next"
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class Message:
    """What a phone shows of a ticket: numbers and the name of the queue, and nobody's."""

    phase: Phase
    ticket_id: int
    number: int
    queue_name: str
    queue_code: str

    @property
    def topic(self) -> str:
        """A newer message of the same topic takes the place of one not delivered yet."""
        return f"ticket-{self.ticket_id}"

    def told(self) -> dict[str, str]:
        """What the service worker is told."""
        what = "Your turn" if self.phase is Phase.TURN else "You're next"
        return {
            "phase": self.phase.value,
            "title": f"{what}: number {self.number}",
            "body": self.queue_name,
            "tag": f"cubby-{self.number}",
            "path": f"/q/{self.queue_code}",
        }


class StayPhase(Enum):
    """What somebody is told of a charging spot, by the names that the page has for it."""

    OFFER = "offer"
    REMIND = "remind"
    OVERSTAYED = "overstayed"
    BLOCKED = "blocked"
    MOVED = "moved"
    ENDED = "ended"


_STAY_TITLES = {
    StayPhase.OFFER: "Spot {0} is held for you",
    StayPhase.REMIND: "Spot {0}: your time is nearly up",
    StayPhase.OVERSTAYED: "Spot {0} is overstayed",
    StayPhase.BLOCKED: "Spot {0}: somebody is still there",
    StayPhase.MOVED: "Your spot is {0} now",
    StayPhase.ENDED: "Your booking of spot {0} has ended",
}


@dataclass(frozen=True, slots=True)
class StayMessage:
    """What a phone shows of a charging spot that its holder has, or is offered."""

    phase: StayPhase
    booking_id: int
    spot: str
    code: str
    said: str
    """More of it: the reason of the staff, else where it is."""

    @property
    def topic(self) -> str:
        """As that of a ticket's."""
        return f"stay-{self.booking_id}"

    def told(self) -> dict[str, str]:
        """What the service worker is told."""
        return {
            "phase": self.phase.value,
            "title": _STAY_TITLES[self.phase].format(self.spot),
            "body": self.said,
            "tag": f"cubby-stay-{self.booking_id}",
            "path": f"/c/{self.code}",
        }


def check_endpoint(endpoint: str, more: Collection[str] = ()) -> str:
    """The address, when it is one of a push service.

    `more` are further hosts: `push.example.org`, `*.example.org`, or with a port.

    Raises:
        BadInput: it isn't, or no address at all.
    """
    if len(endpoint) <= MAX_ENDPOINT_LENGTH and _VISIBLE.fullmatch(endpoint):
        host = _host_of(endpoint)
        if host is not None and any(_matches(host, known) for known in (*SERVICES, *more)):
            return endpoint
    raise BadInput("This is not the address of a push service that is known.", field="endpoint")


def check_keys(p256dh: str, auth: str) -> None:
    """Let pass what a message can be encrypted with.

    Raises:
        BadInput: the key is no point on the curve P-256, or the secret has another length.
    """
    point, secret = _decoded(p256dh), _decoded(auth)
    if point is None or not _is_on_curve(point):
        raise BadInput("This is not a key for push messages.", field="p256dh")
    if secret is None or len(secret) != _AUTH_LENGTH:
        raise BadInput("This is not a secret for push messages.", field="auth")


def _host_of(endpoint: str) -> str | None:
    """Host and port as they are listed; nothing when it is not plainly an https address."""
    if "\\" in endpoint:  # some readers take it for a slash, others don't
        return None
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or parts.fragment:
        return None
    return parts.hostname if port in (None, _HTTPS_PORT) else f"{parts.hostname}:{port}"


def _matches(host: str, known: str) -> bool:
    if known.startswith("*."):
        return host.endswith(known[1:]) and len(host) >= len(known)
    return host == known


def _decoded(text: str) -> bytes | None:
    try:
        padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
        return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None


def _is_on_curve(point: bytes) -> bool:
    if len(point) != _POINT_LENGTH or point[0] != _UNCOMPRESSED:
        return False
    x, y = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big")
    return x < _P and y < _P and (y * y - (x * x * x - 3 * x + _B)) % _P == 0

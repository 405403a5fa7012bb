"""What terminals and the server say to each other: topics, the envelope and what is in it.

The one contract of both sides. `docs/terminal-protocol.json` has it as JSON Schemas, with examples
that are kept by hand; the tests of both sides read that file. After a change here
`python -m edge.protocol docs/terminal-protocol.json` renews the schemas in it. All meaning
is in the JSON body, so that brokers of MQTT 3.1.1 and 5 do alike. Unknown fields are ignored, so
that either side may be newer; whatever else is wrong makes a message invalid as a whole.

Times on the wire are milliseconds since 1970 in UTC. Card ids are `kid.` and 26 letters, never the
number of a card (see `edge.cards`).
"""

import json
import os
import time
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

VERSION = 1
ROOT = "cubby/1"
SERVER = "srv"
"""Stands where a terminal's name would, in the topics that the server speaks to all on."""
MAX_BYTES = 16 * 1024
"""Of a message's body; what is longer is not read."""
STALE_AFTER_S = 10.0
"""A tap that is older assigns and opens nothing."""
COMMAND_LIVES_S = 5.0
"""From when a command was given to when nobody may begin with it any more."""
IN_FLIGHT = 32
"""Facts of one terminal that may be on their way at once."""
AGAIN_AFTER_S = 1.5
"""An unanswered fact is sent again, with the same id."""

NAME = r"[a-z0-9][a-z0-9-]{0,39}"
CardId = Annotated[str, Field(pattern=r"^[a-z0-9]{1,8}\.[A-Z2-7]{26}$")]
MessageId = Annotated[
    str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]
Millis = Annotated[int, Field(ge=0, le=2**53)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Depth = Annotated[int, Field(ge=0, le=1_000_000)]
"""Of an outbox: no terminal keeps more facts than that."""
LONGEST_S = 100 * 366 * 24 * 3600
"""A hundred years: longer than any clock was ever wrong."""
Seconds = Annotated[int, Field(ge=0, le=LONGEST_S)]
Bytes = Annotated[int, Field(ge=0, le=2**50)]
Door = Annotated[int, Field(ge=1, le=99_999)]
Line = Annotated[str, Field(max_length=200)]
Code = Annotated[str, Field(max_length=60, pattern=r"^[a-z0-9_]*$")]


class Part(BaseModel):
    """A part of a message. Strict: a number is never text."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)


# -- from a terminal ---------------------------------------------------------------------------


class Presence(StrEnum):
    """Whether a terminal is there."""

    ONLINE = "online"
    OFFLINE = "offline"
    """Switched off in good order."""
    LOST = "lost"
    """Its last will: the connection broke."""
    UPDATING = "updating"


class Kind(StrEnum):
    """What a terminal is for."""

    LOCKER = "locker"
    GATE = "gate"


class Mode(StrEnum):
    """What a tap asks for. `gate` is both ways: in, or out for who is inside."""

    LOCKER = "locker"
    IN = "in"
    OUT = "out"
    GATE = "gate"


class Avail(Part):
    """Retained, and the last will."""

    state: Annotated[Presence, Field(strict=False)]


class Info(Part):
    """Retained: what this terminal is. Sent after each connection and each change."""

    kind: Annotated[Kind, Field(strict=False)] | None = None
    """None before it has been told."""
    version: Annotated[str, Field(max_length=40)]
    reader: Annotated[str, Field(max_length=40)]
    display: Annotated[str, Field(max_length=40)]
    lockers: Annotated[list[Door], Field(max_length=500)]
    """The doors that a relay of this terminal opens."""
    simulated: bool
    """Its reader is simulated: the panel may put cards on it."""
    cfg: Count
    """The version of the configuration that it works by; 0 without any."""
    kids: Annotated[list[Annotated[str, Field(max_length=8)]], Field(max_length=8)]
    """The card keys that it has."""


class Tap(Part):
    """A card was put on the reader."""

    card: Annotated[list[CardId], Field(min_length=1, max_length=4)]
    """The same card by each key that the terminal has, the newest first."""
    mode: Annotated[Mode, Field(strict=False)]


class Opened(Part):
    """A relay was pulsed for a door: after an answer (`re` is the tap) or a command (`re`)."""

    locker: Door


class DoorMoved(Part):
    """A door's contact, where there is one."""

    locker: Door
    open: bool


class FaultOf(StrEnum):
    """What of a terminal does not work."""

    READER = "reader"
    DISPLAY = "display"
    RELAY = "relay"
    STORAGE = "storage"
    DOOR = "door"
    """It was to open and did not."""


class Fault(Part):
    """Something is broken, or works again (`over`)."""

    of: Annotated[FaultOf, Field(strict=False)]
    over: bool = False
    locker: Door | None = None
    text: Line = ""


class OfflineOpen(Part):
    """A holder opened the own door by a grant, while the server was away."""

    card: Annotated[list[CardId], Field(min_length=1, max_length=4)]
    locker: Door
    grants: Count
    """The version of the grants by which it was allowed."""


class Status(StrEnum):
    """How far a command has come."""

    ACCEPTED = "accepted"
    DONE = "done"
    REJECTED = "rejected"
    EXPIRED = "expired"


class Result(Part):
    """The answer to the command `re`."""

    status: Annotated[Status, Field(strict=False)]
    reason: Line = ""


class Shown(Part):
    """Retained: what is on the display, as `edge.display.screen.Screen` has it."""

    headline: Line
    lines: Annotated[list[Line], Field(max_length=4)] = []
    tone: Code = "ready"
    link: bool = True
    clock: Annotated[str, Field(max_length=8)] = ""
    outbox: Depth = 0
    dim: bool = False
    qr: Annotated[str, Field(max_length=100)] = ""


class Telemetry(Part):
    """How the terminal is; every half minute."""

    outbox: Depth
    oldest_s: Seconds = 0
    """How long the oldest fact has been waiting for an answer."""
    temperature: Annotated[float, Field(ge=-100, le=200)] | None = None
    """Of the processor, in degrees Celsius."""
    signal: Annotated[int, Field(ge=-200, le=0)] | None = None
    """Of the wireless network, in dBm."""
    disk_free: Bytes | None = None
    """In bytes, where the outbox lies."""
    up_s: Seconds = 0


# -- to a terminal -----------------------------------------------------------------------------


class Show(Part):
    """Something to put on the display for a while."""

    headline: Line
    lines: Annotated[list[Line], Field(max_length=4)] = []
    tone: Code = "ready"
    qr: Annotated[str, Field(max_length=100)] = ""


class Verdict(StrEnum):
    """What came of a tap."""

    ASSIGNED = "assigned"
    YOURS = "yours"
    RELEASED = "released"
    IN = "in"
    OUT = "out"
    DENIED = "denied"
    FULL = "full"
    STALE = "stale"
    LINKED = "linked"
    """The card was linked to somebody, as the panel had asked for."""
    CONFIRM = "confirm"
    """Its holder has to confirm it with the PIN, on the phone."""
    NOTED = "noted"
    """The answer to every fact that is not a tap, also to one of a kind that the server, as it is
    older, does not know: what comes after that need not wait."""


class Ack(Part):
    """The answer to the fact `re`, which the terminal may forget now."""

    verdict: Annotated[Verdict, Field(strict=False)]
    locker: Annotated[str, Field(max_length=40)] | None = None
    """The label of the door that this is about."""
    open: Door | None = None
    """The door to open now, if the tap is still fresh."""
    reason: Code | None = None
    show: Show | None = None
    ttl_ms: Annotated[int, Field(ge=0, le=60_000)] = 4_000


class CmdOpen(Part):
    """Open a door."""

    locker: Door
    label: Annotated[str, Field(max_length=40)]


class CmdShow(Part):
    """Put something on the display; with `identify` in a way that is seen across a room."""

    show: Show
    ttl_ms: Annotated[int, Field(ge=0, le=60_000)] = 4_000
    identify: bool = False


class CmdSync(Part):
    """Say everything again: avail, info, display, and what waits in the outbox; and fetch keys."""


class CmdRestart(Part):
    """Begin anew."""


class CmdTap(Part):
    """Put a card on a simulated reader. Others reject it."""

    uid: Annotated[str, Field(pattern=r"^([0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{20})$")]
    seconds: Annotated[float, Field(gt=0, le=60)] = 0.5


class Config(Part):
    """Retained: how this terminal works. A higher `version` replaces it whole."""

    version: Count
    kind: Annotated[Kind, Field(strict=False)]
    mode: Annotated[Mode, Field(strict=False)]
    name: Line
    place: Line = ""
    time_zone: Annotated[str, Field(max_length=60)]
    relays: dict[Annotated[str, Field(pattern=r"^[0-9]{1,5}$")], Annotated[int, Field(ge=0, le=99)]]
    """Number of a door to the GPIO line (BCM) of its relay."""
    active_low: bool = True
    open_s: Annotated[float, Field(gt=0, le=30)] = 3.0
    """How long a relay is held."""
    dim_after_s: Annotated[int, Field(ge=5, le=3600)] = 60
    offline: bool = True
    """Whether holders open the own door by grants while the server is away."""
    kids: Annotated[list[Annotated[str, Field(max_length=8)]], Field(max_length=8)]
    """Names of the card keys in use, the newest first; what is missing is fetched by HTTPS."""


class Grant(Part):
    """Whose card may open which door while the server is away."""

    card: Annotated[list[CardId], Field(min_length=1, max_length=8)]
    locker: Door
    label: Annotated[str, Field(max_length=40)]
    until: Millis


class Grants(Part):
    """Retained: all grants of this terminal. `sig` is `edge.signing.sign` of the rest."""

    version: Count
    until: Millis
    """After that none of them is worth anything."""
    grants: Annotated[list[Grant], Field(max_length=500)]
    sig: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Idle(Part):
    """Retained: what the display says at rest, such as how many lockers are free."""

    free: Count | None = None
    total: Count | None = None
    inside: Count | None = None
    line: Line = ""
    """Instead of the numbers, such as “Outside opening hours”."""


class ServerState(Part):
    """Retained, for all: the server is there. A new epoch means: announce yourself again.

    Sent every ten seconds, and at best also when a terminal says that it is online: a terminal
    without a clock of its own takes the time from what isn't from the broker's memory.
    """

    state: Literal["online", "stopping"]
    epoch: Annotated[str, Field(max_length=40)]
    time: Millis


# -- the envelope ------------------------------------------------------------------------------

D = TypeVar("D", bound=Part)


class Message(Part, Generic[D]):
    """What every message is wrapped in."""

    v: Literal[1] = 1
    id: MessageId
    boot: Count
    """Goes up with each start of the terminal, not always by one; of the server's messages 0."""
    seq: Count
    """Numbers a terminal's facts without a gap, across restarts, but for a gap after its database
    was lost; 0 on what is no fact."""
    ts: Millis
    """When it happened."""
    ts_q: Literal["ntp", "srv", "none"]
    """Whose clock that is: the terminal's, set by the network; the server's; nobody's (`ts` is 0).
    A tap of nobody's time comes from a start before this one, so it is stale."""
    re: MessageId | None = None
    exp: Millis | None = None
    """When it is too late to begin with this."""
    data: D


FROM_TERMINAL: dict[str, type[Part]] = {
    "avail": Avail,
    "info": Info,
    "evt/tap": Tap,
    "evt/opened": Opened,
    "evt/door": DoorMoved,
    "evt/fault": Fault,
    "evt/offline_open": OfflineOpen,
    "res": Result,
    "display": Shown,
    "tele": Telemetry,
}
"""What a terminal says, by the end of the topic. Those below `evt/` come from its outbox."""
TO_TERMINAL: dict[str, type[Part]] = {
    "ack": Ack,
    "cmd/open": CmdOpen,
    "cmd/show": CmdShow,
    "cmd/sync": CmdSync,
    "cmd/restart": CmdRestart,
    "cmd/tap": CmdTap,
    "cfg": Config,
    "grants": Grants,
    "idle": Idle,
    "state": ServerState,
}
RETAINED = frozenset({"avail", "info", "display", "cfg", "grants", "idle", "state"})
QOS = {"display": 0, "tele": 0, "ack": 0}
"""Of the topics that are not sent at least once. An answer that is lost is asked for again, which a
terminal does in any case."""


@cache
def envelope(kind: type[D]) -> type[Message[D]]:
    """The class of messages around such a part. Pydantic makes it anew, for a millisecond, whenever
    nobody has kept it."""
    return Message[kind]


class Invalid(Exception):
    """A message that is none; the text says why and holds nothing of what was in it."""


def parse(body: bytes, kind: type[D]) -> Message[D]:
    """A message from the wire.

    Raises:
        Invalid: it is too long, not JSON, of another version, or not as the contract says.
    """
    if len(body) > MAX_BYTES:
        raise Invalid("too_long")
    try:
        return envelope(kind).model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise Invalid(f"{first['type']} at {'.'.join(map(str, first['loc']))[:80]}") from None
    except (ValueError, RecursionError):
        raise Invalid("not_json") from None


def dump(message: Message[Any]) -> bytes:
    """A message for the wire."""
    return message.model_dump_json(exclude_none=True).encode()


def topic(site: str, terminal: str, tail: str) -> str:
    """The topic that ends so, of one terminal."""
    return f"{ROOT}/{site}/{terminal}/{tail}"


def new_id(now_ms: int | None = None) -> str:
    """A UUID of version 7 (RFC 9562): ordered by time of making, to the millisecond."""
    ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    value = (ms & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def schemas() -> dict[str, Any]:
    """The contract, as JSON Schema of each message."""
    of = lambda kinds: {tail: envelope(kind).model_json_schema() for tail, kind in kinds.items()}  # noqa: E731
    return {"version": VERSION, "from_terminal": of(FROM_TERMINAL), "to_terminal": of(TO_TERMINAL)}


def document(examples: list[Any]) -> str:
    """What `docs/terminal-protocol.json` has to be, with these examples."""
    return json.dumps(schemas() | {"examples": examples}, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    import sys
    from pathlib import Path

    file = Path(sys.argv[1])
    file.write_text(document(json.loads(file.read_text())["examples"]))

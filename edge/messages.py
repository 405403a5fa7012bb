"""From bytes of the broker to events of the machine, and from parts to bytes for the broker."""

from dataclasses import dataclass
from typing import Any

from edge.clock import Clock
from edge.identity import Identity
from edge.machines.events import (
    Answered,
    Configured,
    Event,
    Granted,
    Rests,
    ServerSaid,
    Told,
)
from edge.protocol import (
    TO_TERMINAL,
    Ack,
    CmdOpen,
    CmdRestart,
    CmdShow,
    CmdSync,
    CmdTap,
    Config,
    Grants,
    Idle,
    Invalid,
    Message,
    Part,
    ServerState,
    dump,
    envelope,
    new_id,
    parse,
)
from edge.signing import is_genuine


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message from the broker."""

    tail: str
    """The end of its topic."""
    body: bytes
    retained: bool
    at: float
    """When it came, on the monotonic clock."""


def understood(came: Arrived, identity: Identity, clock: Clock) -> Event | None:
    """The event that a message is; None for one that says nothing. Tells the clock.

    Raises Invalid for what is not as the contract says, and grants that are not genuine.
    """
    if came.tail not in TO_TERMINAL:
        raise Invalid("unknown_topic")
    if not came.body:
        return _emptied(came.tail)
    message = parse(came.body, TO_TERMINAL[came.tail])
    live = not came.retained
    said = message.data.time if isinstance(message.data, ServerState) else message.ts
    if message.ts_q != "none":
        clock.heard(max(said, message.ts), came.at, live=live)
    return _event(message, came, identity)


def remembered(tail: str, body: bytes, identity: Identity) -> Event | None:
    """The same for what was kept on disk. The clock isn't told. Raises Invalid."""
    message = parse(body, TO_TERMINAL[tail])
    return _event(message, Arrived(tail, body, retained=True, at=0.0), identity)


def written(clock: Clock, boot: int, data: Part, re: str | None = None) -> bytes:
    """What a terminal says beside its facts, for the wire."""
    ts, quality = clock.stamp(clock.mono())
    message = envelope(type(data))(
        id=new_id(ts or None), boot=boot, seq=0, ts=ts, ts_q=quality, re=re, data=data
    )
    return dump(message)


def _event(message: Message[Any], came: Arrived, identity: Identity) -> Event | None:
    match message.data:
        case Ack() as ack:
            if message.re is None:
                raise Invalid("missing at re")
            return Answered(message.re, ack, message.exp, came.retained)
        case CmdOpen() | CmdShow() | CmdSync() | CmdRestart() | CmdTap() as order:
            return Told(message.id, order, message.exp, came.at, came.retained)
        case Config() as config:
            return Configured(config)
        case Grants() as grants:
            if not is_genuine(identity.signing_key, identity.terminal, grants):
                raise Invalid("not_genuine at data.sig")
            return Granted(grants)
        case Idle() as idle:
            return Rests(idle)
        case ServerState(state=state, epoch=epoch):
            return ServerSaid(state == "online", epoch, live=not came.retained)
        case _:
            return None


def _emptied(tail: str) -> Event | None:
    match tail:
        case "grants":
            return Granted(None)
        case "idle":
            return Rests(None)
        case _:
            return None

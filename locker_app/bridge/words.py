"""From rows and answers to messages for terminals, and back: nothing here does anything."""

from datetime import UTC, datetime
from typing import Any

from edge.protocol import (
    ROOT,
    SERVER,
    TO_TERMINAL,
    Ack,
    CmdOpen,
    CmdRestart,
    CmdShow,
    CmdSync,
    CmdTap,
    Config,
    Grant,
    Grants,
    Idle,
    Kind,
    Message,
    Mode,
    Part,
    ServerState,
    Show,
    Verdict,
    dump,
    envelope,
    new_id,
)
from edge.signing import sign
from locker_app.domain.days import YEARS
from locker_app.domain.terminals import GRANTS_LIVE, CommandKind
from locker_app.queries.grants import GrantRow
from locker_app.queries.terminals import ConfigRow, IdleRow

IDENTIFY_MS = 10_000
MAX_LINE = 200
_COMMANDS = {
    CommandKind.OPEN: "cmd/open",
    CommandKind.IDENTIFY: "cmd/show",
    CommandKind.SYNC: "cmd/sync",
    CommandKind.RESTART: "cmd/restart",
    CommandKind.TAP: "cmd/tap",
}


def millis(at: datetime) -> int:
    """A time on the wire."""
    return int(at.timestamp() * 1000)


def moment(message: Message[Any]) -> datetime | None:
    """When the terminal says that it happened; None if it did not know the time, or can't have."""
    if message.ts_q == "none":
        return None
    try:
        at = datetime.fromtimestamp(message.ts / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if YEARS[0] <= at.year <= YEARS[-1] else None


def wrapped(
    data: Part,
    now: datetime,
    *,
    re: str | None = None,
    exp: datetime | None = None,
    message_id: str | None = None,
) -> bytes:
    """A message of the server's, for the wire."""
    message = envelope(type(data))(
        id=message_id or new_id(),
        boot=0,
        seq=0,
        ts=millis(now),
        ts_q="srv",
        re=re,
        exp=None if exp is None else millis(exp),
        data=data,
    )
    return dump(message)


def noted() -> Ack:
    """The answer to what is no tap."""
    return Ack(verdict=Verdict.NOTED)


def refused(code: str) -> Ack:
    """The answer to a fact that can't be what it says."""
    show = Show(headline="Not possible", lines=["Please see", "the desk"], tone="bad")
    return Ack(verdict=Verdict.DENIED, reason=code[:60], show=show)


def answer_to_tap(answer: Any, *, fresh: bool) -> Ack:
    """A `TapAnswer` for the wire; one that is repeated late opens no door."""
    show = None
    if answer.headline:
        lines = [line[:MAX_LINE] for line in answer.lines[:4]]
        show = Show(headline=answer.headline[:MAX_LINE], lines=lines, tone=answer.tone)
    return Ack(
        verdict=Verdict(answer.verdict),
        locker=answer.label,
        open=answer.open if fresh else None,
        reason=answer.code,
        show=show,
        ttl_ms=answer.ttl_ms,
    )


def command_of(kind: CommandKind, arguments: dict[str, Any], name: str) -> tuple[str, Part]:
    """The end of the topic of a command, and what it says; `name` is what people call the
    terminal."""
    match kind:
        case CommandKind.OPEN:
            data = CmdOpen(locker=arguments["locker"], label=arguments["label"])
        case CommandKind.IDENTIFY:
            show = Show(headline="Here I am", lines=[name], tone="good")
            data = CmdShow(show=show, ttl_ms=IDENTIFY_MS, identify=True)
        case CommandKind.SYNC:
            data = CmdSync()
        case CommandKind.RESTART:
            data = CmdRestart()
        case CommandKind.TAP:
            data = CmdTap(uid=arguments["uid"])
    return _COMMANDS[kind], data


def config(row: Any, more: ConfigRow) -> Config:
    """What a terminal (a row of it) works by."""
    return Config(
        version=row.cfg_version,
        kind=Kind(row.kind),
        mode=Mode(row.mode),
        name=row.name,
        place=row.place,
        time_zone=more.time_zone,
        relays=row.relays or {},
        active_low=bool(row.active_low),
        open_s=row.open_ms / 1000,
        dim_after_s=row.dim_after_s,
        offline=bool(row.offline),
        kids=list(more.kids[:8]),
    )


def grants(login: str, key: bytes, version: int, rows: list[GrantRow], now: datetime) -> Grants:
    """The grants of a terminal, signed with its key."""
    until = millis(now + GRANTS_LIVE)
    said = [
        Grant(card=list(row.cards), locker=row.number, label=row.label, until=millis(row.until))
        for row in rows
    ]
    signed = sign(key, login, version, until, said)
    return Grants(version=version, until=until, grants=said, sig=signed)


def idle(row: IdleRow) -> Idle:
    """What a display says at rest."""
    return Idle(free=row.free, total=row.total, inside=row.inside, line=row.line)


def state(epoch: str, now: datetime, *, stopping: bool = False) -> ServerState:
    """That the server is there."""
    return ServerState(state="stopping" if stopping else "online", epoch=epoch, time=millis(now))


def state_topic(site_id: int) -> str:
    """Where the server says so to the terminals of a site."""
    return f"{ROOT}/{site_id}/{SERVER}/state"


assert set(_COMMANDS.values()) <= TO_TERMINAL.keys()

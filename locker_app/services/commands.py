"""What terminals are told: given here, claimed and sent by a bridge, accepted, done, or over.

A command is a row with an end. Whoever sends it claims it by an update that only one wins, before
it is sent and never again: what became of a command that was claimed and not heard of any more is
not known, and doing it once more could open a door that is somebody else's by now.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, select, update

from edge.protocol import new_id
from locker_app.db.statement import Statement
from locker_app.db.tables import bank, locker, terminal, terminal_command
from locker_app.db.transaction import Tx
from locker_app.domain.actors import SYSTEM, Actor, ActorKind, Right
from locker_app.domain.errors import (
    BadInput,
    NotAllowed,
    NoTerminal,
    NotFound,
    NotSimulated,
    TerminalAway,
)
from locker_app.domain.lockers import label
from locker_app.domain.terminal_facts import CommandGiven, CommandMoved
from locker_app.domain.terminals import (
    COMMAND_LIVES,
    DONE_WITHIN,
    CommandKind,
    CommandStatus,
    TerminalState,
)
from locker_app.queries.terminals import opener_of
from locker_app.services.ids import Id, Text

_C, _T = terminal_command.c, terminal.c
_OPEN = _C.ended_at.is_(None)
_ENDS = frozenset(
    {
        CommandStatus.DONE,
        CommandStatus.REJECTED,
        CommandStatus.EXPIRED,
        CommandStatus.TIMED_OUT,
    }
)
_BEFORE = {
    CommandStatus.ACCEPTED: (CommandStatus.SENT,),
    CommandStatus.DONE: (CommandStatus.SENT, CommandStatus.ACCEPTED, CommandStatus.TIMED_OUT),
    CommandStatus.REJECTED: (CommandStatus.SENT, CommandStatus.ACCEPTED, CommandStatus.TIMED_OUT),
    CommandStatus.EXPIRED: (CommandStatus.SENT, CommandStatus.ACCEPTED, CommandStatus.TIMED_OUT),
}
"""What a command has to be for a terminal to move it on. What it says late still counts."""
MAX_NOTE = 200
BATCH = 200


@dataclass(frozen=True, slots=True)
class Claimed:
    """A command that is to be sent now, by whoever claimed it."""

    uid: str
    terminal_id: int
    kind: CommandKind
    arguments: dict[str, Any]
    expires_at: datetime


def tell(
    tx: Tx, actor: Actor, now: datetime, *, terminal_id: Id, kind: CommandKind, uid: Text = ""
) -> int:
    """Tell a terminal to show itself, to say everything again, to restart, or, if its reader is
    simulated, that a card with this number (`uid`, in hex) is on it; the command's id.

    Raises:
        NotSignedIn, NotAllowed, NotFound: as the words say.
        TerminalAway: it is not connected.
        NotSimulated: a card can't be put on this one.
        BadInput: a door is opened by `doors.open_door`; or the card can't have this number.
    """
    row = _terminal(tx.conn, terminal_id)
    actor.require(Right.RUN_TERMINALS, row.site_id)
    if kind is CommandKind.OPEN:
        raise BadInput("A door is opened where it is seen.", field="kind")
    if row.password_hash is None:
        raise TerminalAway("No device is this terminal now, so it is not connected. Make a code.")
    arguments: dict[str, Any] = {}
    if kind is CommandKind.TAP:
        if not row.simulated:
            raise NotSimulated
        arguments = {"uid": _card(uid)}
    _require_there(row)
    return give(tx, actor, now, row, kind, arguments)


def open_remotely(
    tx: Tx,
    actor: Actor,
    now: datetime,
    place: Any,
    *,
    person_id: int | None = None,
    reason: str | None = None,
) -> int:
    """Have a door opened by the terminal that serves it; the command's id. For those whose right
    is beyond doubt; `place` is a door as `claims.door` has it.

    Raises:
        NoTerminal: none opens this door.
        TerminalAway: the one that does is not connected.
    """
    row = opener_of(tx.conn, place.bank_id, place.number)
    if row is None:
        raise NoTerminal
    _require_there(row)
    arguments = {"locker": place.number, "label": label(place.prefix, place.number)}
    about = {"bank_id": place.bank_id, "locker_id": place.id}
    return give(
        tx, actor, now, row, CommandKind.OPEN, arguments,
        person_id=person_id, reason=reason or None, **about,
    )  # fmt: skip


def give(
    tx: Tx,
    actor: Actor,
    now: datetime,
    row: Any,
    kind: CommandKind,
    arguments: dict[str, Any],
    *,
    bank_id: int | None = None,
    locker_id: int | None = None,
    person_id: int | None = None,
    reason: str | None = None,
) -> int:
    """Give a terminal (a row with `id` and `site_id`) a command; its id. A bridge sends it once
    this is committed."""
    values = {
        "uid": new_id(),
        "site_id": row.site_id,
        "terminal_id": row.id,
        "kind": kind.value,
        "locker_id": locker_id,
        "arguments": arguments,
        "status": CommandStatus.GIVEN.value,
        "note": "",
        "made_at": now,
        "expires_at": now + COMMAND_LIVES,
        "due_at": now + COMMAND_LIVES,
    }
    key = tx.conn.execute(insert(terminal_command).values(values)).inserted_primary_key
    assert key is not None
    fact = CommandGiven(
        site_id=row.site_id,
        terminal_id=row.id,
        command_id=key[0],
        command=kind,
        bank_id=bank_id,
        locker_id=locker_id,
        person_id=person_id,
        reason=reason,
    )
    tx.record(fact, actor, now)
    return key[0]


def claim(tx: Tx, actor: Actor, now: datetime, *, command_ids: list[Id]) -> list[Claimed]:
    """Take these commands to be sent, as far as nobody else did and they are not too old. The
    system's: a bridge does it, and sends them only once this is committed.

    Raises:
        NotAllowed: somebody else asks.
    """
    if actor.kind is not ActorKind.SYSTEM:
        raise NotAllowed
    claimed = (
        update(terminal_command)
        .where(
            _C.id.in_(command_ids),
            _C.status == CommandStatus.GIVEN.value,
            _OPEN,
            _C.expires_at > now,
        )
        .values(status=CommandStatus.SENT.value, sent_at=now, due_at=now + DONE_WITHIN)
        .returning(*_MOVED, _C.uid, _C.arguments, _C.expires_at)
    )
    rows = sorted(tx.conn.execute(claimed).all(), key=lambda row: row.id)
    for row in rows:
        _record(tx, now, row, CommandStatus.SENT)
    return [
        Claimed(row.uid, row.terminal_id, CommandKind(row.kind), row.arguments, row.expires_at)
        for row in rows
    ]


def moved(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    uid: str,
    status: CommandStatus,
    note: str = "",
) -> bool:
    """A terminal says how far its command has come; whether that is news. For `terminal_reports`,
    which knows that it is this terminal's to say."""
    terminal_id = actor.require_terminal()
    values: dict[str, Any] = {"status": status.value, "note": note[:MAX_NOTE]}
    if status is CommandStatus.ACCEPTED:
        values["accepted_at"] = now
    if status in _ENDS:
        values |= {"ended_at": now, "due_at": None}
    this = (
        update(terminal_command)
        .where(
            _C.uid == uid,
            _C.terminal_id == terminal_id,
            _C.status.in_([before.value for before in _BEFORE[status]]),
        )
        .values(values)
        .returning(*_MOVED)
    )
    row = tx.conn.execute(this).first()
    if row is None:
        return False
    _record(tx, now, row, status, actor)
    return True


def run_commands(tx: Tx, now: datetime) -> int:
    """End the commands whose time is over, at most a batch; how many."""
    due = select(_C.id).where(_OPEN, _C.due_at <= now).order_by(_C.due_at, _C.id).limit(BATCH)
    return _end(tx, SYSTEM, now, _C.id.in_(due))


def give_up(tx: Tx, actor: Actor, now: datetime, terminal_id: int) -> int:
    """End all open commands of a terminal that may speak no more; how many."""
    return _end(tx, actor, now, _C.terminal_id == terminal_id)


def next_deadline(conn: Connection) -> datetime | None:
    """When the time of a command is over next; None without any."""
    return _NEXT.value(conn)


def _end(tx: Tx, actor: Actor, now: datetime, which: Any) -> int:
    """What was never sent expired; what was sent timed out."""
    over = case(
        (_C.status == CommandStatus.GIVEN.value, CommandStatus.EXPIRED.value),
        else_=CommandStatus.TIMED_OUT.value,
    )
    ended = (
        update(terminal_command)
        .where(which, _OPEN)
        .values(status=over, ended_at=now, due_at=None)
        .returning(*_MOVED, _C.status)
    )
    rows = sorted(tx.conn.execute(ended).all(), key=lambda row: row.id)
    for row in rows:
        _record(tx, now, row, CommandStatus(row.status), actor)
    return len(rows)


def _record(tx: Tx, now: datetime, row: Any, status: CommandStatus, actor: Actor = SYSTEM) -> None:
    bank_id = None
    if row.locker_id is not None:
        bank_id = _BANK_OF.value(tx.conn, locker_id=row.locker_id)
    fact = CommandMoved(
        site_id=row.site_id,
        terminal_id=row.terminal_id,
        command_id=row.id,
        command=CommandKind(row.kind),
        status=status,
        bank_id=bank_id,
        locker_id=row.locker_id,
    )
    tx.record(fact, actor, now)


def _terminal(conn: Connection, terminal_id: int) -> Any:
    row = _ONE.first(conn, terminal_id=terminal_id)
    if row is None:
        raise NotFound("This terminal does not exist, or no longer.")
    return row


def _require_there(row: Any) -> None:
    if row.state != TerminalState.ONLINE.value:
        raise TerminalAway


def _card(text: str) -> str:
    """The number of a card, as terminals write it: 4, 7 or 10 bytes in hex."""
    number = text.replace(":", "").replace(" ", "").upper()
    if len(number) not in (8, 14, 20) or not set(number) <= set("0123456789ABCDEF"):
        raise BadInput(
            "The number of a card has 4, 7 or 10 bytes, such as 04A1B2C3D4E5F6.", field="uid"
        )
    return number


_MOVED = (_C.id, _C.site_id, _C.terminal_id, _C.kind, _C.locker_id)
_ONE = Statement(
    select(_T.id, _T.site_id, _T.state, _T.simulated, _T.password_hash).where(
        _T.id == bindparam("terminal_id"), _T.archived_at.is_(None)
    )
)
_BANK_OF = Statement(
    select(bank.c.id)
    .join(locker, locker.c.bank_id == bank.c.id)
    .where(locker.c.id == bindparam("locker_id"))
)
_NEXT = Statement(select(func.min(_C.due_at)).where(_OPEN))

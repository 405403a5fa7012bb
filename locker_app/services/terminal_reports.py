"""What terminals say, other than taps: that they are there, what they are, what they did, what is
broken, and how far a command has come.

Each is a command of the terminal that says it. Facts from its outbox come with the id of their
message as idempotency key, so that saying one again changes nothing more and gets the same answer.
Who is no terminal any more is refused; all else that can't be right is taken as it is said and
raised as an alert, for the terminal can do nothing about it.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import Field
from sqlalchemy import Connection, bindparam, or_, select, true, update

from edge.protocol import FaultOf
from locker_app.db.statement import Statement
from locker_app.db.tables import assignment, bank, card, locker, terminal, terminal_command
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import SYSTEM, Actor
from locker_app.domain.errors import NotAllowed, TerminalRevoked
from locker_app.domain.lockers import label
from locker_app.domain.terminal_facts import (
    DoorMoved,
    DoorOpened,
    OpenedOffline,
    TerminalHeard,
)
from locker_app.domain.terminals import (
    SEEN_EVERY,
    STALE_AFTER,
    AlertKind,
    CommandStatus,
    TerminalState,
)
from locker_app.services.alerts import raise_alert, settle_alert
from locker_app.services.commands import moved
from locker_app.services.ids import Flag, When

R = TypeVar("R")
Number = Annotated[int, Field(strict=True, ge=1, le=99_999)]
Count = Annotated[int, Field(strict=True, ge=0, le=2**53)]
Times = Annotated[int, Field(strict=True, ge=1, le=10**6)]
Word = Annotated[str, Field(strict=True, max_length=200)]
Cards = Annotated[list[Word], Field(min_length=1, max_length=4)]

_T, _A = terminal.c, assignment.c
_SPEAKING = (
    *(_T.id, _T.site_id, _T.bank_id, _T.name, _T.kind, _T.mode, _T.state, _T.boot, _T.seq),
    *(_T.version, _T.reader, _T.display, _T.simulated, _T.served, _T.cfg_seen, _T.relays),
    *(_T.password_hash, _T.revoked_at, _T.archived_at, _T.pin_needed, _T.seen_at),
)
_SPEAKER = Statement(select(*_SPEAKING).where(_T.id == bindparam("terminal_id")))
_COUNTED = Statement(
    update(terminal)
    .where(_T.id == bindparam("this_id"), _T.seq < bindparam("this_seq"))
    .values(seq=bindparam("this_seq"), seen_at=bindparam("now", type_=_T.seen_at.type))
)
_DOOR = Statement(
    select(locker.c.id, locker.c.number, locker.c.bank_id, bank.c.prefix)
    .join(bank, bank.c.id == locker.c.bank_id)
    .where(
        locker.c.bank_id == bindparam("bank_id"),
        locker.c.number == bindparam("number"),
        locker.c.retired_at.is_(None),
    )
)


def speaker(conn: Connection, actor: Actor) -> Any:
    """The row of the terminal that speaks, if it may.

    Raises:
        NotAllowed: it is none.
        TerminalRevoked: it may speak no more.
    """
    row = _SPEAKER.first(conn, terminal_id=actor.require_terminal())
    if row is None:
        raise NotAllowed
    if row.password_hash is None or row.revoked_at is not None or row.archived_at is not None:
        raise TerminalRevoked
    return row


def counted(work: Work[R], terminal_id: int, seq: int, now: datetime) -> Work[R]:
    """The same work, and in the same transaction the number of the fact counts as applied."""

    def attempt(tx: Tx) -> R:
        answer = work.attempt(tx)
        _COUNTED.count(tx.conn, this_id=terminal_id, this_seq=seq, now=now)
        return answer

    return replace(work, attempt=attempt)


def heard(tx: Tx, actor: Actor, now: datetime, *, state: TerminalState, boot: Count) -> bool:
    """A terminal is there, or not any more; whether that is news. What comes from before its
    present start, such as an old last will, is none. That one is lost of which nothing was heard
    since it was provisioned is the last will of the device that it was before: the starts of that
    one don't count, or a new one whose clock is not set would never be heard."""
    row = speaker(tx.conn, actor)
    changed = (
        update(terminal)
        .where(
            _T.id == row.id,
            true() if state is not TerminalState.LOST else _T.state != TerminalState.NEW.value,
            or_(_T.boot < boot, (_T.boot == boot) & (_T.state != state.value)),
        )
        .values(state=state.value, state_at=now, boot=boot, seen_at=now)
    )
    if tx.conn.execute(changed).rowcount == 0:
        return False
    fact = TerminalHeard(
        site_id=row.site_id, terminal_id=row.id, state=state, boot=boot, version=row.version
    )
    tx.record(fact, actor, now)
    return True


def lost(tx: Tx, actor: Actor, now: datetime, *, boot: Count) -> bool:
    """Nothing was heard of a terminal for long, whose broker would have told of it; whether that
    is news: not if it started again since."""
    row = speaker(tx.conn, actor)
    this = update(terminal).where(
        _T.id == row.id, _T.boot == boot, _T.state == TerminalState.ONLINE.value
    )
    if tx.conn.execute(this.values(state=TerminalState.LOST.value, state_at=now)).rowcount == 0:
        return False
    fact = TerminalHeard(
        site_id=row.site_id,
        terminal_id=row.id,
        state=TerminalState.LOST,
        boot=boot,
        version=row.version,
    )
    tx.record(fact, SYSTEM, now)
    return True


def seen(tx: Tx, actor: Actor, now: datetime) -> None:
    """A terminal was heard of; kept to the few seconds."""
    terminal_id = actor.require_terminal()
    this = update(terminal).where(_T.id == terminal_id)
    tx.conn.execute(
        this.where(or_(_T.seen_at.is_(None), _T.seen_at < now - SEEN_EVERY)).values(seen_at=now)
    )


def announced(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    boot: Count,
    version: Word,
    reader: Word,
    display: Word,
    served: Annotated[list[Number], Field(max_length=500)],
    simulated: Flag,
    cfg: Count,
) -> bool:
    """A terminal says what it is; whether that is news."""
    row = speaker(tx.conn, actor)
    values = {
        "version": version,
        "reader": reader,
        "display": display,
        "served": served,
        "simulated": simulated,
        "cfg_seen": min(cfg, 2**31 - 1),
    }
    if boot < row.boot or all(getattr(row, name) == value for name, value in values.items()):
        return False
    tx.conn.execute(update(terminal).where(_T.id == row.id).values(seen_at=now, **values))
    state = TerminalState(row.state)
    fact = TerminalHeard(
        site_id=row.site_id, terminal_id=row.id, state=state, boot=row.boot, version=version
    )
    tx.record(fact, actor, now)
    return True


def opened(tx: Tx, actor: Actor, now: datetime, *, number: Number, re: Word | None = None) -> bool:
    """A relay was pulsed for a door, after an answer or a command `re`; whether the door is known.
    If `re` is a command to open, that is done by this."""
    row = speaker(tx.conn, actor)
    door = _door(tx.conn, row, number)
    if re is not None and _is_open_command(tx.conn, row.id, re):
        moved(tx, actor, now, uid=re, status=CommandStatus.DONE)
    if door is None:
        return False
    settle_alert(tx, actor, now, terminal=row, kind=AlertKind.STUCK, subject=str(door.id))
    fact = DoorOpened(
        site_id=row.site_id, terminal_id=row.id, bank_id=row.bank_id, locker_id=door.id
    )
    tx.record(fact, actor, now)
    return True


def door_moved(tx: Tx, actor: Actor, now: datetime, *, number: Number, is_open: Flag) -> bool:
    """The contact of a door says that it was opened or shut; whether the door is known."""
    row = speaker(tx.conn, actor)
    door = _door(tx.conn, row, number)
    if door is None:
        return False
    fact = DoorMoved(
        site_id=row.site_id,
        terminal_id=row.id,
        bank_id=row.bank_id,
        locker_id=door.id,
        is_open=is_open,
    )
    tx.record(fact, actor, now)
    return True


def fault(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    of: FaultOf,
    over: Flag = False,
    number: Number | None = None,
    text: Word = "",
) -> bool:
    """Something of a terminal is broken, or works again; whether an alert was raised or cleared."""
    row = speaker(tx.conn, actor)
    door = None if number is None else _door(tx.conn, row, number)
    stuck = of is FaultOf.DOOR and door is not None
    kind = AlertKind.STUCK if stuck else AlertKind.FAULT
    subject = str(door.id) if stuck and door is not None else f"{of.value}:{number or ''}"
    if over:
        return settle_alert(tx, actor, now, terminal=row, kind=kind, subject=subject)
    raise_alert(
        tx,
        actor,
        now,
        terminal=row,
        kind=kind,
        subject=subject,
        bank_id=None if door is None else row.bank_id,
        locker_id=None if door is None else door.id,
        details={"of": of.value, "door": number, "text": text},
    )
    return True


def opened_offline(
    tx: Tx,
    actor: Actor,
    now: datetime,
    *,
    card: Cards,
    number: Number,
    at: When | None = None,
    grants: Count = 0,
) -> bool:
    """Somebody opened the own door by a grant while the server was away, at `at`, if the terminal
    knew the time; whether it was that person's at that time, as far as is known here. If not, it
    is shown as a conflict."""
    row = speaker(tx.conn, actor)
    door = _door(tx.conn, row, number)
    person_id = _holder_of_card(tx.conn, card)
    if door is not None:
        fact = OpenedOffline(
            site_id=row.site_id,
            terminal_id=row.id,
            bank_id=row.bank_id,
            locker_id=door.id,
            person_id=person_id,
            happened_at=at,
        )
        tx.record(fact, actor, now)
    if door is not None and person_id is not None and _had(tx.conn, door.id, person_id, at or now):
        return True
    raise_alert(
        tx,
        actor,
        now,
        terminal=row,
        kind=AlertKind.CONFLICT,
        subject=f"offline:{number}:{person_id or ''}",
        bank_id=None if door is None else row.bank_id,
        locker_id=None if door is None else door.id,
        person_id=person_id,
        details={
            "what": "offline_open",
            "locker": number if door is None else label(door.prefix, number),
            "at": None if at is None else at.isoformat(),
        },
    )
    return False


def result(
    tx: Tx, actor: Actor, now: datetime, *, uid: Word, status: CommandStatus, note: Word = ""
) -> bool:
    """A terminal says how far a command has come; whether that is news."""
    row = speaker(tx.conn, actor)
    if status not in _SAID:
        return False
    return moved(tx, Actor(actor.kind, row.id), now, uid=uid, status=status, note=note)


def missed(tx: Tx, actor: Actor, now: datetime, *, after: Count, before: Count) -> None:
    """Facts of a terminal between these numbers did not come in time."""
    row = speaker(tx.conn, actor)
    details = {"after": after, "before": before}
    raise_alert(tx, actor, now, terminal=row, kind=AlertKind.GAP, details=details)


def bad_messages(tx: Tx, actor: Actor, now: datetime, *, count: Times, why: Word) -> None:
    """A terminal said what nobody understands, so many times since this was told last; the alert
    counts all of them."""
    row = speaker(tx.conn, actor)
    kind, details = AlertKind.BAD_MESSAGES, {"why": why}
    raise_alert(tx, actor, now, terminal=row, kind=kind, details=details, times=count)


def unknown_fact(tx: Tx, actor: Actor, now: datetime, *, kind: Word, why: Word = "") -> None:
    """A terminal, perhaps newer than this server, says a fact of a kind that is not known here, or
    in which something is not known: `why`. It is counted, and the terminal need not say it again:
    what comes after it would wait for ever."""
    row = speaker(tx.conn, actor)
    why = why or "a report of a kind that this server does not know, as it is older"
    details = {"why": f"{kind}: {why}"}
    raise_alert(tx, actor, now, terminal=row, kind=AlertKind.BAD_MESSAGES, details=details)


def clock_is_wrong(
    tx: Tx, actor: Actor, now: datetime, *, off_seconds: Annotated[int, Field(strict=True)]
) -> None:
    """A terminal's clock is ahead of ours by so much, or, if negative, behind; right again within
    `STALE_AFTER`."""
    row = speaker(tx.conn, actor)
    if abs(off_seconds) <= STALE_AFTER.total_seconds():
        settle_alert(tx, actor, now, terminal=row, kind=AlertKind.CLOCK)
        return
    details = {"off_seconds": off_seconds}
    raise_alert(tx, actor, now, terminal=row, kind=AlertKind.CLOCK, details=details)


_SAID = frozenset(
    {
        CommandStatus.ACCEPTED,
        CommandStatus.DONE,
        CommandStatus.REJECTED,
        CommandStatus.EXPIRED,
    }
)


def _door(conn: Connection, row: Any, number: int) -> Any | None:
    if row.bank_id is None:
        return None
    return _DOOR.first(conn, bank_id=row.bank_id, number=number)


def _is_open_command(conn: Connection, terminal_id: int, uid: str) -> bool:
    c = terminal_command.c
    this = select(c.id).where(c.uid == uid, c.terminal_id == terminal_id, c.kind == "open")
    return conn.scalar(this) is not None


def _holder_of_card(conn: Connection, numbers: list[str]) -> int | None:
    c = card.c
    this = select(c.person_id).where(c.number.in_(numbers), c.person_id.is_not(None))
    return conn.scalar(this.limit(1))


def _had(conn: Connection, locker_id: int, person_id: int, at: datetime) -> bool:
    this = select(_A.id).where(
        _A.locker_id == locker_id,
        _A.person_id == person_id,
        _A.assigned_at <= at,
        or_(_A.released_at.is_(None), _A.released_at > at),
    )
    return conn.scalar(this.limit(1)) is not None

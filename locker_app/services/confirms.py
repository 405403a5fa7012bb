"""Taps confirmed with the PIN: where a terminal has it so, a card alone opens nothing, and its
holder enters the PIN on the phone, within a minute, signed in.

`confirm_tap` runs in a thread for hashing, as signing in does; wrong PINs count as there.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from locker_app.db.tables import card, person, tap_confirm
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor
from locker_app.domain.errors import (
    BadInput,
    CardIsRevoked,
    ConfirmOver,
    NothingToConfirm,
    NotSignedIn,
    NumberLocked,
    PinNotChosen,
    WrongPin,
)
from locker_app.domain.facts import Refused
from locker_app.domain.people import MAX_SECRET_LENGTH, Tries, is_text
from locker_app.domain.taps import TapVerdict
from locker_app.domain.terminals import CommandKind
from locker_app.queries.people import secret_of_person
from locker_app.services import card_rows, commands, confirm_rows, taps
from locker_app.services.command import Call, command
from locker_app.services.ids import Flag
from locker_app.services.people import count_try
from locker_app.services.secrets import secret_matches
from locker_app.services.sessions import identify
from locker_app.services.sign_in import Door

_T = tap_confirm.c


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What came of a tap once it was confirmed."""

    verdict: TapVerdict
    """Assigned, or yours."""
    label: str
    """Of the locker."""
    opens: bool
    """Whether the terminal was told to open it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A confirmed tap, or, without, how many wrong PINs may follow."""

    confirmed: Confirmed | None
    tries_left: int = 0


def confirm_tap(place: Door, call: Call, pin: str) -> Confirmed:
    """Confirm one's own tap with the PIN: what it asked for is done, and its terminal opens.

    Raises:
        NotSignedIn, NotAllowed, BadInput, PinNotChosen: as the words say.
        NothingToConfirm, ConfirmOver: no tap waits, or not any more.
        WrongPin, NumberLocked: as at a sign-in, and counted with those.
        CardIsRevoked, TerminalRevoked: meanwhile.
        Otherwise as `lockers.take_locker`.
    """
    if not pin or len(pin) > MAX_SECRET_LENGTH or not is_text(pin):
        raise BadInput("Please enter your PIN.", field="pin")
    person_id = place.db.read(lambda conn: _who(conn, call)).require_person()
    known = place.db.read(lambda conn: secret_of_person(conn, person_id))
    if known is None or known.archived:
        raise NotSignedIn
    if known.hash is None:
        raise PinNotChosen
    if Tries(known.failed_tries, known.locked_until).locked(call.now):
        raise NumberLocked
    place.db.read(lambda conn: _waiting(conn, person_id, call.now))
    matched = secret_matches(known.hash, pin)
    settled = place.db.run(command(call, settle_confirm, matched=matched))
    if settled.confirmed is None:
        raise WrongPin(settled.tries_left) if settled.tries_left else NumberLocked
    return settled.confirmed


def settle_confirm(tx: Tx, actor: Actor, now: datetime, *, matched: Flag) -> Settled:
    """Count a right or wrong PIN; for a right one do what the tap asked for. For `confirm_tap`.

    Raises:
        As that, but for a wrong PIN.
    """
    person_id = actor.require_person()
    card_rows.lock_person(tx.conn, person_id)
    waiting = _waiting(tx.conn, person_id, now)
    left = count_try(tx, now, person, person_id, matched=matched)
    if not matched:
        fact = Refused(site_id=None, command="confirm_tap", code="wrong_pin", person_id=person_id)
        tx.record(fact, actor, now)
        return Settled(None, left)
    ground = taps.ground_of(tx.conn, waiting.terminal_id, now)
    who = replace(actor, terminal_id=ground.id)
    row = _card(tx.conn, waiting.card_id, person_id)
    if not confirm_rows.end(tx, who, now, "confirmed", _T.id == waiting.id):
        raise ConfirmOver
    outcome = taps.do_asked(tx, now, ground, who)
    taps.note(tx.conn, row, row.number, ground.id, now, outcome)
    return Settled(_opened(tx, who, now, ground, outcome))


def decline_tap(tx: Tx, actor: Actor, now: datetime) -> bool:
    """Say that one does not want what one's card has just asked for.

    Raises:
        NotSignedIn, NotAllowed: as the words say.
        NothingToConfirm: nothing waits.
    """
    person_id = actor.require_person()
    if not confirm_rows.end(tx, actor, now, "declined", _T.person_id == person_id):
        raise NothingToConfirm
    return True


def _who(conn: Connection, call: Call) -> Actor:
    if call.session_key is None:
        return call.actor
    return identify(conn, call.session_key, call.now)


def _waiting(conn: Connection, person_id: int, now: datetime) -> Any:
    """The tap that waits for this person's PIN."""
    row = conn.execute(
        select(_T.id, _T.terminal_id, _T.card_id, _T.until).where(
            _T.person_id == person_id, _T.ended_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        raise NothingToConfirm
    if row.until <= now:
        raise ConfirmOver
    return row


def _card(conn: Connection, card_id: int, person_id: int) -> Any:
    c = card.c
    this = select(c.id, c.number, c.person_id, c.revoked_at).where(c.id == card_id)
    row = conn.execute(this.with_for_update(key_share=True)).one_or_none()
    if row is None or row.revoked_at is not None or row.person_id != person_id:
        raise CardIsRevoked
    return row


def _opened(tx: Tx, who: Actor, now: datetime, ground: Any, outcome: taps.Outcome) -> Confirmed:
    answer = outcome.answer
    assert answer.label is not None
    if answer.open is not None:
        arguments = {"locker": answer.open, "label": answer.label}
        commands.give(
            tx,
            who,
            now,
            ground,
            CommandKind.OPEN,
            arguments,
            bank_id=outcome.bank_id,
            locker_id=outcome.locker_id,
            person_id=who.id,
        )
    return Confirmed(answer.verdict, answer.label, answer.open is not None)

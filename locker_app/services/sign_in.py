"""Signing in: look up, check the secret outside of any transaction, then settle in one.

These run in an adapter's thread, not on the event loop: a hash takes tens of milliseconds.
"""

from dataclasses import dataclass, replace
from typing import NoReturn

from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import NOBODY, ActorKind
from locker_app.domain.errors import (
    BadInput,
    DomainError,
    InvitationOver,
    NotSignedIn,
    NumberLocked,
    PersonArchived,
    PinAlreadyChosen,
    PinNotChosen,
    UnknownNumber,
    WrongPassword,
    WrongPin,
)
from locker_app.domain.facts import Refused
from locker_app.domain.people import (
    MAX_SECRET_LENGTH,
    Tries,
    check_password,
    check_pin,
    is_text,
    normalise_number,
)
from locker_app.queries.people import Secret, person_secret, staff_secret, staff_view
from locker_app.queries.staff import invited_by
from locker_app.services.command import Call, command
from locker_app.services.people import (
    SignedIn,
    choose_first_pin,
    count_password,
    settle_person_sign_in,
    settle_staff_sign_in,
)
from locker_app.services.secrets import TokenKeys, hash_secret, secret_matches
from locker_app.services.sessions import identify, key_of
from locker_app.services.staff import accept_invitation, change_password
from locker_app.services.visitors import claim_all


@dataclass(frozen=True, slots=True)
class Door:
    """What signing in needs: the database and the keys that sign tokens."""

    db: Database
    keys: TokenKeys


def has_pin(door: Door, call: Call, number: str) -> bool:
    """Whether the person with this enrolment number has chosen a PIN yet.

    Raises:
        BadInput, UnknownNumber: as the words say; an unknown one is kept in the history.
    """
    return _known(door, call, number).hash is not None


def sign_in_person(door: Door, call: Call, number: str, pin: str) -> str:
    """Sign in with enrolment number and PIN; the opaque session id for the token.

    Raises:
        BadInput, UnknownNumber, PinNotChosen, WrongPin, NumberLocked: as the words say.
    """
    known = _known(door, call, number)
    if known.hash is None:
        _refuse(door, call, PinNotChosen(), person_id=known.id)
    matched = _matches(door, call, known, pin)
    opaque_id = door.keys.session_id_for(call.request_id, "person", number, pin)
    settle = command(
        _anonymous(call),
        settle_person_sign_in,
        person_id=known.id,
        matched=matched,
        session_key=key_of(opaque_id),
    )
    settled = door.db.run(_with_tickets(settle, call, known.id))
    if settled.session_id is None:
        raise WrongPin(settled.tries_left) if settled.tries_left else NumberLocked
    return opaque_id


def choose_pin(door: Door, call: Call, number: str, pin: str) -> str:
    """Choose the first PIN and sign in; the opaque session id for the token.

    Raises:
        BadInput, UnknownNumber, PinAlreadyChosen: as the words say.
    """
    known = _known(door, call, number)
    check_pin(pin)
    opaque_id = door.keys.session_id_for(call.request_id, "person", number, pin)
    if known.hash is None and _was_first(door, call, known.id, pin, opaque_id):
        return opaque_id
    if not _opened_before(door, call, opaque_id, known.id):
        _refuse(door, call, PinAlreadyChosen(), person_id=known.id)
    return opaque_id  # the same request once more: only who sent it can name this session


def sign_in_staff(door: Door, call: Call, login: str, password: str, *, address: str = "") -> str:
    """Sign in with login and password, from an address; the opaque session id for the token.

    Raises:
        WrongPassword: or no such login; which of the two is not said.
        NumberLocked: too many wrong ones.
    """
    login = login.strip().lower()
    possible = len(login) < 100 and login.isprintable()
    known = door.db.read(lambda conn: staff_secret(conn, login)) if possible else None
    if known is None:
        _check_secret(password)
        secret_matches(None, password)
        _refuse(door, call, WrongPassword())
    matched = _matches(door, call, known, password)
    opaque_id = door.keys.session_id_for(call.request_id, "staff", login, password)
    settled = door.db.run(
        command(
            _anonymous(call),
            settle_staff_sign_in,
            staff_id=known.id,
            matched=matched,
            session_key=key_of(opaque_id),
            address=address,
        )
    )
    if settled.session_id is None:
        raise WrongPassword if settled.tries_left else NumberLocked
    return opaque_id


def enter_by_invitation(
    door: Door, call: Call, link: str, password: str, *, address: str = ""
) -> str:
    """Choose a password by a link that was sent, and sign in; the opaque session id.

    Raises:
        BadInput: the password can't be one.
        InvitationOver: the link was used, is too old, or never was.
    """
    key = invitation_key(link)
    if door.db.read(lambda conn: invited_by(conn, key, call.now)) is None:
        raise InvitationOver
    hashed = hash_secret(check_new_password(password))
    opaque_id = door.keys.session_id_for(None)
    work = command(
        replace(_anonymous(call), request_id=None),
        accept_invitation,
        key=key,
        password_hash=hashed,
        session_key=key_of(opaque_id),
        address=address,
    )
    door.db.run(work)
    return opaque_id


def change_own_password(door: Door, call: Call, old: str, new: str) -> None:
    """Give the staff member who asks another password, for the old one.

    Raises:
        NotSignedIn: nobody with a staff account.
        WrongPassword, NumberLocked: the old one is not right; wrong ones count as at a sign-in.
        BadInput: the new one can't be one.
    """
    actor = door.db.read(lambda conn: identify(conn, call.session_key or "", call.now))
    login = None
    if actor.kind is ActorKind.STAFF and actor.id is not None:
        login = door.db.read(lambda conn: staff_view(conn, actor.id or 0))
    known = login and door.db.read(lambda conn: staff_secret(conn, login.login))
    if not known:
        raise NotSignedIn
    check_new_password(new)
    matched = _matches(door, call, known, old)
    counted = command(
        _anonymous(replace(call, request_id=None)),
        count_password,
        staff_id=known.id,
        matched=matched,
    )
    left = door.db.run(counted)
    if not matched:
        raise WrongPassword if left else NumberLocked
    door.db.run(command(call, change_password, password_hash=hash_secret(new)))


def check_new_password(password: str) -> str:
    """The password, when it can be one.

    Raises:
        BadInput: it can't.
    """
    if not is_text(password):
        raise BadInput("These characters can't be kept.", field="password")
    return check_password(password)


def invitation_key(link: str) -> str:
    """What the table keeps of what a link has."""
    return key_of("invitation " + link[:MAX_SECRET_LENGTH])


def _known(door: Door, call: Call, number: str) -> Secret:
    number = normalise_number(number)
    known = door.db.read(lambda conn: person_secret(conn, number))
    if known is None:
        _refuse(door, call, UnknownNumber())
    if known.archived:
        _refuse(door, call, PersonArchived(), person_id=known.id)
    return known


def _matches(door: Door, call: Call, known: Secret, secret: str) -> bool:
    """Whether the secret is right; refused before it is looked at while the account is locked."""
    _check_secret(secret)
    if Tries(known.failed_tries, known.locked_until).locked(call.now):
        _refuse(door, call, NumberLocked())
    return secret_matches(known.hash, secret)


def _check_secret(secret: str) -> None:
    if not secret or len(secret) > MAX_SECRET_LENGTH or not is_text(secret):
        raise BadInput("Please enter it in full.", field="secret")


def _was_first(door: Door, call: Call, person_id: int, pin: str, opaque_id: str) -> bool:
    """Set the first PIN; false when somebody was quicker, perhaps this same request."""
    work = command(
        replace(_anonymous(call), request_id=None),
        choose_first_pin,
        person_id=person_id,
        pin_hash=hash_secret(pin),
        session_key=key_of(opaque_id),
    )
    try:
        door.db.run(replace(_with_tickets(work, call, person_id), on_refusal=None))
    except PinAlreadyChosen:
        return False
    return True


def _with_tickets(work: Work[SignedIn], call: Call, person_id: int) -> Work[SignedIn]:
    """The same work, and in the same transaction the tickets that this browser's visitor has taken
    become the person's. That is no part of the command: a repeated one may come from a browser
    that is no visitor's any more."""

    def attempt(tx: Tx) -> SignedIn:
        settled = work.attempt(tx)
        if settled.session_id is not None:
            claim_all(tx, call.now, call.session_key, person_id)
        return settled

    return replace(work, attempt=attempt)


def _opened_before(door: Door, call: Call, opaque_id: str, person_id: int) -> bool:
    if call.request_id is None:
        return False
    actor = door.db.read(lambda conn: identify(conn, key_of(opaque_id), call.now))
    return actor.kind is ActorKind.PERSON and actor.id == person_id


def _anonymous(call: Call) -> Call:
    """The call as nobody's: whoever signs in is not yet who they say, whatever cookie they have."""
    return replace(call, session_key=None)


def _refuse(
    door: Door, call: Call, refusal: DomainError, *, person_id: int | None = None
) -> NoReturn:
    """Keep a refused sign-in in the history, without what was entered, and refuse it."""

    def attempt(tx: Tx) -> None:
        fact = Refused(site_id=None, command="sign_in", code=refusal.code, person_id=person_id)
        tx.record(fact, NOBODY, call.now)

    door.db.run(Work(attempt, Trace(call.origin, call.request_id)))
    raise refusal

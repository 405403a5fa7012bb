"""Signing in and out in any order, right and wrong, with time, beside a model."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, select

from locker_app.db.database import Database
from locker_app.db.tables import person, staff
from locker_app.domain.actors import ActorKind
from locker_app.domain.errors import DomainError, WrongPin
from locker_app.services.command import command
from locker_app.services.people import reset_pin
from locker_app.services.secrets import TokenKeys
from locker_app.services.sessions import (
    PERSON_SESSION,
    STAFF_SESSION,
    identify,
    key_of,
    renew,
    sign_out,
    sign_out_everywhere,
)
from locker_app.services.sign_in import Door, choose_pin, has_pin, sign_in_person, sign_in_staff
from tests.stateful.conftest import of_examples
from tests.world import PASSWORD, Clock, World

PINS = ("2580", "7193")
LOCK = timedelta(minutes=15)
WHO = st.integers(0, 2)
"""Two persons, and one of the staff."""


@dataclass
class Account:
    kind: ActorKind
    id: int
    name: str
    secret: str | None
    failed: int = 0
    locked_until: datetime | None = None


@dataclass
class Session:
    account: Account
    opaque_id: str
    expires: datetime
    ended: bool = False


@dataclass
class Model:
    accounts: list[Account]
    sessions: list[Session] = field(default_factory=list)


class SignInMachine(RuleBasedStateMachine):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.door = Door(world.db, TokenKeys(("a key",)))
        self.admin = world.staff()
        people = [who.id or 0 for who in world.people(2)]
        numbers = {row.id: row.number for row in world.rows(person)}
        accounts = [Account(ActorKind.PERSON, one, numbers[one], None) for one in people]
        (member,) = world.rows(staff)
        accounts.append(Account(ActorKind.STAFF, member.id, member.login, PASSWORD))
        self.model = Model(accounts)

    def teardown(self) -> None:
        self.world.db.close()

    def enter(self, way: Callable[..., str], account: Account, secret: str) -> str:
        """Try; `ok` and a new session in the model, or the code of the refusal."""
        try:
            opaque_id = way(self.door, self.world.call(), account.name, secret)
        except DomainError as refusal:
            tries = f" {str(refusal).split()[2]}" if isinstance(refusal, WrongPin) else ""
            return refusal.code + tries
        lasts = PERSON_SESSION if account.kind is ActorKind.PERSON else STAFF_SESSION
        self.model.sessions.append(Session(account, opaque_id, self.world.clock.now + lasts))
        return "ok"

    @rule(who=st.integers(0, 1), pin=st.sampled_from([*PINS, "1111", "12"]))
    def choose(self, who: int, pin: str) -> None:
        account = self.model.accounts[who]
        outcome = self.enter(choose_pin, account, pin)
        if pin not in PINS:
            assert outcome == "bad_input"
        elif account.secret is not None:
            assert outcome == "pin_already_chosen"
        else:
            assert outcome == "ok"
            account.secret, account.failed, account.locked_until = pin, 0, None

    @rule(who=WHO, right=st.booleans())
    def sign_in(self, who: int, right: bool) -> None:
        account, now = self.model.accounts[who], self.world.clock.now
        secret = account.secret or PINS[0] if right else "9876"
        is_person = account.kind is ActorKind.PERSON
        way = sign_in_person if is_person else sign_in_staff
        outcome = self.enter(way, account, secret)
        if account.secret is None:
            assert outcome == "pin_not_chosen"
        elif account.locked_until is not None and now < account.locked_until:
            assert outcome == "number_locked"
        elif right:
            assert outcome == "ok"
            account.failed, account.locked_until = 0, None
        else:
            account.failed, account.locked_until = account.failed + 1, None
            if account.failed == 5:
                account.failed, account.locked_until = 0, now + LOCK
                assert outcome == "number_locked"
            else:
                wrong = f"wrong_pin {5 - account.failed}" if is_person else "wrong_password"
                assert outcome == wrong

    @rule(who=WHO)
    def guess_until_locked(self, who: int) -> None:
        for _ in range(5):
            self.sign_in(who, right=False)

    @rule(who=st.integers(0, 1))
    def reset(self, who: int) -> None:
        account = self.model.accounts[who]
        self.world.run(self.admin, reset_pin, number=account.name, reason="forgot it")
        account.secret, account.failed, account.locked_until = None, 0, None
        for session in self.model.sessions:
            session.ended |= session.account is account

    @rule(minutes=st.sampled_from([1, 14, 15, 16, 60 * 11, 60 * 24 * 13]))
    def time_goes_by(self, minutes: int) -> None:
        self.world.clock.advance(minutes=minutes)

    def act(self, which: int, fn: Callable[..., Any]) -> tuple[Session, Any]:
        session = self.model.sessions[which % len(self.model.sessions)]
        call = replace(self.world.call(), session_key=key_of(session.opaque_id))
        return session, self.world.db.run(command(call, fn))

    def alive(self, session: Session) -> bool:
        return not session.ended and self.world.clock.now < session.expires

    @precondition(lambda self: self.model.sessions)
    @rule(which=st.integers(0, 20))
    def out(self, which: int) -> None:
        session, answer = self.act(which, sign_out)
        assert answer == self.alive(session)
        session.ended |= answer

    @precondition(lambda self: self.model.sessions)
    @rule(which=st.integers(0, 20))
    def out_everywhere(self, which: int) -> None:
        session, answer = self.act(which, sign_out_everywhere)
        assert answer == self.alive(session)
        if answer:
            for other in self.model.sessions:
                other.ended |= other.account is session.account

    @precondition(lambda self: self.model.sessions)
    @rule(which=st.integers(0, 20))
    def renew(self, which: int) -> None:
        session, answer = self.act(which, renew)
        if self.alive(session):
            is_person = session.account.kind is ActorKind.PERSON
            session.expires = self.world.clock.now + (
                PERSON_SESSION if is_person else STAFF_SESSION
            )
            assert answer == session.expires
        else:
            assert answer is None

    @invariant()
    def all_fits(self) -> None:
        self.world.db.read(self.compare)
        for account in self.model.accounts[:2]:
            known = has_pin(self.door, self.world.call(), account.name)
            assert known == (account.secret is not None)

    def compare(self, conn: Connection) -> None:
        for session in self.model.sessions:
            actor = identify(conn, key_of(session.opaque_id), self.world.clock.now)
            whose = (session.account.kind, session.account.id)
            seen = (actor.kind, actor.id)
            assert seen == (whose if self.alive(session) else (ActorKind.NOBODY, None))
        for account in self.model.accounts:
            table = person if account.kind is ActorKind.PERSON else staff
            row = conn.execute(select(table).where(table.c.id == account.id)).one()
            assert (row.failed_tries, row.locked_until) == (account.failed, account.locked_until)


EXAMPLES = {"sqlite": 12, "postgresql": 3}


def test_signing_in(kind: str, fresh_database: Callable[[], Database]) -> None:
    class Machine(SignInMachine):
        def __init__(self) -> None:
            super().__init__(World(fresh_database(), Clock()))

    run_state_machine_as_test(Machine, settings=of_examples(EXAMPLES[kind]))

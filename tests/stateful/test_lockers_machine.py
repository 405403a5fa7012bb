"""All commands on lockers in any order, with doubles, strangers, bad ids and time, beside a model.

After each step the answers, the tables, the log and what everybody sees must fit the model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from locker_app.db.database import Database
from locker_app.db.tables import assignment, event, wait
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, ActorKind, Role
from locker_app.domain.errors import DomainError
from locker_app.domain.lockers import OverdueAction
from locker_app.queries.mine import claims_of, waits_of
from locker_app.services.expiry import KEEP_ANSWERS, forget_old_answers, next_deadline, run_due
from locker_app.services.lockers import (
    force_release,
    give_back,
    put_back_in_service,
    take_locker,
    take_out_of_service,
)
from locker_app.services.people import change_preferences
from locker_app.services.waiting import (
    Taken,
    join_waiting,
    leave_waiting,
    take_held,
)
from tests import invariants
from tests.conftest import BOTH
from tests.folding import folded, stored
from tests.postgresql import Cluster
from tests.stateful.model import Bank, Claim, Door, Model, Place, Refusal
from tests.world import Clock, World

UNKNOWN = 9_999
PEOPLE = st.integers(0, 4)
INDEX = st.integers(0, 30)
"""Which of those there are, counted around."""
KEY = st.sampled_from([None, None, None, "a", "b"])
FLAG = st.booleans()


@dataclass(frozen=True)
class Asked:
    """A command as it was sent, and what it is in the model."""

    actor: Actor
    fn: Callable[..., Any]
    arguments: tuple[tuple[str, Any], ...]
    model: Callable[[Model], Any]
    key: str | None = None

    @property
    def request(self) -> Any:
        return self.fn, self.arguments

    @property
    def whose_key(self) -> Any:
        return self.actor.kind, self.actor.id, self.key


class LockersMachine(RuleBasedStateMachine):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        one, two = world.site(), world.site(lockers_per_person=2, hold_minutes=5)
        self.banks = [
            world.bank(one, count=3, accessible=1),
            world.bank(one, count=2, limit_minutes=60, overdue_action=OverdueAction.RELEASE),
            world.bank(two, count=3, accessible=2, limit_minutes=30),
        ]
        self.people = world.people(5)
        self.admin, self.admin_of_one = world.staff(), world.staff(Role.ADMIN, one)
        self.viewer = world.staff(Role.VIEWER)
        ten, five, hour = (timedelta(minutes=minutes) for minutes in (10, 5, 60))
        banks = [
            Bank(self.banks[0], one, 1, ten, None, "notify"),
            Bank(self.banks[1], one, 1, ten, hour, "release"),
            Bank(self.banks[2], two, 2, five, timedelta(minutes=30), "notify"),
        ]
        doors = [
            Door(door_id, number, bank, accessible=number <= low)
            for bank, low in zip(banks, (1, 0, 2), strict=True)
            for number, door_id in enumerate(world.locker_ids(bank.id), 1)
        ]
        self.model = Model({bank.id: bank for bank in banks}, {door.id: door for door in doors})
        self.doors = [door.id for door in doors]
        self.kept: dict[Any, tuple[Asked, Any, Any]] = {}
        self.keyed: list[Asked] = []

    def teardown(self) -> None:
        self.world.db.close()

    # Sending a command, and what must come of it.

    def ask(
        self,
        actor: Actor,
        fn: Callable[..., Any],
        model: Callable[[Model], Any],
        key: str | None = None,
        **arguments: Any,
    ) -> None:
        self.send(Asked(actor, fn, tuple(arguments.items()), model, key))

    def send(self, asked: Asked) -> None:
        mark = self.world.mark()
        answer, said = self.answer(asked)
        kinds = self.world.kinds(mark)
        before = self.kept.get(asked.whose_key) if asked.key else None
        if any(value == 0 and value is not False for _, value in asked.arguments):
            assert (said, kinds) == ("bad_input", []), "what can't be an id does not come so far"
        elif before is not None and before[0].request != asked.request:
            assert (said, kinds) == ("key_reused", [])
        elif before is not None:
            assert (answer, said, kinds) == (*before[1:], [])
        else:
            self.first_time(asked, answer, said, kinds)

    def first_time(self, asked: Asked, answer: Any, said: Any, kinds: list[str]) -> None:
        trial = self.model.tried()
        try:
            expected = asked.model(trial)
        except Refusal as refusal:
            assert said == str(refusal)
            assert kinds == ["Refused"]
        else:
            assert said == expected
            assert "Refused" not in kinds
            self.model = trial
        if asked.key:
            self.kept[asked.whose_key] = (asked, answer, said)
            self.keyed.append(asked)

    def answer(self, asked: Asked) -> tuple[Any, Any]:
        """The answer as it is, and what the model can say of it."""
        arguments = dict(asked.arguments)
        try:
            if asked.key is None:
                answer = self.world.run(asked.actor, asked.fn, **arguments)
            else:
                answer = self.world.repeat(asked.key, asked.actor, asked.fn, **arguments)
        except DomainError as refusal:
            return None, refusal.code
        if asked.fn is join_waiting:
            assert isinstance(answer, int)
            return answer, None
        return answer, answer.label if isinstance(answer, Taken) else answer

    # Ids, from the tables to the model.

    def bank_id(self, index: int) -> int:
        return [*self.banks, *self.banks, UNKNOWN, 0][index % 8]

    def claim_at(self, index: int) -> tuple[int, Callable[[Model], Claim | None]]:
        """A claim's id, of one that is, was or never will be; how to find it in the model."""
        rows = [*self.world.rows(assignment, released_at=None)] * 3
        rows += self.world.rows(assignment)[-3:]
        if not rows or index == 30:
            return UNKNOWN, lambda model: None
        row = rows[index % len(rows)]
        if row.released_at is not None:
            return row.id, lambda model: None
        return row.id, lambda model: model.claim_on(model.doors[row.locker_id])

    def place_at(self, index: int) -> tuple[int, Callable[[Model], Place | None]]:
        rows = [*self.world.rows(wait, ended_at=None)] * 3 + self.world.rows(wait)[-2:]
        if not rows or index == 30:
            return UNKNOWN, lambda model: None
        row = rows[index % len(rows)]

        def find(model: Model) -> Place | None:
            mine = (p for p in model.line if (p.person, p.bank.id) == (row.person_id, row.bank_id))
            return next(mine, None) if row.ended_at is None else None

        return row.id, find

    def number(self, index: int) -> int:
        return self.people[index].id or 0

    # Rules: what persons do.

    @rule(who=PEOPLE, bank=INDEX, low=FLAG, key=KEY)
    def take(self, who: int, bank: int, low: bool, key: str | None) -> None:
        bank_id, now = self.bank_id(bank), self.world.clock.now
        self.ask(
            self.people[who],
            take_locker,
            lambda model: model.take(self.number(who), bank_id, low, now),
            key,
            bank_id=bank_id,
            accessible=low,
        )

    @rule(who=PEOPLE, bank=INDEX)
    def take_any(self, who: int, bank: int) -> None:
        self.take(who, bank % 3, low=False, key=None)

    @rule(who=PEOPLE, claim=INDEX, key=KEY)
    def back(self, who: int, claim: int, key: str | None) -> None:
        claim_id, find = self.claim_at(claim)
        now = self.world.clock.now
        self.ask(
            self.people[who],
            give_back,
            lambda model: model.back(self.number(who), find(model), now),
            key,
            assignment_id=claim_id,
        )

    @precondition(lambda self: self.model.claims)
    @rule(claim=INDEX)
    def owner_gives_back(self, claim: int) -> None:
        claims = self.world.open_claims()
        index = claim % len(claims)
        who = [person.id for person in self.people].index(claims[index].person_id)
        self.back(who, index, key=None)

    @rule(who=PEOPLE, bank=INDEX, low=FLAG, key=KEY)
    def join(self, who: int, bank: int, low: bool, key: str | None) -> None:
        bank_id, now = self.bank_id(bank), self.world.clock.now
        self.ask(
            self.people[who],
            join_waiting,
            lambda model: model.join(self.number(who), bank_id, low, now),
            key,
            bank_id=bank_id,
            accessible=low,
        )

    @rule(who=PEOPLE, place=INDEX, key=KEY)
    def leave(self, who: int, place: int, key: str | None) -> None:
        wait_id, find = self.place_at(place)
        now = self.world.clock.now
        self.ask(
            self.people[who],
            leave_waiting,
            lambda model: model.leave(self.number(who), find(model), now),
            key,
            wait_id=wait_id,
        )

    @rule(who=PEOPLE, claim=INDEX, key=KEY)
    def take_the_one_held(self, who: int, claim: int, key: str | None) -> None:
        claim_id, find = self.claim_at(claim)
        row = next((one for one in self.world.rows(assignment, id=claim_id)), None)
        now, person = self.world.clock.now, self.number(who)

        def expected(model: Model) -> str:
            ended = row is not None and row.released_at is not None
            if ended and row.person_id == person and row.assigned_at is None:
                raise Refusal("hold_lapsed")
            return model.take_held(person, find(model), now)

        self.ask(self.people[who], take_held, expected, key, assignment_id=claim_id)

    @precondition(lambda self: any(claim.since is None for claim in self.model.claims))
    @rule(which=INDEX, accept=FLAG)
    def answer_an_offer(self, which: int, accept: bool) -> None:
        holds = [row for row in self.world.open_claims() if row.assigned_at is None]
        row = holds[which % len(holds)]
        who = [person.id for person in self.people].index(row.person_id)
        if accept:
            index = [claim.id for claim in self.world.open_claims()].index(row.id)
            self.take_the_one_held(who, index, None)
        else:
            index = [place.assignment_id for place in self.world.open_waits()].index(row.id)
            self.leave(who, index, None)

    @rule(who=PEOPLE, low=FLAG, near=FLAG)
    def prefer(self, who: int, low: bool, near: bool) -> None:
        self.ask(
            self.people[who],
            change_preferences,
            lambda model: model.prefer(self.number(who), low, near),
            accessible=low,
            near_last=near,
        )

    # What staff do, and who may not.

    def staff_at(self, door_id: int, staff: int) -> tuple[Actor, Callable[[Model], Door]]:
        """Who acts, and the door if they may act on it."""
        actor = [self.admin, self.admin, self.admin_of_one, self.viewer, self.people[0], NOBODY][
            staff % 6
        ]

        def allowed(model: Model) -> Door:
            door = model.door(door_id)
            if actor is NOBODY:
                raise Refusal("not_signed_in")
            elsewhere = door.bank.site != self.admin_of_one.roles[0][0]
            if actor not in (self.admin, self.admin_of_one) or (
                actor is self.admin_of_one and elsewhere
            ):
                raise Refusal("not_allowed")
            return door

        return actor, allowed

    def door_id(self, index: int) -> int:
        return [*self.doors, *self.doors, UNKNOWN, 0][index % 18]

    @rule(staff=INDEX, door=INDEX, claim=st.none() | INDEX, reason=st.sampled_from(["x", " "]))
    def force(self, staff: int, door: int, claim: int | None, reason: str) -> None:
        door_id, now = self.door_id(door), self.world.clock.now
        actor, allowed = self.staff_at(door_id, staff)
        shown = None if claim is None else self.claim_at(claim)
        arguments: dict[str, Any] = {} if shown is None else {"assignment_id": shown[0]}

        def expected(model: Model) -> str:
            place = allowed(model)
            if not reason.strip():
                raise Refusal("reason_needed")
            current = model.claim_on(place)
            if shown is not None and shown[1](model) is not current:
                raise Refusal("nothing_held")
            return model.force(place, current, now)

        self.ask(
            actor, force_release, expected, None, locker_id=door_id, reason=reason, **arguments
        )

    @rule(staff=INDEX, door=INDEX, reason=st.sampled_from(["x", "x", ""]), key=KEY)
    def out_of_service(self, staff: int, door: int, reason: str, key: str | None) -> None:
        door_id, now = self.door_id(door), self.world.clock.now
        actor, allowed = self.staff_at(door_id, staff)

        def expected(model: Model) -> str:
            place = allowed(model)
            if not reason:
                raise Refusal("reason_needed")
            return model.out_of_service(place, now)

        self.ask(actor, take_out_of_service, expected, key, locker_id=door_id, reason=reason)

    @rule(staff=INDEX, door=INDEX, key=KEY)
    def in_service(self, staff: int, door: int, key: str | None) -> None:
        door_id, now = self.door_id(door), self.world.clock.now
        actor, allowed = self.staff_at(door_id, staff)
        self.ask(
            actor,
            put_back_in_service,
            lambda model: model.in_service(allowed(model), now),
            key,
            locker_id=door_id,
        )

    @precondition(lambda self: any(door.out_of_service for door in self.model.doors.values()))
    @rule(which=INDEX)
    def repair(self, which: int) -> None:
        broken = [door.id for door in self.model.doors.values() if door.out_of_service]
        self.in_service(0, self.doors.index(broken[which % len(broken)]), None)

    @rule(stranger=st.sampled_from(["nobody", "system", "staff"]), what=INDEX, index=INDEX)
    def stranger(self, stranger: str, what: int, index: int) -> None:
        """Who is no person has no lockers and no places in lists."""
        actor = {"nobody": NOBODY, "system": SYSTEM, "staff": self.admin}[stranger]
        claim_id, place_id = self.claim_at(index)[0], self.place_at(index)[0]
        fn, arguments = [
            (take_locker, {"bank_id": self.banks[0]}),
            (join_waiting, {"bank_id": self.banks[0]}),
            (give_back, {"assignment_id": claim_id}),
            (take_held, {"assignment_id": claim_id}),
            (leave_waiting, {"wait_id": place_id}),
            (change_preferences, {"accessible": True, "near_last": True}),
        ][what % 6]

        def expected(model: Model) -> None:
            raise Refusal("not_signed_in" if actor is NOBODY else "not_allowed")

        self.ask(actor, fn, expected, **arguments)

    # What time does, and doubles.

    @rule(minutes=st.sampled_from([1, 4, 5, 10, 15, 30, 60]))
    def time_goes_by(self, minutes: int) -> None:
        self.world.clock.advance(minutes=minutes)

    @rule(twice=FLAG)
    def timer(self, twice: bool) -> None:
        now = self.world.clock.now
        for _ in range(1 + twice):
            self.ask(SYSTEM, run_due, lambda model: model.run_due(now))
        assert self.model.run_due(now) == 0

    @precondition(lambda self: self.keyed)
    @rule(which=st.integers(0, 1000))
    def the_same_request_again(self, which: int) -> None:
        self.send(self.keyed[which % len(self.keyed)])

    @precondition(lambda self: self.kept)
    @rule()
    def a_week_later(self) -> None:
        self.world.clock.now += KEEP_ANSWERS + timedelta(seconds=1)
        self.ask(SYSTEM, forget_old_answers, lambda model: len(self.kept))
        self.kept.clear()
        self.keyed.clear()

    # After each step.

    @invariant()
    def the_tables_fit_the_model(self) -> None:
        claims = {
            (
                row.locker_id,
                row.person_id,
                row.assigned_at,
                row.held_until,
                row.due_at,
                row.reminded_at is not None,
                row.overdue_at is not None,
            )
            for row in self.world.open_claims()
        }
        doors = {row.id: row.locker_id for row in self.world.open_claims()}
        line = [
            (row.person_id, row.bank_id, row.accessible, doors.get(row.assignment_id))
            for row in self.world.open_waits()
        ]
        broken = set(stored(self.world).out_of_service)
        assert (claims, line, broken) == self.model.facts()

    @invariant()
    def everybody_sees_what_the_model_says(self) -> None:
        now = self.world.clock.now
        for bank_id, bank in self.model.banks.items():
            doors = [door for door in self.model.doors.values() if door.bank.id == bank_id]
            view = self.world.view(bank_id)
            assert view.doors == "".join(self.model.letter(door, now) for door in doors)
            assert len(view.line) == len(self.model.waiting(bank))
        assert self.world.db.read(next_deadline) == self.model.next_deadline()

    @invariant()
    def each_sees_their_own(self) -> None:
        now = self.world.clock.now
        for who in self.people:
            person = who.id or 0
            mine = self.world.db.read(lambda conn: claims_of(conn, person, now))  # noqa: B023
            seen = {(claim.bank_id, claim.label, claim.status.value) for claim in mine}
            assert seen == {
                (c.door.bank.id, f"A{c.door.number}", self.as_seen_by_the_holder(c))
                for c in self.model.claims
                if c.person == person and (c.held_until is None or c.held_until > now)
            }
            places = self.world.db.read(lambda conn: waits_of(conn, person))  # noqa: B023
            assert [(place.bank_id, place.ahead) for place in places] == [
                (p.bank.id, self.model.waiting(p.bank).index(p))
                for p in self.model.line
                if p.person == person and p.offered is None
            ]

    def as_seen_by_the_holder(self, claim: Claim) -> str:
        if claim.since is None:
            return "r"
        return "o" if claim.due is not None and claim.due <= self.world.clock.now else "h"

    @invariant()
    def nothing_contradicts_itself(self) -> None:
        invariants.check(self.world)

    @invariant()
    def the_log_gives_the_tables(self) -> None:
        assert folded(self.world) == stored(self.world)


EXAMPLES = {"sqlite": 40, "postgresql": 10}


@pytest.mark.parametrize("kind", BOTH)
def test_lockers(
    kind: str, new_database_url: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    url = new_database_url("postgresql") if kind == "postgresql" else ""

    def start() -> LockersMachine:
        if kind == "sqlite":
            return LockersMachine(World(Database(new_database_url("sqlite")), Clock()))
        cluster: Cluster = request.getfixturevalue("cluster")
        cluster.empty(url.split("/")[3].split("?")[0])
        return LockersMachine(World(Database(url), Clock()))

    run_state_machine_as_test(
        start,
        settings=settings(
            max_examples=EXAMPLES[kind],
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


def test_events_name_nobody(world: World) -> None:
    """A log that is kept for years holds ids: nobody's name or number."""
    bank_id = world.bank(count=1)
    who, _ = world.fill(bank_id)[0]
    world.join(world.person(), bank_id)
    for row in world.rows(event):
        assert "Person" not in str(row.details)
        assert "CS0" not in str(tuple(row))
    assert who.kind is ActorKind.PERSON

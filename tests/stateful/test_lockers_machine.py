"""All commands on lockers in any order, with doubles, strangers, bad ids and time, beside a model.

After each step the answers, the tables, the log and what everybody sees must fit the model.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection

from locker_app.db.database import Database
from locker_app.db.tables import event, locker
from locker_app.domain.actors import NOBODY, SYSTEM, Actor, ActorKind, Role
from locker_app.domain.banks import DoorPlan
from locker_app.domain.errors import DomainError
from locker_app.domain.lockers import OverdueAction
from locker_app.queries import mine as queries
from locker_app.queries.lockers import BankView, bank_view
from locker_app.queries.mine import claims_of, waits_of
from locker_app.services.banks import (
    DoorsChanged,
    archive_bank,
    change_doors,
    renumber_bank,
    restore_bank,
)
from locker_app.services.doors import extend_time, note_locker, open_door
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
from tests.folding import Row, Tables, events_after, fold
from tests.stateful.conftest import of_examples
from tests.stateful.many import RulesOfMany
from tests.stateful.model import Bank, Claim, Door, Model, Place, Refusal
from tests.world import Clock, World

UNKNOWN = 9_999
PEOPLE = st.integers(0, 3)
INDEX = st.integers(0, 30)
"""Which of those there are, counted around."""
BANKS = st.integers(0, 3)
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


@dataclass(frozen=True)
class Now:
    """What the database says after a step, and what one of the persons sees."""

    tables: Tables = field(default_factory=Tables)
    views: list[BankView] = field(default_factory=list)
    deadline: datetime | None = None
    who: int = 0
    claims: list[queries.Claim] = field(default_factory=list)
    waits: list[queries.Waiting] = field(default_factory=list)

    @property
    def open_claims(self) -> list[Row]:
        return [row for row in self.tables.assignments.values() if row["released_at"] is None]

    @property
    def open_waits(self) -> list[Row]:
        return [row for row in self.tables.waits.values() if row["ended_at"] is None]


class LockersMachine(RulesOfMany, RuleBasedStateMachine):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        one, two = world.site(), world.site(lockers_per_person=2, hold_minutes=5)
        self.banks = [
            world.bank(one, count=2, accessible=1),
            world.bank(one, count=1, limit_minutes=60, overdue_action=OverdueAction.RELEASE),
            world.bank(two, count=2, accessible=1, limit_minutes=30),
            world.bank(two, count=1),
        ]
        self.people = world.people(4)
        self.admin, self.admin_of_one = world.staff(), world.staff(Role.ADMIN, one)
        self.viewer = world.staff(Role.VIEWER)
        ten, five, hour = (timedelta(minutes=minutes) for minutes in (10, 5, 60))
        banks = [
            Bank(self.banks[0], one, 1, ten, None, "notify"),
            Bank(self.banks[1], one, 1, ten, hour, "release"),
            Bank(self.banks[2], two, 2, five, timedelta(minutes=30), "notify"),
            Bank(self.banks[3], two, 2, five, None, "notify"),
        ]
        doors = [
            Door(door_id, number, bank, accessible=number <= low)
            for bank, low in zip(banks, (1, 0, 1, 0), strict=True)
            for number, door_id in enumerate(world.locker_ids(bank.id), 1)
        ]
        self.model = Model({bank.id: bank for bank in banks}, {door.id: door for door in doors})
        self.doors = [door.id for door in doors]
        self.kept: dict[Any, tuple[Asked, Any, Any]] = {}
        self.keyed: list[Asked] = []
        self.now, self.log, self.read_up_to, self.steps = Now(), Tables(), world.mark(), 0

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
        answer, said = self.answer(asked)
        kinds = self.world.db.read(self.follow)
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

    def follow(self, conn: Connection) -> list[str]:
        """Read on in the log; the kinds of what was added."""
        added = events_after(conn, self.read_up_to)
        fold(added, self.log)
        self.read_up_to = added[-1].id if added else self.read_up_to
        return [row.kind for row in added]

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
        return [*self.banks, *self.banks, UNKNOWN, 0][index % 10]

    def claim_at(self, index: int) -> tuple[int, Callable[[Model], Claim | None]]:
        """A claim's id, of one that is, was or never will be; how to find it in the model."""
        rows = self.now.open_claims * 3 + list(self.now.tables.assignments.values())[-3:]
        if not rows or index == 30:
            return UNKNOWN, lambda model: None
        row = rows[index % len(rows)]
        if row["released_at"] is not None:
            return row["id"], lambda model: None
        return row["id"], lambda model: model.claim_on(model.doors[row["locker_id"]])

    def place_at(self, index: int) -> tuple[int, Callable[[Model], Place | None]]:
        rows = self.now.open_waits * 3 + list(self.now.tables.waits.values())[-2:]
        if not rows or index == 30:
            return UNKNOWN, lambda model: None
        row = rows[index % len(rows)]
        whose = (row["person_id"], row["bank_id"])

        def find(model: Model) -> Place | None:
            mine = (place for place in model.line if (place.person, place.bank.id) == whose)
            return next(mine, None) if row["ended_at"] is None else None

        return row["id"], find

    def number(self, index: int) -> int:
        return self.people[index].id or 0

    def owner(self, row: Row) -> int:
        return [person.id for person in self.people].index(row["person_id"])

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

    @initialize(bank=BANKS, low=PEOPLE)
    def opening_hour(self, bank: int, low: int) -> None:
        self.everybody_wants(bank, low)

    @rule(bank=BANKS, low=PEOPLE)
    def everybody_wants(self, bank: int, low: int) -> None:
        """A rush: all try, and who gets none joins the list; one needs a low door."""
        for who in range(len(self.people)):
            self.take(who, bank, low=who == low, key=None)
            self.join(who, bank, low=who == low, key=None)
            self.all_fits_together()

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
        index = claim % len(self.now.open_claims)
        self.back(self.owner(self.now.open_claims[index]), index, key=None)

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
        row = self.now.tables.assignments.get(claim_id)
        now, person = self.world.clock.now, self.number(who)

        def expected(model: Model) -> str:
            if row is not None and row["released_at"] is not None and row["assigned_at"] is None:
                raise Refusal("hold_lapsed" if row["person_id"] == person else "not_holding")
            return model.take_held(person, find(model), now)

        self.ask(self.people[who], take_held, expected, key, assignment_id=claim_id)

    @precondition(lambda self: any(claim.since is None for claim in self.model.claims))
    @rule(which=INDEX, accept=FLAG)
    def answer_an_offer(self, which: int, accept: bool) -> None:
        holds = [row for row in self.now.open_claims if row["assigned_at"] is None]
        row = holds[which % len(holds)]
        if accept:
            self.take_the_one_held(self.owner(row), self.now.open_claims.index(row), None)
        else:
            offered = [place["assignment_id"] for place in self.now.open_waits]
            self.leave(self.owner(row), offered.index(row["id"]), None)

    @precondition(lambda self: self.model.line)
    @rule(bank=BANKS)
    def the_line_gives_up(self, bank: int) -> None:
        """Whoever waits and was offered nothing yet goes away."""
        for place in self.now.open_waits:
            if place["bank_id"] == self.banks[bank] and place["assignment_id"] is None:
                self.leave(self.owner(place), self.now.open_waits.index(place), None)
                self.all_fits_together()

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
        choices = [*self.doors, *self.doors, UNKNOWN, 0]
        return choices[index % len(choices)]

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
            if current is not None and shown is not None and shown[1](model) is not current:
                raise Refusal("door_changed")
            return model.force(place, current, now)

        self.ask(
            actor, force_release, expected, None, locker_id=door_id, reason=reason, **arguments
        )

    def claim_shown(self, door_id: int) -> int:
        """The claim that a screen shows on the door; the highest id there may be for none, as
        0 stands for what is never sent in these rules."""
        rows = (row["id"] for row in self.now.open_claims if row["locker_id"] == door_id)
        return next(rows, UNKNOWN)

    @rule(
        staff=INDEX,
        door=INDEX,
        reason=st.sampled_from(["x", "x", ""]),
        key=KEY,
        stale=st.none() | FLAG,
    )
    def out_of_service(
        self, staff: int, door: int, reason: str, key: str | None, stale: bool | None
    ) -> None:
        """`stale` says whether the dialog showed another claim; None that it sends none."""
        door_id, now = self.door_id(door), self.world.clock.now
        actor, allowed = self.staff_at(door_id, staff)
        shown = UNKNOWN if stale else self.claim_shown(door_id)
        as_seen = stale is None or shown != UNKNOWN
        arguments = {} if stale is None else {"assignment_id": shown}

        def expected(model: Model) -> str:
            place = allowed(model)
            if not reason:
                raise Refusal("reason_needed")
            return model.out_of_service(place, now, as_seen, compare=stale is not None)

        self.ask(
            actor, take_out_of_service, expected, key, locker_id=door_id, reason=reason, **arguments
        )

    @rule(
        staff=INDEX,
        door=INDEX,
        minutes=st.sampled_from([1, 5, 30, 90]),
        stale=st.none() | FLAG,
        key=KEY,
    )
    def extend(
        self, staff: int, door: int, minutes: int, stale: bool | None, key: str | None
    ) -> None:
        door_id, now = self.door_id(door), self.world.clock.now
        actor, allowed = self.staff_at(door_id, staff)
        shown = UNKNOWN if stale else self.claim_shown(door_id)
        arguments = {} if stale is None else {"assignment_id": shown}
        as_seen, by = stale is None or shown != UNKNOWN, timedelta(minutes=minutes)
        self.ask(
            actor,
            extend_time,
            lambda model: model.extend(allowed(model), as_seen, by, now),
            key,
            locker_id=door_id,
            minutes=minutes,
            **arguments,
        )

    @precondition(lambda self: any(c.due or c.held_until for c in self.model.claims))
    @rule(which=INDEX, minutes=st.sampled_from([5, 30]), twice=FLAG)
    def somebody_gets_longer(self, which: int, minutes: int, twice: bool) -> None:
        """Two who saw the same deadline: the second is refused."""
        rows = [row for row in self.now.open_claims if row["due_at"] or row["held_until"]]
        row, now = rows[which % len(rows)], self.world.clock.now
        deadline = row["due_at"] or row["held_until"]

        def expected(model: Model) -> str:
            door = model.doors[row["locker_id"]]
            claim = model.claim_on(door)
            assert claim is not None
            lapsed = claim.held_until is not None and claim.held_until <= now
            if not lapsed and (claim.held_until or claim.due) != deadline:
                raise Refusal("door_changed")
            return model.extend(door, True, timedelta(minutes=minutes), now)

        for _ in range(1 + twice):
            self.ask(
                self.admin,
                extend_time,
                expected,
                None,
                locker_id=row["locker_id"],
                minutes=minutes,
                assignment_id=row["id"],
                seen_until=deadline,
            )
            self.all_fits_together()

    @rule(
        staff=INDEX,
        door=INDEX,
        note=st.sampled_from(["", "sticks", "key at the desk"]),
        seen=st.sampled_from([None, None, "", "sticks"]),
    )
    def note(self, staff: int, door: int, note: str, seen: str | None) -> None:
        door_id = self.door_id(door)
        actor, allowed = self.staff_at(door_id, staff)
        arguments: dict[str, Any] = {} if seen is None else {"seen": seen}
        self.ask(
            actor,
            note_locker,
            lambda model: model.write_note(allowed(model), note, seen),
            None,
            locker_id=door_id,
            note=note,
            **arguments,
        )

    @rule(staff=INDEX, door=INDEX, reason=st.sampled_from(["x", ""]))
    def open(self, staff: int, door: int, reason: str) -> None:
        door_id = self.door_id(door)
        actor, allowed = self.staff_at(door_id, staff)
        self.ask(
            actor,
            open_door,
            lambda model: model.open(allowed(model), reason),
            None,
            locker_id=door_id,
            reason=reason,
        )

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

    @precondition(lambda self: self.model.claims)
    @rule(which=INDEX)
    def somebodys_door_breaks(self, which: int) -> None:
        claims = self.now.open_claims
        held = [claim for claim in claims if claim["assigned_at"] is None]
        row = (held or claims)[which % len(held or claims)]
        self.out_of_service(0, self.doors.index(row["locker_id"]), "x", None, None)

    @precondition(lambda self: any(door.out_of_service for door in self.model.doors.values()))
    @rule()
    def repairs(self) -> None:
        for door in [door for door in self.model.doors.values() if door.out_of_service]:
            self.in_service(0, self.doors.index(door.id), None)
            self.all_fits_together()

    # What admins set up.

    def set_up(self, bank_id: int, staff: int, *, archived: bool = False) -> tuple[Actor, Any]:
        """Who acts, and what there is of the bank if they may set it up."""
        actor = [self.admin, self.admin, self.admin_of_one, self.viewer, self.people[0], NOBODY][
            staff % 6
        ]

        def allowed(model: Model) -> Bank:
            known = {**model.banks, **{key: bank for key, (bank, _) in model.archived.items()}}
            if bank_id not in known:
                raise Refusal("not_found")
            if actor is NOBODY:
                raise Refusal("not_signed_in")
            elsewhere = known[bank_id].site != self.admin_of_one.roles[0][0]
            if actor not in (self.admin, self.admin_of_one) or (
                actor is self.admin_of_one and elsewhere
            ):
                raise Refusal("not_allowed")
            if bank_id in model.archived and not archived:
                raise Refusal("not_found")
            return known[bank_id]

        return actor, allowed

    @rule(staff=INDEX, bank=INDEX, number=st.integers(1, 3), low=FLAG, stay=FLAG, key=KEY)
    def doors_come_and_go(
        self, staff: int, bank: int, number: int, low: bool, stay: bool, key: str | None
    ) -> None:
        """A door comes, goes, or, with `stay`, is at another height than before."""
        bank_id, now = self.bank_id(bank), self.world.clock.now
        actor, allowed = self.set_up(bank_id, staff)
        wanted = {door.number: door.accessible for door in self.model.doors_of(bank_id)}
        if (stay and number in wanted) or wanted.pop(number, None) is None:
            wanted[number] = low

        def expected(model: Model) -> DoorsChanged:
            there = allowed(model)
            if not wanted:
                raise Refusal("bad_input")
            rows = self.world.rows(locker, bank_id=bank_id, retired_at=None)
            ids = {row.number: row.id for row in rows}
            return DoorsChanged(*model.change_doors(there, wanted, ids, now))

        def written(numbers: Iterable[int]) -> str:
            return ", ".join(map(str, sorted(numbers)))

        plan = DoorPlan(written(wanted), written(n for n, is_low in wanted.items() if is_low))
        self.ask(actor, change_doors, expected, key, bank_id=bank_id, doors=plan)
        self.doors += [door_id for door_id in self.model.doors if door_id not in self.doors]

    @rule(staff=INDEX, bank=INDEX, first=st.sampled_from([1, 2, 11]), key=KEY)
    def renumber(self, staff: int, bank: int, first: int, key: str | None) -> None:
        bank_id, now = self.bank_id(bank), self.world.clock.now
        actor, allowed = self.set_up(bank_id, staff)
        self.ask(
            actor,
            renumber_bank,
            lambda model: model.renumber(allowed(model), first, now),
            key,
            bank_id=bank_id,
            first=first,
        )

    @rule(staff=INDEX, bank=INDEX)
    def archive(self, staff: int, bank: int) -> None:
        bank_id, now = self.bank_id(bank), self.world.clock.now
        actor, allowed = self.set_up(bank_id, staff, archived=True)
        self.ask(
            actor,
            archive_bank,
            lambda model: model.archive(allowed(model).id, now),
            bank_id=bank_id,
        )

    @precondition(lambda self: self.model.archived)
    @rule(staff=INDEX, which=INDEX)
    def restore(self, staff: int, which: int) -> None:
        bank_id = list(self.model.archived)[which % len(self.model.archived)]
        actor, allowed = self.set_up(bank_id, staff, archived=True)
        self.ask(
            actor, restore_bank, lambda model: model.restore(allowed(model).id), bank_id=bank_id
        )

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

    @precondition(lambda self: self.model.next_deadline() is not None)
    @rule(seconds=st.sampled_from([-1, 0, 0]), timer=FLAG)
    def until_something_is_due(self, seconds: int, timer: bool) -> None:
        """To the very moment, or just before."""
        at = self.model.next_deadline() or self.world.clock.now
        self.world.clock.now = max(self.world.clock.now, at + timedelta(seconds=seconds))
        if timer:
            self.timer(twice=False)

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
    def all_fits_together(self) -> None:
        self.now = self.world.db.read(self.look)
        self.compare_with_tables()
        self.compare_with_what_is_seen()
        assert self.log == self.now.tables

    def look(self, conn: Connection) -> "Now":
        """Everything there is to compare, in one transaction."""
        now = self.world.clock.now
        rows = invariants.check_at(conn, now)
        self.steps += 1
        who = self.number(self.steps % len(self.people))
        return Now(
            rows.tables(),
            [view for bank_id in self.banks if (view := bank_view(conn, bank_id, now))],
            next_deadline(conn),
            who,
            claims_of(conn, who, now),
            waits_of(conn, who),
        )

    def compare_with_tables(self) -> None:
        claims = {
            (
                row["locker_id"],
                row["person_id"],
                row["assigned_at"],
                row["held_until"],
                row["due_at"],
                row["reminded_at"] is not None,
                row["overdue_at"] is not None,
            )
            for row in self.now.open_claims
        }
        doors = {row["id"]: row["locker_id"] for row in self.now.open_claims}
        line = [
            (row["person_id"], row["bank_id"], row["accessible"], doors.get(row["assignment_id"]))
            for row in self.now.open_waits
        ]
        broken, noted = set(self.now.tables.out_of_service), set(self.now.tables.noted)
        assert (claims, line, broken, noted) == self.model.facts()

    def compare_with_what_is_seen(self) -> None:
        now = self.world.clock.now
        for view in self.now.views:
            doors = [door for door in self.model.doors.values() if door.bank.id == view.id]
            assert view.doors == "".join(self.model.letter(door, now) for door in doors)
            assert len(view.line) == len(self.model.waiting(self.model.banks[view.id]))
        assert self.now.deadline == self.model.next_deadline()
        assert {(c.bank_id, c.label, c.status.value) for c in self.now.claims} == {
            (c.door.bank.id, f"A{c.door.number}", self.as_seen_by_the_holder(c))
            for c in self.model.claims
            if c.person == self.now.who and (c.held_until is None or c.held_until > now)
        }
        assert [(place.bank_id, place.ahead) for place in self.now.waits] == [
            (p.bank.id, self.model.waiting(p.bank).index(p))
            for p in self.model.line
            if p.person == self.now.who and p.offered is None
        ]

    def as_seen_by_the_holder(self, claim: Claim) -> str:
        if claim.since is None:
            return "r"
        return "o" if claim.due is not None and claim.due <= self.world.clock.now else "h"


EXAMPLES = {"sqlite": 14, "postgresql": 4}


def test_lockers(kind: str, fresh_database: Callable[[], Database]) -> None:
    class Machine(LockersMachine):
        def __init__(self) -> None:
            super().__init__(World(fresh_database(), Clock()))

    run_state_machine_as_test(Machine, settings=of_examples(EXAMPLES[kind]))


def test_events_name_nobody(world: World) -> None:
    """A log that is kept for years holds ids: nobody's name or number."""
    bank_id = world.bank(count=1)
    who, _ = world.fill(bank_id)[0]
    world.join(world.person(), bank_id)
    for row in world.rows(event):
        assert "Person" not in str(row.details)
        assert "CS0" not in str(tuple(row))
    assert who.kind is ActorKind.PERSON

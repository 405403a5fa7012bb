"""Rules of the machine of lockers: people who leave, and many doors at once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import Connection

from locker_app.db.database import Database
from locker_app.db.transaction import Work
from locker_app.domain.actors import NOBODY, Actor
from locker_app.domain.errors import DomainError
from locker_app.services.leaving import archive_person, erase_person, unarchive_person
from locker_app.services.many import Act, Aim, act_on
from tests.stateful.model import Door, Model, Refusal

INDEX = st.integers(0, 30)
PEOPLE = st.integers(0, 3)
FLAG = st.booleans()
HALF_AN_HOUR = timedelta(minutes=30)
REASON = st.sampled_from(["x", "x", ""])


class InTurn:
    """A database that does what is asked at once one after the other, so that it is known who was
    first: what happens side by side is for the tests of races."""

    def __init__(self, db: Database) -> None:
        self.db, self.lock = db, asyncio.Lock()

    async def aread(self, query: Callable[[Connection], Any]) -> Any:
        """As `Database.aread`."""
        return await self.db.aread(query)

    async def arun(self, work: Work[Any]) -> Any:
        """As `Database.arun`, when nothing else is being done."""
        async with self.lock:
            return await self.db.arun(work)


class RulesOfMany:
    """What admins do to people and to many doors while lockers are given and given back."""

    # Of the machine.
    ask: Any
    world: Any
    people: Any
    doors: Any
    model: Any
    kept: Any
    keyed: Any
    admin: Any
    admin_of_one: Any
    viewer: Any
    door_id: Any
    staff_at: Any
    number: Any
    follow: Any
    now: Any

    # People who leave.

    def may_manage(self, actor: Actor) -> None:
        """Refuse those who are no admins of all sites."""
        if actor is NOBODY:
            raise Refusal("not_signed_in")
        if actor is not self.admin:
            raise Refusal("not_allowed")

    @rule(staff=INDEX, who=PEOPLE, release=FLAG, reason=REASON, erase=FLAG)
    def somebody_leaves(
        self, staff: int, who: int, release: bool, reason: str, erase: bool
    ) -> None:
        """Archived, or erased, in whose place comes somebody new."""
        now, person = self.world.clock.now, self.number(who)
        few = [self.admin, self.admin, self.admin, self.admin_of_one, self.viewer, NOBODY]
        actor = few[staff % 6]

        def expected(model: Model) -> bool:
            self.may_manage(actor)
            if person in model.left and not erase:
                return False
            model.leaves(person, release, reason, now)
            if erase:
                model.prefer(person, low=False, near=False)
                model.left.discard(person)
            return True

        before = self.model
        fn = erase_person if erase else archive_person
        self.ask(actor, fn, expected, person_id=person, release=release, reason=reason)
        if erase and self.model is not before:
            self.replace(who)

    def replace(self, who: int) -> None:
        gone = self.people[who]
        mine = [key for key in self.kept if key[:2] == (gone.kind, gone.id)]
        for key in mine:
            del self.kept[key]
        self.keyed[:] = [asked for asked in self.keyed if asked.actor != gone]
        self.people[who] = self.world.person()
        self.world.db.read(self.follow)

    @precondition(lambda self: self.model.left)
    @rule(who=PEOPLE)
    def comes_back(self, who: int) -> None:
        person = self.number(who)

        def expected(model: Model) -> bool:
            was = person in model.left
            model.left.discard(person)
            return was

        self.ask(self.admin, unarchive_person, expected, person_id=person)

    # Many doors at once.

    @rule(
        staff=INDEX,
        act=st.sampled_from([Act.RELEASE, Act.OUT, Act.BACK, Act.EXTEND, Act.OPEN]),
        which=st.lists(INDEX, min_size=1, max_size=3, unique=True),
        reason=REASON,
        seen=FLAG,
    )
    def many(self, staff: int, act: Act, which: list[int], reason: str, seen: bool) -> None:
        """Each door on its own, one after the other, as with one command for each."""
        ids = list(dict.fromkeys(door for i in which if (door := self.door_id(i))))
        if not ids:
            return
        actor = self.staff_at(ids[0], staff)[0]
        compares = seen and act in (Act.RELEASE, Act.EXTEND)
        shown = {row["locker_id"]: row["id"] for row in self.now.open_claims if compares}
        call, db = self.world.call(actor), cast(Database, InTurn(self.world.db))
        aims = [Aim(door, shown.get(door)) for door in ids]
        reason = "x" if act in (Act.RELEASE, Act.OUT) else reason

        try:
            became = asyncio.run(act_on(db, call, act, aims, reason=reason, minutes=30))
            said = [one.code or one.label for one in became]
        except DomainError as refusal:
            said = [refusal.code]
        kinds = self.world.db.read(self.follow)
        expected = [self.one_of_many(act, door, staff, reason) for door in ids]
        alone = not actor.roles or actor is self.viewer  # who may nowhere is refused once
        refused = sum(not one.startswith("A") for one in expected)
        if alone or set(expected) == {"not_allowed"}:
            expected = expected[:1]
        assert said == expected
        assert kinds.count("Refused") == (1 if alone else refused)

    def one_of_many(self, act: Act, door_id: int, staff: int, reason: str) -> str:
        """What the model says of one of them; it stays changed."""
        allowed, now = self.staff_at(door_id, staff)[1], self.world.clock.now
        doing: dict[Act, Callable[[Model, Door], str]] = {
            Act.RELEASE: lambda model, door: model.force(door, None, now),
            Act.OUT: lambda model, door: model.out_of_service(door, now, True, compare=False),
            Act.BACK: lambda model, door: model.in_service(door, now),
            Act.EXTEND: lambda model, door: model.extend(door, True, HALF_AN_HOUR, now),
            Act.OPEN: lambda model, door: model.open(door, reason),
        }
        trial = self.model.tried()
        try:
            label = doing[act](trial, allowed(trial))
        except Refusal as refusal:
            return str(refusal)
        self.model = trial
        return label

"""Cards at a gate, an entrance and a bank's terminal in any order, told at once, late or twice,
with phones, staff and time, beside a model."""

from collections.abc import Callable
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

from locker_app.db.database import Database
from locker_app.db.tables import event, visit
from locker_app.domain.actors import Actor
from locker_app.domain.errors import DomainError
from locker_app.services.lockers import force_release
from locker_app.services.taps import take_tap
from locker_app.services.visits import end_visit
from tests import invariants_visits
from tests.stateful.conftest import of_examples
from tests.taps import Readers
from tests.world import Clock, World

DOORS = 2
LONGEST = timedelta(minutes=90)
BY_TAP = ("tapped_out", "late_tap")
WHO = st.integers(0, 2)
AGO = st.sampled_from([0, 0, 0, 3, 60, 600, 3000])


@dataclass
class Stay:
    came: datetime
    left: datetime | None = None
    cause: str | None = None


@dataclass
class Claim:
    door: int
    since: datetime


@dataclass
class Someone:
    actor: Actor
    card: str
    stays: list[Stay] = field(default_factory=list)
    claim: Claim | None = None
    last: tuple[int, datetime, str, Claim | None] | None = None
    """Terminal, when, verdict, and of which claim."""

    @property
    def inside(self) -> Stay | None:
        return next((stay for stay in self.stays if stay.left is None), None)

    def release(self, since: datetime, until: datetime) -> bool:
        """What was taken during a visit is given back."""
        if self.claim is None or not since <= self.claim.since <= until:
            return False
        self.claim = None
        return True

    def leave(self, stay: Stay, at: datetime, cause: str) -> None:
        stay.left, stay.cause = at, cause
        self.release(stay.came, at)


class TapsMachine(RuleBasedStateMachine):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.readers = world, Readers(world)
        self.site = world.site()
        self.bank = world.bank(self.site, count=DOORS)
        self.terminal = self.readers.terminal(self.site, self.bank)
        self.gates = [
            self.readers.terminal(self.site),
            self.readers.terminal(self.site, mode="in"),
            self.readers.terminal(self.site, mode="out"),
        ]
        self.staff = world.staff()
        self.people = [Someone(who, f"card {n}") for n, who in enumerate(world.people(3))]
        for one in self.people:
            self.readers.link(one.actor, one.card)
        self.needed = False
        self.told: list[tuple[str, Actor, dict[str, Any], Any]] = []

    def teardown(self) -> None:
        self.world.db.close()

    @initialize(needed=st.booleans())
    def rules_of_visits(self, needed: bool) -> None:
        self.needed = needed
        minutes = int(LONGEST.total_seconds() // 60)
        self.readers.rules(self.site, visit_needed=needed, max_minutes=minutes)

    def say(self, at: Actor, who: Someone, ago: float) -> str:
        """A terminal tells of a tap; the verdict."""
        key = f"message-{len(self.told)}"
        told = self.readers.told(at, who.card, ago=ago)
        answer = self.world.repeat(key, at, take_tap, **told)
        self.told.append((key, at, told, answer))
        return answer.verdict.value

    def seen(self, who: Someone, at: Actor, ago: float, verdict: str) -> None:
        when = self.world.clock.now - timedelta(seconds=ago)
        if who.last is None or when >= who.last[1]:
            who.last = (at.id or 0, when, verdict, who.claim)

    @rule(who=WHO, ago=AGO)
    def tap_at_the_bank(self, who: int, ago: float) -> None:
        one = self.people[who]
        expected = "stale" if ago > 10 else self.expect_at_bank(one, ago)
        assert self.say(self.terminal, one, ago) == expected
        self.seen(one, self.terminal, ago, expected)

    def expect_at_bank(self, one: Someone, ago: float) -> str:
        now = self.world.clock.now
        if one.claim is not None:
            if one.last is not None:
                place, at, verdict, claim = one.last
                since = now - timedelta(seconds=ago) - at
                shown = place == self.terminal.id and verdict == "yours" and claim is one.claim
                if shown and timedelta(0) <= since <= timedelta(seconds=30):
                    one.claim = None
                    return "released"
            return "yours"
        if self.needed and one.inside is None:
            return "denied"
        return "full" if self.take(one) is None else "assigned"

    def take(self, one: Someone) -> int | None:
        taken = {other.claim.door for other in self.people if other.claim}
        free = [door for door in range(1, DOORS + 1) if door not in taken]
        if not free:
            return None
        one.claim = Claim(free[0], self.world.clock.now)
        return free[0]

    @rule(who=WHO, gate=st.integers(0, 2), ago=AGO)
    def tap_at_a_gate(self, who: int, gate: int, ago: float) -> None:
        one, at = self.people[who], self.gates[gate]
        when = self.world.clock.now - timedelta(seconds=ago)
        last = one.last
        if (
            last is not None
            and last[0] == at.id
            and last[2] in ("in", "out")
            and abs(when - last[1]) < timedelta(seconds=5)
        ):
            expected = last[2]
        elif ago > 10:
            expected = self.expect_late(one, ("gate", "in", "out")[gate], when)
        else:
            expected = self.expect_at_gate(one, ("gate", "in", "out")[gate])
        assert self.say(at, one, ago) == expected
        self.seen(one, at, ago, expected)

    def expect_at_gate(self, one: Someone, mode: str) -> str:
        now, stay = self.world.clock.now, one.inside
        if mode == "in" or (mode == "gate" and stay is None):
            if stay is not None:
                return "denied"
            one.stays.append(Stay(now))
            return "in"
        if stay is not None:
            one.leave(stay, now, "tapped_out")
        elif one.stays:
            before = max(one.stays, key=lambda other: other.came)
            if before.cause not in BY_TAP and before.left is not None:
                one.release(before.came, before.left)
        return "out"

    def expect_late(self, one: Someone, mode: str, at: datetime) -> str:
        begun = [stay for stay in one.stays if stay.came <= at]
        then = max(begun, key=lambda stay: stay.came, default=None)
        was_inside = then is not None and (then.left is None or then.left > at)
        later = any(s.came > at or (s.left is not None and s.left > at) for s in one.stays)
        if mode == "out" or (mode == "gate" and was_inside):
            if then is None or (later and not was_inside):
                return "stale"
            if then.left is None:
                one.leave(then, at, "late_tap")
                return "out"
            untapped = then.cause not in BY_TAP
            return "out" if untapped and one.release(then.came, min(then.left, at)) else "stale"
        if was_inside or later:
            return "stale"
        one.stays.append(Stay(at))
        return "in"

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        key, at, told, answer = data.draw(st.sampled_from(self.told))
        mark = self.world.mark()
        assert self.world.repeat(key, at, take_tap, **told) == answer
        assert self.world.mark() == mark

    @rule(who=WHO)
    def press(self, who: int) -> None:
        """On the phone: get a locker, or give it back."""
        one = self.people[who]
        mine = [row for row in self.world.open_claims() if row.person_id == one.actor.id]
        if one.claim is not None:
            self.world.give_back(one.actor, _Taken(mine[0].id))  # pyright: ignore[reportArgumentType]
            one.claim = None
        elif self.needed and one.inside is None:
            assert self.refused(one) == "visit_needed"
        elif self.take(one) is None:
            assert self.refused(one) == "none_free"
        else:
            self.world.take(one.actor, self.bank)

    def refused(self, one: Someone) -> str:
        try:
            self.world.take(one.actor, self.bank)
        except DomainError as refusal:
            return refusal.code
        return ""

    @rule(who=WHO)
    def staff_step_in(self, who: int) -> None:
        """They end the visit, and release the locker: each alone."""
        one = self.people[who]
        if one.inside is not None:
            (row,) = self.readers.inside(one.actor)
            self.world.run(self.staff, end_visit, visit_id=row.id, reason="x")
            one.inside.cause, one.inside.left = "ended_by_staff", self.world.clock.now
        elif one.claim is not None:
            door = self.world.locker_ids(self.bank)[one.claim.door - 1]
            self.world.run(self.staff, force_release, locker_id=door, reason="x")
            one.claim = None

    @rule(seconds=st.sampled_from([2, 5, 20, 31, 400, 2000]))
    def wait(self, seconds: int) -> None:
        now = self.world.clock.advance(seconds=seconds)
        self.world.run_due()
        for one in self.people:
            if (stay := one.inside) is not None and stay.came + LONGEST <= now:
                stay.left, stay.cause = stay.came + LONGEST, "time_up"

    @invariant()
    def the_tables_say_the_same(self) -> None:
        claims = {(row.person_id, row.assigned_at) for row in self.world.open_claims()}
        assert claims == {(p.actor.id, p.claim.since) for p in self.people if p.claim}
        stays = {(r.person_id, r.came_at, r.left_at, r.end_cause) for r in self.world.rows(visit)}
        assert stays == {
            (one.actor.id, stay.came, stay.left, stay.cause)
            for one in self.people
            for stay in one.stays
        }

    @invariant()
    def all_is_sound(self) -> None:
        invariants_visits.check(self.world)

    @invariant()
    def each_tap_is_in_the_log_once(self) -> None:
        assert len(self.world.rows(event, kind="CardTapped")) == len(self.told)


@dataclass(frozen=True)
class _Taken:
    assignment_id: int


def test_taps(fresh_database: Callable[[], Database]) -> None:
    class Machine(TapsMachine):
        def __init__(self) -> None:
            super().__init__(World(fresh_database(), Clock()))

    run_state_machine_as_test(Machine, settings=of_examples(3))

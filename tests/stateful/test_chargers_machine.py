"""All commands on charging spots in any order, with strangers, staff, sign-ins and time that jumps.

After each step: no two bookings overlap, nobody has more than one may have, each offer is for one
place in line, nobody who may have a spot waits beside a free one, and the log rebuilds the tables.
A move never leaves a holder with two spots, or none.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.tables import booking, charger_wait
from locker_app.db.transaction import Tx, Work
from locker_app.domain.actors import NOBODY, Actor
from locker_app.domain.chargers import AtEnd, ChargingRules, Priority
from locker_app.domain.errors import DomainError
from locker_app.services.bookings import check_in, move, set_leave, stop
from locker_app.services.charger_claims import claim_bookings
from locker_app.services.charger_desk import (
    clear_report,
    end_booking,
    move_booking,
    put_back,
    remove_waiting,
    take_out,
)
from locker_app.services.charger_line import accept, leave_line, snooze
from locker_app.services.chargers import change_charging
from locker_app.services.expiry import next_deadline
from locker_app.services.spot_reports import report_free, report_taken
from tests.folding import events_after
from tests.folding_chargers import Spots, fold_spots, stored_spots
from tests.invariants_chargers import check_at
from tests.stateful.conftest import of_examples
from tests.world import Clock, World

WHO = st.integers(0, 4)
SPOT = st.integers(0, 2)
MINUTES = st.sampled_from([-5, 0, 10, 15, 30, 60, 61, 180, 721])
INDEX = st.integers(0, 20)
RULES = st.builds(
    ChargingRules,
    max_stay_minutes=st.sampled_from([60, 720]),
    bookings_per_holder=st.sampled_from([1, 1, 2]),
    at_end=st.sampled_from(AtEnd),
    grace_minutes=st.sampled_from([0, 10]),
    overstay_minutes=st.sampled_from([15, 120]),
    reminder_minutes=st.sampled_from([0, 15]),
    check_in_minutes=st.sampled_from([None, 10]),
    offer_minutes=st.sampled_from([5, 60]),
    snoozes=st.sampled_from([0, 2]),
    extend_while_waiting_minutes=st.sampled_from([0, 60]),
    day_minutes=st.sampled_from([None, None, 120]),
    cooling_off_minutes=st.sampled_from([0, 0, 20]),
    priority=st.sampled_from(Priority),
)


class ChargersMachine(RuleBasedStateMachine):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.spots = world.chargers(count=3)
        self.site_id = world.site_of(self.spots[0])
        self.people = [*world.visitors(3), *world.people(2)]
        self.admin = world.staff()
        self.free_for_all = False
        """Whether somebody may have more bookings than one may make, by signing in or new rules."""
        self.log, self.read_up_to = Spots(), 0
        self.offered: Counter[tuple[int, int]] = Counter()

    def teardown(self) -> None:
        self.world.db.close()

    @initialize(rules=RULES, many=st.booleans())
    def beginning(self, rules: ChargingRules, many: bool) -> None:
        self.world.run(self.admin, change_charging, site_id=self.site_id, rules=rules)
        for who, spot in enumerate(self.spots if many else self.spots[:1]):
            self.books(who, spot - self.spots[0], 60)
        if many:
            self.waits(3)
            self.waits(4)

    # What is there, and what must be true of it.

    def do(self, actor: Actor, fn: Callable[..., Any], **arguments: Any) -> Any:
        """Send a command; its answer, None when it is refused. Then look at everything."""
        return self.looked(lambda: self.world.run(actor, fn, **arguments))

    def looked(self, act: Callable[[], Any]) -> Any:
        try:
            answer = act()
        except DomainError as refused:
            assert str(refused)
            answer = None
        self.world.db.read(self.look)
        return answer

    def look(self, conn: Any) -> None:
        added = events_after(conn, self.read_up_to)
        fold_spots(added, self.log)
        self.read_up_to = added[-1].id if added else self.read_up_to
        for row in added:
            if row.kind == "SpotOffered":
                self.offered[row.details["wait_id"], row.details["booking_id"]] += 1
        assert set(self.offered.values()) <= {1}, "an offer is made once"
        assert self.log == stored_spots(conn)
        check_at(conn, self.world.clock.now, claimed=self.free_for_all)

    def one_of(self, index: int, who: int, *statuses: str) -> tuple[Actor, int]:
        """An open booking with its holder; now and then of another one, or one that is over."""
        if index == 20:
            rows = self.world.rows(booking)[-3:]
        else:
            rows = self.world.rows(booking, ended_at=None)
            rows = [row for row in rows if row.status in statuses] or rows
        if not rows:
            return self.people[who], 9_999
        row = rows[index % len(rows)]
        holders = {f"{one.kind.value}:{one.id}": one for one in self.people}
        return self.people[who] if index == 19 else holders[row.holder], row.id

    def place(self, index: int, who: int, *, offered: bool) -> tuple[Actor, int]:
        rows = self.world.rows(charger_wait, ended_at=None)
        rows = [row for row in rows if (row.booking_id is not None) == offered] or rows
        if not rows or index == 20:
            return self.people[who], 1
        row = rows[index % len(rows)]
        holders = {f"{one.kind.value}:{one.id}": one for one in self.people}
        return holders[row.holder], row.id

    def after(self, minutes: float) -> datetime:
        return self.world.clock.now + timedelta(minutes=minutes)

    # What holders do.

    @rule(who=WHO, spot=SPOT, minutes=MINUTES)
    def books(self, who: int, spot: int, minutes: int) -> None:
        self.looked(lambda: self.world.book(self.people[who], self.spots[spot], minutes))

    @rule(who=WHO, spot=SPOT, minutes=MINUTES, after=st.sampled_from([5, 14, 15, 30, 60, 900]))
    def books_for_later(self, who: int, spot: int, minutes: int, after: int) -> None:
        self.looked(
            lambda: self.world.book(self.people[who], self.spots[spot], minutes, after=after)
        )

    @rule(who=WHO, index=INDEX)
    def stops(self, who: int, index: int) -> None:
        actor, booking_id = self.one_of(index, who, "active", "booked", "overstayed")
        self.do(actor, stop, booking_id=booking_id)

    @rule(who=WHO, index=INDEX, minutes=MINUTES)
    def says_another_time(self, who: int, index: int, minutes: int) -> None:
        actor, booking_id = self.one_of(index, who, "active", "booked", "overstayed")
        self.do(actor, set_leave, booking_id=booking_id, leaves_at=self.after(minutes))

    @rule(who=WHO, index=INDEX, spot=SPOT, minutes=st.sampled_from([None, None, 5, 30]))
    def moves(self, who: int, index: int, spot: int, minutes: int | None) -> None:
        actor, booking_id = self.one_of(index, who, "active", "booked")
        leaves_at = None if minutes is None else self.after(minutes)
        self.timer()
        before = self.world.rows(booking, ended_at=None)
        moved: dict[str, Any] = {"booking_id": booking_id, "charger_id": self.spots[spot]}
        name = self.do(actor, move, **moved, leaves_at=leaves_at)
        now = {row.id: row for row in self.world.rows(booking, ended_at=None)}
        for row in before:
            if row.status != "offered":
                there = self.spots[spot] if name and row.id == booking_id else row.charger_id
                assert now[row.id].charger_id == there, "one spot, neither two nor none"

    @rule(who=WHO, index=INDEX)
    def checks_in(self, who: int, index: int) -> None:
        actor, booking_id = self.one_of(index, who, "active", "booked")
        self.do(actor, check_in, booking_id=booking_id)

    @rule(who=WHO)
    def waits(self, who: int) -> None:
        self.looked(lambda: self.world.wait_for_charger(self.people[who], self.site_id))

    @rule(who=WHO, index=INDEX, minutes=MINUTES)
    def accepts(self, who: int, index: int, minutes: int) -> None:
        actor, booking_id = self.one_of(index, who, "offered")
        self.do(actor, accept, booking_id=booking_id, leaves_at=self.after(minutes))

    @rule(who=WHO, index=INDEX)
    def lets_it_go_by(self, who: int, index: int) -> None:
        actor, wait_id = self.place(index, who, offered=True)
        self.do(actor, snooze, wait_id=wait_id)

    @rule(who=WHO, index=INDEX, offered=st.booleans())
    def leaves_the_line(self, who: int, index: int, offered: bool) -> None:
        actor, wait_id = self.place(index, who, offered=offered)
        self.do(actor, leave_line, wait_id=wait_id)

    @rule(who=WHO, index=INDEX)
    def finds_it_taken(self, who: int, index: int) -> None:
        actor, booking_id = self.one_of(index, who, "active", "offered")
        self.do(actor, report_taken, booking_id=booking_id)

    @rule(who=WHO, spot=SPOT)
    def finds_it_free(self, who: int, spot: int) -> None:
        self.do(self.people[who], report_free, charger_id=self.spots[spot])

    @rule(who=st.integers(0, 2), person=st.integers(3, 4))
    def visitor_signs_in(self, who: int, person: int) -> None:
        visitor, signed_in = self.people[who], self.people[person]
        now = self.world.clock.now

        def attempt(tx: Tx) -> None:
            claim_bookings(tx, signed_in, now, visitor.id or 0, signed_in.id or 0)

        self.free_for_all = True
        self.looked(lambda: self.world.db.run(Work(attempt, Trace("test"))))

    # What staff do, and who may not.

    @rule(spot=SPOT, seldom=st.integers(0, 2))
    def goes_out_of_service(self, spot: int, seldom: int) -> None:
        actor = NOBODY if seldom == 2 else self.admin
        self.do(actor, take_out, charger_id=self.spots[spot], reason="x")

    @rule(spot=SPOT)
    def comes_back(self, spot: int) -> None:
        self.do(self.admin, put_back, charger_id=self.spots[spot])
        self.do(self.admin, clear_report, charger_id=self.spots[spot])

    @rule(who=WHO, index=INDEX, spot=SPOT)
    def is_moved(self, who: int, index: int, spot: int) -> None:
        _, booking_id = self.one_of(index, who, "active", "booked")
        target = {"booking_id": booking_id, "charger_id": self.spots[spot]}
        self.do(self.admin, move_booking, **target, reason="x")

    @rule(who=WHO, index=INDEX, line=st.booleans())
    def is_ended(self, who: int, index: int, line: bool) -> None:
        if line:
            _, wait_id = self.place(index, who, offered=True)
            self.do(self.admin, remove_waiting, wait_id=wait_id, reason="x")
        else:
            _, booking_id = self.one_of(index, who, "overstayed", "offered")
            self.do(self.admin, end_booking, booking_id=booking_id, reason="x")

    @rule(rules=RULES)
    def rules_change(self, rules: ChargingRules) -> None:
        self.free_for_all = True
        self.do(self.admin, change_charging, site_id=self.site_id, rules=rules)

    # What time does.

    @rule(minutes=st.sampled_from([1, 5, 10, 15, 30, 45, 60, 200, 1500]), late=st.booleans())
    def time_passes(self, minutes: int, late: bool) -> None:
        self.world.clock.advance(minutes=minutes)
        if not late:
            self.timer()

    @rule()
    def timer(self) -> None:
        self.looked(self.world.run_due)
        assert self.looked(self.world.run_due) == 0, "what is done is done once"

    @rule()
    def to_the_next_deadline(self) -> None:
        at = self.world.db.read(next_deadline)
        if at is not None:
            self.world.clock.now = max(at, self.world.clock.now)
            self.timer()


def test_charging_spots_in_any_order(fresh_database: Callable[[], Database], kind: str) -> None:
    class Machine(ChargersMachine):
        def __init__(self) -> None:
            super().__init__(World(fresh_database(), Clock()))

    run_state_machine_as_test(Machine, settings=of_examples(6 if kind == "sqlite" else 4))

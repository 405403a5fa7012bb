"""Terminals: set up, changed, told, and what of it stays right under odd input and time."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from locker_app.db.tables import (
    assignment,
    card,
    event,
    locker,
    request,
    terminal,
    terminal_alert,
    terminal_command,
)
from locker_app.domain.actors import SYSTEM, Actor, ActorKind
from locker_app.domain.errors import (
    BadInput,
    NoTerminal,
    NotFound,
    NotSimulated,
    ReasonNeeded,
    SaidOnce,
    TerminalAway,
    TerminalMoved,
    TerminalRevoked,
)
from locker_app.domain.lockers import OverdueAction
from locker_app.domain.sites import SiteRules
from locker_app.domain.terminals import (
    AlertKind,
    CommandKind,
    CommandStatus,
    TapMode,
    TerminalKind,
    TerminalPlan,
    TerminalState,
)
from locker_app.queries.grants import grants_of
from locker_app.queries.terminals import (
    accounts,
    idle_of,
    last_opening,
    terminal_of,
    terminal_view,
    terminals_of,
)
from locker_app.services import terminal_reports as reports
from locker_app.services.alerts import clear_alert
from locker_app.services.banks import archive_bank, renumber_bank
from locker_app.services.command import Call, command
from locker_app.services.commands import claim, tell
from locker_app.services.doors import open_door
from locker_app.services.expiry import forget_old_answers, next_deadline
from locker_app.services.provisioning import make_code, provision
from locker_app.services.sealing import Seal
from locker_app.services.sites import change_site
from locker_app.services.terminals import (
    add_terminal,
    archive_terminal,
    change_terminal,
    restore_terminal,
    revoke_terminal,
)
from tests.world import World

SEAL = Seal(("a key of tests that is long enough",))
GATE = TerminalPlan("Gate", TerminalKind.GATE, TapMode.GATE)


def at_lockers(world: World, bank: int, **plan: Any) -> int:
    site = world.rows(terminal_bank(), id=bank)[0].site_id
    said = {"relays": {1: 2, 2: 3, 3: 4}, **plan}
    made = TerminalPlan("Lockers", bank_id=bank, **said)
    return world.run(world.staff(), add_terminal, site_id=site, plan=made)


def terminal_bank() -> Any:
    from locker_app.db.tables import bank

    return bank


def speaking(world: World, terminal_id: int) -> Actor:
    """The terminal, provisioned and there."""
    code = world.run(world.staff(), make_code, terminal_id=terminal_id).code
    provision(world.db, SEAL, Call(world.clock.now, "test"), code)
    actor = Actor(ActorKind.TERMINAL, terminal_id)
    world.run(actor, reports.heard, state=TerminalState.ONLINE, boot=1)
    return actor


def a_card(world: World, person: Actor) -> str:
    number = "k1." + f"{person.id}".translate(str.maketrans("0123456789", "ABCDEFGHIJ")).rjust(
        26, "A"
    )
    now = world.clock.now
    said = {"person_id": person.id, "linked_at": now, "created_at": now, "answer": {}}
    world.change(insert(card).values(number=number, **said))
    return number


class TestSetUp:
    @pytest.mark.parametrize(
        ("plan", "field"),
        [
            ({"name": " "}, "name"),
            ({"name": "x" * 41}, "name"),
            ({"name": "Gate"}, "name"),
            ({"bank_id": None}, "bank_id"),
            ({"bank_id": 99}, "bank_id"),
            ({"mode": TapMode.IN}, "mode"),
            ({"kind": TerminalKind.GATE, "bank_id": None}, "mode"),
            ({"kind": TerminalKind.GATE, "mode": TapMode.IN}, "bank_id"),
            ({"relays": {99: 5}}, "relays"),
            ({"relays": {1: 5, 2: 5}}, "relays"),
            ({"relays": {1: 25}}, "relays"),
            ({"relays": {1: 28}}, "relays"),
            ({"open_ms": 50}, "open_ms"),
            ({"place": "x" * 101}, "place"),
        ],
    )
    def test_what_cant_be_is_refused(self, world: World, plan: dict[str, Any], field: str) -> None:
        site = world.site()
        bank, admin = world.bank(site), world.staff()
        world.run(admin, add_terminal, site_id=site, plan=GATE)
        made = TerminalPlan(**{"name": "Lockers", "bank_id": bank, **plan})
        with pytest.raises(BadInput) as refused:
            world.run(admin, add_terminal, site_id=site, plan=made)
        assert refused.value.field == field

    def test_who_saw_something_else_changes_nothing(self, world: World) -> None:
        bank, admin = world.bank(), world.staff()
        one = at_lockers(world, bank)
        seen = world.db.read(lambda conn: terminal_view(conn, one))
        assert seen is not None
        plan = TerminalPlan("Other", bank_id=bank)
        asked: dict[str, Any] = {"terminal_id": one, "version": seen.version_seen}
        assert world.run(admin, change_terminal, plan=plan, **asked)
        with pytest.raises(TerminalMoved):
            world.run(admin, change_terminal, plan=seen.plan, **asked)
        assert not world.run(admin, change_terminal, terminal_id=one, plan=plan)
        assert world.row(terminal, one).cfg_version == 2

    def test_a_bank_takes_its_terminals_along(self, world: World) -> None:
        bank, admin = world.bank(count=3), world.staff()
        one = at_lockers(world, bank)
        world.run(admin, renumber_bank, bank_id=bank, first=11)
        row = world.row(terminal, one)
        assert (row.relays, row.cfg_version) == ({"11": 2, "12": 3, "13": 4}, 2)
        world.run(admin, archive_bank, bank_id=bank)
        assert world.row(terminal, one).archived_at is not None
        with pytest.raises(BadInput):
            world.run(admin, restore_terminal, terminal_id=one)

    def test_another_clock_of_the_site_is_told(self, world: World) -> None:
        site = world.site()
        gate = world.run(world.staff(), add_terminal, site_id=site, plan=GATE)
        rules = SiteRules(name="Library", time_zone="Asia/Tokyo")
        world.run(world.staff(), change_site, site_id=site, rules=rules)
        assert world.row(terminal, gate).cfg_version == 2

    def test_the_last_will_of_another_device_before_says_nothing(self, world: World) -> None:
        one = at_lockers(world, world.bank(count=3))
        actor = speaking(world, one)
        world.run(actor, reports.heard, state=TerminalState.ONLINE, boot=1_700_000_000)
        speaking_again = speaking(world, one)  # its clock is not set, so that it counts from 1
        row = world.row(terminal, one)
        assert (row.state, row.boot) == ("online", 1)
        code = world.run(world.staff(), make_code, terminal_id=one).code
        provision(world.db, SEAL, Call(world.clock.now, "test"), code)
        late = {"state": TerminalState.LOST, "boot": 1_700_000_000}
        assert not world.run(speaking_again, reports.heard, **late)
        row = world.row(terminal, one)
        assert (row.state, row.boot) == ("new", 0)
        for state in (TerminalState.ONLINE, TerminalState.LOST):
            assert world.run(speaking_again, reports.heard, state=state, boot=2)

    def test_a_code_is_kept_nowhere_and_said_once(self, world: World) -> None:
        site, admin = world.site(), world.staff()
        gate = world.run(admin, add_terminal, site_id=site, plan=GATE)
        code = world.repeat("k", admin, make_code, terminal_id=gate).code
        kept = str([*world.rows(request), *world.rows(terminal), *world.rows(event)])
        assert code not in kept
        with pytest.raises(SaidOnce, match="Make a new one"):
            world.repeat("k", admin, make_code, terminal_id=gate)
        provision(world.db, SEAL, Call(world.clock.now, "test"), code)

    def test_revoked_archived_restored(self, world: World) -> None:
        site, admin = world.site(), world.staff()
        gate = world.run(admin, add_terminal, site_id=site, plan=GATE)
        actor = speaking(world, gate)
        assert [login for login, _ in world.db.read(accounts)] == [world.row(terminal, gate).login]
        with pytest.raises(ReasonNeeded):
            world.run(admin, revoke_terminal, terminal_id=gate, reason=" ")
        world.run(admin, tell, terminal_id=gate, kind=CommandKind.SYNC)
        assert world.run(admin, revoke_terminal, terminal_id=gate, reason="stolen")
        assert not world.run(admin, revoke_terminal, terminal_id=gate, reason="stolen")
        assert world.db.read(accounts) == []
        with pytest.raises(TerminalRevoked):
            world.run(actor, reports.heard, state=TerminalState.ONLINE, boot=2)
        assert [row.status for row in world.rows(terminal_command)] == ["expired"]
        assert world.run(admin, archive_terminal, terminal_id=gate)
        with pytest.raises(NotFound):
            world.run(admin, make_code, terminal_id=gate)
        assert world.db.read(lambda conn: terminals_of(conn, site)) == []
        assert world.run(admin, restore_terminal, terminal_id=gate)
        speaking(world, gate)


class TestCommands:
    def test_who_can_be_told_what(self, world: World) -> None:
        bank, admin = world.bank(count=4), world.staff()
        door = world.locker_ids(bank)
        with pytest.raises(NoTerminal):
            world.run(admin, open_door, locker_id=door[0])
        one = at_lockers(world, bank)
        with pytest.raises(NoTerminal):
            world.run(admin, open_door, locker_id=door[0])
        actor = speaking(world, one)
        with pytest.raises(NoTerminal):
            world.run(admin, open_door, locker_id=door[3])
        with pytest.raises(NotSimulated):
            world.run(admin, tell, terminal_id=one, kind=CommandKind.TAP, uid="04A1B2C3")
        with pytest.raises(BadInput):
            world.run(admin, tell, terminal_id=one, kind=CommandKind.OPEN)
        world.change(terminal.update().values(simulated=True))
        for odd in ("", "04", "XYZ1B2C3", "04A1B2C3" * 9):
            with pytest.raises(BadInput):
                world.run(admin, tell, terminal_id=one, kind=CommandKind.TAP, uid=odd)
        assert world.run(admin, open_door, locker_id=door[0]) == "A1"
        opening = world.db.read(lambda conn: last_opening(conn, door[0]))
        assert opening is not None
        assert (opening.status, opening.door) == (CommandStatus.GIVEN, "A1")
        world.run(actor, reports.heard, state=TerminalState.LOST, boot=1)
        with pytest.raises(TerminalAway):
            world.run(admin, open_door, locker_id=door[0])

    def test_somebodys_door_needs_a_reason(self, world: World) -> None:
        bank = world.bank(count=3)
        speaking(world, at_lockers(world, bank))
        taken = world.take(world.person(), bank)
        with pytest.raises(ReasonNeeded):
            world.run(world.staff(), open_door, locker_id=taken.locker_id)
        world.run(world.staff(), open_door, locker_id=taken.locker_id, reason="asked for it")
        (given,) = world.rows(event, kind="CommandGiven")
        assert (given.person_id, given.reason) == (taken_by(world), "asked for it")

    def test_claimed_once_and_never_when_old(self, world: World) -> None:
        one = at_lockers(world, world.bank(count=3))
        speaking(world, one)
        told = {"terminal_id": one, "kind": CommandKind.SYNC}
        first = world.run(world.staff(), tell, **told)
        assert [got.kind for got in world.run(SYSTEM, claim, command_ids=[first])] == ["sync"]
        assert world.run(SYSTEM, claim, command_ids=[first]) == []
        second = world.run(world.staff(), tell, **told)
        world.clock.advance(seconds=5)
        assert world.run(SYSTEM, claim, command_ids=[second]) == []
        assert world.db.read(next_deadline) == world.clock.now
        world.run_due()
        world.clock.advance(seconds=3)
        world.run_due()
        states = [row.status for row in world.rows(terminal_command)]
        assert states == ["timed_out", "expired"]
        assert world.db.read(next_deadline) is None


def taken_by(world: World) -> int:
    return world.rows(assignment)[0].person_id


class TestAlerts:
    def test_the_same_counts_and_what_was_seen_to_begins_anew(self, world: World) -> None:
        bank = world.bank(count=3)
        one = at_lockers(world, bank)
        actor = speaking(world, one)
        for _ in range(3):
            world.run(actor, reports.missed, after=1, before=3)
        (alert,) = world.rows(terminal_alert)
        assert (alert.kind, alert.count) == (AlertKind.GAP.value, 3)
        assert len(world.rows(event, kind="AlertRaised")) == 1
        assert world.run(world.staff(), clear_alert, alert_id=alert.id)
        assert not world.run(world.staff(), clear_alert, alert_id=alert.id)
        world.run(actor, reports.missed, after=5, before=7)
        assert [row.count for row in world.rows(terminal_alert, cleared_at=None)] == [1]
        (shown,) = world.db.read(lambda conn: terminals_of(conn, world.rows(terminal)[0].site_id))
        assert [(one.kind, one.count) for one in shown.alerts] == [(AlertKind.GAP, 1)]
        with pytest.raises(NotFound):
            world.run(world.staff(), clear_alert, alert_id=99)

    def test_whose_door_it_was_at_that_time(self, world: World) -> None:
        bank = world.bank(count=3)
        actor = speaking(world, at_lockers(world, bank))
        holder, other = world.person(), world.person()
        own, others = a_card(world, holder), a_card(world, other)
        before = world.clock.now - timedelta(minutes=5)
        taken = world.take(holder, bank)
        world.clock.advance(minutes=5)
        while_held = world.clock.now
        world.clock.advance(minutes=5)
        world.give_back(holder, taken)
        world.clock.advance(minutes=5)
        said = lambda number, at: world.run(  # noqa: E731
            actor, reports.opened_offline, card=[number], number=1, at=at
        )
        assert said(own, while_held)
        assert not said(own, world.clock.now), "given back by then"
        assert not said(own, before)
        assert not said(others, while_held)
        alerts = world.rows(terminal_alert, kind="conflict")
        assert [(row.person_id, row.count) for row in alerts] == [(holder.id, 2), (other.id, 1)]


class TestGrants:
    def test_for_what_people_have_by_cards_that_are_theirs(self, world: World) -> None:
        bank = world.bank(count=4, limit_minutes=60, overdue_action=OverdueAction.RELEASE)
        one = at_lockers(world, bank)
        speaking(world, one)
        holder, without = world.person(), world.person()
        number = a_card(world, holder)
        world.take(holder, bank)
        world.take(without, bank)
        (grant,) = self.of(world, one)
        assert (grant.cards, grant.number, grant.label) == ((number,), 1, "A1")
        assert grant.until == world.clock.now + timedelta(minutes=60), "nobody's after that"
        world.change(card.update().values(revoked_at=world.clock.now))
        assert self.of(world, one) == []
        world.change(card.update().values(revoked_at=None))
        for more in ({"pin_needed": True}, {"offline": False}):
            world.change(terminal.update().values(**more))
            assert self.of(world, one) == []
            world.change(terminal.update().values(pin_needed=False, offline=True))
        world.change(
            locker.update().where(locker.c.bank_id == bank).values(number=locker.c.id + 50)
        )
        assert self.of(world, one) == [], "no relay opens it"

    def of(self, world: World, terminal_id: int) -> list[Any]:
        login = world.row(terminal, terminal_id).login
        return world.db.read(
            lambda conn: grants_of(conn, terminal_of(conn, login), world.clock.now)
        )


def test_what_a_display_says_at_rest(world: World) -> None:
    site = world.site()
    bank = world.bank(site, count=3)
    one = at_lockers(world, bank)
    gate = world.run(world.staff(), add_terminal, site_id=site, plan=GATE)
    world.take(world.person(), bank)
    rest = lambda which: world.db.read(  # noqa: E731
        lambda conn: idle_of(
            conn, terminal_of(conn, world.row(terminal, which).login), world.clock.now
        )
    )
    assert (rest(one).free, rest(one).total, rest(one).line) == (2, 3, "")
    assert (rest(gate).free, rest(gate).inside) == (None, 0)
    closed = SiteRules(name="Library", time_zone="UTC", hours=((6, "10:00", "11:00"),))
    world.run(world.staff(), change_site, site_id=site, rules=closed)
    assert rest(one).line == "Closed now"


def test_answers_to_terminals_are_kept_for_longer(world: World) -> None:
    gate = world.run(world.staff(), add_terminal, site_id=world.site(), plan=GATE)
    actor = speaking(world, gate)
    call = Call(world.clock.now, "mqtt", request_id="a-fact", actor=actor)
    world.db.run(command(call, reports.missed, after=1, before=3))
    world.repeat("a-key", world.staff(), tell, terminal_id=gate, kind=CommandKind.SYNC)
    world.clock.advance(days=8)
    world.run(SYSTEM, forget_old_answers)
    assert [row.key for row in world.rows(request)] == ["a-fact"]
    world.clock.advance(days=90)
    world.run(SYSTEM, forget_old_answers)
    assert world.rows(request) == []

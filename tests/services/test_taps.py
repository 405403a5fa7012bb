"""Taps: what a card does at terminals of banks and at gates, just now and late."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from locker_app.db.tables import (
    assignment,
    card,
    event,
    locker,
    person,
    request,
    site,
    terminal,
    terminal_alert,
    visit,
)
from locker_app.domain.actors import SYSTEM, Actor
from locker_app.domain.errors import BadInput, KeyReused, NotAllowed, TerminalRevoked
from locker_app.services.expiry import forget_old_answers
from locker_app.services.lockers import force_release
from locker_app.services.taps import take_tap
from tests.taps import Readers, number
from tests.world import World


class House:
    """A site with a bank, a terminal there, a gate, and somebody with a card."""

    def __init__(self, world: World, card: str = "ada", **rules: Any) -> None:
        self.world, self.readers = world, Readers(world)
        self.site = world.site()
        self.bank = world.bank(self.site)
        self.terminal = self.readers.terminal(self.site, self.bank)
        self.gate = self.readers.terminal(self.site)
        self.ada = world.person()
        self.card = card
        self.readers.link(self.ada, card)
        self.ada_id, self.terminal_id, self.gate_id = (
            who.id or 0 for who in (self.ada, self.terminal, self.gate)
        )
        if rules:
            self.readers.rules(self.site, **rules)

    def tap(self, at: Actor, name: str = "", mode: str = "", **how: Any) -> Any:
        return self.readers.tap(at, name or self.card, mode, **how)

    def alerts(self) -> list[str]:
        return [row.kind for row in self.world.rows(terminal_alert)]

    def tapped(self) -> list[tuple[str, str | None]]:
        """What came of all taps, as the log has it."""
        rows = self.world.rows(event, kind="CardTapped")
        return [(row.details["verdict"], row.details["code"]) for row in rows]


@pytest.fixture
def house(world: World) -> House:
    return House(world)


def test_a_card_gets_a_locker_opens_it_and_gives_it_back(world: World, house: House) -> None:
    got = house.tap(house.terminal)
    assert (got.verdict, got.label, got.open, got.headline) == ("assigned", "A1", 1, "Locker A1")
    world.clock.advance(seconds=40)
    again = house.tap(house.terminal)
    assert (again.verdict, again.label, again.open) == ("yours", "A1", 1)
    world.clock.advance(seconds=30)
    back = house.tap(house.terminal)
    assert (back.verdict, back.open, world.doors(house.bank)) == ("released", None, "fff")
    (assigned,) = world.rows(event, kind="LockerAssigned")
    assert (assigned.actor_kind, assigned.actor_id) == ("person", house.ada_id)
    assert assigned.terminal_id == house.terminal_id


def test_the_same_message_is_one_tap(world: World, house: House) -> None:
    first = house.tap(house.terminal, key="m")
    world.clock.advance(days=30)
    told = house.readers.told(house.terminal, "ada", ago=30 * 86400)
    assert world.repeat("m", house.terminal, take_tap, **told) == first
    assert house.tapped() == [("assigned", None)]
    with pytest.raises(KeyReused):
        world.repeat("m", house.terminal, take_tap, **{**told, "seq": 2})
    assert house.tap(house.gate, key="m").verdict == "in"  # ids are each terminal's own


def test_answers_to_terminals_are_kept_for_long(world: World, house: House) -> None:
    house.tap(house.terminal, key="m")
    world.clock.advance(days=89)
    world.run(SYSTEM, forget_old_answers)
    assert [row.key for row in world.rows(request)] == ["m"]
    world.clock.advance(days=2)
    world.run(SYSTEM, forget_old_answers)
    assert world.rows(request) == []


def test_what_a_display_says_when_it_is_refused(world: World, house: House) -> None:
    for name in ("bela", "cleo", "dora"):
        readers_card = world.person()
        house.readers.link(readers_card, name)
        assert house.tap(house.terminal, name).verdict == "assigned"
    full = house.tap(house.terminal)
    assert (full.verdict, full.code, full.open) == ("full", "none_free", None)
    world.change(update(site).values(hours=[[6, "03:00", "04:00"]]))
    closed = house.tap(house.terminal)
    assert (closed.verdict, closed.code, closed.headline) == ("denied", "site_closed", "Closed now")
    assert house.tap(house.gate, mode="locker").code == "no_bank"
    unknown = house.tap(house.terminal, "nobody")
    assert (unknown.verdict, unknown.code) == ("denied", "unknown_card")
    assert house.tap(house.gate, "nobody", "out").lines[0] == "Exit is free."
    world.change(
        update(card).where(card.c.person_id == house.ada_id).values(revoked_at=world.clock.now)
    )
    assert house.tap(house.terminal).code == "card_is_revoked"
    world.change(update(card).values(revoked_at=None))
    world.change(update(person).values(archived_at=world.clock.now))
    assert house.tap(house.terminal).code == "person_archived"
    assert world.refusals() == []  # they are answers
    assert len(house.tapped()) == 10


def test_only_terminals_tap(world: World, house: House) -> None:
    told = house.readers.told(house.terminal, "ada")
    with pytest.raises(NotAllowed):
        world.run(house.ada, take_tap, **told)
    with pytest.raises(BadInput):
        world.run(house.terminal, take_tap, **{**told, "card": ["04A1B2C3"]})
    with pytest.raises(BadInput):
        world.run(house.terminal, take_tap, **{**told, "card": []})
    world.change(update(terminal).values(revoked_at=world.clock.now))
    with pytest.raises(TerminalRevoked):
        house.tap(house.terminal)
    assert world.open_claims() == []
    assert house.tapped() == []


def test_nothing_old_gives_or_opens(world: World, house: House) -> None:
    for ago in (10.001, 3600, None, -11):
        assert house.tap(house.terminal, ago=ago).verdict == "stale"
    assert world.open_claims() == []
    assert house.alerts() == ["clock"]  # once: without a time, and from the future
    assert house.tap(house.terminal, ago=10).verdict == "assigned"


def test_elsewhere_is_said_and_not_opened(world: World, house: House) -> None:
    other = world.bank(house.site, name="Attic")
    world.take(house.ada, other)
    answer = house.tap(house.terminal)
    assert (answer.verdict, answer.open, answer.lines) == ("yours", None, ["is yours, at", "Attic"])
    assert house.tap(house.terminal).verdict == "yours"  # and is not given back from here
    assert len(world.open_claims()) == 1


def test_a_hold_is_taken_by_card(world: World, house: House) -> None:
    (holder, taken), *_ = world.fill(house.bank)
    world.join(house.ada, house.bank)
    world.give_back(holder, taken)
    assert house.tap(house.terminal).verdict == "assigned"
    assert [row.person_id for row in world.open_claims()].count(house.ada_id) == 1


def test_a_door_without_a_relay_is_given_and_not_opened(world: World, house: House) -> None:
    world.change(update(locker).where(locker.c.number == 1).values(number=11))
    world.change(
        update(locker).where(locker.c.number.in_([2, 3])).values(out_of_service_at=world.clock.now)
    )
    answer = house.tap(house.terminal)
    assert (answer.verdict, answer.label, answer.open) == ("assigned", "A11", None)


def test_in_and_out(world: World, house: House) -> None:
    assert house.tap(house.gate).verdict == "in"
    world.clock.advance(seconds=4)
    assert house.tap(house.gate).verdict == "in"  # left on the reader
    world.clock.advance(seconds=10)
    assert house.tap(house.terminal).verdict == "assigned"
    world.clock.advance(seconds=10)
    out = house.tap(house.gate)
    assert (out.verdict, out.lines) == ("out", ["Locker A1 is", "free again"])
    world.clock.advance(seconds=4)
    assert house.tap(house.gate) == out
    assert world.doors(house.bank) == "fff"
    (row,) = world.rows(visit)
    assert (row.end_cause, row.out_terminal_id) == ("tapped_out", house.gate_id)
    assert house.tapped()[1] == ("in", "again")
    (released,) = world.rows(event, kind="LockerReleased")
    assert released.details["cause"] == "left_site"


def test_what_was_taken_before_coming_stays(world: World, house: House) -> None:
    world.take(house.ada, house.bank)
    world.clock.advance(minutes=1)
    house.tap(house.gate, mode="in")
    world.clock.advance(minutes=1)
    assert house.tap(house.gate, mode="out").lines == []
    assert len(world.open_claims()) == 1


def test_leaving_releases_only_where_it_is_so(world: World) -> None:
    house = House(world, leaving_releases=False)
    house.tap(house.gate)
    house.tap(house.terminal)
    world.clock.advance(minutes=1)
    assert house.tap(house.gate).verdict == "out"
    assert len(world.open_claims()) == 1


def test_anti_passback(world: World, house: House) -> None:
    entrance = house.readers.terminal(house.site, mode="in")
    assert house.tap(entrance).verdict == "in"
    world.clock.advance(seconds=5)
    assert house.tap(entrance).code == "already_inside"
    assert house.tap(house.gate, mode="out").verdict == "out"
    assert house.tap(house.gate, "ada", "out").verdict == "out"  # twice: never kept inside
    lax = House(world, "lax", anti_passback=False)
    for _ in range(2):
        assert lax.tap(lax.gate, mode="in").verdict == "in"
        world.clock.advance(seconds=6)
    assert len(lax.readers.inside(lax.ada)) == 1


def test_a_locker_only_for_who_is_inside(world: World) -> None:
    house = House(world, visit_needed=True)
    assert house.tap(house.terminal).code == "visit_needed"
    house.tap(house.gate)
    assert house.tap(house.terminal).verdict == "assigned"


def test_too_fast_for_one_card(world: World, house: House) -> None:
    house.tap(house.gate)
    world.clock.advance(seconds=2)
    house.tap(house.terminal)
    world.clock.advance(seconds=50)
    far = House(world, "far")
    house.tap(far.terminal)
    assert house.alerts() == ["too_fast", "too_fast"]
    world.clock.advance(seconds=61)
    house.tap(house.terminal)
    assert house.alerts() == ["too_fast", "too_fast"]


def test_a_late_exit_ends_the_visit_as_of_then(world: World, house: House) -> None:
    house.tap(house.gate)
    world.clock.advance(minutes=1)
    house.tap(house.terminal)
    world.clock.advance(minutes=30)
    out = house.tap(house.gate, ago=600)
    assert (out.verdict, out.lines[0]) == ("out", "Locker A1 is")
    (row,) = world.rows(visit)
    assert row.left_at == world.clock.now - timedelta(minutes=10)
    assert (row.end_cause, world.doors(house.bank)) == ("late_tap", "fff")
    assert house.tap(house.gate, ago=600 - 3).verdict == "out"  # the same card, 3 s later
    assert len(world.rows(visit)) == 1


def test_a_late_exit_leaves_the_next_holder_alone(world: World, house: House) -> None:
    house.tap(house.gate)
    house.tap(house.terminal)
    world.clock.advance(minutes=10)
    world.run(world.staff(), force_release, locker_id=world.locker_ids(house.bank)[0], reason="x")
    bela = world.person()
    assert world.take(bela, house.bank).label == "A1"
    world.clock.advance(minutes=10)
    assert house.tap(house.gate, ago=900).lines == []
    assert [row.person_id for row in world.open_claims()] == [bela.id]


def test_what_was_taken_after_a_late_exit_stays(world: World, house: House) -> None:
    house.tap(house.gate)
    world.clock.advance(minutes=10)
    world.take(house.ada, house.bank)
    world.clock.advance(minutes=10)
    assert house.tap(house.gate, ago=900).verdict == "out"
    assert len(world.open_claims()) == 1


def test_in_and_out_told_late_are_a_visit(world: World, house: House) -> None:
    assert house.tap(house.gate, ago=3600).verdict == "in"
    assert house.tap(house.gate, ago=1800).verdict == "out"
    (row,) = world.rows(visit)
    assert row.left_at - row.came_at == timedelta(minutes=30)
    assert house.tap(house.gate, mode="in", ago=2400).verdict == "stale"  # between the two
    assert house.alerts() == ["conflict"]
    assert len(world.rows(visit)) == 1


def test_a_visit_whose_time_was_over_leaves_nothing_behind(world: World) -> None:
    house = House(world, max_minutes=60)
    house.tap(house.gate)
    house.tap(house.terminal)
    world.clock.advance(minutes=61)
    world.run_due()
    assert [row.end_cause for row in world.rows(visit)] == ["time_up"]
    assert len(world.open_claims()) == 1  # time gives nothing back
    out = house.tap(house.gate, mode="out")
    assert (out.verdict, out.lines[0]) == ("out", "Locker A1 is")
    assert world.open_claims() == []


def test_time_is_up_also_when_the_timer_is_late(world: World) -> None:
    house = House(world, max_minutes=60, visit_needed=True)
    house.tap(house.gate)
    world.clock.advance(minutes=61)
    assert house.tap(house.terminal).code == "visit_needed"
    (row,) = world.rows(visit)
    assert row.left_at == row.due_at
    assert house.tap(house.gate).verdict == "in"


_deeds = st.lists(
    st.tuples(st.sampled_from(["ada", "bela"]), st.sampled_from(["take", "back", "force"])),
    max_size=8,
)


@settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(deeds=_deeds, left_after=st.integers(0, 8))
def test_a_late_exit_never_touches_what_others_have_or_what_came_later(
    world: World, deeds: list[tuple[str, str]], left_after: int
) -> None:
    """Whatever happens meanwhile on phones and by staff."""
    house = House(world, f"card {world.mark()}")
    bela = world.person()
    staff = world.staff()
    house.tap(house.gate)
    left_at = world.clock.now
    for n, (who, deed) in enumerate(deeds):
        world.clock.advance(minutes=1)
        actor = house.ada if who == "ada" else bela
        own = [row for row in world.open_claims() if row.person_id == actor.id]
        if deed == "take" and not own:
            world.take(actor, house.bank)
        elif own and deed == "force":
            world.run(staff, force_release, locker_id=own[0].locker_id, reason="x")
        elif own and deed == "back":
            world.change(
                update(assignment)
                .where(assignment.c.id == own[0].id)
                .values(released_at=world.clock.now, release_cause="given_back")
            )
        if n + 1 <= left_after:
            left_at = world.clock.now + timedelta(seconds=30)
    world.clock.advance(minutes=1)
    before = {row.id: row for row in world.open_claims()}
    house.tap(house.gate, mode="out", ago=(world.clock.now - left_at).total_seconds())
    kept = {row.id for row in world.open_claims()}
    gone = {row for row_id, row in before.items() if row_id not in kept}
    assert {row.id for row in gone} == {
        row.id
        for row in before.values()
        if row.person_id == house.ada_id and row.assigned_at <= left_at
    }
    assert house.readers.inside(house.ada) == []


def test_a_card_goes_by_the_newest_key(world: World, house: House) -> None:
    house.tap(house.terminal, kids=("k2", "k1"))
    assert house.readers.card("ada", "k2").person_id == house.ada_id
    assert house.tap(house.gate, kids=("k2",)).verdict == "in"
    assert house.tap(house.gate, kids=("k1",)).code == "unknown_card"


def test_a_stranger_by_the_newest_key_is_the_same_card(world: World, house: House) -> None:
    assert house.tap(house.terminal, kids=("k2",)).code == "unknown_card"
    assert house.tap(house.terminal, kids=("k2", "k1")).verdict == "assigned"
    assert [row.number for row in world.rows(card)] == [number("ada", "k2")]


def test_cards_of_nobody_are_not_kept_for_ever(
    world: World, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("locker_app.services.card_rows.MAX_OF_NOBODY", 3)
    for n in range(5):
        world.clock.advance(seconds=1)
        house.tap(house.terminal, f"stranger {n}")
    world.clock.advance(seconds=1)
    house.tap(house.terminal, "stranger 3")
    kept = {row.number for row in world.rows(card, person_id=None)}
    assert kept == {number(f"stranger {n}") for n in (2, 3, 4)}
    world.clock.advance(days=31)
    world.run(SYSTEM, forget_old_answers)
    assert world.rows(card, person_id=None) == []

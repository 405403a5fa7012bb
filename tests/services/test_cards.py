"""Cards: linked by a tap or from those of nobody, renamed, revoked; their keys; what is left of
them when somebody goes."""

import json

import pytest
from sqlalchemy import text

from locker_app.db.log import Trace
from locker_app.db.tables import (
    card,
    card_key,
    card_link,
    event,
    metadata,
    tap_confirm,
    terminal,
    visit,
)
from locker_app.db.transaction import Work
from locker_app.domain.actors import SYSTEM
from locker_app.domain.cards import MAX_CARDS
from locker_app.domain.errors import (
    BadInput,
    CardTaken,
    LinkOver,
    NotAllowed,
    NotFound,
    TerminalBusy,
    TerminalRevoked,
)
from locker_app.queries.cards import cards_of, cards_of_nobody, link_at, link_of
from locker_app.queries.person_data import person_data
from locker_app.services import cards, leaving
from locker_app.services.expiry import forget_old_answers, next_deadline
from locker_app.services.sealing import Seal
from tests.services.test_taps import House
from tests.taps import number
from tests.world import World


@pytest.fixture
def house(world: World) -> House:
    return House(world)


def link_of_ada(house: House) -> str | None:
    now = house.world.clock.now
    view = house.world.db.read(lambda conn: link_of(conn, house.ada_id, now))
    return None if view is None else view.outcome


def test_the_next_tap_links(world: World, house: House) -> None:
    admin = world.staff()
    world.run(
        admin, cards.ask_link, person_id=house.ada_id, terminal_id=house.terminal_id, label="ring"
    )
    world.clock.advance(seconds=20)
    late = house.tap(house.terminal, "new", ago=11)
    assert late.code == "unknown_card"  # what is late links nothing
    assert house.tap(house.terminal, "new").verdict == "linked"
    assert link_of_ada(house) == "linked"
    assert house.tap(house.terminal, "new").verdict == "assigned"
    theirs = world.db.read(lambda conn: cards_of(conn, house.ada_id))
    assert [(one.label, one.tail) for one in theirs][1:] == [("ring", number("new")[-4:])]
    linked = world.rows(event, kind="CardLinked")[0]
    assert (linked.terminal_id, linked.person_id) == (house.terminal_id, house.ada_id)


def test_somebody_elses_card_is_not_linked(world: World, house: House) -> None:
    admin, bela = world.staff(), world.person()
    world.run(admin, cards.ask_link, person_id=bela.id or 0, terminal_id=house.gate_id)
    assert house.tap(house.gate).code == "card_taken"
    assert house.readers.inside(house.ada) == []
    waits = world.db.read(lambda conn: link_at(conn, house.gate_id, world.clock.now))
    assert waits is not None  # it goes on
    world.run(admin, cards.revoke_card, card_id=house.readers.card("ada").id)
    assert house.tap(house.gate).verdict == "linked"
    assert house.readers.card("ada").person_id == bela.id


def test_a_wait_for_a_card_ends(world: World, house: House) -> None:
    admin, bela = world.staff(), world.person()
    world.run(admin, cards.ask_link, person_id=house.ada_id, terminal_id=house.terminal_id)
    with pytest.raises(TerminalBusy):
        world.run(admin, cards.ask_link, person_id=bela.id or 0, terminal_id=house.terminal_id)
    world.run(admin, cards.ask_link, person_id=house.ada_id, terminal_id=house.gate_id)
    world.run(admin, cards.ask_link, person_id=bela.id or 0, terminal_id=house.terminal_id)
    world.run(admin, cards.cancel_link, person_id=bela.id or 0)
    with pytest.raises(LinkOver):
        world.run(admin, cards.cancel_link, person_id=bela.id or 0)
    assert world.db.read(next_deadline) == world.clock.advance(minutes=2)
    assert link_of_ada(house) == "over"  # before the timer comes, too
    assert house.tap(house.gate, "new").code == "unknown_card"
    world.run(admin, cards.ask_link, person_id=bela.id or 0, terminal_id=house.gate_id)
    outcomes = [row.outcome for row in world.rows(card_link)]
    assert outcomes == ["moved", "over", "cancelled", None]
    world.clock.advance(minutes=2)
    world.run_due()
    world.clock.advance(days=2)
    world.run(SYSTEM, forget_old_answers)
    assert world.rows(card_link) == []


def test_where_nobody_can_wait(world: World, house: House) -> None:
    admin, gone = world.staff(), world.person()
    world.run(admin, leaving.archive_person, person_id=gone.id or 0)
    for person_id, terminal_id in ((gone.id or 0, 1), (99, 1), (house.ada_id, 99)):
        with pytest.raises(NotFound):
            world.run(admin, cards.ask_link, person_id=person_id, terminal_id=terminal_id)
    with pytest.raises(NotFound):
        world.run(admin, cards.link_card, card_id=99, person_id=house.ada_id)
    world.change(terminal.update().values(revoked_at=world.clock.now))
    with pytest.raises(TerminalRevoked):
        world.run(admin, cards.ask_link, person_id=house.ada_id, terminal_id=1)


def test_a_card_that_was_seen_is_linked(world: World, house: House) -> None:
    admin, bela = world.staff(), world.person()
    house.tap(house.terminal, "new")
    (stranger,) = world.db.read(cards_of_nobody)
    assert (stranger.tail, stranger.terminal_id) == (number("new")[-4:], house.terminal_id)
    assert world.run(
        admin, cards.link_card, card_id=stranger.id, person_id=bela.id or 0, label=" a  b "
    )
    assert not world.run(admin, cards.link_card, card_id=stranger.id, person_id=bela.id or 0)
    with pytest.raises(CardTaken):
        world.run(admin, cards.link_card, card_id=stranger.id, person_id=house.ada_id)
    with pytest.raises(CardTaken):
        world.run(admin, cards.forget_card, card_id=stranger.id)
    assert world.run(admin, cards.rename_card, card_id=stranger.id, label="c")
    assert not world.run(admin, cards.rename_card, card_id=stranger.id, label="c")
    assert house.tap(house.terminal, "new").verdict == "assigned"
    with pytest.raises(BadInput):
        world.run(admin, cards.rename_card, card_id=stranger.id, label="x" * 41)
    house.tap(house.terminal, "other")
    (stranger,) = world.db.read(cards_of_nobody)
    with pytest.raises(NotFound):
        world.run(admin, cards.rename_card, card_id=stranger.id, label="x")
    with pytest.raises(NotFound):
        world.run(admin, cards.revoke_card, card_id=stranger.id)
    assert world.run(admin, cards.forget_card, card_id=stranger.id)


def test_a_revoked_card_opens_nothing_at_once(world: World, house: House) -> None:
    admin = world.staff()
    house.tap(house.terminal)
    card_id = house.readers.card("ada").id
    assert world.run(admin, cards.revoke_card, card_id=card_id, reason="lost")
    assert not world.run(admin, cards.revoke_card, card_id=card_id)
    assert house.tap(house.terminal).code == "card_is_revoked"
    assert len(world.open_claims()) == 1  # the locker is still theirs
    assert world.run(admin, cards.link_card, card_id=card_id, person_id=house.ada_id)
    assert house.tap(house.terminal).verdict == "yours"


def test_nobody_has_too_many(world: World, house: House) -> None:
    admin = world.staff()
    for n in range(MAX_CARDS - 1):
        house.readers.link(house.ada, f"card {n}")
    house.tap(house.terminal, "new")
    new = house.readers.card("new").id
    with pytest.raises(BadInput):
        world.run(admin, cards.link_card, card_id=new, person_id=house.ada_id)
    world.run(admin, cards.ask_link, person_id=house.ada_id, terminal_id=house.terminal_id)
    assert house.tap(house.terminal, "new").code == "bad_input"
    assert house.tap(house.terminal).verdict == "linked"  # theirs already


def test_keys(world: World, house: House) -> None:
    seal, other = Seal(("a key",)), Seal(("another",))

    def make(with_seal: Seal = seal) -> str:
        now = world.clock.advance(seconds=1)
        return world.db.run(Work(lambda tx: cards.make_key(tx, SYSTEM, now, with_seal), Trace("t")))

    assert [make(), make()] == ["k1", "k2"]
    kept = dict(world.db.read(lambda conn: cards.card_keys(conn, seal)))
    assert list(kept) == ["k2", "k1"]
    assert {len(key) for key in kept.values()} == {32}
    assert len(set(kept.values())) == 2
    assert not any(key.hex() in row.sealed for row in world.rows(card_key) for key in kept.values())
    assert world.db.read(lambda conn: cards.card_keys(conn, other)) == []
    for _ in range(2):
        make()
    assert [kid for kid, _ in world.db.read(lambda conn: cards.card_keys(conn, seal))] == [
        "k4",
        "k3",
        "k2",
    ]
    assert {row.cfg_version for row in world.rows(terminal)} == {5}  # terminals are told
    now, tx_of = world.clock.now, house.ada
    with pytest.raises(NotAllowed):
        world.db.run(Work(lambda tx: cards.make_key(tx, tx_of, now, seal), Trace("t")))


def test_all_is_handed_out_and_nothing_left(world: World, house: House) -> None:
    """Of somebody with cards, a visit, a wait for a card, a tap that waits for the PIN."""
    admin = world.staff()
    world.change(
        terminal.update().where(terminal.c.id == house.terminal_id).values(pin_needed=True)
    )
    world.change(text(f"UPDATE person SET pin_hash = 'x' WHERE id = {house.ada_id}"))
    house.tap(house.gate)
    world.clock.advance(seconds=5)
    assert house.tap(house.terminal).verdict == "confirm"
    world.run(admin, cards.ask_link, person_id=house.ada_id, terminal_id=house.gate_id)
    assert house.tap(house.gate, "second").verdict == "linked"
    world.run(admin, cards.ask_link, person_id=house.ada_id, terminal_id=house.gate_id)
    now = world.clock.now
    data = world.db.read(lambda conn: person_data(conn, house.ada_id, now))
    assert [one["ends_with"] for one in data["cards"]] == [
        number(n)[-4:] for n in ("ada", "second")
    ]
    assert [(one["site"], one["left_at"]) for one in data["visits"]] == [("Library", None)]
    assert number("ada") not in json.dumps(data)
    world.run(admin, leaving.erase_person, person_id=house.ada_id)
    for table in (card, card_link, tap_confirm):
        assert world.rows(table) == []
    assert [row.end_cause for row in world.rows(visit)] == ["person_left"]
    hashes = [number(name) for name in ("ada", "second")]
    everything = world.db.read(
        lambda conn: str([conn.execute(table.select()).all() for table in metadata.sorted_tables])
    )
    assert not any(one in everything for one in hashes)
    assert house.tap(house.gate).code == "unknown_card"


def test_the_cards_of_somebody_archived_wait_for_them(world: World, house: House) -> None:
    admin = world.staff()
    house.tap(house.gate)
    world.run(admin, leaving.archive_person, person_id=house.ada_id)
    assert house.readers.inside(house.ada) == []
    world.clock.advance(seconds=6)
    assert house.tap(house.gate).code == "person_archived"
    world.run(admin, leaving.unarchive_person, person_id=house.ada_id)
    assert house.tap(house.gate).verdict == "in"

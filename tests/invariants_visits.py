"""What is true of cards, taps and visits at any moment, whatever was done, by how many at once."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from locker_app.db.tables import card, card_link, event, person, tap_confirm, visit
from tests import folding_visits
from tests.world import World


def check(world: World) -> None:
    """Raise if anything is wrong with them now."""
    world.db.read(check_in)


def check_in(conn: Connection) -> None:
    """As `check`, on one snapshot."""
    visits = conn.execute(select(visit)).all()
    inside = [row for row in visits if row.left_at is None]
    assert all(row.left_at >= row.came_at for row in visits if row.left_at is not None)
    assert all((row.left_at is None) == (row.end_cause is None) for row in visits)
    _assert_once("visit", ((row.person_id, row.site_id) for row in inside))
    links = conn.execute(select(card_link).where(card_link.c.ended_at.is_(None))).all()
    confirms = conn.execute(select(tap_confirm).where(tap_confirm.c.ended_at.is_(None))).all()
    _assert_once("terminal that waits", (row.terminal_id for row in links))
    _assert_once("tap to confirm", (row.person_id for row in confirms))
    _check_gone(conn, {row.person_id for row in (*inside, *links, *confirms)})
    _check_told_once(conn)
    assert folding_visits.folded(conn) == folding_visits.stored(conn)


def _check_gone(conn: Connection, busy: set[Any]) -> None:
    """Who is archived is nowhere, and who is erased has no card."""
    gone = conn.execute(
        select(person.c.id, person.c.erased_at).where(person.c.archived_at.is_not(None))
    )
    for row in gone.all():
        assert row.id not in busy
        theirs = select(card.c.id).where(card.c.person_id == row.id)
        assert row.erased_at is None or conn.execute(theirs).first() is None


def _check_told_once(conn: Connection) -> None:
    """However often a terminal tells of a tap, it is in the log once."""
    e = event.c
    taps = select(e.terminal_id, e.request_id).where(
        e.kind == "CardTapped", e.request_id.is_not(None)
    )
    told = conn.execute(taps).all()
    _assert_once("tap", ((row.terminal_id, row.request_id) for row in told))


def _assert_once(what: str, found: Iterable[Any]) -> None:
    twice = [one for one, times in Counter(found).items() if times > 1]
    assert not twice, f"more than one {what}: {twice}"

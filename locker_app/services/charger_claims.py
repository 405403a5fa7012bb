"""A visitor's bookings, offers and places in line become those of the person who signs in."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, union, update

from locker_app.db.statement import Statement
from locker_app.db.tables import booking, charger_wait
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.bookings import LineOutcome
from locker_app.domain.errors import NotFound
from locker_app.domain.facts import BookingClaimed, LineClaimed
from locker_app.services import spots
from locker_app.services.offers import decline, leave_wait, pass_on
from locker_app.services.spot_rows import Ground, about, about_wait, next_slot, wait_of_holder
from locker_app.services.stays import guarded

_B, _W = booking.c, charger_wait.c
_SITES = Statement(
    union(
        select(_B.site_id).where(_B.visitor_id == bindparam("visitor_id"), _B.ended_at.is_(None)),
        select(_W.site_id).where(_W.visitor_id == bindparam("visitor_id"), _W.ended_at.is_(None)),
    )
)


def claim_bookings(tx: Tx, actor: Actor, now: datetime, visitor_id: int, person_id: int) -> int:
    """Make a visitor's open bookings, offers and places in line those of the person who has just
    signed in; how many. They may then have more bookings than one may make. Of two places in one
    line the better one stays."""
    done = 0
    for site_id in sorted(_SITES.column(tx.conn, visitor_id=visitor_id)):
        try:
            ground = spots.lock(tx, now, site_id)
        except NotFound:  # the site is in use no more
            continue
        done += _claim_at(tx, actor, now, ground, visitor_id, person_id)
    return done


def _claim_at(
    tx: Tx, actor: Actor, now: datetime, ground: Ground, visitor_id: int, person_id: int
) -> int:
    holder = f"{ActorKind.PERSON.value}:{person_id}"
    taken_along = {"holder": holder, "person_id": person_id, "visitor_id": None}
    done = _claim_place(tx, actor, now, ground, visitor_id, taken_along)
    mine = (_B.site_id == ground.site_id, _B.visitor_id == visitor_id, _B.ended_at.is_(None))
    for row in tx.conn.execute(select(booking).where(*mine).order_by(_B.id)).all():
        slot = next_slot(tx.conn, ground.site_id, holder)
        with guarded():
            claim = update(booking).where(_B.id == row.id).values(slot=slot, **taken_along)
            tx.conn.execute(claim)
        fact = BookingClaimed(**{**about(row), "person_id": person_id})
        tx.record(fact, actor, now)
        done += 1
    pass_on(tx, now, ground)
    return done


def _claim_place(
    tx: Tx,
    actor: Actor,
    now: datetime,
    ground: Ground,
    visitor_id: int,
    taken_along: dict[str, Any],
) -> int:
    visitors = wait_of_holder(tx.conn, ground.site_id, f"{ActorKind.VISITOR.value}:{visitor_id}")
    if visitors is None:
        return 0
    own = wait_of_holder(tx.conn, ground.site_id, taken_along["holder"])
    if own is not None:
        worse = max(visitors, own, key=_place)
        if worse.booking_id is not None:
            decline(tx, actor, now, worse)
        leave_wait(tx, actor, now, worse, LineOutcome.LEFT)
        if worse is visitors:
            return 0
    tx.conn.execute(update(charger_wait).where(_W.id == visitors.id).values(**taken_along))
    fact = LineClaimed(**{**about_wait(visitors), "person_id": taken_along["person_id"]})
    tx.record(fact, actor, now)
    return 1


def _place(row: Any) -> tuple[bool, bool, datetime, int]:
    """The better of two places is the lesser one: an offer is worth most."""
    return row.booking_id is None, not row.first, row.joined_at, row.id

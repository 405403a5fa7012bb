"""The hours of sites: outside of them no locker is given out. Giving back always works.

A site whose `changes_at` has passed counts as changed, even when the timer is late: who wants a
locker calls `require_open`, which first offers free doors to those who wait since before.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from locker_app.db.tables import assignment, bank, site
from locker_app.db.transaction import Tx
from locker_app.domain.actors import SYSTEM, Actor
from locker_app.domain.errors import SiteClosed
from locker_app.domain.facts import HoldProlonged, SiteOpened, SiteShut
from locker_app.domain.hours import is_open_at, next_change, next_opening
from locker_app.domain.hours_text import when_it_opens
from locker_app.services import holds

BATCH = 20
"""How many sites one run of the timer opens and closes at most."""

_S, _A = site.c, assignment.c


def require_open(tx: Tx, now: datetime, place: Any) -> None:
    """Let pass only while the site gives lockers out; `place` is a row with the site's rules.

    Raises:
        SiteClosed: when it does next.
    """
    if place.changes_at is not None and place.changes_at <= now:
        run_clocks(tx, now, place.site_id)
    if not holds.gives_lockers(place, now):
        opens = next_opening(place.hours, now, place.time_zone)
        raise SiteClosed(when_it_opens(opens, now, place.time_zone) if opens else "")


def run_clocks(tx: Tx, now: datetime, site_id: int | None = None) -> int:
    """Open and close the sites whose hours say so by now; how many."""
    due = select(_S.id, _S.hours, _S.time_zone).where(_S.changes_at <= now)
    if site_id is not None:
        due = due.where(_S.id == site_id)
    rows = tx.conn.execute(due.order_by(_S.id).limit(BATCH).with_for_update(key_share=True)).all()
    return sum(_run_clock(tx, now, row) for row in rows)


def plan_change(conn: Connection, now: datetime, row: Any) -> None:
    """Note when the hours of a site open or close it next; `row` has its rules."""
    at = next_change(row.hours, now, row.time_zone) if row.hours else None
    conn.execute(update(site).where(_S.id == row.id).values(changes_at=at))


def after_new_hours(tx: Tx, actor: Actor, now: datetime, row: Any) -> None:
    """The hours of a site, or its clock, are others now; `row` has its rules. Holds that there are
    last at least as long as if they began now: nobody loses one to a door that was shut."""
    plan_change(tx.conn, now, row)
    until = holds.held_until(row, now)
    prolonged = tx.conn.execute(
        update(assignment)
        .where(_A.site_id == row.id, _A.released_at.is_(None), _A.held_until < until)
        .values(held_until=until)
        .returning(_A.id, _A.bank_id, _A.locker_id, _A.person_id)
    )
    for hold in prolonged.all():
        fact = HoldProlonged(
            site_id=row.id,
            bank_id=hold.bank_id,
            locker_id=hold.locker_id,
            person_id=hold.person_id,
            assignment_id=hold.id,
            held_until=until,
        )
        tx.record(fact, actor, now)
    if holds.gives_lockers(row, now):
        offer_at_site(tx, now, row.id)


def offer_at_site(tx: Tx, now: datetime, site_id: int) -> None:
    """Hold the free doors of a site that has just opened for those who wait."""
    banks = select(bank.c.id).where(bank.c.site_id == site_id, bank.c.archived_at.is_(None))
    for bank_id in tx.conn.scalars(banks.order_by(bank.c.id)).all():
        holds.offer_free_doors(tx, now, bank_id)


def _run_clock(tx: Tx, now: datetime, row: Any) -> bool:
    at = next_change(row.hours, now, row.time_zone) if row.hours else None
    this = update(site).where(_S.id == row.id, _S.changes_at <= now)
    if tx.conn.execute(this.values(changes_at=at)).rowcount == 0:
        return False
    opened = not row.hours or is_open_at(row.hours, now, row.time_zone)
    tx.record((SiteOpened if opened else SiteShut)(site_id=row.id), SYSTEM, now)
    if opened:
        offer_at_site(tx, now, row.id)
    return True

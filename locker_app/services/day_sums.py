"""Days that are over are summed up and kept, so that a year of statistics is quick.

By the nightly work, a day for each transaction. Nothing of it is for ever: what is kept follows
from the other tables, and is made anew when the site's time zone is another.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.tables import booking, day_sum, site, summed
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor, ActorKind
from locker_app.domain.days import begins
from locker_app.domain.errors import NotAllowed
from locker_app.queries.day_reckoning import kept_up_to, reckon
from locker_app.services.ids import Id

SETTLED = timedelta(hours=3)
"""How long after a day's end it is kept: a press that is undone, or a command that took its time,
is in it by then."""
_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def sites_to_sum_up(conn: Connection, now: datetime) -> list[int]:
    """The sites with days that are over and not kept."""
    rows = conn.execute(select(site.c.id, site.c.time_zone)).all()
    return [
        row.id
        for row in rows
        if _is_over(conn, row.id, row.time_zone, kept_up_to(conn, row.id, row.time_zone), now)
    ]


def keep_day(tx: Tx, actor: Actor, now: datetime, *, site_id: Id) -> bool:
    """Sum up the site's next day that is over, and keep that; whether there was one.

    Raises:
        NotAllowed: only the server itself does this.
    """
    if actor.kind is not ActorKind.SYSTEM:
        raise NotAllowed
    zone = tx.conn.scalar(select(site.c.time_zone).where(site.c.id == site_id))
    if zone is None or not _is_mine(tx, now, site_id, zone):
        return False
    day = kept_up_to(tx.conn, site_id, zone)
    if not _is_over(tx.conn, site_id, zone, day, now):
        return False
    if sums := reckon(tx.conn, site_id, zone, day, now):
        rows = [{"site_id": site_id, **sum_._asdict()} for sum_ in sums]
        tx.conn.execute(insert(day_sum), rows)
    done = {"up_to": day.toordinal() + 1, "kept_at": now}
    tx.conn.execute(update(summed).where(summed.c.site_id == site_id).values(done))
    return True


def _is_over(conn: Connection, site_id: int, zone: str, day: date, now: datetime) -> bool:
    """Whether nothing can happen on that day any more. After a pause of the server the timer ends
    bookings as of when they were due: until it has, the day is not over."""
    end = begins(day + timedelta(days=1), zone)
    if end + SETTLED > now:
        return False
    b = booking.c
    owed = (b.site_id == site_id, b.ended_at.is_(None), b.due_at < end)
    return conn.scalar(select(b.id).where(*owed).limit(1)) is None


def _is_mine(tx: Tx, now: datetime, site_id: int, zone: str) -> bool:
    """Begin, or begin anew after the zone was changed; False when another process is at it."""
    first = kept_up_to(tx.conn, site_id, zone).toordinal()
    values = {"site_id": site_id, "time_zone": zone, "up_to": first, "kept_at": now}
    tx.conn.execute(_INSERT[tx.conn.dialect.name](summed).values(values).on_conflict_do_nothing())
    this = select(summed).where(summed.c.site_id == site_id).with_for_update(skip_locked=True)
    row = tx.conn.execute(this).one_or_none()
    if row is not None and row.time_zone != zone:
        tx.conn.execute(delete(day_sum).where(day_sum.c.site_id == site_id))
        tx.conn.execute(update(summed).where(summed.c.site_id == site_id).values(values))
    return row is not None

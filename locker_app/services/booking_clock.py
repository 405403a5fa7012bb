"""What time does with bookings: they begin, are reminded of, overstay and end; offers lapse; those
who let an offer go by are asked again; reports about spots grow old.

Each step happens as of its own time, also when several are done at once, after a pause. Only what
comes free is offered as of now: nobody has to answer an offer that was never shown. A site is
locked before; whoever locks it for a command (`services.spots.lock`) has this done first.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, union, update

from locker_app.db.statement import Statement
from locker_app.db.tables import booking, charger, charger_wait, charging, site
from locker_app.db.transaction import Tx
from locker_app.domain.actors import SYSTEM
from locker_app.domain.bookings import (
    REPORT_LASTS,
    BookingStatus,
    EndCause,
    LineOutcome,
    Step,
    next_step,
)
from locker_app.domain.chargers import AtEnd
from locker_app.domain.facts import ChargerCleared, LeaveReminded
from locker_app.services.offers import leave_wait, pass_on
from locker_app.services.spot_rows import (
    THERE,
    Ground,
    about,
    ground_of,
    open_on,
    wait_of_offer,
)
from locker_app.services.stays import begin, begin_blocked, block, change, end, overstay

BATCH = 50
"""How many sites one run of the timer sees to at most."""

_B, _C, _W = booking.c, charger.c, charger_wait.c
_OPEN = _B.ended_at.is_(None)
_ASLEEP = _W.ended_at.is_(None) & _W.snoozed_until.is_not(None)
_REPORTED = _C.archived_at.is_(None) & _C.reported_at.is_not(None)

_DUE = Statement(
    select(booking)
    .where(_B.site_id == bindparam("site_id"), _OPEN, _B.due_at <= bindparam("now"))
    .order_by(_B.due_at, _B.id)
    .limit(1)
)
_DEADLINES = (
    Statement(select(func.min(_B.due_at)).where(_OPEN, _B.due_at.is_not(None))),
    Statement(select(func.min(_W.snoozed_until)).where(_ASLEEP)),
)
_OLDEST_REPORT = Statement(select(func.min(_C.reported_at)).where(_REPORTED))
_NEXT_AT = Statement(
    select(
        select(func.min(_B.due_at))
        .where(_B.site_id == bindparam("site_id"), _OPEN, _B.due_at.is_not(None))
        .scalar_subquery()
        .label("due_at"),
        select(func.min(_W.snoozed_until))
        .where(_W.site_id == bindparam("site_id"), _ASLEEP)
        .scalar_subquery()
        .label("snoozed_until"),
        select(func.min(_C.reported_at))
        .where(_C.site_id == bindparam("site_id"), _REPORTED)
        .scalar_subquery()
        .label("reported_at"),
    )
)


def next_deadline(conn: Connection) -> datetime | None:
    """When something is due next at any site; None while nothing is."""
    reported = _OLDEST_REPORT.value(conn)
    ends = None if reported is None else reported + REPORT_LASTS
    deadlines = [*(deadline.value(conn) for deadline in _DEADLINES), ends]
    return min((at for at in deadlines if at is not None), default=None)


def run_clock(tx: Tx, now: datetime, site_id: int | None = None) -> int:
    """Do what is due, at one site or at all of them; how many things were done. Sites that somebody
    has locked are left: whoever has will do it, or the timer comes again."""
    due = union(
        select(_B.site_id).where(_OPEN, _B.due_at <= now),
        select(_W.site_id).where(_ASLEEP, _W.snoozed_until <= now),
        select(_C.site_id).where(_REPORTED, _C.reported_at <= now - REPORT_LASTS),
    )
    sites = (
        select(charging, site.c.time_zone)
        .join(site, site.c.id == charging.c.site_id)
        .where(charging.c.site_id.in_(due))
        .order_by(charging.c.site_id)
        .limit(BATCH)
        .with_for_update(of=charging, skip_locked=True, key_share=True)
    )
    if site_id is not None:
        sites = sites.where(charging.c.site_id == site_id)
    return sum(run_site(tx, now, ground_of(row)) for row in tx.conn.execute(sites).all())


def run_site(tx: Tx, now: datetime, ground: Ground) -> int:
    """Do what is due at a site that is locked; how many things were done."""
    at = _NEXT_AT.first(tx.conn, site_id=ground.site_id)
    assert at is not None
    done = 0
    if at.due_at is not None and at.due_at <= now:
        done += _run_bookings(tx, now, ground)
    if at.snoozed_until is not None and at.snoozed_until <= now:
        done += _wake(tx, now, ground)
    if at.reported_at is not None and at.reported_at + REPORT_LASTS <= now:
        done += _clear_reports(tx, now, ground)
    if done:
        pass_on(tx, now, ground)
    return done


def _run_bookings(tx: Tx, now: datetime, ground: Ground) -> int:
    done = 0
    while (row := _DUE.first(tx.conn, site_id=ground.site_id, now=now)) is not None:
        step = next_step(row, ground.rules)
        assert step is not None
        at, what = step
        if at > now:  # the rules have changed since
            change(tx, row, ground, due_at=at)
        else:
            _STEPS[what](tx, at, now, ground, row)
        done += 1
    return done


def _begin(tx: Tx, at: datetime, now: datetime, ground: Ground, row: Any) -> None:
    there = next((one for one in open_on(tx.conn, row.charger_id) if one.status in THERE), None)
    if there is None:
        begin(tx, SYSTEM, at, ground, row)
    elif there.status == BookingStatus.OFFERED.value:
        _lapse(tx, at, now, ground, there)
    elif ground.rules.at_end is AtEnd.END:
        _end(EndCause.TIME_UP)(tx, at, now, ground, there)
    else:
        if there.status == BookingStatus.ACTIVE.value:
            overstay(tx, at, ground, there)
        block(tx, at, ground, row)


def _remind(tx: Tx, at: datetime, now: datetime, ground: Ground, row: Any) -> None:
    change(tx, row, ground, reminded_at=at)
    if now < row.leaves_at:  # later it says nothing new
        tx.record(LeaveReminded(**about(row)), SYSTEM, at)


def _grace_over(tx: Tx, at: datetime, now: datetime, ground: Ground, row: Any) -> None:
    if ground.rules.at_end is AtEnd.END:
        _end(EndCause.TIME_UP)(tx, at, now, ground, row)
    else:
        overstay(tx, at, ground, row)


def _lapse(tx: Tx, at: datetime, now: datetime, ground: Ground, row: Any) -> None:
    wait = wait_of_offer(tx.conn, row.id)
    end(tx, SYSTEM, at, row, EndCause.LAPSED)
    if wait is not None:
        leave_wait(tx, SYSTEM, at, wait, LineOutcome.LAPSED)
    begin_blocked(tx, at, ground, row.charger_id)


def _end(cause: EndCause) -> Any:
    def step(tx: Tx, at: datetime, now: datetime, ground: Ground, row: Any) -> None:
        end(tx, SYSTEM, at, row, cause)
        begin_blocked(tx, at, ground, row.charger_id)

    return step


_STEPS = {
    Step.BEGIN: _begin,
    Step.GIVE_UP: _end(EndCause.BLOCKED),
    Step.NO_SHOW: _end(EndCause.NO_SHOW),
    Step.REMIND: _remind,
    Step.GRACE_OVER: _grace_over,
    Step.OVERSTAY_OVER: _end(EndCause.OVERSTAYED),
    Step.LAPSE: _lapse,
}


def _wake(tx: Tx, now: datetime, ground: Ground) -> int:
    """Let those be asked again who were not to be asked until now."""
    asleep = update(charger_wait).where(
        _W.site_id == ground.site_id, _ASLEEP, _W.snoozed_until <= now
    )
    return tx.conn.execute(asleep.values(snoozed_until=None)).rowcount


def _clear_reports(tx: Tx, now: datetime, ground: Ground) -> int:
    """Give spots again that were said to be taken long ago."""
    old = tx.conn.execute(
        update(charger)
        .where(_C.site_id == ground.site_id, _REPORTED, _C.reported_at <= now - REPORT_LASTS)
        .values(reported_at=None)
        .returning(_C.id)
    ).all()
    for row in sorted(old):
        fact = ChargerCleared(site_id=ground.site_id, charger_id=row.id)
        tx.record(fact, SYSTEM, now)
    return len(old)

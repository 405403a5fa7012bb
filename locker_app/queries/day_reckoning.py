"""What one day at a site comes to, reckoned from claims, waits, tickets and the log; what its
charging spots come to is reckoned by `charger_reckoning`.

The database counts claims by pieces of time in which they began and ended, and sums up when in the
piece that was. From that follows how many lockers were held at each moment, exactly: who comes in
a piece holds one for the rest of it, who goes leaves that rest free. Days and hours are those of
the clocks at the site, so the pieces never lie on both sides of a full hour there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, func, select, union_all

from locker_app.db.seconds import seconds_of
from locker_app.db.tables import (
    assignment,
    booking,
    day_sum,
    event,
    queue,
    site,
    summed,
    ticket,
    wait,
)
from locker_app.domain.day_sums import Sum, What
from locker_app.domain.days import begins, piece
from locker_app.domain.queues import TicketStatus
from locker_app.queries.charger_reckoning import reckon_chargers
from locker_app.queries.event_filter import REFUSED
from locker_app.queries.minutes import by_minute

_A, _B, _W, _T, _E = assignment.c, booking.c, wait.c, ticket.c, event.c
_TICKET_TAKEN = "TicketTaken"


def first_day(conn: Connection, site_id: int, zone: str) -> date:
    """The first day of which there is anything to say: on which the site was set up, or its first
    locker given or its first charging spot used, if it had a life before."""
    here = select(site.c.created_at).where(site.c.id == site_id)
    begun = select(_A.assigned_at).where(_A.site_id == site_id, _A.assigned_at.is_not(None))
    stays = select(_B.starts_at).where(_B.site_id == site_id).order_by(_B.starts_at).limit(1)
    first = begun.order_by(_A.assigned_at).limit(1)
    found = (conn.scalar(here), conn.scalar(first), conn.scalar(stays))
    return min(at for at in found if at is not None).astimezone(ZoneInfo(zone)).date()


def kept_up_to(conn: Connection, site_id: int, zone: str) -> date:
    """The first day that is not kept, by the clocks of this zone."""
    this = select(summed.c.up_to).where(summed.c.site_id == site_id, summed.c.time_zone == zone)
    found = conn.scalar(this)
    return first_day(conn, site_id, zone) if found is None else date.fromordinal(found)


def reckon(
    conn: Connection,
    site_id: int,
    zone: str,
    day: date,
    until: datetime,
    before: list[Sum] | None = None,
) -> list[Sum]:
    """All sums of a day, as far as it has gone until then; `before` are those of the day before, if
    they are at hand."""
    start, end = begins(day, zone), begins(day + timedelta(days=1), zone)
    until = min(end, until)
    if until <= start:
        return []
    return [
        *_held(conn, site_id, zone, day, start, until, before),
        *_stays(conn, site_id, day, start, until),
        *_refusals(conn, site_id, day, start, until),
        *_waits(conn, site_id, day, start, until),
        *_lines(conn, site_id, day, start, until),
        *reckon_chargers(conn, site_id, zone, day, start, until),
    ]


def _held(
    conn: Connection,
    site_id: int,
    zone: str,
    day: date,
    start: datetime,
    until: datetime,
    before: list[Sum] | None,
) -> Iterator[Sum]:
    step, here = piece(start, until, zone), ZoneInfo(zone)
    begun = _by_piece(conn, site_id, _A.assigned_at, start, until, step)
    ended = _by_piece(conn, site_id, _A.released_at, start, until, step)
    if before is None:
        held = _open_at(conn, site_id, zone, day, start)
    else:
        held = Counter({one.of: one.many for one in before if one.what is What.OPEN})
    banks = {*held, *(bank_id for bank_id, _ in begun), *(bank_id for bank_id, _ in ended)}
    hours: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    seconds: Counter[int] = Counter()
    stop = int(until.timestamp())
    for number in range(int(start.timestamp()) // step, -(-stop // step)):
        length = min(step, stop - number * step)
        hour = hours[datetime.fromtimestamp(number * step, here).hour]
        hour[0] += length
        for bank_id in banks:
            came, into_came = begun.get((bank_id, number), (0, 0))
            went, into_went = ended.get((bank_id, number), (0, 0))
            there = held[bank_id] * length + (came * length - into_came)
            there = max(0, there - (went * length - into_went))
            held[bank_id] += came - went
            seconds[bank_id] += there
            hour[1] += there
    n = day.toordinal()
    for hour, (length, there) in hours.items():
        yield Sum(What.HOUR, n, 0, hour, "", length, there)
    for bank_id in banks:
        many = sum(came for (bank, _), (came, _) in begun.items() if bank == bank_id)
        gone = sum(went for (bank, _), (went, _) in ended.items() if bank == bank_id)
        yield Sum(What.BANK, n, bank_id, 0, "", many, seconds[bank_id])
        yield Sum(What.ENDED, n, bank_id, 0, "", gone, 0)
        yield Sum(What.OPEN, n, bank_id, 0, "", held[bank_id], 0)


_Pieces = dict[tuple[int, int], tuple[int, int]]


def _by_piece(
    conn: Connection,
    site_id: int,
    at: ColumnElement[Any],
    start: datetime,
    until: datetime,
    step: int,
) -> _Pieces:
    """How many claims of a bank began, or ended, in each piece, and the sum of the seconds into
    it. What was rounded to the second at which all ends is in the last piece, as its end."""
    read = (
        select(_A.bank_id, seconds_of(at).label("at"))
        .where(_A.site_id == site_id, at >= start, at < until, _A.assigned_at.is_not(None))
        .subquery()
    )
    of = read.c
    rows = select(
        of.bank_id,
        (of.at // step).label("piece"),
        func.count().label("many"),
        func.sum(of.at % step).label("into"),
    ).group_by(of.bank_id, "piece")
    last = -(-int(until.timestamp()) // step) - 1
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for row in conn.execute(rows):
        into = int(row.into) if row.piece <= last else row.many * step
        key = row.bank_id, min(row.piece, last)
        many, before = found.get(key, (0, 0))
        found[key] = many + row.many, before + into
    return found


def _open_at(conn: Connection, site_id: int, zone: str, day: date, start: datetime) -> Counter[int]:
    """How many lockers of each bank were held when the day began: as it is kept, or counted."""
    s, n = day_sum.c, day.toordinal()
    before = (s.site_id == site_id, s.what == What.OPEN.value, s.day == n - 1)
    is_kept = (summed.c.site_id == s.site_id, summed.c.time_zone == zone, summed.c.up_to >= n)
    if kept := conn.execute(select(s.of, s.many).where(*before, *is_kept)).all():
        return Counter({row.of: row.many for row in kept})
    if day <= first_day(conn, site_id, zone):
        return Counter()
    had = and_(_A.site_id == site_id, _A.assigned_at < start)
    parts = union_all(
        *(
            select(_A.bank_id, func.count().label("many")).where(had, still).group_by(_A.bank_id)
            for still in (_A.released_at.is_(None), _A.released_at >= start)
        )
    ).subquery()
    found: Counter[int] = Counter()
    for row in conn.execute(select(parts)):
        found[row.bank_id] += row.many
    return found


def _stays(
    conn: Connection, site_id: int, day: date, start: datetime, until: datetime
) -> Iterator[Sum]:
    ended = (_A.released_at >= start, _A.released_at < until, _A.assigned_at.is_not(None))
    took = seconds_of(_A.released_at) - seconds_of(_A.assigned_at)
    for row in by_minute(conn, took, _A.site_id == site_id, *ended):
        yield Sum(What.STAY, day.toordinal(), 0, row.minute, "", row.many, int(row.seconds))


def _refusals(
    conn: Connection, site_id: int, day: date, start: datetime, until: datetime
) -> Iterator[Sum]:
    """Refusals at a bank or in a line: not those of staff who set something up."""
    code = _E.details["code"].as_string()
    rows = select(
        func.coalesce(_E.queue_id, 0).label("of"), code.label("code"), func.count().label("many")
    ).where(
        *(_E.site_id == site_id, _E.kind == REFUSED, _E.at >= start, _E.at < until),
        *(func.coalesce(_E.bank_id, _E.queue_id, 0) > 0, _E.actor_kind != "staff"),
    )
    for row in conn.execute(rows.group_by("of", "code")):
        yield Sum(What.REFUSED, day.toordinal(), row.of, 0, row.code or "", row.many, 0)


def _waits(
    conn: Connection, site_id: int, day: date, start: datetime, until: datetime
) -> Iterator[Sum]:
    here = (_W.site_id == site_id, _W.ended_at >= start, _W.ended_at < until)
    took = seconds_of(_W.ended_at) - seconds_of(_W.joined_at)
    for row in by_minute(conn, took, *here, name=func.coalesce(_W.outcome, "")):
        yield Sum(What.WAIT, day.toordinal(), 0, row.minute, row.name, row.many, int(row.seconds))


def _lines(
    conn: Connection, site_id: int, day: date, start: datetime, until: datetime
) -> Iterator[Sum]:
    n = day.toordinal()
    taken = (_E.site_id == site_id, _E.kind == _TICKET_TAKEN, _E.at >= start, _E.at < until)
    joined = select(_E.queue_id, func.count().label("many")).where(*taken).group_by(_E.queue_id)
    for row in conn.execute(joined.where(_E.queue_id.is_not(None))):
        yield Sum(What.JOINED, n, row.queue_id, 0, "", row.many, 0)
    lines = list(conn.scalars(select(queue.c.id).where(queue.c.site_id == site_id)))
    here = (_T.queue_id.in_(lines), _T.ended_at >= start, _T.ended_at < until)
    ended = select(_T.queue_id, _T.status, func.count().label("many")).where(*here)
    for row in conn.execute(ended.group_by(_T.queue_id, _T.status)):
        yield Sum(What.TICKET, n, row.queue_id, 0, row.status, row.many, 0)
    waited = seconds_of(_T.called_at) - seconds_of(_T.joined_at)
    helped = seconds_of(_T.ended_at) - seconds_of(_T.called_at)
    done = _T.status == TicketStatus.DONE.value
    for what, took, which in ((What.LINE_WAIT, waited, ()), (What.LINE_HELP, helped, (done,))):
        called = (*here, _T.called_at.is_not(None), *which)
        for row in by_minute(conn, took, *called, of=_T.queue_id):
            yield Sum(what, n, row.of, row.minute, "", row.many, int(row.seconds))

"""What the database says afterwards: was a locker ever shared, is every answer there?"""

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import and_, func, or_, select

from bench.library import database_of
from bench.person import Answered
from locker_app.db.tables import assignment, event, request

_A, _B = assignment.alias("one"), assignment.alias("other")
_TAKEN, _GIVEN = "LockerAssigned", "LockerReleased"


class Broken(Exception):
    """The database does not hold what was answered, or a locker was shared."""


def check(folder: Path, answered: Iterable[Answered]) -> None:
    """Look for claims on the same door that overlap, and for each command that was answered.

    Raises:
        Broken: with what was found.
    """
    db = database_of(folder)
    try:
        following = func.lead(_A.c.assigned_at).over(
            partition_by=_A.c.locker_id, order_by=(_A.c.assigned_at, _A.c.id)
        )
        in_turn = select(_A.c.id, _A.c.released_at, following.label("next_at")).subquery()
        shared = select(func.count()).where(
            in_turn.c.next_at.is_not(None),
            or_(in_turn.c.released_at.is_(None), in_turn.c.released_at > in_turn.c.next_at),
        )
        # PostgreSQL does commands side by side, and the time of each is when it came: there its
        # unique index alone says that nobody shares.
        overlaps = db.read(lambda conn: conn.scalar(shared)) if db.is_sqlite else 0
        done = {
            key: (answer, kind)
            for key, answer, kind in db.read(lambda conn: conn.execute(_DONE).all())
        }
    finally:
        db.close()
    if overlaps:
        raise Broken(f"{overlaps} claims overlap with the next one on the same door")
    lost = [a.key for a in answered if a.done and done.get(a.key, (None, None))[1] not in _FACTS]
    if lost:
        raise Broken(f"{len(lost)} answered commands are not in the database, e.g. {lost[0]}")


_FACTS = (_TAKEN, _GIVEN)
_DONE = (
    select(request.c.key, request.c.answer, event.c.kind)
    .join(event, and_(event.c.request_id == request.c.key))
    .where(request.c.answer.is_not(None), event.c.kind.in_(_FACTS))
)

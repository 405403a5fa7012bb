"""How long things took, counted by the minute: by five from an hour on, by thirty from half a day
on. So a year of them is a few rows, and a median is off by little."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, literal, select

_NOTHING: ColumnElement[Any] = literal("")


def by_minute(
    conn: Connection,
    took: ColumnElement[int],
    *where: ColumnElement[bool],
    of: ColumnElement[Any] = _NOTHING,
    name: ColumnElement[Any] = _NOTHING,
) -> list[Any]:
    """How many took so many minutes (`minute`, `many`), and how long in all (`seconds`). What took
    less than nothing, as a clock was set back in between, took none."""
    read = select(took.label("took"), of.label("of"), name.label("name")).where(*where).subquery()
    seconds = case((read.c.took < 0, 0), else_=read.c.took)
    minute = seconds // 60
    coarse = case(
        (minute < 60, minute), (minute < 720, minute - minute % 5), else_=minute - minute % 30
    )
    found = select(seconds.label("took"), coarse.label("minute"), read.c.of, read.c.name).subquery()
    keys = (found.c.minute, found.c.of, found.c.name)
    sums = (func.count().label("many"), func.sum(found.c.took).label("seconds"))
    return list(conn.execute(select(*keys, *sums).group_by(*keys)))

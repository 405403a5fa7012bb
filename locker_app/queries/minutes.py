"""How long things took, counted by so many minutes: the longer, the more. So a year of them is a
few rows, and a median is off by little."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, literal, select

Steps = tuple[tuple[int, int], ...]
"""From how many minutes on lengths are counted by how many."""
BY_MINUTE: Steps = ((0, 1), (60, 5), (720, 30))
BY_FIVE: Steps = ((0, 5), (240, 15), (720, 60))
"""For what mostly takes hours."""
_NOTHING: ColumnElement[Any] = literal("")


def by_minute(
    conn: Connection,
    took: ColumnElement[int],
    *where: ColumnElement[bool],
    of: ColumnElement[Any] = _NOTHING,
    name: ColumnElement[Any] = _NOTHING,
    steps: Steps = BY_MINUTE,
) -> list[Any]:
    """How many took so many minutes (`minute`, `many`), and how long in all (`seconds`). What took
    less than nothing, as a clock was set back in between, took none."""
    read = select(took.label("took"), of.label("of"), name.label("name")).where(*where).subquery()
    seconds = case((read.c.took < 0, 0), else_=read.c.took)
    minute = seconds // 60
    ends = (*(begin for begin, _ in steps[1:]), None)
    parts = [(end, minute - minute % step) for (_, step), end in zip(steps, ends, strict=True)]
    coarse = case(*((minute < end, part) for end, part in parts[:-1]), else_=parts[-1][1])
    found = select(seconds.label("took"), coarse.label("minute"), read.c.of, read.c.name).subquery()
    keys = (found.c.minute, found.c.of, found.c.name)
    sums = (func.count().label("many"), func.sum(found.c.took).label("seconds"))
    return list(conn.execute(select(*keys, *sums).group_by(*keys)))

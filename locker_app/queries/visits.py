"""Reads about visits: how many are inside, who, since when, and the rules of a site."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from locker_app.db.statement import Statement
from locker_app.db.tables import person, site, terminal, visit, visiting
from locker_app.db.types import UtcDateTime
from locker_app.domain.visits import VisitRules

_V = visit.c
_NOW = bindparam("now", type_=UtcDateTime())
IS_INSIDE = and_(_V.left_at.is_(None), or_(_V.due_at.is_(None), _V.due_at > _NOW))
"""Whether a visit goes on; its time counts as over when it is, also when the timer is late."""

_COUNT = Statement(select(func.count()).where(_V.site_id == bindparam("site_id"), IS_INSIDE))
_RULES = Statement(
    select(
        visiting.c.visit_needed,
        visiting.c.leaving_releases,
        visiting.c.anti_passback,
        visiting.c.max_minutes,
    ).where(visiting.c.site_id == bindparam("site_id"))
)


def inside(conn: Connection, site_id: int, now: datetime) -> int:
    """How many people are inside."""
    return _COUNT.value(conn, site_id=site_id, now=now) or 0


def visit_rules(conn: Connection, site_id: int) -> VisitRules:
    """The rules of visits to a site; those that every site begins with, if it has none yet."""
    row = _RULES.first(conn, site_id=site_id)
    return VisitRules() if row is None else VisitRules(*row)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is inside. For staff who may end visits."""

    visit_id: int
    person_id: int
    name: str
    number: str
    came_at: datetime
    due_at: datetime | None
    gate: str | None
    """The name of the terminal at which they came in."""


_PEOPLE = Statement(
    select(
        *(_V.id, _V.person_id, person.c.name, person.c.number, _V.came_at, _V.due_at),
        terminal.c.name.label("gate"),
    )
    .join(person, person.c.id == _V.person_id)
    .outerjoin(terminal, terminal.c.id == _V.in_terminal_id)
    .where(_V.site_id == bindparam("site_id"), IS_INSIDE)
    .order_by(_V.came_at.desc(), _V.id.desc())
    .limit(bindparam("most"))
)


def people_inside(conn: Connection, site_id: int, now: datetime, most: int = 200) -> list[Visitor]:
    """Who is inside, who came last first."""
    return [Visitor(*row) for row in _PEOPLE.rows(conn, site_id=site_id, now=now, most=most)]


@dataclass(frozen=True, slots=True)
class VisitView:
    """A visit, as whoever made it may see it."""

    visit_id: int
    site_id: int
    site_name: str
    time_zone: str
    came_at: datetime
    due_at: datetime | None
    left_at: datetime | None
    end_cause: str | None


_OF_PERSON = Statement(
    select(
        *(_V.id, _V.site_id, site.c.name, site.c.time_zone),
        *(_V.came_at, _V.due_at, _V.left_at, _V.end_cause),
    )
    .join(site, site.c.id == _V.site_id)
    .where(_V.person_id == bindparam("person_id"))
    .order_by(_V.id.desc())
    .limit(bindparam("most"))
)


def visits_of(conn: Connection, person_id: int, most: int = 20) -> list[VisitView]:
    """The last visits of a person, the newest first. One without `left_at` goes on unless its
    `due_at` is over."""
    return [VisitView(*row) for row in _OF_PERSON.rows(conn, person_id=person_id, most=most)]

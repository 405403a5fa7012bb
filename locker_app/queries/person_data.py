"""All that the database has of one person, to be handed out to them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from locker_app.db.tables import (
    assignment,
    bank,
    booking,
    card,
    charger,
    charger_wait,
    event,
    locker,
    person,
    push_subscription,
    queue,
    request,
    session,
    site,
    terminal,
    ticket,
    visit,
    wait,
)
from locker_app.domain.cards import card_tail
from locker_app.domain.errors import NotFound
from locker_app.domain.lockers import label


def person_data(conn: Connection, person_id: int, now: datetime) -> dict[str, Any]:
    """What is known of a person, in words and as JSON can have it. Who of the staff did something
    is left out: that is about them.

    Raises:
        NotFound: no such person, or who it was has been erased.
    """
    p = person.c
    who = conn.execute(select(person).where(p.id == person_id, p.erased_at.is_(None))).one_or_none()
    if who is None:
        raise NotFound("This person does not exist, or no longer.")
    return {
        "written_at": _plain(now),
        "person": {
            **{name: _plain(getattr(who, name)) for name in _OF_PERSON},
            "has_pin": who.pin_hash is not None,
        },
        "lockers": _lockers(conn, person_id),
        "waiting_lists": _waits(conn, person_id),
        "tickets": _tickets(conn, person_id),
        "charging": _bookings(conn, person_id),
        "lines_for_charging": _places(conn, person_id),
        "cards": _cards(conn, person_id),
        "visits": _visits(conn, person_id),
        "sessions": _sessions(conn, person_id),
        "events": _events(conn, person_id),
        "answers_kept_for_repeated_requests": _requests(conn, person_id),
    }


_OF_PERSON = (
    *("number", "name", "accessible", "near_last", "created_at", "archived_at"),
    *("failed_tries", "locked_until"),
)


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _rows(conn: Connection, statement: Any) -> list[dict[str, Any]]:
    return [
        {name: _plain(value) for name, value in row._asdict().items()}
        for row in conn.execute(statement)
    ]


def _lockers(conn: Connection, person_id: int) -> list[dict[str, Any]]:
    a = assignment.c
    rows = _rows(
        conn,
        select(
            *(site.c.name.label("site"), bank.c.name.label("bank"), bank.c.prefix),
            *(locker.c.number, a.assigned_at, a.held_until, a.due_at, a.overdue_at),
            *(a.released_at, a.release_cause),
        )
        .join(locker, locker.c.id == a.locker_id)
        .join(bank, bank.c.id == a.bank_id)
        .join(site, site.c.id == a.site_id)
        .where(a.person_id == person_id)
        .order_by(a.id),
    )
    return [{"locker": label(row.pop("prefix"), row.pop("number")), **row} for row in rows]


def _waits(conn: Connection, person_id: int) -> list[dict[str, Any]]:
    w = wait.c
    return _rows(
        conn,
        select(
            *(site.c.name.label("site"), bank.c.name.label("bank"), w.accessible),
            *(w.joined_at, w.ended_at, w.outcome),
        )
        .join(bank, bank.c.id == w.bank_id)
        .join(site, site.c.id == w.site_id)
        .where(w.person_id == person_id)
        .order_by(w.id),
    )


def _tickets(conn: Connection, person_id: int) -> list[dict[str, Any]]:
    t = ticket.c
    return _rows(
        conn,
        select(
            *(site.c.name.label("site"), queue.c.name.label("queue"), t.number),
            *(t.group_number.label("group"), t.status, t.question, t.note.label("note_of_staff")),
            *(t.joined_at, t.called_at, t.ended_at),
        )
        .join(queue, queue.c.id == t.queue_id)
        .join(site, site.c.id == t.site_id)
        .where(t.person_id == person_id)
        .order_by(t.id),
    )


def _bookings(conn: Connection, person_id: int) -> list[dict[str, Any]]:
    b = booking.c
    return _rows(
        conn,
        select(
            *(site.c.name.label("site"), charger.c.name.label("charger"), b.shown_as, b.status),
            *(b.made_at, b.starts_at, b.leaves_at, b.stated_at, b.came_at, b.overstayed_at),
            *(b.ended_at, b.end_cause),
        )
        .join(charger, charger.c.id == b.charger_id)
        .join(site, site.c.id == b.site_id)
        .where(b.person_id == person_id)
        .order_by(b.id),
    )


def _places(conn: Connection, person_id: int) -> list[dict[str, Any]]:
    w = charger_wait.c
    return _rows(
        conn,
        select(
            *(site.c.name.label("site"), w.first, w.joined_at, w.snoozes, w.snoozed_until),
            *(w.ended_at, w.outcome),
        )
        .join(site, site.c.id == w.site_id)
        .where(w.person_id == person_id)
        .order_by(w.id),
    )


def _cards(conn: Connection, person_id: int) -> list[dict[str, Any]]:
    c = card.c
    rows = _rows(
        conn,
        select(
            *(c.number, c.label, c.linked_at, c.revoked_at, c.seen_at.label("tapped_last_at")),
            *(terminal.c.name.label("tapped_last_where"), c.verdict.label("what_came_of_it")),
        )
        .outerjoin(terminal, terminal.c.id == c.terminal_id)
        .where(c.person_id == person_id)
        .order_by(c.id),
    )
    return [{"ends_with": card_tail(row.pop("number")), **row} for row in rows]


def _visits(conn: Connection, person_id: int) -> list[dict[str, Any]]:
    v = visit.c
    came_by, left_by = terminal.alias("came_by"), terminal.alias("left_by")
    return _rows(
        conn,
        select(
            *(site.c.name.label("site"), v.came_at, came_by.c.name.label("came_by")),
            *(v.due_at, v.left_at, left_by.c.name.label("left_by"), v.end_cause),
        )
        .join(site, site.c.id == v.site_id)
        .outerjoin(came_by, came_by.c.id == v.in_terminal_id)
        .outerjoin(left_by, left_by.c.id == v.out_terminal_id)
        .where(v.person_id == person_id)
        .order_by(v.id),
    )


def _sessions(conn: Connection, person_id: int) -> list[dict[str, Any]]:
    s, push = session.c, push_subscription.c
    rows = _rows(
        conn,
        select(s.id, s.created_at, s.expires_at, s.ended_at)
        .where(s.person_id == person_id)
        .order_by(s.id),
    )
    told = _rows(
        conn,
        select(push.session_id, push.endpoint, push.created_at)
        .join(session, s.id == push.session_id)
        .where(s.person_id == person_id)
        .order_by(push.id),
    )
    for row in rows:
        mine = row.pop("id")
        row["push_subscriptions"] = [
            {name: value for name, value in one.items() if name != "session_id"}
            for one in told
            if one["session_id"] == mine
        ]
    return rows


def _events(conn: Connection, person_id: int) -> list[dict[str, Any]]:
    e = event.c
    return _rows(
        conn,
        select(
            *(e.at, e.kind, e.actor_kind.label("by"), e.origin.label("came_by")),
            *(bank.c.name.label("bank"), queue.c.name.label("queue")),
            *(charger.c.name.label("charger"), e.reason, e.details),
        )
        .outerjoin(bank, bank.c.id == e.bank_id)
        .outerjoin(queue, queue.c.id == e.queue_id)
        .outerjoin(charger, charger.c.id == e.charger_id)
        .where(
            (e.person_id == person_id) | ((e.actor_kind == "person") & (e.actor_id == person_id))
        )
        .order_by(e.id),
    )


def _requests(conn: Connection, person_id: int) -> list[dict[str, Any]]:
    r = request.c
    return _rows(
        conn,
        select(r.at, r.answer, r.refusal)
        .where(r.actor == f"person:{person_id}")
        .order_by(r.at, r.key),
    )

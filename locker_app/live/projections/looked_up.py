"""People as staff look them up: how many there are, and one of them.

What a list shows, and what somebody has, goes by who looks, so each screen asks for it itself; the
time in `changed` tells it when to ask again.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from locker_app.domain.people import version_of
from locker_app.live.projections.wire import Vars, millis
from locker_app.queries.cards import LinkView, cards_of, link_of
from locker_app.queries.people_list import people_counts
from locker_app.queries.people_list import person_card as card_of

LINK_TOLD = timedelta(minutes=3)
"""How long it is told what became of a card that a terminal was to wait for."""


def people(conn: Connection, _key: int, now: datetime) -> Vars:
    """How many there are."""
    counts = people_counts(conn)
    return {"people": counts.people, "archived": counts.archived, "changed": millis(now)}


def person_card(conn: Connection, person_id: int, now: datetime) -> Vars:
    """One person; `gone` when there is none, or who it was has been erased."""
    card = card_of(conn, person_id)
    if card is None:
        empty = {"number": "", "name": "", "locked_until": 0, "archived_at": 0, "cards": []}
        return {**empty, "person_id": person_id, "gone": True, "changed": millis(now)}
    return {
        "person_id": person_id,
        "gone": False,
        "number": card.number,
        "name": card.name,
        "accessible": card.accessible,
        "near_last": card.near_last,
        "has_pin": card.has_pin,
        "locked_until": millis(card.locked_until),
        "created_at": millis(card.created_at),
        "archived_at": millis(card.archived_at),
        "version": version_of(card.number, card.name, card.accessible, card.near_last),
        "changed": millis(now),
        "cards": [
            {
                "id": one.id,
                "tail": one.tail,
                "label": one.label,
                "linked_at": millis(one.linked_at),
                "revoked_at": millis(one.revoked_at),
            }
            for one in cards_of(conn, person_id)
        ],
        **_link(link_of(conn, person_id, now), now),
    }


def _link(link: LinkView | None, now: datetime) -> Vars:
    """What became of a card that a terminal was to wait for, if that was lately. Which terminal is
    for who sees names there: `scoped_people.person`."""
    if link is None or now - link.until > LINK_TOLD:
        return {"link_until": 0, "link_outcome": ""}
    return {
        "link_until": millis(link.until),
        "link_outcome": link.outcome or "waiting",
    }

"""All sites: with how full their banks and how busy their queues are, or by name alone."""

from datetime import datetime

from sqlalchemy import Connection

from locker_app.domain.waits import estimate
from locker_app.live.projections.wire import Vars, flat, millis
from locker_app.queries.chargers import charging_site, counts
from locker_app.queries.queues import QueueCard, queues_of_site
from locker_app.queries.sites import bank_counts, bank_names, charger_names, sites
from locker_app.queries.terminal_panel import inside_counts
from locker_app.queries.waits import pace_of


def home(conn: Connection, _key: int, now: datetime) -> Vars:
    """All there is, for everybody."""
    inside = inside_counts(conn, now)
    places = [
        {
            "id": site.id,
            "name": site.name,
            "time_zone": site.time_zone,
            "is_open": site.is_open(now),
            "opens_at": millis(site.opens_at(now)),
            "banks": [flat(counts) for counts in bank_counts(conn, site.id, now)],
            "queues": [_card(conn, card, now) for card in queues_of_site(conn, site.id)],
            "chargers": _chargers(conn, site.id, now),
            "inside": inside.get(site.id, -1),
        }
        for site in sites(conn)
    ]
    return {"places": places, "ready": True}


def places(conn: Connection, _key: int, _now: datetime) -> Vars:
    """The names of all sites, banks and charging spots, to choose from: set-up alone changes
    them."""
    names, spots = bank_names(conn), charger_names(conn)
    named = [
        {
            "id": site.id,
            "name": site.name,
            "banks": [{"id": bank_id, "name": name} for bank_id, name in names.get(site.id, ())],
            "chargers": [{"id": id_, "name": name} for id_, name in spots.get(site.id, ())],
        }
        for site in sites(conn)
    ]
    return {"sites": named, "ready": True}


def _card(conn: Connection, card: QueueCard, now: datetime) -> Vars:
    """With about how long somebody would wait who came now; -1 minutes while nobody knows."""
    wait = estimate(pace_of(conn, card.id, now), card.waiting, now)
    return {**flat(card), "minutes": -1 if wait is None else round(wait.likely / 60)}


def _chargers(conn: Connection, site_id: int, now: datetime) -> list[Vars]:
    """How full the charging spots are; nothing where there are none."""
    place = charging_site(conn, site_id)
    counted = None if place is None else counts(conn, place, now)
    if counted is None:
        return []
    return [{**flat(counted), "site_id": site_id, "next_at": millis(counted.next_at)}]

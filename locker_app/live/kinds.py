"""The kinds of topics: for each, what is sent of it and who may watch.

A projection is a function of the database and the time, made once for all who watch. Its keys are
the vars of the State class that `web` binds to the kind. Rows are lists, not objects, and times
are milliseconds since 1970, to keep frames small.

One more kind is a function in `live.projections`, in the module of its noun; a line in `KINDS`;
one in `topics.touched`, or in the table before it; and a State class in `web.live_states`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from locker_app.domain.actors import Actor, ActorKind, Right
from locker_app.live.projections import (
    accounts,
    board,
    charger_desk,
    chargers,
    events,
    helm,
    home,
    lockers,
    looked_up,
    people,
    people_imports,
    queues,
    setup,
    stays,
    terminals,
    tickets,
)
from locker_app.live.projections.wire import Vars
from locker_app.live.topics import ALL, Topic, stays_topic, tickets_topic
from locker_app.queries.chargers import site_with_chargers
from locker_app.queries.queues import site_of_queue
from locker_app.queries.scoped import sites_of_history
from locker_app.queries.setup import site_if_any, site_of_any_bank
from locker_app.queries.sites import site_of_bank, site_of_locker, sites

Projection = Callable[[Connection, int, datetime], Vars | None]
MayWatch = Callable[[Connection, Actor, int], bool]
SiteOf = Callable[[Connection, int], int | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """What there is to know about one kind of topic."""

    project: Projection
    """The vars for a key at a time; None when there is no such thing."""
    may_watch: MayWatch
    private: bool = True
    """Whether it is not for everybody: screens that may watch it no more must not show it."""


def _anybody(_conn: Connection, _actor: Actor, _key: int) -> bool:
    return True


def _anybody_if_it_is(site_of: SiteOf) -> MayWatch:
    """Everybody may watch what exists: what is somewhere."""
    return lambda conn, _actor, key: site_of(conn, key) is not None


def _staff_with(right: Right, site_of: SiteOf) -> MayWatch:
    """Who has the right at the site where the thing is."""

    def may_watch(conn: Connection, actor: Actor, key: int) -> bool:
        site_id = site_of(conn, key)
        return site_id is not None and actor.may(right, site_id)

    return may_watch


def _anybody_who_may(right: Right) -> MayWatch:
    """Who has the right somewhere."""
    return lambda _conn, actor, _key: actor.may(right, None)


def _everywhere(right: Right) -> MayWatch:
    """Who has the right at all sites."""
    return lambda _conn, actor, _key: actor.sites_with(right) is None


def _oneself(kind: ActorKind) -> MayWatch:
    return lambda _conn, actor, key: actor.kind is kind and actor.id == key


def _holder(_conn: Connection, actor: Actor, key: int) -> bool:
    return tickets_topic(actor) == Topic("tickets", key)


def _stayer(_conn: Connection, actor: Actor, key: int) -> bool:
    return stays_topic(actor) == Topic("stays", key)


def _sees_history(_conn: Connection, actor: Actor, site_id: int) -> bool:
    sites = sites_of_history(actor)
    return sites is None or (site_id != ALL and site_id in sites)


def _figures(_conn: Connection, site_id: int, _now: datetime) -> Vars:
    """Figures are sent to who asks for them; the topic says who may."""
    return {"watched_site_id": site_id}


def _sees_figures(conn: Connection, actor: Actor, site_id: int) -> bool:
    known = any(site.id == site_id for site in sites(conn))
    return known and actor.may(Right.SEE_STATISTICS, site_id)


KINDS: dict[str, Kind] = {
    "home": Kind(home.home, _anybody, private=False),
    "places": Kind(home.places, _anybody, private=False),
    "bank": Kind(lockers.bank, _anybody_if_it_is(site_of_bank), private=False),
    "doors": Kind(board.doors, _anybody_if_it_is(site_of_bank), private=False),
    "holders": Kind(board.holders, _staff_with(Right.SEE_NAMES, site_of_bank)),
    "door": Kind(board.door, _staff_with(Right.SEE_NAMES, site_of_locker)),
    "person": Kind(people.person, _oneself(ActorKind.PERSON)),
    "staff": Kind(people.staff, _oneself(ActorKind.STAFF)),
    "events": Kind(events.events, _sees_history),
    "feed": Kind(board.feed, _sees_history),
    "figures": Kind(_figures, _sees_figures),
    "queue": Kind(queues.queue, _anybody_if_it_is(site_of_queue), private=False),
    "helm": Kind(helm.helm, _staff_with(Right.SERVE_QUEUE, site_of_queue)),
    "room": Kind(queues.room, _staff_with(Right.SERVE_QUEUE, site_of_queue)),
    "sites": Kind(setup.sites, _anybody_who_may(Right.SET_UP)),
    "site_setup": Kind(setup.site, _staff_with(Right.SET_UP, site_if_any)),
    "bank_setup": Kind(setup.bank, _staff_with(Right.SET_UP, site_of_any_bank)),
    "accounts": Kind(accounts.accounts, _everywhere(Right.MANAGE_STAFF)),
    "people": Kind(looked_up.people, _anybody_who_may(Right.RESET_PIN)),
    "person_card": Kind(looked_up.person_card, _anybody_who_may(Right.RESET_PIN)),
    "imports": Kind(people_imports.imports, _everywhere(Right.MANAGE_PEOPLE)),
    "people_import": Kind(people_imports.people_import, _everywhere(Right.MANAGE_PEOPLE)),
    "terminals": Kind(terminals.terminals, _staff_with(Right.RUN_TERMINALS, site_if_any)),
    "inside": Kind(terminals.inside, _staff_with(Right.END_VISITS, site_if_any)),
    "tickets": Kind(tickets.tickets, _holder),
    "chargers": Kind(chargers.chargers, _anybody_if_it_is(site_with_chargers), private=False),
    "stays": Kind(stays.stays, _stayer),
    "charger_desk": Kind(
        charger_desk.charger_desk, _staff_with(Right.RUN_CHARGERS, site_with_chargers)
    ),
}

"""Reads as the one who looks may have them: the same for pages, routes and exports.

The queries of the other modules answer whoever calls them. What stands here asks first who looks,
and leaves out, or refuses, what is not theirs to see.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from locker_app.domain.actors import Actor, ActorKind, Right
from locker_app.domain.days import today
from locker_app.domain.errors import NotAllowed, NotFound, NotSignedIn
from locker_app.domain.waits import Pace, Wait, estimate
from locker_app.queries.after_class import AfterClass, after_class
from locker_app.queries.event_filter import EVERYTHING, Asked, resolve
from locker_app.queries.events import PAGE, EventView, filtered_page
from locker_app.queries.events_file import EventsFile, events_file
from locker_app.queries.helm import HelmView, helm_view, queue_head
from locker_app.queries.lockers import BankView, Holder, bank_holders, bank_view
from locker_app.queries.mine import Claim, Waiting, claims_of, waits_of
from locker_app.queries.people import PersonView, StaffView, person_view, staff_view
from locker_app.queries.queues import LineView, QueueCard, line_view, queues_of_site
from locker_app.queries.sites import BankCounts, SiteView, bank_counts, site_of_bank, sites
from locker_app.queries.statistics import Statistics, statistics
from locker_app.queries.tickets import MyTicket, tickets_of
from locker_app.queries.tickets_file import Look, look
from locker_app.queries.waits import pace_of


@dataclass(frozen=True, slots=True)
class Me:
    """Who looks, and what is theirs."""

    person: PersonView | None
    staff: StaffView | None
    claims: list[Claim]
    waits: list[Waiting]


def me(conn: Connection, actor: Actor, now: datetime) -> Me:
    """Who looks, with the lockers and waiting lists that are theirs.

    Raises:
        NotSignedIn: nobody in particular.
    """
    if actor.id is None or actor.is_anonymous:
        raise NotSignedIn
    if actor.kind is ActorKind.STAFF:
        return Me(None, staff_view(conn, actor.id), [], [])
    return Me(
        person_view(conn, actor.id), None, claims_of(conn, actor.id, now), waits_of(conn, actor.id)
    )


def all_sites(conn: Connection, actor: Actor, now: datetime) -> list[SiteView]:
    """All sites: everybody may see which there are."""
    return sites(conn)


def banks_of_site(conn: Connection, actor: Actor, now: datetime, site_id: int) -> list[BankCounts]:
    """How full the banks of a site are: everybody may see that.

    Raises:
        NotFound: no such site.
    """
    if all(site.id != site_id for site in sites(conn)):
        raise NotFound("This site does not exist, or no longer.")
    return bank_counts(conn, site_id, now)


def bank_with_holders(
    conn: Connection, actor: Actor, now: datetime, bank_id: int
) -> tuple[BankView, list[Holder] | None]:
    """The doors of a bank, and, for those who may see names, who has them; else None.

    Raises:
        NotFound: no such bank.
    """
    bank = bank_view(conn, bank_id, now)
    if bank is None:
        raise NotFound("This bank of lockers does not exist, or no longer.")
    names = actor.may(Right.SEE_NAMES, bank.site_id)
    return bank, bank_holders(conn, bank_id, now) if names else None


@dataclass(frozen=True, slots=True)
class BoardScope:
    """What a board shows: one of the sites whose board the actor may see, and its banks."""

    sites: list[int]
    site: int
    banks: list[int]


def board_scope(
    conn: Connection, actor: Actor, now: datetime, *, site_id: int, bank_id: int
) -> BoardScope | None:
    """The one bank that is named, or all of the site; the first site when this one is not to be
    seen. None when there is no such bank, or nothing that the actor may see."""
    scope = actor.sites_with(Right.SEE_BOARD)
    ids = [site.id for site in sites(conn) if scope is None or site.id in scope]
    if bank_id:
        here = site_of_bank(conn, bank_id)
        return BoardScope(ids, here, [bank_id]) if here in ids else None
    if not ids:
        return None
    shown = site_id if site_id in ids else ids[0]
    return BoardScope(ids, shown, [counts.id for counts in bank_counts(conn, shown, now)])


def history(
    conn: Connection,
    actor: Actor,
    now: datetime,
    *,
    asked: Asked = EVERYTHING,
    before: int | None = None,
    limit: int = PAGE,
) -> list[EventView]:
    """A page of the event log of the sites where the actor may see it: what is asked for, older
    than the event `before`.

    The log names people, so that takes the right to see names as well.

    Raises:
        NotSignedIn: nobody in particular.
        NotAllowed: may see it nowhere, or not at the site that is asked for.
        BadInput: as `event_filter.resolve`.
    """
    wanted = resolve(conn, _scope_of_history(actor, asked.site_id), asked)
    return filtered_page(conn, wanted, before=before, limit=limit)


def history_file(
    conn: Connection, actor: Actor, now: datetime, *, asked: Asked = EVERYTHING
) -> EventsFile:
    """What is asked for of the event log, as a file, to be read in this snapshot.

    Raises:
        As `history`.
    """
    scope = _scope_of_history(actor, asked.site_id)
    zone = zone_of_history(conn, actor, now, site_id=asked.site_id)
    return events_file(conn, resolve(conn, scope, asked), zone)


def zone_of_history(
    conn: Connection, actor: Actor, now: datetime, *, site_id: int | None = None
) -> str:
    """The time zone of what is seen: that of the site, or of all the actor's sites if it is one
    and the same; else UTC.

    Raises:
        NotSignedIn, NotAllowed: as `history`.
    """
    scope = _scope_of_history(actor, site_id)
    zones = {site.time_zone for site in sites(conn) if scope is None or site.id in scope}
    return zones.pop() if len(zones) == 1 else "UTC"


def _scope_of_history(actor: Actor, site_id: int | None) -> frozenset[int] | None:
    if actor.is_anonymous:
        raise NotSignedIn
    scope = sites_of_history(actor)
    if site_id is not None:
        scope = _both(scope, frozenset({site_id}))
    if scope is not None and not scope:
        raise NotAllowed
    return scope


def sites_of_history(actor: Actor) -> frozenset[int] | None:
    """The sites whose event log the actor may see; None means all, with what is of no site."""
    return _both(actor.sites_with(Right.SEE_EVENTS), actor.sites_with(Right.SEE_NAMES))


def _both(one: frozenset[int] | None, other: frozenset[int] | None) -> frozenset[int] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def site_statistics(
    conn: Connection,
    actor: Actor,
    now: datetime,
    *,
    site_id: int,
    first: date | None = None,
    last: date | None = None,
) -> Statistics:
    """How a site was used on these days, without names; today if none is said.

    Raises:
        NotFound: no such site.
        NotSignedIn, NotAllowed: as `Actor.require`.
        BadInput: the days are no days to look back on.
    """
    here = _site_with_figures(conn, actor, site_id)
    day = today(now, here.time_zone)
    return statistics(conn, here, now, first or last or day, last or first or day)


def zone_of_statistics(conn: Connection, actor: Actor, now: datetime, *, site_id: int) -> str:
    """The time zone in which days are meant.

    Raises:
        NotFound, NotSignedIn, NotAllowed: as `site_statistics`.
    """
    return _site_with_figures(conn, actor, site_id).time_zone


def _site_with_figures(conn: Connection, actor: Actor, site_id: int) -> SiteView:
    here = next((site for site in sites(conn) if site.id == site_id), None)
    if here is None:
        raise NotFound("This site does not exist, or no longer.")
    actor.require(Right.SEE_STATISTICS, site_id)
    return here


def queues_at_site(conn: Connection, actor: Actor, now: datetime, site_id: int) -> list[QueueCard]:
    """How busy the queues of a site are: everybody may see that.

    Raises:
        NotFound: no such site.
    """
    if all(site.id != site_id for site in sites(conn)):
        raise NotFound("This site does not exist, or no longer.")
    return queues_of_site(conn, site_id)


def line_with_pace(
    conn: Connection, actor: Actor, now: datetime, queue_id: int
) -> tuple[LineView, Pace]:
    """A queue in numbers, and what its past teaches: everybody may see that.

    Raises:
        NotFound: no such queue.
    """
    line = line_view(conn, queue_id, now)
    if line is None:
        raise NotFound("This queue does not exist, or no longer.")
    return line, pace_of(conn, queue_id, now)


@dataclass(frozen=True, slots=True)
class OwnTicket:
    """A ticket of whoever asks, with how long it will be."""

    ticket: MyTicket
    ahead: int | None
    """How many are called before it; None when it is over."""
    wait: Wait | None


def own_tickets(conn: Connection, actor: Actor, now: datetime) -> list[OwnTicket]:
    """The open tickets of a person or visitor, and those that ended last.

    Raises:
        NotSignedIn: nobody, not even a visitor.
    """
    if actor.id is None:
        raise NotSignedIn
    if actor.kind not in (ActorKind.PERSON, ActorKind.VISITOR):
        return []
    mine = tickets_of(conn, f"{actor.kind.value}:{actor.id}", now)
    return [_with_wait(conn, ticket, now) for ticket in mine]


def _with_wait(conn: Connection, ticket: MyTicket, now: datetime) -> OwnTicket:
    if ticket.ended_at is not None:
        return OwnTicket(ticket, None, None)
    line = line_view(conn, ticket.queue_id, now)
    if line is None or ticket.number not in line.line:
        return OwnTicket(ticket, 0, None)
    ahead = line.line.index(ticket.number)
    return OwnTicket(ticket, ahead, estimate(pace_of(conn, ticket.queue_id, now), ahead, now))


def queue_at_work(conn: Connection, actor: Actor, now: datetime, queue_id: int) -> HelmView:
    """The whole line with groups, names and questions, for the queue's staff.

    Raises:
        NotFound: no such queue.
        NotSignedIn, NotAllowed: as `Actor.require`.
    """
    _queue_at_work(conn, actor, queue_id)
    helm = helm_view(conn, queue_id, now)
    assert helm is not None
    return helm


def queue_rules(conn: Connection, actor: Actor, now: datetime, queue_id: int) -> Any:
    """The row of a queue, for those who may set its rules.

    Raises:
        NotFound: no such queue.
        NotSignedIn, NotAllowed: as `Actor.require`.
    """
    return _queue_at_work(conn, actor, queue_id, Right.SET_UP_QUEUE)


def queue_looked_back(
    conn: Connection,
    actor: Actor,
    now: datetime,
    *,
    queue_id: int,
    first: date | None = None,
    last: date | None = None,
) -> AfterClass:
    """What became of a queue's tickets on these days, for its staff; today if none is said.

    Raises:
        NotFound: no such queue.
        NotSignedIn, NotAllowed: as `Actor.require`.
        BadInput: the days are no days to look back on.
    """
    head = _queue_at_work(conn, actor, queue_id)
    here = today(now, head.time_zone)
    return after_class(conn, head, now, first or last or here, last or first or here)


def tickets_looked_back(
    conn: Connection, actor: Actor, now: datetime, *, queue_id: int, first: date, last: date
) -> Look:
    """Which tickets a file of these days has, for the queue's staff.

    Raises:
        As `queue_looked_back`.
    """
    return look(_queue_at_work(conn, actor, queue_id), first, last)


def _queue_at_work(
    conn: Connection, actor: Actor, queue_id: int, right: Right = Right.SERVE_QUEUE
) -> Any:
    """The row of the queue, for who works it off, or has another right at its site."""
    head = queue_head(conn, queue_id)
    if head is None:
        raise NotFound("This queue does not exist, or no longer.")
    actor.require(right, head.site_id)
    return head

"""Reads as the one who looks may have them: the same for pages, routes and exports.

The queries of the other modules answer whoever calls them. What stands here asks first who looks,
and leaves out, or refuses, what is not theirs to see.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from locker_app.domain.actors import Actor, ActorKind, Right
from locker_app.domain.errors import NotAllowed, NotFound, NotSignedIn
from locker_app.queries.events import EventView, events_page
from locker_app.queries.lockers import BankView, Holder, bank_holders, bank_view
from locker_app.queries.mine import Claim, Waiting, claims_of, waits_of
from locker_app.queries.people import PersonView, StaffView, person_view, staff_view
from locker_app.queries.sites import BankCounts, SiteView, bank_counts, sites


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
    if actor.id is None:
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


def history(
    conn: Connection,
    actor: Actor,
    now: datetime,
    *,
    before: int | None,
    limit: int,
    locker_id: int | None = None,
    refused_only: bool = False,
    site_id: int | None = None,
) -> list[EventView]:
    """A page of the event log of the sites where the actor may see it, or of one of them.

    The log names people, so that takes the right to see names as well.

    Raises:
        NotSignedIn: nobody in particular.
        NotAllowed: may see it nowhere.
    """
    if actor.kind is ActorKind.NOBODY:
        raise NotSignedIn
    scope = sites_of_history(actor)
    if site_id is not None:
        scope = _both(scope, frozenset({site_id}))
    if scope is not None and not scope:
        raise NotAllowed
    return events_page(
        conn, scope, before=before, limit=limit, locker_id=locker_id, refused_only=refused_only
    )


def sites_of_history(actor: Actor) -> frozenset[int] | None:
    """The sites whose event log the actor may see; None means all, with what is of no site."""
    return _both(actor.sites_with(Right.SEE_EVENTS), actor.sites_with(Right.SEE_NAMES))


def _both(one: frozenset[int] | None, other: frozenset[int] | None) -> frozenset[int] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other

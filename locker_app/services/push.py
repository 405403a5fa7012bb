"""Commands of web push: a browser that wants to be told while its page is closed."""

from datetime import datetime

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.tables import push_next, push_subscription, session
from locker_app.db.transaction import Tx
from locker_app.domain.actors import Actor
from locker_app.domain.errors import NotSignedIn
from locker_app.domain.push import PER_SESSION, check_endpoint, check_keys
from locker_app.queries.push import next_in_line
from locker_app.services.ids import Id, Text
from locker_app.services.lines import holder_of
from locker_app.settings import get_settings

_P, _S, _N = push_subscription.c, session.c, push_next.c
_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def subscribe(
    tx: Tx, actor: Actor, now: datetime, *, endpoint: Text, p256dh: Text, auth: Text
) -> bool:
    """Have this browser told of the tickets of whoever acts; whether it was not before.

    A browser is told for one session: who used it before is not told there any more. A session
    keeps a few browsers' addresses, and the oldest goes for a new one.

    Raises:
        NotSignedIn: nobody, not even a browser with a session.
        NotAllowed: staff and the system take no tickets.
        BadInput: the address is none of a known push service, or the keys can't be used.
    """
    holder_of(actor)
    if actor.session_id is None:
        raise NotSignedIn
    check_endpoint(endpoint, get_settings().push_hosts)
    check_keys(p256dh, auth)
    # Two at once for one session wait for each other here, so that the limit holds.
    tx.conn.execute(select(_S.id).where(_S.id == actor.session_id).with_for_update(key_share=True))
    tx.conn.execute(
        delete(push_subscription).where(
            _P.endpoint == endpoint, _P.auth == auth, _P.session_id != actor.session_id
        )
    )
    mine = (_P.session_id == actor.session_id, _P.endpoint == endpoint)
    keys = {"p256dh": p256dh, "auth": auth}
    if tx.conn.execute(update(push_subscription).where(*mine).values(keys)).rowcount:
        return False
    tx.conn.execute(
        insert(push_subscription).values(
            session_id=actor.session_id, endpoint=endpoint, created_at=now, **keys
        )
    )
    newest = (
        select(_P.id)
        .where(_P.session_id == actor.session_id)
        .order_by(_P.id.desc())
        .limit(PER_SESSION)
    )
    tx.conn.execute(
        delete(push_subscription).where(
            _P.session_id == actor.session_id, _P.id.not_in(newest.scalar_subquery())
        )
    )
    return True


def unsubscribe(tx: Tx, actor: Actor, now: datetime, *, endpoint: Text) -> bool:
    """Have this browser told nothing any more; whether it was.

    Raises:
        NotSignedIn, NotAllowed: as `subscribe`.
    """
    holder_of(actor)
    gone = tx.conn.execute(
        delete(push_subscription).where(_P.session_id == actor.session_id, _P.endpoint == endpoint)
    )
    return gone.rowcount > 0


def drop_gone(tx: Tx, actor: Actor, now: datetime, *, subscription_id: Id) -> bool:
    """Forget a subscription that its push service does not know any more; whether it was there."""
    return tx.conn.execute(delete(push_subscription).where(_P.id == subscription_id)).rowcount > 0


def drop_ended(tx: Tx, actor: Actor, now: datetime) -> int:
    """Forget the subscriptions of sessions that are over; how many."""
    over = select(_S.id).where(or_(_S.ended_at.is_not(None), _S.expires_at <= now))
    gone = tx.conn.execute(delete(push_subscription).where(_P.session_id.in_(over)))
    return gone.rowcount


def tell_next(tx: Tx, actor: Actor, now: datetime, *, queue_id: Id) -> int | None:
    """Note that whoever is next in a queue is told so; their ticket, or None when they were told.
    Of several processes that see it at once, one is given the ticket."""
    first = next_in_line(tx.conn, queue_id, now)
    if first is None:
        return None
    wanted = _INSERT[tx.conn.dialect.name](push_next).values(queue_id=queue_id, ticket_id=first)
    claim = wanted.on_conflict_do_update(
        index_elements=[_N.queue_id],
        set_={"ticket_id": first},
        where=_N.ticket_id != first,
    )
    return tx.conn.execute(claim.returning(_N.ticket_id)).scalar()

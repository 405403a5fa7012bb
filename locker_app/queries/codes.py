"""Reads about short addresses: which page a code leads to."""

from sqlalchemy import Connection, select

from locker_app.db.tables import bank, charger, short_code, site
from locker_app.domain.codes import CodeKind
from locker_app.queries.lockers import IN_USE
from locker_app.queries.queues import queue_of_code


def where_to(conn: Connection, code: str) -> str | None:
    """The path of the page of whatever has this code; None when nothing has it, or nothing that is
    in use."""
    kind = conn.scalar(select(short_code.c.kind).where(short_code.c.code == code))
    if kind == CodeKind.QUEUE.value:
        return f"/q/{code}" if queue_of_code(conn, code) is not None else None
    if kind == CodeKind.BANK.value:
        bank_id = conn.scalar(select(bank.c.id).where(bank.c.code == code, IN_USE))
        return f"/lockers/{bank_id}" if bank_id is not None else None
    if kind == CodeKind.CHARGER.value:
        in_use = select(charger.c.id).join(site, site.c.id == charger.c.site_id)
        in_use = in_use.where(charger.c.archived_at.is_(None), site.c.archived_at.is_(None))
        return f"/c/{code}" if conn.scalar(in_use.where(charger.c.code == code)) else None
    return None

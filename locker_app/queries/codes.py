"""Reads about short addresses: which page a code leads to."""

from sqlalchemy import Connection, select

from locker_app.db.tables import bank, queue, short_code
from locker_app.domain.codes import CodeKind


def where_to(conn: Connection, code: str) -> str | None:
    """The path of the page of whatever has this code; None when nothing has it."""
    kind = conn.scalar(select(short_code.c.kind).where(short_code.c.code == code))
    if kind == CodeKind.QUEUE.value:
        there = conn.scalar(select(queue.c.id).where(queue.c.code == code))
        return f"/q/{code}" if there is not None else None
    if kind == CodeKind.BANK.value:
        bank_id = conn.scalar(select(bank.c.id).where(bank.c.code == code))
        return f"/lockers/{bank_id}" if bank_id is not None else None
    return None

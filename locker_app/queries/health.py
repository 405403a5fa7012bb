"""The smallest question to the database that only a working one can answer."""

from sqlalchemy import Connection, select

from locker_app.db.tables import site


def database_answers(conn: Connection) -> bool:
    """True, when the database is there and has its tables; otherwise it raises."""
    conn.execute(select(site.c.id).limit(1)).first()
    return True

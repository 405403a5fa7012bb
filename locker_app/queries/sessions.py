"""Reads about sessions, for who has the key of one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from locker_app.db.tables import session


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session that is still good."""

    id: int
    created_at: datetime
    expires_at: datetime


def session_view(conn: Connection, key: str, now: datetime) -> SessionView | None:
    """The session with this key; None when it is unknown, ended or expired."""
    s = session.c
    row = conn.execute(
        select(s.id, s.created_at, s.expires_at).where(
            s.key == key, s.ended_at.is_(None), s.expires_at > now
        )
    ).one_or_none()
    return None if row is None else SessionView(*row)

"""Reads about sessions, for who has the key of one."""

from collections.abc import Collection
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


def open_among(conn: Connection, session_ids: Collection[int], now: datetime) -> set[int]:
    """Those of these sessions that are still good."""
    s = session.c
    good = select(s.id).where(s.id.in_(session_ids), s.ended_at.is_(None), s.expires_at > now)
    return set(conn.scalars(good))

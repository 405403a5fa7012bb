"""The visits to all sites, rebuilt from the event log alone.

What the log lacks is not compared: `due_at`, which follows from the rules of the site.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from locker_app.db.tables import event, visit

_NOT_LOGGED = {"due_at"}


def folded(conn: Connection) -> dict[int, dict[str, Any]]:
    """The rows of visits by id, as the log has them."""
    rows: dict[int, dict[str, Any]] = {}
    kinds = ("VisitBegan", "VisitEnded")
    for fact in conn.execute(select(event).where(event.c.kind.in_(kinds)).order_by(event.c.id)):
        visit_id = fact.details["visit_id"]
        if fact.kind == "VisitBegan":
            assert visit_id not in rows
            rows[visit_id] = {
                "id": visit_id,
                "site_id": fact.site_id,
                "person_id": fact.person_id,
                "came_at": datetime.fromisoformat(fact.details["came_at"]),
                "in_terminal_id": fact.terminal_id,
                **dict.fromkeys(("left_at", "end_cause", "out_terminal_id")),
            }
            continue
        row = rows[visit_id]
        assert row["left_at"] is None
        assert (row["site_id"], row["person_id"]) == (fact.site_id, fact.person_id)
        row["left_at"] = datetime.fromisoformat(fact.details["left_at"])
        row["end_cause"] = fact.details["cause"]
        row["out_terminal_id"] = fact.terminal_id
    return rows


def stored(conn: Connection) -> dict[int, dict[str, Any]]:
    """The rows of visits by id, as the table has them."""
    return {
        row.id: {name: value for name, value in row._asdict().items() if name not in _NOT_LOGGED}
        for row in conn.execute(select(visit))
    }

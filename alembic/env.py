"""Runs migrations on the database that `locker_app.db.migrate` or the settings name."""

from typing import Any

from sqlalchemy import DateTime, String, event
from sqlmodel import SQLModel

import locker_app.db.tables  # noqa: F401 - fills the metadata
from alembic import context
from locker_app.db.engine import make_engine


def render_plainly(kind: str, item: Any, _context: Any) -> str | bool:
    """Write column types as SQLAlchemy's own, so that old migrations never need our code."""
    impl = getattr(item, "impl", item)
    if kind == "type" and isinstance(impl, DateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(impl, String) and impl.length is None:
        return "sa.String()"
    return False


url = context.config.attributes.get("database_url")
if url is None:  # the `alembic` command of a developer
    from locker_app.settings import get_settings

    url = get_settings().database_url
engine = make_engine(url, writing=True)
if engine.dialect.name == "sqlite":
    # A table that is made anew is dropped for a moment, with rows that others point to. What they
    # point to is looked at once more before the commit.
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys = OFF"))
with engine.begin() as connection:
    if connection.dialect.name == "postgresql":
        # Two processes starting at once: one migrates, the other waits and finds nothing to do.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7233)")
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_plainly,
    )
    context.run_migrations()
    if connection.dialect.name == "sqlite":
        astray = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if astray is not None:
            raise RuntimeError(f"after the migration a row points nowhere: {astray}")
engine.dispose()

"""Indexes of the log by time, for all that history is filtered by, and those of statistics

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

BEFORE = {
    'event_of_site': (['site_id', 'id'], None),
    'event_of_locker': (['locker_id', 'id'], None),
    'event_of_person': (['person_id', 'id'], None),
    'event_of_queue': (['queue_id', 'id'], None),
    'event_refused': (['site_id', 'id'], "kind = 'Refused'"),
}
NOW = {
    'event_of_site': (['site_id', 'at', 'id'], None),
    'event_of_kind': (['site_id', 'kind', 'at', 'id'], None),
    'event_of_bank': (['bank_id', 'kind', 'at', 'id'], 'bank_id IS NOT NULL'),
    'event_of_queue': (['queue_id', 'kind', 'at', 'id'], 'queue_id IS NOT NULL'),
    'event_of_locker': (['locker_id', 'at', 'id'], 'locker_id IS NOT NULL'),
    'event_of_person': (['person_id', 'at', 'id'], 'person_id IS NOT NULL'),
    'event_of_actor': (
        ['actor_kind', 'actor_id', 'at', 'id', 'kind', 'site_id', 'bank_id', 'queue_id', 'person_id'],
        "actor_kind <> 'person' OR person_id IS NULL OR person_id <> actor_id",
    ),
}

STATISTICS = {
    'claims_begun_at_site': ('assignment', ['site_id', 'assigned_at', 'bank_id', 'released_at']),
    'claims_ended_at_site': ('assignment', ['site_id', 'released_at', 'bank_id', 'assigned_at']),
    'waits_ended_at_site': ('wait', ['site_id', 'ended_at']),
}


def upgrade() -> None:
    _replace(BEFORE, NOW)
    for name, (table, columns) in STATISTICS.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, (table, _) in STATISTICS.items():
        op.drop_index(name, table)
    _replace(NOW, BEFORE)


def _replace(old: dict, new: dict) -> None:
    for name in old:
        op.drop_index(name, 'event')
    for name, (columns, only) in new.items():
        where = None if only is None else sa.text(only)
        op.create_index(name, 'event', columns, sqlite_where=where, postgresql_where=where)

"""Indexes that statistics read, in which nothing else of a claim is looked at

Revision: 0009, after 0008
"""

from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

INDEXES = {
    'claims_begun_at_site': ('assignment', ['site_id', 'assigned_at', 'bank_id', 'released_at']),
    'claims_ended_at_site': ('assignment', ['site_id', 'released_at', 'bank_id', 'assigned_at']),
    'waits_ended_at_site': ('wait', ['site_id', 'ended_at']),
}


def upgrade() -> None:
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)

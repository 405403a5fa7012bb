"""Sums of days that are over, and the indexes by which a day is summed up

Revision: 0009, after 0008
"""

import sqlalchemy as sa
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
    op.create_table(
        'day_sum',
        sa.Column('site_id', sa.Integer(), nullable=False),
        sa.Column('what', sa.String(), nullable=False),
        sa.Column('day', sa.Integer(), nullable=False),
        sa.Column('of', sa.Integer(), nullable=False),
        sa.Column('at', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(), nullable=False),
        sa.Column('many', sa.Integer(), nullable=False),
        sa.Column('seconds', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['site_id'], ['site.id']),
        sa.PrimaryKeyConstraint('site_id', 'what', 'day', 'of', 'at', 'name'),
        sqlite_with_rowid=False,
    )
    op.create_table(
        'summed',
        sa.Column('site_id', sa.Integer(), nullable=False),
        sa.Column('time_zone', sa.String(), nullable=False),
        sa.Column('up_to', sa.Integer(), nullable=False),
        sa.Column('kept_at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['site_id'], ['site.id']),
        sa.PrimaryKeyConstraint('site_id'),
    )


def downgrade() -> None:
    op.drop_table('summed')
    op.drop_table('day_sum')
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)

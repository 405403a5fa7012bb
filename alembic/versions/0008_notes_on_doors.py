"""Notes of staff on doors

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added, not copied as in a batch: rows of other tables refer to lockers. SQLite takes the
    # reference only with the column.
    op.add_column('locker', sa.Column('note', sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column('locker', sa.Column('noted_at', sa.DateTime(timezone=True), nullable=True))
    op.execute('ALTER TABLE locker ADD COLUMN noted_by INTEGER REFERENCES staff (id)')


def downgrade() -> None:
    with op.batch_alter_table('locker', schema=None) as batch_op:
        batch_op.drop_column('noted_by')
        batch_op.drop_column('noted_at')
        batch_op.drop_column('note')

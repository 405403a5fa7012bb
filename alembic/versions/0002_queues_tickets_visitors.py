"""Queues, tickets, desks; sessions of visitors; the queue of an event

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('queue',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('mode', sa.String(), nullable=False),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('announcement', sa.String(), nullable=False),
    sa.Column('announced_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('last_number', sa.Integer(), nullable=False),
    sa.Column('shown_number', sa.Integer(), nullable=False),
    sa.Column('tickets_per_person', sa.Integer(), nullable=False),
    sa.Column('tickets_per_group', sa.Integer(), nullable=False),
    sa.Column('groups', sa.String(), nullable=False),
    sa.Column('sign_in_needed', sa.Boolean(), nullable=False),
    sa.Column('room_pin', sa.String(), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('steps_back', sa.Integer(), nullable=False),
    sa.Column('serve_at_once', sa.Boolean(), nullable=False),
    sa.Column('fresh_groups_first', sa.Boolean(), nullable=False),
    sa.Column('hours', sa.JSON(), nullable=True),
    sa.Column('reset_at', sa.String(), nullable=False),
    sa.Column('changes_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('code'),
    sa.UniqueConstraint('site_id', 'name')
    )
    with op.batch_alter_table('queue', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_queue_changes_at'), ['changes_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_queue_site_id'), ['site_id'], unique=False)

    op.create_table('ticket',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('queue_id', sa.Integer(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('place', sa.BigInteger(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('holder', sa.String(), nullable=False),
    sa.Column('slot', sa.Integer(), nullable=False),
    sa.Column('group_number', sa.String(), nullable=False),
    sa.Column('group_slot', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('visitor_id', sa.Integer(), nullable=True),
    sa.Column('question', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('steps', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('joined_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('called_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ahead_at_join', sa.Integer(), nullable=False),
    sa.Column('low_seconds', sa.Integer(), nullable=True),
    sa.Column('likely_seconds', sa.Integer(), nullable=True),
    sa.Column('high_seconds', sa.Integer(), nullable=True),
    sa.CheckConstraint("(status IN ('waiting', 'serving')) = (ended_at IS NULL)", name='ticket_open_or_ended'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['queue_id'], ['queue.id'], ),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ),
    sa.ForeignKeyConstraint(['visitor_id'], ['session.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('queue_id', 'round', 'number')
    )
    with op.batch_alter_table('ticket', schema=None) as batch_op:
        batch_op.create_index('ended_tickets_of_queue', ['queue_id', 'ended_at'], unique=False)
        batch_op.create_index('one_ticket_per_desk', ['queue_id', 'staff_id'], unique=True, sqlite_where=sa.text("status = 'serving' AND staff_id IS NOT NULL"), postgresql_where=sa.text("status = 'serving' AND staff_id IS NOT NULL"))
        batch_op.create_index('tickets_of_holder', ['holder', 'ended_at'], unique=False)
        batch_op.create_index('open_tickets_of_queue', ['queue_id', 'place'], unique=False, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.create_index('open_tickets_per_group', ['queue_id', 'group_number', 'group_slot'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.create_index('open_tickets_per_holder', ['queue_id', 'holder', 'slot'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('desk',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('queue_id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('pressed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_ticket_id', sa.Integer(), nullable=True),
    sa.Column('called_ticket_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['called_ticket_id'], ['ticket.id'], ),
    sa.ForeignKeyConstraint(['ended_ticket_id'], ['ticket.id'], ),
    sa.ForeignKeyConstraint(['queue_id'], ['queue.id'], ),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('queue_id', 'staff_id')
    )
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.add_column(sa.Column('queue_id', sa.Integer(), nullable=True))
        batch_op.create_index('event_of_queue', ['queue_id', 'id'], unique=False)
    _session_check("person_id IS NULL OR staff_id IS NULL")


def _session_check(rule: str) -> None:
    """On SQLite a constraint is changed by making the table anew. The tables that point to it by
    then keep doing so: foreign keys are looked at again only at the commit."""
    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.drop_constraint('session_of_one', type_='check')
        batch_op.create_check_constraint('session_of_one', rule)



def downgrade() -> None:
    op.execute("DELETE FROM desk")
    op.execute("DELETE FROM ticket")
    op.execute("DELETE FROM session WHERE person_id IS NULL AND staff_id IS NULL")
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.drop_index('event_of_queue')
        batch_op.drop_column('queue_id')

    op.drop_table('desk')
    with op.batch_alter_table('ticket', schema=None) as batch_op:
        batch_op.drop_index('open_tickets_per_holder', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index('open_tickets_per_group', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index('open_tickets_of_queue', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index('tickets_of_holder')
        batch_op.drop_index('one_ticket_per_desk', sqlite_where=sa.text("status = 'serving' AND staff_id IS NOT NULL"), postgresql_where=sa.text("status = 'serving' AND staff_id IS NOT NULL"))
        batch_op.drop_index('ended_tickets_of_queue')

    op.drop_table('ticket')
    with op.batch_alter_table('queue', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_queue_site_id'))
        batch_op.drop_index(batch_op.f('ix_queue_changes_at'))

    op.drop_table('queue')
    _session_check("(person_id IS NULL) <> (staff_id IS NULL)")

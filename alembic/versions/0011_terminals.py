"""Card terminals: what they are told, alerts, cards and their keys, visits; the terminal of an event

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('card_key',
    sa.Column('kid', sa.String(), nullable=False),
    sa.Column('sealed', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('kid')
    )
    op.create_table('visiting',
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('visit_needed', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('leaving_releases', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.Column('anti_passback', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.Column('max_minutes', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.PrimaryKeyConstraint('site_id')
    )
    op.create_table('terminal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('login', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('mode', sa.String(), nullable=False),
    sa.Column('bank_id', sa.Integer(), nullable=True),
    sa.Column('relays', sa.JSON(), nullable=False),
    sa.Column('active_low', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.Column('open_ms', sa.Integer(), nullable=False),
    sa.Column('dim_after_s', sa.Integer(), nullable=False),
    sa.Column('offline', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.Column('pin_needed', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('cfg_version', sa.Integer(), nullable=False),
    sa.Column('grants_version', sa.Integer(), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=True),
    sa.Column('grant_key', sa.String(), nullable=True),
    sa.Column('code_hash', sa.String(), nullable=True),
    sa.Column('code_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('provisioned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('state_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('boot', sa.BigInteger(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('reader', sa.String(), nullable=False),
    sa.Column('display', sa.String(), nullable=False),
    sa.Column('simulated', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('served', sa.JSON(), nullable=False),
    sa.Column('cfg_seen', sa.Integer(), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(kind = 'locker') = (bank_id IS NOT NULL)", name='lockers_have_a_bank'),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], ),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('login')
    )
    with op.batch_alter_table('terminal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_terminal_bank_id'), ['bank_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_terminal_code_hash'), ['code_hash'], unique=False)
        batch_op.create_index(batch_op.f('ix_terminal_site_id'), ['site_id'], unique=False)
        batch_op.create_index('one_terminal_of_a_name', ['site_id', 'name'], unique=True, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))

    op.create_table('card',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('linked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('terminal_id', sa.Integer(), nullable=True),
    sa.Column('verdict', sa.String(), nullable=False),
    sa.Column('answer', sa.JSON(), nullable=False),
    sa.Column('assignment_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], ),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['terminal_id'], ['terminal.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('number')
    )
    with op.batch_alter_table('card', schema=None) as batch_op:
        batch_op.create_index('cards_of_nobody', ['seen_at'], unique=False, sqlite_where=sa.text('person_id IS NULL'), postgresql_where=sa.text('person_id IS NULL'))
        batch_op.create_index('cards_of_person', ['person_id'], unique=False)

    op.create_table('terminal_alert',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('terminal_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('locker_id', sa.Integer(), nullable=True),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cleared_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['locker_id'], ['locker.id'], ),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.ForeignKeyConstraint(['terminal_id'], ['terminal.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('terminal_alert', schema=None) as batch_op:
        batch_op.create_index('alerts_of_person', ['person_id'], unique=False)
        batch_op.create_index('alerts_of_site', ['site_id', 'id'], unique=False, sqlite_where=sa.text('cleared_at IS NULL'), postgresql_where=sa.text('cleared_at IS NULL'))
        batch_op.create_index('one_alert_of_a_subject', ['terminal_id', 'kind', 'subject'], unique=True, sqlite_where=sa.text('cleared_at IS NULL'), postgresql_where=sa.text('cleared_at IS NULL'))

    op.create_table('terminal_command',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('terminal_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('locker_id', sa.Integer(), nullable=True),
    sa.Column('arguments', sa.JSON(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['locker_id'], ['locker.id'], ),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.ForeignKeyConstraint(['terminal_id'], ['terminal.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('uid')
    )
    with op.batch_alter_table('terminal_command', schema=None) as batch_op:
        batch_op.create_index('commands_due', ['due_at'], unique=False, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.create_index('commands_of_locker', ['locker_id', 'id'], unique=False)
        batch_op.create_index('commands_of_terminal', ['terminal_id', 'id'], unique=False)
        batch_op.create_index('open_commands_of_terminal', ['terminal_id', 'id'], unique=False, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('visit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('came_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end_cause', sa.String(), nullable=True),
    sa.Column('in_terminal_id', sa.Integer(), nullable=True),
    sa.Column('out_terminal_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['in_terminal_id'], ['terminal.id'], ),
    sa.ForeignKeyConstraint(['out_terminal_id'], ['terminal.id'], ),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('visit', schema=None) as batch_op:
        batch_op.create_index('one_visit_per_person', ['person_id', 'site_id'], unique=True, sqlite_where=sa.text('left_at IS NULL'), postgresql_where=sa.text('left_at IS NULL'))
        batch_op.create_index('visits_begun_at_site', ['site_id', 'came_at'], unique=False)
        batch_op.create_index('visits_due', ['due_at'], unique=False, sqlite_where=sa.text('left_at IS NULL AND due_at IS NOT NULL'), postgresql_where=sa.text('left_at IS NULL AND due_at IS NOT NULL'))
        batch_op.create_index('visits_inside', ['site_id', 'came_at'], unique=False, sqlite_where=sa.text('left_at IS NULL'), postgresql_where=sa.text('left_at IS NULL'))
        batch_op.create_index('visits_of_person', ['person_id', 'id'], unique=False)
        batch_op.create_index('visits_to_forget', ['site_id', 'left_at'], unique=False, sqlite_where=sa.text('left_at IS NOT NULL AND person_id IS NOT NULL'), postgresql_where=sa.text('left_at IS NOT NULL AND person_id IS NOT NULL'))

    op.create_table('card_link',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('terminal_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('card_id', sa.Integer(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['card_id'], ['card.id'], ),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['terminal_id'], ['terminal.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('card_link', schema=None) as batch_op:
        batch_op.create_index('one_link_per_person', ['person_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.create_index('one_link_per_terminal', ['terminal_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('tap_confirm',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('terminal_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('card_id', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['card_id'], ['card.id'], ),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['terminal_id'], ['terminal.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('tap_confirm', schema=None) as batch_op:
        batch_op.create_index('one_confirm_per_person', ['person_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.add_column('event', sa.Column('terminal_id', sa.Integer(), nullable=True))
    named = sa.text('terminal_id IS NOT NULL')
    op.create_index(
        'event_of_terminal',
        'event',
        ['terminal_id', 'kind', 'at', 'id'],
        sqlite_where=named,
        postgresql_where=named,
    )
    op.add_column('retention', sa.Column('visits', sa.Integer(), nullable=False, server_default=sa.text('0')))
    _keep_append_only(('terminal_id',))


_SAME = (
    'id', 'at', 'kind', 'actor_kind', 'origin', 'site_id', 'bank_id', 'locker_id', 'queue_id',
    'charger_id', 'staff_id', 'request_id',
)


def _keep_append_only(more: tuple[str, ...]) -> None:
    """As since 0006, and with these columns of the log unchangeable too. On PostgreSQL all are
    that are not named."""
    if _on_postgresql():
        return
    op.execute('DROP TRIGGER IF EXISTS event_no_update')
    same = ' AND '.join(f'NEW.{name} IS OLD.{name}' for name in (*_SAME, *more))
    nulled = ' AND '.join(
        f'(NEW.{name} IS NULL OR NEW.{name} IS OLD.{name})' for name in ('person_id', 'reason')
    )
    forgotten = "json_replace(OLD.details, '$.visitor_id', NULL, '$.session_id', NULL)"
    op.execute(
        f"""
        CREATE TRIGGER event_no_update BEFORE UPDATE ON event WHEN NOT ({same} AND {nulled}
        AND (NEW.actor_id IS OLD.actor_id
        OR NEW.actor_id IS NULL AND OLD.actor_kind IN ('person', 'visitor'))
        AND (NEW.details IS OLD.details OR NEW.details IS {forgotten}))
        BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END
        """
    )


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == 'postgresql'


def downgrade() -> None:
    if not _on_postgresql():
        op.execute('DROP TRIGGER event_no_update')
    op.drop_index('event_of_terminal', 'event')
    op.drop_column('event', 'terminal_id')
    _keep_append_only(())
    with op.batch_alter_table('retention', schema=None) as batch_op:
        batch_op.drop_column('visits')
    for table in (
        *('tap_confirm', 'card_link', 'visit', 'terminal_command', 'terminal_alert', 'card'),
        *('terminal', 'visiting', 'card_key'),
    ):
        op.drop_table(table)

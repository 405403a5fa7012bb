"""Charging spots: rules, spots, bookings that can't overlap, the line; the charger of an event

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('charger',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('details', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('out_of_service_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('out_of_service_reason', sa.String(), nullable=True),
    sa.Column('reported_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('code')
    )
    with op.batch_alter_table('charger', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_charger_site_id'), ['site_id'], unique=False)
        batch_op.create_index('one_charger_of_a_name', ['site_id', 'name'], unique=True, sqlite_where=sa.text('archived_at IS NULL'), postgresql_where=sa.text('archived_at IS NULL'))

    op.create_table('charging',
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('max_stay_minutes', sa.Integer(), nullable=False),
    sa.Column('book_later', sa.Boolean(), nullable=False),
    sa.Column('sign_in_needed', sa.Boolean(), nullable=False),
    sa.Column('bookings_per_holder', sa.Integer(), nullable=False),
    sa.Column('at_end', sa.String(), nullable=False),
    sa.Column('grace_minutes', sa.Integer(), nullable=False),
    sa.Column('overstay_minutes', sa.Integer(), nullable=False),
    sa.Column('reminder_minutes', sa.Integer(), nullable=False),
    sa.Column('check_in_minutes', sa.Integer(), nullable=True),
    sa.Column('offer_minutes', sa.Integer(), nullable=False),
    sa.Column('snoozes', sa.Integer(), nullable=False),
    sa.Column('snooze_minutes', sa.Integer(), nullable=False),
    sa.Column('extend_while_waiting_minutes', sa.Integer(), nullable=False),
    sa.Column('day_minutes', sa.Integer(), nullable=True),
    sa.Column('week_minutes', sa.Integer(), nullable=True),
    sa.Column('cooling_off_minutes', sa.Integer(), nullable=False),
    sa.Column('priority', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.PrimaryKeyConstraint('site_id')
    )
    op.create_table('booking',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('charger_id', sa.Integer(), nullable=False),
    sa.Column('holder', sa.String(), nullable=False),
    sa.Column('slot', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('visitor_id', sa.Integer(), nullable=True),
    sa.Column('shown_as', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('here_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('leaves_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('stated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('came_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('overstayed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end_cause', sa.String(), nullable=True),
    sa.Column('likely_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('low_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('high_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name='booking_open_or_ended'),
    sa.CheckConstraint('leaves_at > here_at AND here_at >= starts_at', name='booking_lasts'),
    sa.CheckConstraint('slot >= 1', name='booking_slot_from_one'),
    sa.ForeignKeyConstraint(['charger_id'], ['charger.id'], ),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.ForeignKeyConstraint(['visitor_id'], ['session.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('booking', schema=None) as batch_op:
        batch_op.create_index('begun_bookings_of_site', ['site_id', 'starts_at'], unique=False)
        batch_op.create_index('bookings_due', ['due_at'], unique=False, sqlite_where=sa.text('ended_at IS NULL AND due_at IS NOT NULL'), postgresql_where=sa.text('ended_at IS NULL AND due_at IS NOT NULL'))
        batch_op.create_index('bookings_due_at_site', ['site_id', 'due_at'], unique=False, sqlite_where=sa.text('ended_at IS NULL AND due_at IS NOT NULL'), postgresql_where=sa.text('ended_at IS NULL AND due_at IS NOT NULL'))
        batch_op.create_index('bookings_of_holder', ['holder', 'site_id', 'ended_at'], unique=False)
        batch_op.create_index('bookings_of_visitor', ['visitor_id'], unique=False, sqlite_where=sa.text('visitor_id IS NOT NULL'), postgresql_where=sa.text('visitor_id IS NOT NULL'))
        batch_op.create_index('bookings_to_forget', ['site_id', 'ended_at'], unique=False, sqlite_where=sa.text("ended_at IS NOT NULL AND holder <> ''"), postgresql_where=sa.text("ended_at IS NOT NULL AND holder <> ''"))
        batch_op.create_index('ended_bookings_of_site', ['site_id', 'ended_at'], unique=False)
        batch_op.create_index('one_there_per_charger', ['charger_id'], unique=True, sqlite_where=sa.text("ended_at IS NULL AND status IN ('offered', 'active', 'overstayed')"), postgresql_where=sa.text("ended_at IS NULL AND status IN ('offered', 'active', 'overstayed')"))
        batch_op.create_index('open_bookings_of_charger', ['charger_id', 'here_at'], unique=False, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.create_index('open_bookings_per_holder', ['site_id', 'holder', 'slot'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('charger_wait',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('holder', sa.String(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('visitor_id', sa.Integer(), nullable=True),
    sa.Column('first', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('joined_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('booking_id', sa.Integer(), nullable=True),
    sa.Column('snoozes', sa.Integer(), nullable=False),
    sa.Column('snoozed_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['booking_id'], ['booking.id'], ),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.ForeignKeyConstraint(['visitor_id'], ['session.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('charger_wait', schema=None) as batch_op:
        batch_op.create_index('charger_waits_ended_at_site', ['site_id', 'ended_at'], unique=False)
        batch_op.create_index('charger_waits_of_holder', ['holder', 'ended_at'], unique=False)
        batch_op.create_index('charger_waits_of_visitor', ['visitor_id'], unique=False, sqlite_where=sa.text('visitor_id IS NOT NULL'), postgresql_where=sa.text('visitor_id IS NOT NULL'))
        batch_op.create_index('charger_waits_snoozed', ['snoozed_until'], unique=False, sqlite_where=sa.text('ended_at IS NULL AND snoozed_until IS NOT NULL'), postgresql_where=sa.text('ended_at IS NULL AND snoozed_until IS NOT NULL'))
        batch_op.create_index('charger_waits_to_forget', ['site_id', 'ended_at'], unique=False, sqlite_where=sa.text("ended_at IS NOT NULL AND holder <> ''"), postgresql_where=sa.text("ended_at IS NOT NULL AND holder <> ''"))
        batch_op.create_index('one_charger_wait_per_holder', ['site_id', 'holder'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.create_index('one_charger_wait_per_offer', ['booking_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL AND booking_id IS NOT NULL'), postgresql_where=sa.text('ended_at IS NULL AND booking_id IS NOT NULL'))

    op.add_column('event', sa.Column('charger_id', sa.Integer(), nullable=True))
    named = sa.text('charger_id IS NOT NULL')
    op.create_index(
        'event_of_charger',
        'event',
        ['charger_id', 'kind', 'at', 'id'],
        sqlite_where=named,
        postgresql_where=named,
    )
    for name in ('bookings', 'places'):
        op.add_column('retention', sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text('0')))
    _no_overlap()
    _keep_append_only(('charger_id',))


OVERLAP = 'bookings of a spot overlap'


def _no_overlap() -> None:
    """Open bookings of a spot have no time in common; the end of one may be the begin of another.

    On PostgreSQL a range of ids takes the place of an extension that compares plain numbers.
    """
    if _on_postgresql():
        op.execute(
            'ALTER TABLE booking ADD CONSTRAINT bookings_do_not_overlap EXCLUDE USING gist '
            "(int4range(charger_id, charger_id, '[]') WITH &&, "
            "tstzrange(here_at, leaves_at, '[)') WITH &&) WHERE (ended_at IS NULL)"
        )
        return
    for verb in ('INSERT', 'UPDATE'):
        op.execute(
            f'CREATE TRIGGER bookings_do_not_overlap_{verb.lower()} BEFORE {verb} ON booking '
            'WHEN NEW.ended_at IS NULL AND EXISTS (SELECT 1 FROM booking '
            'WHERE charger_id = NEW.charger_id AND ended_at IS NULL AND id IS NOT NEW.id '
            'AND here_at < NEW.leaves_at AND leaves_at > NEW.here_at) '
            f"BEGIN SELECT RAISE(ABORT, '{OVERLAP}'); END"
        )


_SAME = (
    'id', 'at', 'kind', 'actor_kind', 'origin', 'site_id', 'bank_id', 'locker_id', 'queue_id',
    'staff_id', 'request_id',
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
    op.execute("DELETE FROM short_code WHERE kind = 'charger'")
    if not _on_postgresql():
        op.execute('DROP TRIGGER event_no_update')
    op.drop_index('event_of_charger', 'event')
    op.drop_column('event', 'charger_id')
    _keep_append_only(())
    with op.batch_alter_table('retention', schema=None) as batch_op:
        for name in ('bookings', 'places'):
            batch_op.drop_column(name)
    for table in ('charger_wait', 'booking', 'charging', 'charger'):
        op.drop_table(table)

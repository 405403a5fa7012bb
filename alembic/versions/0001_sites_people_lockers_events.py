"""Sites, people, lockers, events

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('actor_kind', sa.String(), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.Column('origin', sa.String(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=True),
    sa.Column('bank_id', sa.Integer(), nullable=True),
    sa.Column('locker_id', sa.Integer(), nullable=True),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('request_id', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.create_index('event_of_locker', ['locker_id', 'id'], unique=False)
        batch_op.create_index('event_of_person', ['person_id', 'id'], unique=False)
        batch_op.create_index('event_of_site', ['site_id', 'id'], unique=False)
        batch_op.create_index('event_refused', ['site_id', 'id'], unique=False, sqlite_where=sa.text("kind = 'Refused'"), postgresql_where=sa.text("kind = 'Refused'"))

    op.create_table('person',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('pin_hash', sa.String(), nullable=True),
    sa.Column('failed_tries', sa.Integer(), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('accessible', sa.Boolean(), nullable=False),
    sa.Column('near_last', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('number')
    )
    op.create_table('request',
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('fingerprint', sa.String(), nullable=False),
    sa.Column('answer', sa.String(), nullable=True),
    sa.Column('refusal', sa.String(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('actor', 'key')
    )
    with op.batch_alter_table('request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_request_at'), ['at'], unique=False)

    op.create_table('site',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('time_zone', sa.String(), nullable=False),
    sa.Column('lockers_per_person', sa.Integer(), nullable=False),
    sa.Column('hold_minutes', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('staff',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('login', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=False),
    sa.Column('failed_tries', sa.Integer(), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('login')
    )
    op.create_table('bank',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('place', sa.String(), nullable=False),
    sa.Column('prefix', sa.String(), nullable=False),
    sa.Column('limit_minutes', sa.Integer(), nullable=True),
    sa.Column('reminder_minutes', sa.Integer(), nullable=False),
    sa.Column('overdue_action', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('site_id', 'name')
    )
    with op.batch_alter_table('bank', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_bank_site_id'), ['site_id'], unique=False)

    op.create_table('session',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(person_id IS NULL) <> (staff_id IS NULL)', name='session_of_one'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_session_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_session_staff_id'), ['staff_id'], unique=False)
        batch_op.create_index('session_key', ['key'], unique=True)

    op.create_table('staff_role',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=True),
    sa.Column('role', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('staff_role', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_staff_role_staff_id'), ['staff_id'], unique=False)

    op.create_table('locker',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('bank_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('accessible', sa.Boolean(), nullable=False),
    sa.Column('out_of_service_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('out_of_service_reason', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('bank_id', 'number')
    )
    with op.batch_alter_table('locker', schema=None) as batch_op:
        batch_op.create_index('lockers_out_of_service', ['bank_id'], unique=False, sqlite_where=sa.text('out_of_service_at IS NOT NULL'), postgresql_where=sa.text('out_of_service_at IS NOT NULL'))

    op.create_table('assignment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('bank_id', sa.Integer(), nullable=False),
    sa.Column('locker_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('slot', sa.Integer(), nullable=False),
    sa.Column('assigned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('held_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('remind_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('overdue_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('release_cause', sa.String(), nullable=True),
    sa.CheckConstraint('assigned_at IS NOT NULL OR held_until IS NOT NULL', name='held_or_given'),
    sa.CheckConstraint('slot >= 1', name='slot_from_one'),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], ),
    sa.ForeignKeyConstraint(['locker_id'], ['locker.id'], ),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.create_index('claims_due_at', ['due_at'], unique=False, sqlite_where=sa.text('released_at IS NULL AND overdue_at IS NULL AND due_at IS NOT NULL'), postgresql_where=sa.text('released_at IS NULL AND overdue_at IS NULL AND due_at IS NOT NULL'))
        batch_op.create_index('claims_held_until', ['held_until'], unique=False, sqlite_where=sa.text('released_at IS NULL AND held_until IS NOT NULL'), postgresql_where=sa.text('released_at IS NULL AND held_until IS NOT NULL'))
        batch_op.create_index('claims_of_person', ['person_id', 'id'], unique=False)
        batch_op.create_index('claims_remind_at', ['remind_at'], unique=False, sqlite_where=sa.text('released_at IS NULL AND reminded_at IS NULL AND remind_at IS NOT NULL'), postgresql_where=sa.text('released_at IS NULL AND reminded_at IS NULL AND remind_at IS NOT NULL'))
        batch_op.create_index('one_open_claim_per_locker', ['locker_id'], unique=True, sqlite_where=sa.text('released_at IS NULL'), postgresql_where=sa.text('released_at IS NULL'))
        batch_op.create_index('open_claims_of_bank', ['bank_id'], unique=False, sqlite_where=sa.text('released_at IS NULL'), postgresql_where=sa.text('released_at IS NULL'))
        batch_op.create_index('open_claims_per_person', ['person_id', 'site_id', 'slot'], unique=True, sqlite_where=sa.text('released_at IS NULL'), postgresql_where=sa.text('released_at IS NULL'))

    op.create_table('wait',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('bank_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('accessible', sa.Boolean(), nullable=False),
    sa.Column('joined_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('assignment_id', sa.Integer(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignment.id'], ),
    sa.ForeignKeyConstraint(['bank_id'], ['bank.id'], ),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['site_id'], ['site.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('wait', schema=None) as batch_op:
        batch_op.create_index('one_open_wait_per_person', ['person_id', 'site_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.create_index('one_wait_per_hold', ['assignment_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL AND assignment_id IS NOT NULL'), postgresql_where=sa.text('ended_at IS NULL AND assignment_id IS NOT NULL'))
        batch_op.create_index('open_waits_of_bank', ['bank_id', 'id'], unique=False, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
    _make_log_append_only()


def _make_log_append_only() -> None:
    """The log can be added to, never changed: not by a bug, and not by hand."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER event_no_{verb.lower()} BEFORE {verb} ON event "
                "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END"
            )
        # REPLACE deletes without firing the trigger for that.
        op.execute(
            "CREATE TRIGGER event_no_replace BEFORE INSERT ON event "
            "WHEN EXISTS (SELECT 1 FROM event WHERE id = NEW.id) "
            "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the event log is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    with op.batch_alter_table('wait', schema=None) as batch_op:
        batch_op.drop_index('open_waits_of_bank', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index('one_wait_per_hold', sqlite_where=sa.text('ended_at IS NULL AND assignment_id IS NOT NULL'), postgresql_where=sa.text('ended_at IS NULL AND assignment_id IS NOT NULL'))
        batch_op.drop_index('one_open_wait_per_person', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.drop_table('wait')
    with op.batch_alter_table('assignment', schema=None) as batch_op:
        batch_op.drop_index('open_claims_per_person', sqlite_where=sa.text('released_at IS NULL'), postgresql_where=sa.text('released_at IS NULL'))
        batch_op.drop_index('open_claims_of_bank', sqlite_where=sa.text('released_at IS NULL'), postgresql_where=sa.text('released_at IS NULL'))
        batch_op.drop_index('one_open_claim_per_locker', sqlite_where=sa.text('released_at IS NULL'), postgresql_where=sa.text('released_at IS NULL'))
        batch_op.drop_index('claims_remind_at', sqlite_where=sa.text('released_at IS NULL AND reminded_at IS NULL AND remind_at IS NOT NULL'), postgresql_where=sa.text('released_at IS NULL AND reminded_at IS NULL AND remind_at IS NOT NULL'))
        batch_op.drop_index('claims_of_person')
        batch_op.drop_index('claims_held_until', sqlite_where=sa.text('released_at IS NULL AND held_until IS NOT NULL'), postgresql_where=sa.text('released_at IS NULL AND held_until IS NOT NULL'))
        batch_op.drop_index('claims_due_at', sqlite_where=sa.text('released_at IS NULL AND overdue_at IS NULL AND due_at IS NOT NULL'), postgresql_where=sa.text('released_at IS NULL AND overdue_at IS NULL AND due_at IS NOT NULL'))

    op.drop_table('assignment')
    with op.batch_alter_table('locker', schema=None) as batch_op:
        batch_op.drop_index('lockers_out_of_service', sqlite_where=sa.text('out_of_service_at IS NOT NULL'), postgresql_where=sa.text('out_of_service_at IS NOT NULL'))

    op.drop_table('locker')
    with op.batch_alter_table('staff_role', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_staff_role_staff_id'))

    op.drop_table('staff_role')
    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.drop_index('session_key')
        batch_op.drop_index(batch_op.f('ix_session_staff_id'))
        batch_op.drop_index(batch_op.f('ix_session_person_id'))

    op.drop_table('session')
    with op.batch_alter_table('bank', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_bank_site_id'))

    op.drop_table('bank')
    op.drop_table('staff')
    op.drop_table('site')
    with op.batch_alter_table('request', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_request_at'))

    op.drop_table('request')
    op.drop_table('person')
    with op.batch_alter_table('event', schema=None) as batch_op:
        batch_op.drop_index('event_refused')
        batch_op.drop_index('event_of_site')
        batch_op.drop_index('event_of_person')
        batch_op.drop_index('event_of_locker')

    op.drop_table('event')
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change")

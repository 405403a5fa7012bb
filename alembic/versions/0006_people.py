"""People: search, archive, erasure; imports; names leave the history

Revision: 0006, after 0005
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

_ENDED_CLAIM = sa.text('released_at IS NOT NULL AND person_id IS NOT NULL')
_ENDED_WAIT = sa.text('ended_at IS NOT NULL AND person_id IS NOT NULL')
_ENDED_TICKET = sa.text("ended_at IS NOT NULL AND holder <> ''")
_OPEN_IMPORT = sa.text('finished_at IS NULL')
_UNHASHED = sa.text('pin IS NOT NULL')


def upgrade() -> None:
    _by_bytes('number', 'C')
    key = sa.String(collation='C') if _on_postgresql() else sa.String()
    op.add_column('person', sa.Column('name_key', key, server_default=sa.text("''"), nullable=False))
    op.add_column('person', sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('person', sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True))
    _fill_keys()
    op.create_index('person_by_name', 'person', ['name_key', 'id'])
    for table in ('assignment', 'wait'):
        _set_nullable(table, True)
    _index('claims_to_forget', 'assignment', ['site_id', 'released_at'], _ENDED_CLAIM)
    _index('waits_to_forget', 'wait', ['site_id', 'ended_at'], _ENDED_WAIT)
    _index('tickets_of_visitor', 'ticket', ['visitor_id'], sa.text('visitor_id IS NOT NULL'))
    _index('tickets_to_forget', 'ticket', ['site_id', 'ended_at'], _ENDED_TICKET)
    op.create_table('people_import',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('file_name', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=True),
    sa.Column('encoding', sa.String(), nullable=False),
    sa.Column('guessed', sa.Boolean(), nullable=False),
    sa.Column('delimiter', sa.String(), nullable=False),
    sa.Column('head', sa.JSON(), nullable=False),
    sa.Column('columns', sa.JSON(), nullable=False),
    sa.Column('has_head', sa.Boolean(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('progress', sa.Integer(), nullable=False),
    sa.Column('new', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('same', sa.Integer(), nullable=False),
    sa.Column('wrong', sa.Integer(), nullable=False),
    sa.Column('back', sa.Integer(), nullable=False),
    sa.Column('pins', sa.Integer(), nullable=False),
    sa.Column('good_only', sa.Boolean(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('process', sa.String(), nullable=False),
    sa.Column('beat_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    _index('open_people_imports', 'people_import', ['id'], _OPEN_IMPORT)
    number = sa.String(collation='C') if _on_postgresql() else sa.String()
    op.create_table('people_import_row',
    sa.Column('import_id', sa.Integer(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('number', number, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('name_key', sa.String(), nullable=False),
    sa.Column('accessible', sa.Boolean(), nullable=True),
    sa.Column('pin', sa.String(), nullable=True),
    sa.Column('pin_hash', sa.String(), nullable=True),
    sa.Column('field', sa.String(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('said', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['people_import.id'], ),
    sa.PrimaryKeyConstraint('import_id', 'attempt', 'line')
    )
    _index('pins_to_hash', 'people_import_row', ['import_id', 'line'], _UNHASHED)
    op.create_index(
        'import_rows_by_kind', 'people_import_row', ['import_id', 'attempt', 'kind', 'line']
    )
    op.create_table('retention',
    sa.Column('site_id', sa.Integer(), nullable=False),
    sa.Column('began_on', sa.Date(), nullable=False),
    sa.Column('running', sa.Boolean(), nullable=False),
    sa.Column('up_to_event', sa.BigInteger(), nullable=False),
    sa.Column('events', sa.Integer(), nullable=False),
    sa.Column('assignments', sa.Integer(), nullable=False),
    sa.Column('waits', sa.Integer(), nullable=False),
    sa.Column('tickets', sa.Integer(), nullable=False),
    sa.Column('sessions', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('site_id')
    )
    _let_names_leave_the_log()


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == 'postgresql'


def _by_bytes(column: str, collation: str) -> None:
    """SQLite's order is that of the bytes anyway."""
    if _on_postgresql():
        op.execute(f'ALTER TABLE person ALTER COLUMN {column} TYPE VARCHAR COLLATE "{collation}"')


def _index(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _fill_keys() -> None:
    """As `domain.people.search_key` did when this was written."""
    bind = op.get_bind()
    people = bind.execute(sa.text('SELECT id, name FROM person')).all()
    for person_id, name in people:
        plain = unicodedata.normalize('NFKD', name.casefold())
        key = ' '.join(''.join(c for c in plain if not '\u0300' <= c <= '\u036f').split())
        bind.execute(
            sa.text('UPDATE person SET name_key = :key WHERE id = :id'),
            {'key': key, 'id': person_id},
        )


def _set_nullable(table: str, nullable: bool) -> None:
    """Whether `person_id` may be empty.

    On SQLite by the way its documentation gives for constraints that don't change what is stored:
    making the table anew would mean to drop one that others refer to.
    """
    if _on_postgresql():
        op.alter_column(table, 'person_id', nullable=nullable)
        return
    bind = op.get_bind()
    strict, loose = 'person_id INTEGER NOT NULL', 'person_id INTEGER'
    old, new = (strict, loose) if nullable else (loose, strict)
    sql = bind.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
    ).scalar_one()
    if sql.count(old) != 1:
        raise RuntimeError(f'the table {table} is not what this migration knows')
    bind.exec_driver_sql('PRAGMA writable_schema = ON')
    bind.exec_driver_sql(
        "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?",
        (sql.replace(old, new), table),
    )
    version = bind.exec_driver_sql('PRAGMA schema_version').scalar_one()
    bind.exec_driver_sql(f'PRAGMA schema_version = {version + 1}')
    bind.exec_driver_sql('PRAGMA writable_schema = RESET')


_NULLED = ('person_id', 'reason')
_SAME = (
    'id', 'at', 'kind', 'actor_kind', 'origin', 'site_id', 'bank_id', 'locker_id', 'queue_id',
    'staff_id', 'request_id',
)


def _let_names_leave_the_log() -> None:
    """Who it was and why may become empty: person_id, reason, actor_id of persons and visitors,
    visitor_id and session_id in the details. All else stays as it was written, for ever."""
    if _on_postgresql():
        op.execute('DROP TRIGGER event_append_only ON event')
        op.execute(
            'CREATE TRIGGER event_append_only BEFORE DELETE OR TRUNCATE ON event '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'
        )
        op.execute(
            """
            CREATE FUNCTION refuse_all_but_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE
                kept CONSTANT text[] := ARRAY['person_id', 'reason', 'actor_id', 'details'];
                who CONSTANT text[] := ARRAY['visitor_id', 'session_id'];
                name text;
            BEGIN
                IF to_jsonb(NEW) - kept IS DISTINCT FROM to_jsonb(OLD) - kept
                    OR (NEW.person_id IS NOT NULL AND NEW.person_id IS DISTINCT FROM OLD.person_id)
                    OR (NEW.reason IS NOT NULL AND NEW.reason IS DISTINCT FROM OLD.reason)
                    OR (NEW.actor_id IS DISTINCT FROM OLD.actor_id AND NOT (
                        NEW.actor_id IS NULL AND OLD.actor_kind IN ('person', 'visitor')))
                    OR NEW.details::jsonb - who IS DISTINCT FROM OLD.details::jsonb - who
                THEN
                    RAISE EXCEPTION 'the event log is append-only';
                END IF;
                FOREACH name IN ARRAY who LOOP
                    IF (NEW.details::jsonb ? name) <> (OLD.details::jsonb ? name)
                        OR NEW.details::jsonb -> name IS DISTINCT FROM OLD.details::jsonb -> name
                        AND NEW.details ->> name IS NOT NULL
                    THEN
                        RAISE EXCEPTION 'the event log is append-only';
                    END IF;
                END LOOP;
                RETURN NEW;
            END $$
            """
        )
        op.execute(
            'CREATE TRIGGER event_only_forgets BEFORE UPDATE ON event '
            'FOR EACH ROW EXECUTE FUNCTION refuse_all_but_forgetting()'
        )
        return
    op.execute('DROP TRIGGER IF EXISTS event_no_update')
    same = ' AND '.join(f'NEW.{name} IS OLD.{name}' for name in _SAME)
    nulled = ' AND '.join(f'(NEW.{n} IS NULL OR NEW.{n} IS OLD.{n})' for n in _NULLED)
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


def downgrade() -> None:
    if _on_postgresql():
        op.execute('DROP TRIGGER event_only_forgets ON event')
        op.execute('DROP FUNCTION refuse_all_but_forgetting')
        op.execute('DROP TRIGGER event_append_only ON event')
        op.execute(
            'CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'
        )
    else:
        op.execute('DROP TRIGGER IF EXISTS event_no_update')
        op.execute(
            'CREATE TRIGGER event_no_update BEFORE UPDATE ON event '
            "BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END"
        )
    op.drop_table('retention')
    op.drop_table('people_import_row')
    op.drop_table('people_import')
    op.drop_index('tickets_to_forget', 'ticket')
    op.drop_index('tickets_of_visitor', 'ticket')
    op.drop_index('waits_to_forget', 'wait')
    op.drop_index('claims_to_forget', 'assignment')
    op.execute(
        'DELETE FROM wait WHERE person_id IS NULL OR assignment_id IN '
        '(SELECT id FROM assignment WHERE person_id IS NULL)'
    )
    op.execute('DELETE FROM assignment WHERE person_id IS NULL')
    for table in ('wait', 'assignment'):
        _set_nullable(table, False)
    op.drop_index('person_by_name', 'person')
    op.drop_column('person', 'erased_at')
    op.drop_column('person', 'archived_at')
    op.drop_column('person', 'name_key')
    _by_bytes('number', 'default')

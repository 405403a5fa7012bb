"""Set-up: hours and settings of sites, codes of banks, sizes, removed doors, invitations

Revision: 0005, after 0004
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

_LETTERS = '23456789ABCDEFGHJKMNPQRSTVWXYZ'
_NAMES = {'uq': 'uq_%(table_name)s_%(column_0_name)s'}
_IN_USE = {'sqlite_where': sa.text('archived_at IS NULL'), 'postgresql_where': sa.text('archived_at IS NULL')}
_THERE = {'sqlite_where': sa.text('retired_at IS NULL'), 'postgresql_where': sa.text('retired_at IS NULL')}
_BROKEN = {'sqlite_where': sa.text('out_of_service_at IS NOT NULL'), 'postgresql_where': sa.text('out_of_service_at IS NOT NULL')}


def upgrade() -> None:
    op.create_table('short_code',
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('code')
    )
    op.create_table('invitation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('key')
    )
    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invitation_staff_id'), ['staff_id'], unique=False)

    op.create_table('sign_in',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_staff_id'), ['staff_id'], unique=False)

    with op.batch_alter_table('staff', schema=None) as batch_op:
        batch_op.add_column(sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('site', schema=None) as batch_op:
        batch_op.add_column(sa.Column('hours', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('changes_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('viewers_see_names', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('names_kept_days', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f('ix_site_changes_at'), ['changes_at'], unique=False)

    with op.batch_alter_table('bank', schema=None) as batch_op:
        batch_op.add_column(sa.Column('code', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True))
    _give_codes()
    # On SQLite these make the tables anew; see 0002.
    with op.batch_alter_table('bank', schema=None, naming_convention=_NAMES) as batch_op:
        batch_op.alter_column('code', existing_type=sa.String(), nullable=False)
        batch_op.drop_constraint(_unnamed('bank', 'site_id', 'name'), type_='unique')
        batch_op.create_unique_constraint('bank_code_key', ['code'])
        batch_op.create_index('one_bank_of_a_name', ['site_id', 'name'], unique=True, **_IN_USE)

    with op.batch_alter_table('locker', schema=None, naming_convention=_NAMES) as batch_op:
        batch_op.add_column(sa.Column('size', sa.String(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(_unnamed('locker', 'bank_id', 'number'), type_='unique')
        batch_op.create_index('one_door_of_a_number', ['bank_id', 'number'], unique=True, **_THERE)


def _unnamed(table: str, *columns: str) -> str:
    """What a constraint that was made without a name is called: by PostgreSQL so, by SQLite not at
    all, and for this step by `_NAMES`."""
    if op.get_bind().dialect.name == 'sqlite':
        return f'uq_{table}_{columns[0]}'
    return '_'.join([table, *columns, 'key'])


def _give_codes() -> None:
    """The codes that queues have are kept from now on; each bank gets one that is new."""
    conn = op.get_bind()
    codes = sa.table('short_code', sa.column('code'), sa.column('kind'))
    bank = sa.table('bank', sa.column('id'), sa.column('code'))
    taken = set(conn.execute(sa.select(sa.column('code')).select_from(sa.table('queue'))).scalars())
    if taken:
        conn.execute(sa.insert(codes), [{'code': code, 'kind': 'queue'} for code in sorted(taken)])
    for bank_id in conn.execute(sa.select(bank.c.id)).scalars().all():
        code = next(made for made in iter(_code, '') if made not in taken)
        taken.add(code)
        conn.execute(sa.insert(codes).values(code=code, kind='bank'))
        conn.execute(sa.update(bank).where(bank.c.id == bank_id).values(code=code))


def _code() -> str:
    return ''.join(secrets.choice(_LETTERS) for _ in range(6))


def downgrade() -> None:
    """Doors that were removed become doors out of service, under numbers that are free."""
    conn = op.get_bind()
    conn.execute(sa.text(
        "UPDATE locker SET number = number + 1000000 + id, out_of_service_reason = 'removed', "
        "out_of_service_at = retired_at WHERE retired_at IS NOT NULL"
    ))
    conn.execute(sa.text("UPDATE bank SET name = name || ' ' || id WHERE archived_at IS NOT NULL"))
    with op.batch_alter_table('locker', schema=None) as batch_op:
        batch_op.drop_index('one_door_of_a_number', **_THERE)
        batch_op.drop_column('retired_at')
        batch_op.drop_column('size')
        batch_op.create_unique_constraint(_unnamed('locker', 'bank_id', 'number'), ['bank_id', 'number'])

    with op.batch_alter_table('bank', schema=None, naming_convention=_NAMES) as batch_op:
        batch_op.drop_index('one_bank_of_a_name', **_IN_USE)
        batch_op.drop_constraint('bank_code_key', type_='unique')
        batch_op.drop_column('archived_at')
        batch_op.drop_column('code')
        batch_op.create_unique_constraint(_unnamed('bank', 'site_id', 'name'), ['site_id', 'name'])

    with op.batch_alter_table('site', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_site_changes_at'))
        batch_op.drop_column('archived_at')
        batch_op.drop_column('names_kept_days')
        batch_op.drop_column('viewers_see_names')
        batch_op.drop_column('changes_at')
        batch_op.drop_column('hours')

    with op.batch_alter_table('staff', schema=None) as batch_op:
        batch_op.drop_column('disabled_at')

    op.drop_table('sign_in')
    op.drop_table('invitation')
    op.drop_table('short_code')

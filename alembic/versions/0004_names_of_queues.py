"""Names of queues are unique at a site whatever their capitals

Revision: 0004, after 0003
"""

from collections import defaultdict
from itertools import count

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

LONGEST = 60
QUEUE = sa.table('queue', sa.column('id'), sa.column('site_id'), sa.column('name'))


def upgrade() -> None:
    _tell_apart(op.get_bind())
    op.create_index('one_queue_of_a_name', 'queue', ['site_id', sa.text('lower(name)')], unique=True)


def _tell_apart(conn: sa.Connection) -> None:
    """Of queues whose names differ by capitals only, the first keeps its own; the others get a
    number, as in "lab (2)"."""
    kept: dict[int, set[str]] = defaultdict(set)
    later: list[sa.Row] = []
    for row in conn.execute(sa.select(QUEUE).order_by(QUEUE.c.id)):
        names = kept[row.site_id]
        if row.name.casefold() in names:
            later.append(row)
        names.add(row.name.casefold())
    for row in later:
        names = kept[row.site_id]
        name = next(name for n in count(2) if (name := _numbered(row.name, n)).casefold() not in names)
        names.add(name.casefold())
        conn.execute(sa.update(QUEUE).where(QUEUE.c.id == row.id).values(name=name))


def _numbered(name: str, n: int) -> str:
    suffix = f' ({n})'
    return name[: LONGEST - len(suffix)].rstrip() + suffix


def downgrade() -> None:
    op.drop_index('one_queue_of_a_name', 'queue')

"""Codes of short addresses: made here and nowhere else, so that no two things share one."""

import secrets

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from locker_app.db.tables import short_code
from locker_app.domain.codes import CODE_LENGTH, CODE_LETTERS, CodeKind


def new_code(conn: Connection, kind: CodeKind) -> str:
    """A code that nothing has or ever had, taken for what the caller is about to make."""
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    while True:
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        taken = insert(short_code).values(code=code, kind=kind.value).on_conflict_do_nothing()
        if conn.execute(taken.returning(short_code.c.code)).first() is not None:
            return code

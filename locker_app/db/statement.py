"""Statements that are built and compiled once: the fast way for what every command does.

Building an expression and having it executed costs several times what SQLite needs to run it
(docs/decisions/0005-prepared-statements.md has the figures). A `Statement` lets SQLAlchemy write
the SQL and the type conversions once for each database, and afterwards talks to the driver.
What is done seldom is better written as an ordinary expression.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any] | None


class Statement:
    """A select, insert, update or delete whose values are all `bindparam`s.

    Inserts name every column that is not to be empty: defaults of the table classes do not apply.
    """

    def __init__(self, clause: ClauseElement) -> None:
        self._clause = clause
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, conn: Connection, **values: Any) -> list[Any]:
        """All rows, as named tuples."""
        compiled = self._for(conn)
        return compiled.convert(compiled.execute(conn, values).fetchall())

    def first(self, conn: Connection, **values: Any) -> Any | None:
        """The first row, as a named tuple; None when there is none."""
        compiled = self._for(conn)
        row = compiled.execute(conn, values).fetchone()
        return None if row is None else compiled.convert([row])[0]

    def column(self, conn: Connection, **values: Any) -> list[Any]:
        """The first column of all rows, as the driver has it: no type of ours is converted."""
        return [row[0] for row in self._for(conn).execute(conn, values).fetchall()]

    def value(self, conn: Connection, **values: Any) -> Any | None:
        """The first column of the first row; None when there is none."""
        row = self.first(conn, **values)
        return None if row is None else row[0]

    def count(self, conn: Connection, **values: Any) -> int:
        """Run it; how many rows it changed."""
        return self._for(conn).execute(conn, values).rowcount

    def _for(self, conn: Connection) -> "_Compiled":
        name = conn.dialect.name
        compiled = self._compiled.get(name)
        if compiled is None:
            compiled = self._compiled[name] = _Compiled(self._clause, conn.dialect)
        return compiled


class _Compiled:
    """A statement in one database's SQL, with its conversions."""

    def __init__(self, clause: ClauseElement, dialect: Dialect) -> None:
        compiled = clause.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        self._sql = str(compiled)
        self._constants = {
            name: value for name, value in compiled.params.items() if value is not None
        }
        self._order = compiled.positiontup
        self._to_driver = {
            name: convert
            for bind, name in compiled.bind_names.items()
            if (convert := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        columns = _result_columns(compiled)
        self._row = namedtuple("Row", [name for name, _ in columns], rename=True)
        self._from_driver: list[tuple[int, Callable[[Any], Any]]] = [
            (index, convert)
            for index, (_, type_) in enumerate(columns)
            if (convert := type_.dialect_impl(dialect).result_processor(dialect, None)) is not None
        ]

    def execute(self, conn: Connection, values: dict[str, Any]) -> Any:
        parameters = {**self._constants, **values} if self._constants else values
        for name, convert in self._to_driver.items():
            parameters[name] = convert(parameters[name])
        cursor = conn.connection.cursor()
        if self._order is None:
            return cursor.execute(self._sql, parameters) or cursor
        cursor.execute(self._sql, [parameters[name] for name in self._order])
        return cursor

    def convert(self, rows: Iterable[Any]) -> list[Any]:
        if not self._from_driver:
            return [self._row._make(row) for row in rows]
        converted = []
        for row in rows:
            cells = list(row)
            for index, convert in self._from_driver:
                cells[index] = convert(cells[index])
            converted.append(self._row._make(cells))
        return converted


def _result_columns(compiled: SQLCompiler) -> list[tuple[str, TypeEngine[Any]]]:
    return [(entry[0], entry[3]) for entry in compiled._result_columns]

"""Seconds since 1970 of a time in a column, which each database says in a way of its own."""

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class seconds_of(GenericFunction[int]):  # noqa: N801 - it is read as a function
    """Whole seconds since 1970, as the database reckons them."""

    type = BigInteger()
    inherit_cache = True
    name = "seconds_of"


@compiles(seconds_of, "sqlite")
def _on_sqlite(element: seconds_of, compiler: Any, **options: Any) -> str:
    inner = compiler.process(element.clauses, **options)
    # the Julian day is found twice as fast as what strftime writes
    return f"CAST(round((julianday({inner}) - 2440587.5) * 86400) AS INTEGER)"


@compiles(seconds_of, "postgresql")
def _on_postgresql(element: seconds_of, compiler: Any, **options: Any) -> str:
    inner = compiler.process(element.clauses, **options)
    return f"CAST(round(extract(epoch FROM {inner})) AS BIGINT)"

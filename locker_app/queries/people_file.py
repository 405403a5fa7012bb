"""All people as a file that can be imported again."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from locker_app.domain.csv_text import harmless
from locker_app.domain.spreadsheets import BYTE_ORDER_MARK, written
from locker_app.queries.people_list import MAX_PAGE, After, after_of, people_counts, people_page

HEAD = ("number", "name", "accessible", "pin")
"""The columns of an import; of PINs there are only hashes, so the last one stays empty."""


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """The file."""

    rows: int
    pieces: Iterator[tuple[int, str]]


def people_file(conn: Connection, *, archived: bool = False) -> PeopleFile:
    """All people, or all of the archive, to be read in this snapshot."""
    counts = people_counts(conn)
    return PeopleFile(counts.archived if archived else counts.people, _pieces(conn, archived))


def _pieces(conn: Connection, archived: bool) -> Iterator[tuple[int, str]]:
    yield 0, BYTE_ORDER_MARK + written([HEAD])
    after: After | None = None
    done = 0
    while page := people_page(conn, archived=archived, after=after, limit=MAX_PAGE):
        done, after = done + len(page), after_of(page[-1], "")
        yield (
            done,
            written(
                (harmless(p.number), harmless(p.name), "yes" if p.accessible else "no", "")
                for p in page
            ),
        )

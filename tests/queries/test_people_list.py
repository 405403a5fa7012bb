"""The list of people: found by number or by the beginnings of names, in pages without gaps."""

import pytest

from locker_app.domain.actors import SYSTEM
from locker_app.queries.people_list import (
    After,
    after_of,
    id_of_number,
    people_counts,
    people_page,
    person_card,
)
from locker_app.services.leaving import archive_person, erase_person
from locker_app.services.people import add_person
from tests.world import World

NAMES = {
    "CS1": "Rahul Sharma",
    "CS2": "Priya Patel",
    "EE1": "Zoë Müller",
    "EE2": "Łukasz Wąs",
    "EE3": "Anna 100%_sure",
    "EE4": "Rahul Patel",
}


@pytest.fixture
def people(world: World) -> dict[str, int]:
    return {
        number: world.run(SYSTEM, add_person, number=number, name=name)
        for number, name in NAMES.items()
    }


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", ["EE3", "CS2", "EE4", "CS1", "EE1", "EE2"]),
        ("rah", ["EE4", "CS1"]),
        ("PATEL", ["CS2", "EE4"]),
        ("patel rah", ["EE4"]),
        ("zoe", ["EE1"]),
        ("mul", ["EE1"]),
        ("ahul", []),
        ("cs", ["CS2", "CS1"]),
        ("ee 1", ["EE1"]),
        ("ee4", ["EE4"]),
        ("100%", []),
        ("_sure", []),
        ("%", []),
        ("\\", []),
    ],
)
def test_found(world: World, people: dict[str, int], text: str, numbers: list[str]) -> None:
    page = world.db.read(lambda conn: people_page(conn, text))
    assert sorted(row.number for row in page) == sorted(numbers)


@pytest.mark.parametrize("text", ["", "ee", "e", "c1", "EE"])
def test_pages_have_no_gaps(world: World, people: dict[str, int], text: str) -> None:
    whole = world.db.read(lambda conn: people_page(conn, text))
    found, after = [], None
    while page := world.db.read(
        lambda conn, after=after: people_page(conn, text, after=after, limit=2)
    ):
        found += page
        after: After | None = after_of(page[-1], text)
    assert found == whole


def test_the_archive_is_apart_and_the_erased_are_nowhere(
    world: World, people: dict[str, int]
) -> None:
    world.run(SYSTEM, archive_person, person_id=people["CS1"])
    world.run(SYSTEM, erase_person, person_id=people["CS2"])

    def numbers(*, archived: bool) -> set[str]:
        return {
            row.number for row in world.db.read(lambda conn: people_page(conn, archived=archived))
        }

    assert numbers(archived=True) == {"CS1"}
    assert numbers(archived=False) == {"EE1", "EE2", "EE3", "EE4"}
    counts = world.db.read(people_counts)
    assert (counts.people, counts.archived) == (4, 1)
    assert world.db.read(lambda conn: person_card(conn, people["CS2"])) is None
    assert world.db.read(lambda conn: id_of_number(conn, "CS2")) is None

"""Statistics over HTTP: who gets them, what is in figures and files, which days are refused."""

import csv
import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from locker_app.domain.actors import Role
from locker_app.queries.statistics_tables import TABLES
from tests.api.clients import Client, Library, code

FORMULA = '=HYPERLINK("http://elsewhere.example","Click")'


def today() -> dict[str, Any]:
    day = datetime.now(UTC).astimezone(ZoneInfo("Europe/Berlin")).date().isoformat()
    return {"first": day, "last": day}


def rows(client: Client, site_id: int, table: str) -> list[dict[str, str]]:
    """The file, read as a spreadsheet would."""
    answer = client.ask(f"/sites/{site_id}/statistics/{table}.csv", **today())
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_figures_and_files(any_library: Library) -> None:
    world = any_library.world
    bank_id = world.bank(count=2, name=FORMULA)
    site_id = world.view(bank_id).site_id
    queue_id, who = world.queue(site_id, name="@Lab"), world.person()
    world.take(who, bank_id)
    world.tickets(queue_id, 2)
    viewer = any_library.program(world.staff(Role.VIEWER, site_id))
    answer = viewer.ask(f"/sites/{site_id}/statistics", **today())
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert (seen["assigned"], seen["open"], seen["refused"]) == (1, 1, 0)
    assert [(one["day"], one["assigned"]) for one in seen["by_day"]] == [(today()["first"], 1)]
    assert [(one["bank_id"], one["archived"]) for one in seen["banks"]] == [(bank_id, False)]
    assert [(one["joined"], one["done"]) for one in seen["line_days"]] == [(2, 0)]
    assert any_library.number_of(who) not in answer.text
    files = {table: rows(viewer, site_id, table) for table in TABLES}
    assert files["banks"][0]["Bank"] == files["now"][0]["Bank"] == f"'{FORMULA}"
    assert files["joins"] == [
        {"Day": today()["first"], "Line": "'@Lab", "Joined": "2", "Helped": "0"}
        | {"Did not come": "0", "Left": "0", "Mean wait, min": "0.0"}
    ]


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        ("2026-03-02", "2026-03-01", "before the first"),
        ("2150-01-01", "2150-01-02", "still to come"),
        ("2020-01-01", "2026-01-01", "up to 400 days"),
        ("1980-01-01", "1980-01-02", "from 2000 on"),
        ("9999-12-31", "9999-12-31", "from 2000 on"),
    ],
)
def test_days_that_are_none(library: Library, first: str, last: str, why: str) -> None:
    world = library.world
    admin, site_id = library.program(world.staff()), world.site()
    for place in ("", "/days.csv"):
        answer = admin.ask(f"/sites/{site_id}/statistics{place}", first=first, last=last)
        assert (answer.status_code, code(answer)) == (422, "bad_input")
        assert why in answer.json()["detail"]


def test_what_is_not_there(library: Library) -> None:
    admin, site_id = library.program(library.world.staff()), library.world.site()
    assert admin.ask("/sites/999/statistics", **today()).status_code == 404
    for path, asked in (
        (f"/sites/{site_id}/statistics/names.csv", today()),
        (f"/sites/{site_id}/statistics", {"first": "today", "last": "today"}),
        (f"/sites/{site_id}/statistics", {}),
    ):
        assert admin.ask(path, **asked).status_code == 422

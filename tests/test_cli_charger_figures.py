"""How charging spots were used, from the shell."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from locker_app.db.database import Database
from locker_app.db.tables import charger
from tests.bookings import a_booking
from tests.test_cli_staff import Shell, shell
from tests.world import Clock, World

__all__ = ["shell"]

FORMULA = "=1+1"


def stay(folder: Path) -> None:
    """Two hours on the first spot of the sample library, until now."""
    db = Database(f"sqlite:///{folder / 'cubby.db'}")
    try:
        world, now = World(db, Clock()), datetime.now(UTC)
        (first, *_) = world.rows(charger)
        said = {"stated_at": now, "shown_as": FORMULA}
        a_booking(world, first.id, now - timedelta(hours=2), now - timedelta(seconds=9), **said)
    finally:
        db.close()


def test_figures_tables_and_bookings(shell: Shell, tmp_path: Path) -> None:
    stay(tmp_path)
    said = " ".join(shell("charger", "statistics").split())
    assert "Stays that began 1 Median stay 120 min Overstayed 0" in said
    assert "1 h – 2 h" in shell("charger", "statistics", "--table", "spot-stays")
    path = tmp_path / "table.csv"
    shell("charger", "statistics", "--table", "spots", "--output", str(path))
    assert "Spot,Stays,Percent used" in path.read_text(encoding="utf-8-sig")
    said = shell("charger", "bookings", "--output", str(path))
    assert said == f"Bookings in {path}: 1"
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["shown_as"], row["how_it_ended"]) == (f"'{FORMULA}", "stopped")
    assert row["minutes"] == "119.8"
    said = shell("charger", "bookings", "--charger", "2", "--output", str(path))
    assert said == f"Bookings in {path}: 0"


def test_what_can_t_be(shell: Shell) -> None:
    for typed, why in (
        (("statistics", "--site", "Elsewhere"), "Say at which site"),
        (("statistics", "--first", "2150-01-01"), "still to come"),
        (("statistics", "--output", "x.csv"), "Say which table"),
        (("bookings", "--charger", "99", "--output", "x.csv"), "no charging spot"),
        (("bookings", "--output", "/nowhere/at/all.csv"), "can't be written"),
        (("bookings", "--as", "nobody", "--output", "x.csv"), "no staff account"),
    ):
        assert why in shell("charger", *typed, fails=True), typed

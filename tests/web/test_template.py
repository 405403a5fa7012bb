"""The frame around pages."""

from locker_app.web.pages.missing import missing
from locker_app.web.template import ENTRIES, MORE


def test_from_an_address_that_leads_nowhere_staff_get_wherever_they_may() -> None:
    shown = str(missing())
    assert [entry.to for entry in (*ENTRIES, *MORE) if f'"{entry.to}"' not in shown] == []

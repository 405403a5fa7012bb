"""What can be set for a site."""

from typing import Any

import pytest

from locker_app.domain.errors import BadInput
from locker_app.domain.sites import SiteRules, check_site, version_of


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"hours": [[0, "18:00", "09:00"]]}, "hours"),
        ({"lockers_per_person": 0}, "lockers_per_person"),
        ({"lockers_per_person": 21}, "lockers_per_person"),
        ({"hold_minutes": 0}, "hold_minutes"),
        ({"names_kept_days": 0}, "names_kept_days"),
    ],
)
def test_rules_that_can_not_be(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_site(SiteRules(**{"name": "Library", "time_zone": "UTC", **change}))
    assert (refused.value.field or "").startswith(field)


def test_rules_are_tidied() -> None:
    tidied = check_site(SiteRules(" A  library ", " europe/BERLIN "))
    assert (tidied.name, tidied.time_zone) == ("A library", "Europe/Berlin")


def test_a_version_stands_for_all_rules() -> None:
    rules = SiteRules("Library", "UTC")
    versions = {
        version_of(SiteRules, SiteRules(**{"name": "Library", "time_zone": "UTC", **change}))
        for change in (
            {},
            {"name": "Other"},
            {"time_zone": "Europe/Berlin"},
            {"hours": [[0, "09:00", "10:00"]]},
            {"lockers_per_person": 2},
            {"hold_minutes": 11},
            {"viewers_see_names": True},
            {"names_kept_days": 5},
        )
    }
    assert len(versions) == 8
    assert version_of(SiteRules, rules) in versions

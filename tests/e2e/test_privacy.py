"""Who is not to see names is not sent any: looked at on the raw frames, not on the page."""

from collections.abc import Iterable

from locker_app.domain.actors import Actor, Role
from locker_app.services.lockers import force_release, take_out_of_service
from tests.e2e.conftest import NewScreen
from tests.e2e.library import Library
from tests.e2e.screens import Screen

REASON = "his keys were found in it"


def _what_happens(library: Library, bank_id: int, others: list[Actor]) -> None:
    """A little of everything, by others than those who look."""
    admin = library.staff()
    holder, released, waiting = others
    library.take(holder, bank_id)
    library.take(released, bank_id)
    library.join(waiting, bank_id)
    second = library.door(bank_id, 2)
    library.run(admin, force_release, locker_id=second, reason=REASON)
    library.run(admin, take_out_of_service, locker_id=library.door(bank_id, 1), reason=REASON)


def _secrets(library: Library, people: Iterable[Actor]) -> list[str]:
    return [REASON, *[text for p in people for text in (library.name(p), library.number(p))]]


def _told(screen: Screen, secrets: list[str]) -> list[str]:
    everything = [*screen.frames, screen.page.content()]
    return [secret for secret in secrets if any(secret in text for text in everything)]


def test_names_reach_only_those_who_may_see_them(
    library: Library, phone: NewScreen, desktop: NewScreen
) -> None:
    bank_id, others = library.bank(count=2), library.people(3)
    student = library.person()
    admin = desktop(library.staff()).open(f"/staff/board/{bank_id}")
    lookers = {
        "a student": phone(student).open(f"/lockers/{bank_id}"),
        "a visitor": phone().open(f"/lockers/{bank_id}"),
        "a viewer": desktop(library.staff(Role.VIEWER)).open(f"/staff/board/{bank_id}"),
        "a professor": desktop(library.staff(Role.PROFESSOR)).open(f"/staff/board/{bank_id}"),
    }
    _what_happens(library, bank_id, others)
    secrets = _secrets(library, others)
    for looker in ("a student", "a visitor", "a viewer"):
        lookers[looker].shows_door(1, "x").shows_door(2, "r")
    admin.sees(REASON)
    # What has just happened, and then the pages of which they may see nothing.
    for screen in lookers.values():
        screen.open("/staff/history").open(f"/staff/board/{bank_id}")
    told = {looker: _told(screen, secrets) for looker, screen in lookers.items()}
    assert told == {looker: [] for looker in lookers}
    # And this would have found them:
    stayed = [others[0], others[2]]  # the second was gone again, perhaps before a screen was told
    assert set(_secrets(library, stayed)) <= set(_told(admin, secrets))
    assert _told(lookers["a student"], [library.name(student)]) == [library.name(student)]


def test_staff_of_one_site_see_no_names_of_another(library: Library, desktop: NewScreen) -> None:
    here, there = library.site(), library.site()
    bank_id, others = library.bank(there, count=2), library.people(3)
    admin = desktop(library.staff(site_id=here)).open(f"/staff/board/{bank_id}")
    _what_happens(library, bank_id, others)
    admin.sees("There is no bank of lockers at this address.")
    admin.open("/staff/history").open(f"/staff/board/{bank_id}")
    admin.sees("There is no bank of lockers at this address.")
    assert _told(admin, _secrets(library, others)) == []

"""The table of rights, written out once more: a right given by mistake has to be given twice."""

from contextlib import AbstractContextManager, nullcontext

import pytest

from locker_app.domain.actors import NOBODY, RIGHTS, SYSTEM, Actor, ActorKind, Right, Role
from locker_app.domain.errors import NotAllowed, NotSignedIn

ALLOWED = {
    Role.ADMIN: {
        "see_board",
        "see_names",
        "see_events",
        "force_release",
        "service_lockers",
        "note_lockers",
        "extend_time",
        "open_doors",
        "run_chargers",
        "reset_pin",
        "serve_queue",
        "set_up_queue",
        "set_up",
        "manage_people",
        "manage_staff",
        "see_statistics",
        "run_terminals",
        "end_visits",
    },
    Role.PROFESSOR: {"serve_queue", "set_up_queue", "see_statistics"},
    Role.VIEWER: {"see_board", "see_statistics"},
}
PERSON = Actor(ActorKind.PERSON, 7)
VISITOR = Actor(ActorKind.VISITOR, 8, 8)


def staff(*roles: tuple[int | None, Role]) -> Actor:
    return Actor(ActorKind.STAFF, 3, roles=roles)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("right", Right)
def test_what_each_role_allows(role: Role, right: Right) -> None:
    allowed = right.value in ALLOWED[role]
    assert (right in RIGHTS[role]) == allowed
    assert staff((None, role)).may(right, 1) == allowed
    expectation: AbstractContextManager[object] = (
        nullcontext() if allowed else pytest.raises(NotAllowed)
    )
    with expectation:
        staff((1, role)).require(right, 1)


@pytest.mark.parametrize("right", Right)
def test_a_role_at_one_site_is_nothing_at_another(right: Right) -> None:
    admin_of_1 = staff((1, Role.ADMIN))
    assert admin_of_1.may(right, 1)
    assert not admin_of_1.may(right, 2)
    assert admin_of_1.may(right, None), "somewhere at all"
    with pytest.raises(NotAllowed):
        admin_of_1.require(right, 2)


def test_roles_at_several_sites_stay_apart() -> None:
    actor = staff((1, Role.VIEWER), (2, Role.ADMIN))
    assert actor.may(Right.SEE_BOARD, 1)
    assert not actor.may(Right.FORCE_RELEASE, 1)
    assert actor.sites_with(Right.SEE_BOARD) == {1, 2}
    assert actor.sites_with(Right.FORCE_RELEASE) == {2}


def test_a_role_at_all_sites_has_no_list_of_sites() -> None:
    assert staff((1, Role.VIEWER), (None, Role.ADMIN)).sites_with(Right.FORCE_RELEASE) is None
    assert staff((None, Role.VIEWER)).sites_with(Right.FORCE_RELEASE) == frozenset()


@pytest.mark.parametrize("right", Right)
def test_what_is_of_no_site_needs_the_right_at_all_sites(right: Right) -> None:
    staff((None, Role.ADMIN)).require_everywhere(right)
    for actor in (staff((1, Role.ADMIN), (2, Role.ADMIN)), PERSON, SYSTEM, staff()):
        with pytest.raises(NotAllowed):
            actor.require_everywhere(right)
    for actor in (NOBODY, VISITOR):
        with pytest.raises(NotSignedIn):
            actor.require_everywhere(right)


@pytest.mark.parametrize(
    ("roles", "names_at", "sees"),
    [
        ([(None, Role.VIEWER)], {1}, {1}),
        ([(None, Role.VIEWER)], set(), set()),
        ([(1, Role.VIEWER)], {1, 2}, {1}),
        ([(3, Role.VIEWER)], {1, 2}, set()),
        ([(1, Role.VIEWER), (2, Role.ADMIN)], {1}, {1, 2}),
        ([(None, Role.PROFESSOR)], {1}, set()),
    ],
)
def test_viewers_see_names_where_the_site_lets_them(
    roles: list[tuple[int | None, Role]], names_at: set[int], sees: set[int]
) -> None:
    actor = Actor(ActorKind.STAFF, 3, roles=tuple(roles), names_at=frozenset(names_at))
    assert actor.sites_with(Right.SEE_NAMES) == sees
    assert {site for site in (1, 2, 3) if actor.may(Right.SEE_NAMES, site)} == sees
    assert actor.may(Right.SEE_NAMES, None) == bool(sees)
    for right in set(Right) - {Right.SEE_NAMES}:
        assert actor.may(right, 1) == staff(*roles).may(right, 1)


@pytest.mark.parametrize("right", Right)
def test_who_has_no_role_has_no_right(right: Right) -> None:
    for actor in (NOBODY, VISITOR, PERSON, SYSTEM, staff()):
        assert not actor.may(right, 1)
        assert not actor.may(right, None)
        assert actor.sites_with(right) == frozenset()
    for actor in (NOBODY, VISITOR):
        with pytest.raises(NotSignedIn):
            actor.require(right, 1)
    for actor in (PERSON, SYSTEM, staff()):
        with pytest.raises(NotAllowed):
            actor.require(right, 1)


def test_only_persons_hold_lockers() -> None:
    assert PERSON.require_person() == 7
    for actor in (NOBODY, VISITOR):
        with pytest.raises(NotSignedIn):
            actor.require_person()
    for actor in (SYSTEM, staff((None, Role.ADMIN)), Actor(ActorKind.PERSON)):
        with pytest.raises(NotAllowed):
            actor.require_person()

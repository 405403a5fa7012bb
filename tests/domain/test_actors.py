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
        "reset_pin",
        "serve_queue",
        "set_up_queue",
    },
    Role.PROFESSOR: {"serve_queue", "set_up_queue"},
    Role.VIEWER: {"see_board"},
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

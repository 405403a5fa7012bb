"""What can be a login, a name and roles of a staff account."""

import pytest

from locker_app.domain.actors import Role
from locker_app.domain.errors import BadInput
from locker_app.domain.staff import (
    RoleAt,
    account_version,
    check_login,
    check_roles,
    check_staff_name,
)


@pytest.mark.parametrize("text", ["", "x", "no spaces", "ä" * 5, "-dash", "x" * 65, "a\0b"])
def test_what_is_no_login(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_login(text)
    assert refused.value.field == "login"


def test_logins_and_names_are_tidied() -> None:
    assert check_login(" Ada.L@Example.org ") == "ada.l@example.org"
    assert check_staff_name("  Ada   Lovelace ") == "Ada Lovelace"
    for bad in ("  ", "x" * 101):
        with pytest.raises(BadInput):
            check_staff_name(bad)


def test_roles_are_each_once_and_in_order() -> None:
    given = [RoleAt(Role.VIEWER, 2), RoleAt(Role.ADMIN), RoleAt(Role.VIEWER, 2)]
    assert check_roles(given) == [RoleAt(Role.ADMIN), RoleAt(Role.VIEWER, 2)]
    for bad in ([], [RoleAt(Role.VIEWER, n) for n in range(1, 52)]):
        with pytest.raises(BadInput) as refused:
            check_roles(bad)
        assert refused.value.field == "roles"


def test_a_version_stands_for_name_and_roles() -> None:
    roles: list[tuple[int | None, str]] = [(None, "admin"), (2, "viewer")]
    assert account_version("Ada", roles) == account_version("Ada", reversed(roles))
    others = [("Bob", roles), ("Ada", roles[:1]), ("Ada", [(3, "admin"), (2, "viewer")])]
    assert account_version("Ada", roles) not in {account_version(*other) for other in others}

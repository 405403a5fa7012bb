"""Rules about staff accounts: logins, names, roles, and how long an invitation lasts."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from locker_app.domain.actors import Role
from locker_app.domain.errors import BadInput
from locker_app.domain.queues import check_line
from locker_app.domain.sites import digest

INVITATION_LASTS = timedelta(days=7)
SIGN_INS_KEPT = 5
"""How many of the last sign-ins of an account are kept."""
MAX_ROLES = 50
MAX_NAME_LENGTH = 100
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")


@dataclass(frozen=True, slots=True)
class RoleAt:
    """A role at one site, or, without a site, at all of them."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "extra": "forbid",
        "revalidate_instances": "always",
    }

    role: Role
    site_id: int | None = None


def check_login(text: str) -> str:
    """The login as it is stored: small letters.

    Raises:
        BadInput: it can't be one.
    """
    login = text.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise BadInput("A login has 2 to 64 letters, digits or . _ @ -", field="login")
    return login


def check_staff_name(text: str) -> str:
    """The name with outer and double spaces removed.

    Raises:
        BadInput: there is none, or it is too long.
    """
    name = check_line(text, MAX_NAME_LENGTH, "name")
    if not name:
        raise BadInput("Enter a name.", field="name")
    return name


def check_roles(roles: Iterable[RoleAt]) -> list[RoleAt]:
    """The roles, each once, in a steady order.

    Raises:
        BadInput: there are too many, or none.
    """
    kept = sorted(set(roles), key=lambda at: (at.site_id or 0, at.role.value))
    if not kept:
        raise BadInput("Choose at least one role.", field="roles")
    if len(kept) > MAX_ROLES:
        raise BadInput(f"An account has {MAX_ROLES} roles at most.", field="roles")
    return kept


def account_version(name: str, roles: Iterable[tuple[int | None, str]]) -> str:
    """What stands for an account as it was shown: another as soon as something is another."""
    return digest([name, sorted((site_id or 0, role) for site_id, role in roles)])

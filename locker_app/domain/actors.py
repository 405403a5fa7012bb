"""Who acts, and what their role lets them do. The one table of rights is here."""

from dataclasses import dataclass, field
from enum import StrEnum

from locker_app.domain.errors import NotAllowed, NotSignedIn


class ActorKind(StrEnum):
    """What kind of actor stands behind a command; also stored with each event."""

    NOBODY = "nobody"
    VISITOR = "visitor"
    """A browser that nobody signed in at; its id is that of its session."""
    PERSON = "person"
    STAFF = "staff"
    SYSTEM = "system"


class Role(StrEnum):
    """A staff member's role at one site, or at all sites."""

    ADMIN = "admin"
    PROFESSOR = "professor"
    VIEWER = "viewer"


class Right(StrEnum):
    """One thing a role may allow."""

    SEE_BOARD = "see_board"
    SEE_NAMES = "see_names"
    SEE_EVENTS = "see_events"
    FORCE_RELEASE = "force_release"
    SERVICE_LOCKERS = "service_lockers"
    RESET_PIN = "reset_pin"
    SERVE_QUEUE = "serve_queue"
    """See a queue's line with groups, names and questions, and work it off."""
    SET_UP_QUEUE = "set_up_queue"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset(Right),
    Role.PROFESSOR: frozenset({Right.SERVE_QUEUE, Right.SET_UP_QUEUE}),
    Role.VIEWER: frozenset({Right.SEE_BOARD}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `roles` maps a site id, or None for every site, to the role held there."""

    kind: ActorKind
    id: int | None = None
    session_id: int | None = None
    roles: tuple[tuple[int | None, Role], ...] = field(default=())

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody has signed in here."""
        return self.kind in (ActorKind.NOBODY, ActorKind.VISITOR)

    def may(self, right: Right, site_id: int | None) -> bool:
        """Whether this actor has the right at the site (None: somewhere at all)."""
        return any(
            right in RIGHTS[role] and (scope is None or site_id is None or scope == site_id)
            for scope, role in self.roles
        )

    def sites_with(self, right: Right) -> frozenset[int] | None:
        """The sites where this actor has the right; None means all of them."""
        granted = [scope for scope, role in self.roles if right in RIGHTS[role]]
        if None in granted:
            return None
        return frozenset(scope for scope in granted if scope is not None)

    def require(self, right: Right, site_id: int) -> None:
        """Let pass only whoever has the right at the site.

        Raises:
            NotSignedIn: nobody is signed in.
            NotAllowed: somebody is, without the right.
        """
        if self.is_anonymous:
            raise NotSignedIn
        if not self.may(right, site_id):
            raise NotAllowed

    def require_person(self) -> int:
        """The id of the person who acts.

        Raises:
            NotSignedIn: nobody is signed in.
            NotAllowed: staff and the system hold no lockers and no tickets.
        """
        if self.is_anonymous:
            raise NotSignedIn
        if self.kind is not ActorKind.PERSON or self.id is None:
            raise NotAllowed
        return self.id


NOBODY = Actor(ActorKind.NOBODY)
SYSTEM = Actor(ActorKind.SYSTEM)

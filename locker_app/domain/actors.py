"""Who acts, and what their role lets them do. The one table of rights is here."""

from collections.abc import Iterator
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
    TERMINAL = "terminal"
    """A card terminal, by its own credential."""


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
    NOTE_LOCKERS = "note_lockers"
    EXTEND_TIME = "extend_time"
    """Give somebody longer: for the locker they have, or to take the one held for them."""
    OPEN_DOORS = "open_doors"
    """Open a door from afar, by the terminal of its bank."""
    RUN_TERMINALS = "run_terminals"
    """See the terminals of a site and what they show; restart and identify them, put cards on
    simulated readers, clear alerts."""
    END_VISITS = "end_visits"
    """See who is inside, and end a visit of somebody who did not tap out."""
    RESET_PIN = "reset_pin"
    SERVE_QUEUE = "serve_queue"
    """See a queue's line with groups, names and questions, and work it off."""
    RUN_CHARGERS = "run_chargers"
    """See who has a charging spot booked; end, move and clear; take spots out of service."""
    SET_UP_QUEUE = "set_up_queue"
    SET_UP = "set_up"
    """Sites, banks, terminals and visits: their names, rules, hours and doors."""
    MANAGE_PEOPLE = "manage_people"
    """Add, change, archive, import, export and erase people, and link and revoke their cards;
    needed at all sites."""
    MANAGE_STAFF = "manage_staff"
    """Accounts, their roles and invitations; needed at all sites."""
    SEE_STATISTICS = "see_statistics"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset(Right),
    Role.PROFESSOR: frozenset({Right.SERVE_QUEUE, Right.SET_UP_QUEUE, Right.SEE_STATISTICS}),
    Role.VIEWER: frozenset({Right.SEE_BOARD, Right.SEE_STATISTICS}),
}
"""What each role allows. At sites that say so, a viewer may also see names: `Actor.names_at`."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `roles` maps a site id, or None for every site, to the role held there."""

    kind: ActorKind
    id: int | None = None
    session_id: int | None = None
    roles: tuple[tuple[int | None, Role], ...] = field(default=())
    names_at: frozenset[int] = frozenset()
    """The sites that let viewers see names."""
    terminal_id: int | None = None
    """The terminal at which a person acts by card."""

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody has signed in here."""
        return self.kind in (ActorKind.NOBODY, ActorKind.VISITOR)

    @property
    def at_terminal(self) -> int | None:
        """The terminal that acts, or at which a person does."""
        return self.id if self.kind is ActorKind.TERMINAL else self.terminal_id

    def may(self, right: Right, site_id: int | None) -> bool:
        """Whether this actor has the right at the site (None: somewhere at all)."""
        return any(
            scope is None or site_id is None or scope == site_id for scope in self._scopes(right)
        )

    def sites_with(self, right: Right) -> frozenset[int] | None:
        """The sites where this actor has the right; None means all of them."""
        granted = list(self._scopes(right))
        if None in granted:
            return None
        return frozenset(scope for scope in granted if scope is not None)

    def _scopes(self, right: Right) -> Iterator[int | None]:
        """Where roles give the right: at sites, or, as None, everywhere."""
        for scope, role in self.roles:
            if right in RIGHTS[role]:
                yield scope
            elif right is Right.SEE_NAMES and role is Role.VIEWER:
                yield from (site for site in self.names_at if scope in (None, site))

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

    def require_everywhere(self, right: Right) -> None:
        """Let pass only whoever has the right at all sites: people and accounts are of none.

        Raises:
            NotSignedIn: nobody is signed in.
            NotAllowed: somebody is, without the right, or with it only at some sites.
        """
        if self.is_anonymous:
            raise NotSignedIn
        if self.sites_with(right) is not None:
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

    def require_terminal(self) -> int:
        """The id of the terminal that speaks.

        Raises:
            NotAllowed: it is none.
        """
        if self.kind is not ActorKind.TERMINAL or self.id is None:
            raise NotAllowed
        return self.id


NOBODY = Actor(ActorKind.NOBODY)
SYSTEM = Actor(ActorKind.SYSTEM)

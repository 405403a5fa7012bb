"""Every route with every kind of actor.

A route that is not in `ROUTES` fails this test: whoever adds one says here who may use it. For all
others the request is refused and changes nothing.
"""

import shutil
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import Connection, insert, update

from locker_app.db.database import Database
from locker_app.db.tables import booking, charger, charger_wait, metadata
from locker_app.domain.actors import Actor, ActorKind, Role
from locker_app.services.bookings import stop
from locker_app.services.charger_line import join_line
from locker_app.services.import_work import Worker, look_at
from locker_app.services.lockers import take_out_of_service
from locker_app.services.people_import import open_import
from locker_app.services.serving import complete_and_call_next
from locker_app.services.tickets import join_queue
from tests.api.clients import APP, Client, Library
from tests.push.browsers import ENDPOINT, a_subscription
from tests.world import Clock, World

ACTORS = (
    *("nobody", "visitor", "owner", "other"),
    *("viewer", "professor", "elsewhere", "admin"),
)
EVERYBODY = frozenset(ACTORS)
STRANGERS = frozenset({"nobody", "visitor"})
PERSONS = frozenset({"owner", "other"})
HELPERS = frozenset({"admin", "professor"})
"""Who may work off the scene's queue."""
CHIEF = frozenset({"chief"})
"""The admin of all sites, for what is of none."""
DESKS = frozenset({"admin", "elsewhere", "chief"})
"""Who may reset PINs somewhere."""
BOTH = (False, True)
LOGGED = {"event", "request"}
"""Tables where a refusal may leave its trace."""

TAKE, REASON = {"accessible": False}, {"reason": "to see who may"}


class Scene:
    """A library with something to lose: what every request is aimed at."""

    def __init__(self, library: Library) -> None:
        world: World = library.world
        self.place = library
        site = world.site(lockers_per_person=2)
        self.site = site
        self.bank, self.full = world.bank(site, count=9), world.bank(site, count=1)
        self.actors: dict[str, Actor] = {
            "owner": world.person(),
            "other": world.person(),
            "viewer": world.staff(Role.VIEWER, site),
            "professor": world.staff(Role.PROFESSOR, site),
            "elsewhere": world.staff(Role.ADMIN, world.site()),
            "admin": world.staff(Role.ADMIN, site),
            "chief": world.staff(Role.ADMIN),
        }
        owner = self.actors["owner"]
        world.fill(self.full)
        taken = world.take(owner, self.bank)
        self.assignment, self.locker = taken.assignment_id, taken.locker_id
        self.wait = world.join(owner, self.full)
        self.number = library.number_of(owner)
        self.login = library.login_of(self.actors["admin"])
        self._come_and_go()
        self._line_up(owner)
        self._charge(owner)
        self.broken = world.locker_ids(self.bank)[-1]
        world.run(self.actors["admin"], take_out_of_service, locker_id=self.broken, reason="hinge")

    def _come_and_go(self) -> None:
        """Somebody who has nothing here, and a file of people that was read."""
        world, chief = self.place.world, self.actors["chief"]
        leaver = world.person()
        self.leaver, self.leaver_number = leaver.id, self.place.number_of(leaver)
        upload = look_at("people.csv", b"number,name\nZZ1,Zoe", self.place.runtime.seal)
        self.upload = world.run(chief, open_import, upload=upload)
        worker = Worker(world.db, self.place.runtime.seal, "p", lambda: world.clock.now)
        worker.work_off(self.upload)

    def _line_up(self, owner: Actor) -> None:
        """A queue where the admin serves somebody, and the owner waits with another behind."""
        world, library = self.place.world, self.place
        self.queue = library.world.queue(self.site, tickets_per_person=9, tickets_per_group=99)
        self.code = world.row(metadata.tables["queue"], self.queue).code
        self.actors["visitor"] = Actor(ActorKind.VISITOR)
        for _ in range(2):
            world.run(world.person(), join_queue, queue_id=self.queue, group="1")
        world.run(self.actors["admin"], complete_and_call_next, queue_id=self.queue)
        world.run(owner, join_queue, queue_id=self.queue, group="2")
        world.run(world.person(), join_queue, queue_id=self.queue, group="3")
        self.called, self.ticket, self.waiting = (
            row.id for row in world.rows(metadata.tables["ticket"], ended_at=None)
        )

    def _charge(self, owner: Actor) -> None:
        """Charging spots: the owner has one here, and is offered one elsewhere; one is overstayed,
        and at a third site none is free."""
        world = self.place.world
        now = world.clock.now
        self.leaves_at = (now + timedelta(hours=1)).isoformat()
        self.spot, self.spare, self.stale, self.unused = world.chargers(self.site, 4)
        self.spot_code = world.row(charger, self.spot).code
        self.booking = world.book(owner, self.spot).booking_id
        over = world.book(world.person(), self.stale).booking_id
        late = {"status": "overstayed", "leaves_at": now + timedelta(minutes=1)}
        world.change(update(booking).where(booking.c.id == over).values(**late, overstayed_at=now))
        (lot,) = world.chargers(count=1)
        before = world.person()
        first = world.book(before, lot)
        self.place_in_line = world.run(owner, join_line, site_id=world.site_of(lot))
        world.run(before, stop, booking_id=first.booking_id)
        self.offer = world.row(charger_wait, self.place_in_line).booking_id
        self.waiter = self._wait_here()
        (full,) = world.chargers(count=1)
        world.book(world.person(), full)
        self.full_lot = world.site_of(full)

    def _wait_here(self) -> int:
        """Somebody's place in the line of the site, kept from when none was free."""
        world, at = self.place.world, self.place.world.clock.now
        values = {"site_id": self.site, "holder": "person:0", "joined_at": at, "snoozes": 0}
        world.change(insert(charger_wait).values(**values, snoozed_until=at + timedelta(hours=1)))
        return world.rows(charger_wait)[-1].id

    def client(self, actor: str, *, browser: bool) -> Client:
        """Whoever it is, with a cookie or a token."""
        come = self.place.browser if browser else self.place.program
        return come(self.actors.get(actor))

    def moved_to(self, database: Database) -> "Scene":
        """The same in a copy of its database."""
        moved = copy(self)
        world = copy(self.place.world)
        world.db = database
        moved.place = Library(world)
        return moved

    def state(self) -> list[tuple[str, dict[str, Any]]]:
        """All there is, but for the log: each row with the name of its table."""
        tables = [name for name in metadata.tables if name not in LOGGED]

        def rows(conn: Connection) -> list[tuple[str, dict[str, Any]]]:
            found: list[tuple[str, dict[str, Any]]] = []
            cursor = conn.connection.cursor()  # it is asked 1,800 times, in a third of the time
            for name in tables:
                cursor.execute(f'SELECT * FROM "{name}"')
                columns = [column[0] for column in cursor.description or ()]
                found += [(name, dict(zip(columns, row, strict=True))) for row in cursor.fetchall()]
            return found

        return self.place.world.db.read(rows)

    def state_of(self, actor: str) -> list[tuple[str, dict[str, Any]]]:
        """What there is of this person's."""
        person_id = self.actors[actor].id
        return [
            (name, row)
            for name, row in self.state()
            if person_id in (row.get("person_id"), row["id"] if name == "person" else None)
        ]


@pytest.fixture(scope="module")
def first_scene(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path
) -> tuple[Scene, Path]:
    """A scene nothing has happened in, and its file: copying it is cheaper than making another."""
    path = tmp_path_factory.mktemp("scene") / "cubby.db"
    shutil.copy(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    made = Scene(Library(World(database, Clock())))
    database.close()
    return made, path


@pytest.fixture
def scene(first_scene: tuple[Scene, Path], tmp_path: Path) -> Iterator[Scene]:
    """A scene of the test's own."""
    made, path = first_scene
    database = Database(f"sqlite:///{shutil.copy(path, tmp_path)}")
    yield made.moved_to(database)
    database.close()


@dataclass(frozen=True)
class Route:
    """A request, and who may send it. `{}` in the address are attributes of the scene."""

    path: str
    may: frozenset[str]
    body: Any = None
    form: dict[str, str] = field(default_factory=dict)
    file: str = ""
    """What is sent as a file."""
    succeeds: Callable[[int], bool] = lambda status: status in (200, 204, 303)
    cookie_only: bool = False
    """For browsers: whoever sends a token is nobody here."""


def once(status: int) -> bool:
    """For routes that all of these may use, but only the first of them still can."""
    return status in (200, 409)


def created(status: int) -> bool:
    """The second finds that there is one of this name."""
    return status in (200, 422)


def refused(status: int) -> bool:
    """For routes that everybody may try, and where nobody succeeds with what is sent here."""
    return status in (303, 401, 429)


def refused_terminal(status: int) -> bool:
    """Likewise, for devices: their codes and passwords are theirs alone."""
    return status in (403, 429)


def admins() -> frozenset[str]:
    """Who may step in at the scene's site."""
    return frozenset({"admin"})


WRONG_PIN = {"number": "CS0000000", "pin": "0815"}
WRONG_PASSWORD = {"login": "root", "password": "not this one"}

ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "/api/v1/sign-in"): Route("", EVERYBODY, WRONG_PIN, succeeds=refused),
    ("POST", "/api/v1/sign-in/pin"): Route("", EVERYBODY, WRONG_PIN, succeeds=refused),
    ("POST", "/api/v1/staff/sign-in"): Route("", EVERYBODY, WRONG_PASSWORD, succeeds=refused),
    ("POST", "/api/v1/terminals/provision"): Route(
        "", EVERYBODY, {"code": "ABCD-EFGH-JKMN-PQRS"}, succeeds=refused_terminal
    ),
    ("POST", "/api/v1/terminals/keys"): Route("", EVERYBODY, {}, succeeds=refused_terminal),
    ("POST", "/api/v1/sign-out"): Route("", EVERYBODY),
    ("POST", "/api/v1/sign-out-everywhere"): Route("", EVERYBODY),
    ("GET", "/api/v1/me"): Route("", EVERYBODY - STRANGERS),
    ("PUT", "/api/v1/me/preferences"): Route("", PERSONS, {"accessible": True, "near_last": True}),
    ("GET", "/api/v1/sites"): Route("", EVERYBODY),
    ("GET", "/api/v1/sites/{site_id}/banks"): Route("/api/v1/sites/{site}/banks", EVERYBODY),
    ("GET", "/api/v1/banks/{bank_id}/lockers"): Route("/api/v1/banks/{bank}/lockers", EVERYBODY),
    ("POST", "/api/v1/banks/{bank_id}/take"): Route("/api/v1/banks/{bank}/take", PERSONS, TAKE),
    ("POST", "/api/v1/assignments/{assignment_id}/give-back"): Route(
        "/api/v1/assignments/{assignment}/give-back", frozenset({"owner"})
    ),
    # the owner waits already, so only the other may
    ("POST", "/api/v1/banks/{bank_id}/waits"): Route(
        "/api/v1/banks/{full}/waits", frozenset({"other"}), TAKE
    ),
    ("POST", "/api/v1/waits/{wait_id}/leave"): Route(
        "/api/v1/waits/{wait}/leave", frozenset({"owner"})
    ),
    ("POST", "/api/v1/lockers/{locker_id}/force-release"): Route(
        "/api/v1/lockers/{locker}/force-release", admins(), REASON
    ),
    ("POST", "/api/v1/lockers/{locker_id}/out-of-service"): Route(
        "/api/v1/lockers/{locker}/out-of-service", admins(), REASON
    ),
    ("POST", "/api/v1/lockers/{locker_id}/in-service"): Route(
        "/api/v1/lockers/{broken}/in-service", admins()
    ),
    ("POST", "/api/v1/lockers/{locker_id}/note"): Route(
        "/api/v1/lockers/{locker}/note", admins(), {"note": "sticks"}
    ),
    # this locker has no time limit, and no bank has a terminal
    ("POST", "/api/v1/lockers/{locker_id}/longer"): Route(
        "/api/v1/lockers/{locker}/longer", admins(), {"minutes": 10}, succeeds=once
    ),
    ("POST", "/api/v1/lockers/{locker_id}/open"): Route(
        "/api/v1/lockers/{locker}/open", admins(), {"reason": "x"}, succeeds=once
    ),
    ("POST", "/api/v1/lockers/many"): Route(
        "",
        admins(),
        {
            "action": "put_back_in_service",
            "doors": [{"locker_id": "{broken}"}],
            "reason": "x",
        },
    ),
    ("POST", "/api/v1/visits"): Route("", EVERYBODY),
    ("GET", "/api/v1/me/tickets"): Route("", EVERYBODY - {"nobody"}),
    ("GET", "/api/v1/sites/{site_id}/queues"): Route("/api/v1/sites/{site}/queues", EVERYBODY),
    ("GET", "/api/v1/queues/{queue_id}"): Route("/api/v1/queues/{queue}", EVERYBODY),
    ("POST", "/api/v1/queues/{queue_id}/tickets"): Route(
        "/api/v1/queues/{queue}/tickets", PERSONS | {"visitor"}, {"group": "7"}
    ),
    ("POST", "/api/v1/tickets/{ticket_id}/leave"): Route(
        "/api/v1/tickets/{ticket}/leave", frozenset({"owner"})
    ),
    ("POST", "/api/v1/tickets/{ticket_id}/step-back"): Route(
        "/api/v1/tickets/{ticket}/step-back", frozenset({"owner"})
    ),
    ("PUT", "/api/v1/tickets/{ticket_id}/question"): Route(
        "/api/v1/tickets/{ticket}/question", frozenset({"owner"}), {"question": "Why?"}
    ),
    ("GET", "/api/v1/queues/{queue_id}/line"): Route("/api/v1/queues/{queue}/line", HELPERS),
    ("POST", "/api/v1/queues/{queue_id}/next"): Route("/api/v1/queues/{queue}/next", HELPERS),
    ("POST", "/api/v1/queues/{queue_id}/complete"): Route(
        "/api/v1/queues/{queue}/complete", HELPERS
    ),
    ("POST", "/api/v1/queues/{queue_id}/undo"): Route(
        "/api/v1/queues/{queue}/undo", HELPERS, succeeds=once
    ),
    ("PUT", "/api/v1/queues/{queue_id}/desk"): Route(
        "/api/v1/queues/{queue}/desk", HELPERS, {"label": "Desk 9"}
    ),
    ("POST", "/api/v1/tickets/{ticket_id}/call"): Route(
        "/api/v1/tickets/{waiting}/call", HELPERS, succeeds=once
    ),
    ("POST", "/api/v1/tickets/{ticket_id}/no-show"): Route(
        "/api/v1/tickets/{called}/no-show", HELPERS, succeeds=once
    ),
    ("POST", "/api/v1/tickets/{ticket_id}/put-back"): Route(
        "/api/v1/tickets/{called}/put-back", HELPERS, succeeds=once
    ),
    ("POST", "/api/v1/tickets/{ticket_id}/remove"): Route(
        "/api/v1/tickets/{waiting}/remove", HELPERS, succeeds=once
    ),
    ("PUT", "/api/v1/tickets/{ticket_id}/note"): Route(
        "/api/v1/tickets/{ticket}/note", HELPERS, {"note": "brings the plot"}
    ),
    ("POST", "/api/v1/sites/{site_id}/queues"): Route(
        "/api/v1/sites/{site}/queues", HELPERS, {"name": "Another"}, succeeds=created
    ),
    ("GET", "/api/v1/queues/{queue_id}/rules"): Route("/api/v1/queues/{queue}/rules", HELPERS),
    ("PUT", "/api/v1/queues/{queue_id}/rules"): Route(
        "/api/v1/queues/{queue}/rules", HELPERS, {"name": "Renamed"}
    ),
    ("PUT", "/api/v1/queues/{queue_id}/mode"): Route(
        "/api/v1/queues/{queue}/mode", HELPERS, {"mode": "draining"}
    ),
    ("PUT", "/api/v1/queues/{queue_id}/paused"): Route(
        "/api/v1/queues/{queue}/paused", HELPERS, {"paused": True}
    ),
    ("PUT", "/api/v1/queues/{queue_id}/announcement"): Route(
        "/api/v1/queues/{queue}/announcement", HELPERS, {"text": "Back at ten"}
    ),
    ("POST", "/api/v1/queues/{queue_id}/reset"): Route("/api/v1/queues/{queue}/reset", HELPERS),
    ("GET", "/api/v1/queues/{queue_id}/after"): Route(
        "/api/v1/queues/{queue}/after?first=2026-01-01&last=2026-01-31", HELPERS
    ),
    ("GET", "/api/v1/queues/{queue_id}/tickets.csv"): Route(
        "/api/v1/queues/{queue}/tickets.csv?first=2026-01-01&last=2026-01-31", HELPERS
    ),
    # persons belong to no site, so whoever may reset PINs somewhere may look up and reset any
    ("POST", "/api/v1/people/{number}/reset-pin"): Route(
        "/api/v1/people/{number}/reset-pin", DESKS, REASON
    ),
    ("GET", "/api/v1/people"): Route("/api/v1/people?text=CS00", DESKS),
    ("GET", "/api/v1/people/{person_id}"): Route("/api/v1/people/{leaver}", DESKS),
    # and whoever changes them needs the right at all sites
    ("POST", "/api/v1/people"): Route("", CHIEF, {"number": "NEW1", "name": "Nora New"}),
    ("GET", "/api/v1/people.csv"): Route("", CHIEF),
    ("PUT", "/api/v1/people/{person_id}"): Route(
        "/api/v1/people/{leaver}", CHIEF, {"number": "NEW2", "name": "Leaves"}
    ),
    ("POST", "/api/v1/people/{person_id}/archive"): Route(
        "/api/v1/people/{leaver}/archive", CHIEF, {"release": False}
    ),
    ("POST", "/api/v1/people/{person_id}/unarchive"): Route(
        "/api/v1/people/{leaver}/unarchive", CHIEF
    ),
    ("POST", "/api/v1/people/{person_id}/erase"): Route(
        "/api/v1/people/{leaver}/erase", CHIEF, {"number": "{leaver_number}"}
    ),
    ("GET", "/api/v1/people/{person_id}/data"): Route("/api/v1/people/{leaver}/data", CHIEF),
    ("GET", "/api/v1/me/data"): Route("", PERSONS),
    ("POST", "/api/v1/people/imports"): Route("", CHIEF, file="number,name\nX1,Xaver"),
    ("GET", "/api/v1/people/imports"): Route("", CHIEF),
    ("GET", "/api/v1/people/imports/{import_id}"): Route("/api/v1/people/imports/{upload}", CHIEF),
    ("GET", "/api/v1/people/imports/{import_id}/rows"): Route(
        "/api/v1/people/imports/{upload}/rows?kind=new", CHIEF
    ),
    ("GET", "/api/v1/people/imports/{import_id}/report.csv"): Route(
        "/api/v1/people/imports/{upload}/report.csv", CHIEF
    ),
    ("PUT", "/api/v1/people/imports/{import_id}/columns"): Route(
        "/api/v1/people/imports/{upload}/columns", CHIEF, {"columns": {"number": 0, "name": 1}}
    ),
    ("POST", "/api/v1/people/imports/{import_id}/confirm"): Route(
        "/api/v1/people/imports/{upload}/confirm", CHIEF, {"good_only": False}
    ),
    ("POST", "/api/v1/people/imports/{import_id}/discard"): Route(
        "/api/v1/people/imports/{upload}/discard", CHIEF
    ),
    # the other site's admin sees that site's events: see test_who_sees_names
    ("GET", "/api/v1/events"): Route("", frozenset({"admin", "elsewhere"})),
    ("GET", "/api/v1/events.csv"): Route("", frozenset({"admin", "elsewhere"})),
    ("GET", "/api/v1/sites/{site_id}/statistics"): Route(
        "/api/v1/sites/{site}/statistics?first=2026-01-01&last=2026-01-31", HELPERS | {"viewer"}
    ),
    ("GET", "/api/v1/sites/{site_id}/statistics/{table}.csv"): Route(
        "/api/v1/sites/{site}/statistics/days.csv?first=2026-01-01&last=2026-01-31",
        HELPERS | {"viewer"},
    ),
    ("GET", "/api/v1/sites/{site_id}/chargers"): Route("/api/v1/sites/{site}/chargers", EVERYBODY),
    ("GET", "/api/v1/chargers/by-code/{code}"): Route(
        "/api/v1/chargers/by-code/{spot_code}", EVERYBODY
    ),
    ("GET", "/api/v1/me/charging"): Route("", EVERYBODY - {"nobody"}),
    # the owner has one here already
    ("POST", "/api/v1/chargers/{charger_id}/bookings"): Route(
        "/api/v1/chargers/{spare}/bookings",
        frozenset({"other", "visitor"}),
        {"leaves_at": "{leaves_at}"},
        succeeds=once,
    ),
    ("PUT", "/api/v1/bookings/{booking_id}/leave-time"): Route(
        "/api/v1/bookings/{booking}/leave-time",
        frozenset({"owner"}),
        {"leaves_at": "{leaves_at}"},
    ),
    ("POST", "/api/v1/bookings/{booking_id}/stop"): Route(
        "/api/v1/bookings/{booking}/stop", frozenset({"owner"})
    ),
    ("POST", "/api/v1/bookings/{booking_id}/move"): Route(
        "/api/v1/bookings/{booking}/move", frozenset({"owner"}), {"charger_id": "{spare}"}
    ),
    ("POST", "/api/v1/bookings/{booking_id}/check-in"): Route(
        "/api/v1/bookings/{booking}/check-in", frozenset({"owner"})
    ),
    ("POST", "/api/v1/bookings/{booking_id}/report-taken"): Route(
        "/api/v1/bookings/{booking}/report-taken", frozenset({"owner"})
    ),
    ("POST", "/api/v1/bookings/{booking_id}/accept"): Route(
        "/api/v1/bookings/{offer}/accept", frozenset({"owner"}), {"leaves_at": "{leaves_at}"}
    ),
    ("POST", "/api/v1/chargers/{charger_id}/report-free"): Route(
        "/api/v1/chargers/{stale}/report-free", PERSONS | {"visitor"}, succeeds=once
    ),
    ("POST", "/api/v1/sites/{site_id}/charger-line"): Route(
        "/api/v1/sites/{full_lot}/charger-line", PERSONS | {"visitor"}
    ),
    ("POST", "/api/v1/charger-waits/{wait_id}/leave"): Route(
        "/api/v1/charger-waits/{place_in_line}/leave", frozenset({"owner"})
    ),
    ("POST", "/api/v1/charger-waits/{wait_id}/snooze"): Route(
        "/api/v1/charger-waits/{place_in_line}/snooze", frozenset({"owner"})
    ),
    ("GET", "/api/v1/sites/{site_id}/charging"): Route("/api/v1/sites/{site}/charging", admins()),
    ("PUT", "/api/v1/sites/{site_id}/charging"): Route(
        "/api/v1/sites/{site}/charging", admins(), {"grace_minutes": 7}
    ),
    ("POST", "/api/v1/sites/{site_id}/chargers"): Route(
        "/api/v1/sites/{site}/chargers", admins(), {"chargers": [{"name": "New"}]}
    ),
    ("PUT", "/api/v1/chargers/{charger_id}"): Route(
        "/api/v1/chargers/{unused}", admins(), {"name": "Renamed"}
    ),
    ("POST", "/api/v1/chargers/{charger_id}/position"): Route(
        "/api/v1/chargers/{unused}/position", admins(), {"up": True}
    ),
    ("POST", "/api/v1/chargers/{charger_id}/archive"): Route(
        "/api/v1/chargers/{unused}/archive", admins()
    ),
    ("POST", "/api/v1/chargers/{charger_id}/restore"): Route(
        "/api/v1/chargers/{unused}/restore", admins()
    ),
    ("GET", "/api/v1/sites/{site_id}/charger-desk"): Route(
        "/api/v1/sites/{site}/charger-desk", admins()
    ),
    ("POST", "/api/v1/chargers/{charger_id}/take-out"): Route(
        "/api/v1/chargers/{spot}/take-out", admins(), REASON
    ),
    ("POST", "/api/v1/chargers/{charger_id}/put-back"): Route(
        "/api/v1/chargers/{spot}/put-back", admins()
    ),
    # nothing is reported there
    ("POST", "/api/v1/chargers/{charger_id}/clear-report"): Route(
        "/api/v1/chargers/{spot}/clear-report", admins(), succeeds=once
    ),
    ("POST", "/api/v1/bookings/{booking_id}/end"): Route(
        "/api/v1/bookings/{booking}/end", admins(), REASON
    ),
    ("POST", "/api/v1/bookings/{booking_id}/reassign"): Route(
        "/api/v1/bookings/{booking}/reassign", admins(), {**REASON, "charger_id": "{spare}"}
    ),
    ("POST", "/api/v1/charger-waits/{wait_id}/remove"): Route(
        "/api/v1/charger-waits/{waiter}/remove", admins(), REASON
    ),
    ("GET", "/api/v1/sites/{site_id}/bookings.csv"): Route(
        "/api/v1/sites/{site}/bookings.csv?first=2026-01-01&last=2026-01-31", admins()
    ),
    ("GET", "/api/v1/openapi.json"): Route("", EVERYBODY),
    ("HEAD", "/api/v1/openapi.json"): Route("", EVERYBODY),
    ("GET", "/health"): Route("", EVERYBODY),
    ("HEAD", "/health"): Route("", EVERYBODY),
    ("POST", "/auth/sign-in"): Route("", EVERYBODY, form=WRONG_PIN, succeeds=refused),
    ("POST", "/auth/choose-pin"): Route(
        "", EVERYBODY, form={**WRONG_PIN, "again": "0815"}, succeeds=refused
    ),
    ("POST", "/auth/staff"): Route("", EVERYBODY, form=WRONG_PASSWORD, succeeds=refused),
    # a ticket in one's own name, where one may have one; the form's answer says if not
    ("POST", "/auth/visit"): Route("", EVERYBODY, form={"queue": "{code}", "group": "7"}),
    ("POST", "/auth/book"): Route(
        "", EVERYBODY, form={"charger": "{spot_code}", "leaves_at": "1893456000000"}
    ),
    ("POST", "/auth/charger-line"): Route("", EVERYBODY, form={"site": "1", "page": "/c/ABCDEF"}),
    # nothing is overstayed there; the form's answer says so
    ("POST", "/auth/spot-free"): Route("", EVERYBODY, form={"charger": "{spot_code}"}),
    ("GET", "/qr/q/{code}.svg"): Route("", EVERYBODY),
    ("GET", "/qr/go/{code}.svg"): Route("", EVERYBODY),
    ("GET", "/go/{code}"): Route("", EVERYBODY),
    ("POST", "/auth/invite"): Route(
        "",
        EVERYBODY,
        form={"link": "x" * 64, "password": "a" * 12, "again": "a" * 12},
        succeeds=refused,
    ),
    ("POST", "/auth/password"): Route(
        "", EVERYBODY, form={"old": "", "password": "a" * 12, "again": "a" * 12}, succeeds=refused
    ),
    ("GET", "/auth/push"): Route("", EVERYBODY),
    ("POST", "/auth/push"): Route("", PERSONS | {"visitor"}, a_subscription(), cookie_only=True),
    ("DELETE", "/auth/push"): Route(
        "", PERSONS | {"visitor"}, {"endpoint": ENDPOINT}, cookie_only=True
    ),
    ("POST", "/auth/sign-out"): Route("", EVERYBODY),
    ("POST", "/auth/sign-out-everywhere"): Route("", EVERYBODY),
}

OWN_SESSION = ("/api/v1/sign-out", "/api/v1/sign-out-everywhere", "/auth/sign-out",
               "/auth/sign-out-everywhere")  # fmt: skip


def test_every_route_is_classified() -> None:
    declared = {
        (method, route.path_format)
        for route in iter_route_contexts(APP.routes)
        for method in route.methods or {"?"}
    }

    assert declared == set(ROUTES)


@pytest.mark.parametrize("key", ROUTES, ids=lambda key: f"{key[0]} {key[1]}")
def test_only_who_may_can(scene: Scene, key: tuple[str, str]) -> None:
    route = ROUTES[key]
    may_not = [(actor, browser) for actor in ACTORS if actor not in route.may for browser in BOTH]
    clients = [scene.client(actor, browser=browser) for actor, browser in may_not]
    before = scene.state()  # none of them changes anything: each finds it so
    for client, (actor, browser) in zip(clients, may_not, strict=True):
        status = send(client, key, route, scene)
        expected = {"nobody": (401,), "visitor": (401, 409)}.get(actor, (403, 409))
        if route.cookie_only and not browser:
            expected = (401,)
        assert status in expected, (actor, status)
        assert scene.state() == before, actor
    for actor in sorted(route.may):
        client = scene.client(actor, browser=actor < "n" or route.cookie_only)
        before = scene.state()
        status = send(client, key, route, scene)
        assert route.succeeds(status), (actor, status)
        assert route.succeeds is not refused or scene.state() == before, actor


OTHERS = [
    key for key, route in ROUTES.items() if key[0] in ("POST", "PUT") and "other" in route.may
]


@pytest.mark.parametrize("key", OTHERS, ids=lambda key: key[1])
def test_what_one_does_is_ones_own(scene: Scene, key: tuple[str, str]) -> None:
    """Nobody who may send a command changes what is another person's by it."""
    owner, other = (scene.client(name, browser=True) for name in ("owner", "other"))
    before = scene.state_of("owner")
    held = {"assignment", "wait", "ticket", "booking", "charger_wait"}
    assert {name for name, _ in before} == {"person", "session"} | held

    send(other, key, ROUTES[key], scene)

    assert scene.state_of("owner") == before
    assert owner.ask("/me").status_code == 200


@pytest.mark.parametrize("path", OWN_SESSION)
def test_signing_out_ends_ones_own_sessions_only(scene: Scene, path: str) -> None:
    clients = {name: scene.client(name, browser=True) for name in scene.actors}

    clients["other"].post(path, headers={"Idempotency-Key": "k"})

    still = {n for n, client in clients.items() if client.ask("/me/tickets").status_code == 200}
    assert still == set(scene.actors) - {"other"}


def send(client: Client, key: tuple[str, str], route: Route, scene: Scene) -> int:
    """Send the route's request; the status."""
    method, declared = key
    path = (route.path or declared).format(**vars(scene))
    headers = {"Idempotency-Key": f"{id(client)}"}
    if route.file:
        sent = {"file": ("people.csv", route.file)}
        return client.request(method, path, files=sent, headers=headers).status_code
    if route.form:
        form = {name: text.format(**vars(scene)) for name, text in route.form.items()}
        return client.request(method, path, data=form, headers=headers).status_code
    return client.request(method, path, json=body_of(route, scene), headers=headers).status_code


def body_of(route: Route, scene: Scene) -> Any:
    """Its body, with the ids of the scene."""

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(part) for name, part in value.items()}
        if isinstance(value, list):
            return [filled(part) for part in value]
        named = value[1:-1] if isinstance(value, str) and value.startswith("{") else None
        return getattr(scene, named) if named else value

    return filled(route.body)


GETS = [key for key in ROUTES if key[0] == "GET"]


@pytest.mark.parametrize("actor", ACTORS)
def test_who_sees_names(scene: Scene, actor: str) -> None:
    """Nobody finds a name or a number of somebody else in any answer, but the site's staff; those
    who only help at a queue find who is in it, and the desk of another site whom it looks up."""
    library = scene.place
    client = scene.client(actor, browser=True)
    secrets = [text for row in library.world.rows(metadata.tables["person"])
               for text in (row.number, row.name)]  # fmt: skip
    own = {scene.number, f"Person {scene.number}"} if actor == "owner" else set()
    own |= _own_words(library, scene, actor)

    seen = set()
    for key in GETS:
        route = ROUTES[key]
        answer = client.get((route.path or key[1]).format(**vars(scene)))
        seen |= {text for text in secrets if text in answer.text and text not in own}
    for key, route in ROUTES.items():
        if key[0] != "GET" and key not in SIGNING_OUT and actor != "admin":
            answer = client.request(
                key[0],
                (route.path or key[1]).format(**vars(scene)),
                json=body_of(route, scene),
                headers={"Idempotency-Key": key[1]},
            )
            seen |= {text for text in secrets if text in answer.text and text not in own}

    assert bool(seen) == (actor in HELPERS | DESKS)


SIGNING_OUT = {("POST", path) for path in OWN_SESSION}


def _own_words(library: Library, scene: Scene, actor: str) -> set[str]:
    if actor != "other":
        return set()
    number = library.number_of(scene.actors["other"])
    return {number, f"Person {number}"}

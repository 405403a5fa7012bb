"""Every route with every kind of actor.

A route that is not in `ROUTES` fails this test: whoever adds one says here who may use it. For all
others the request is refused and changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from locker_app.api.app import make_api
from locker_app.db.tables import metadata
from locker_app.domain.actors import Actor, Role
from locker_app.services.lockers import take_out_of_service
from tests.api.clients import Client, Library
from tests.world import World

ACTORS = ("nobody", "owner", "other", "viewer", "professor", "elsewhere", "admin")
EVERYBODY = frozenset(ACTORS)
PERSONS = frozenset({"owner", "other"})
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
        }
        owner = self.actors["owner"]
        world.fill(self.full)
        taken = world.take(owner, self.bank)
        self.assignment, self.locker = taken.assignment_id, taken.locker_id
        self.wait = world.join(owner, self.full)
        self.number = library.number_of(owner)
        self.login = library.login_of(self.actors["admin"])
        self.broken = world.locker_ids(self.bank)[-1]
        world.run(self.actors["admin"], take_out_of_service, locker_id=self.broken, reason="hinge")

    def client(self, actor: str, *, browser: bool) -> Client:
        """Whoever it is, with a cookie or a token."""
        come = self.place.browser if browser else self.place.program
        return come(self.actors.get(actor))

    def state(self) -> list[tuple[str, dict[str, Any]]]:
        """All there is, but for the log: each row with the name of its table."""
        return [
            (name, row._asdict())
            for name, table in metadata.tables.items()
            if name not in LOGGED
            for row in self.place.world.rows(table)
        ]

    def state_of(self, actor: str) -> list[tuple[str, dict[str, Any]]]:
        """What there is of this person's."""
        person_id = self.actors[actor].id
        return [
            (name, row)
            for name, row in self.state()
            if person_id in (row.get("person_id"), row["id"] if name == "person" else None)
        ]


@dataclass(frozen=True)
class Route:
    """A request, and who may send it. `{}` in the address are attributes of the scene."""

    path: str
    may: frozenset[str]
    body: Any = None
    form: dict[str, str] = field(default_factory=dict)
    succeeds: Callable[[int], bool] = lambda status: status in (200, 204, 303)


def refused(status: int) -> bool:
    """For routes that everybody may try, and where nobody succeeds with what is sent here."""
    return status in (303, 401, 429)


def admins() -> frozenset[str]:
    """Who may step in at the scene's site."""
    return frozenset({"admin"})


WRONG_PIN = {"number": "CS0000000", "pin": "0815"}
WRONG_PASSWORD = {"login": "root", "password": "not this one"}

ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "/api/v1/sign-in"): Route("", EVERYBODY, WRONG_PIN, succeeds=refused),
    ("POST", "/api/v1/sign-in/pin"): Route("", EVERYBODY, WRONG_PIN, succeeds=refused),
    ("POST", "/api/v1/staff/sign-in"): Route("", EVERYBODY, WRONG_PASSWORD, succeeds=refused),
    ("POST", "/api/v1/sign-out"): Route("", EVERYBODY),
    ("POST", "/api/v1/sign-out-everywhere"): Route("", EVERYBODY),
    ("GET", "/api/v1/me"): Route("", EVERYBODY - {"nobody"}),
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
    # persons belong to no site, so whoever may reset PINs somewhere may reset any
    ("POST", "/api/v1/people/{number}/reset-pin"): Route(
        "/api/v1/people/{number}/reset-pin", frozenset({"admin", "elsewhere"}), REASON
    ),
    # the other site's admin sees that site's events: see test_who_sees_names
    ("GET", "/api/v1/events"): Route("", frozenset({"admin", "elsewhere"})),
    ("GET", "/api/v1/openapi.json"): Route("", EVERYBODY),
    ("HEAD", "/api/v1/openapi.json"): Route("", EVERYBODY),
    ("GET", "/health"): Route("", EVERYBODY),
    ("HEAD", "/health"): Route("", EVERYBODY),
    ("POST", "/auth/sign-in"): Route("", EVERYBODY, form=WRONG_PIN, succeeds=refused),
    ("POST", "/auth/choose-pin"): Route(
        "", EVERYBODY, form={**WRONG_PIN, "again": "0815"}, succeeds=refused
    ),
    ("POST", "/auth/staff"): Route("", EVERYBODY, form=WRONG_PASSWORD, succeeds=refused),
    ("POST", "/auth/sign-out"): Route("", EVERYBODY),
    ("POST", "/auth/sign-out-everywhere"): Route("", EVERYBODY),
}

OWN_SESSION = ("/api/v1/sign-out", "/api/v1/sign-out-everywhere", "/auth/sign-out",
               "/auth/sign-out-everywhere")  # fmt: skip


def test_every_route_is_classified() -> None:
    declared = {
        (method, route.path_format)
        for route in iter_route_contexts(make_api().routes)
        for method in route.methods or {"?"}
    }

    assert declared == set(ROUTES)


@pytest.mark.parametrize("key", ROUTES, ids=lambda key: f"{key[0]} {key[1]}")
def test_only_who_may_can(library: Library, key: tuple[str, str]) -> None:
    route = ROUTES[key]
    scene = Scene(library)
    may_not = [(actor, browser) for actor in ACTORS if actor not in route.may for browser in BOTH]
    for actor, browser in may_not:
        client = scene.client(actor, browser=browser)
        before = scene.state()
        status = send(client, key, route, scene)
        assert status == 401 if actor == "nobody" else status in (403, 409), (actor, status)
        assert scene.state() == before, actor
    for actor in sorted(route.may):
        client = scene.client(actor, browser=actor < "n")
        before = scene.state()
        status = send(client, key, route, scene)
        assert route.succeeds(status), (actor, status)
        assert route.succeeds is not refused or scene.state() == before, actor


OTHERS = [
    key for key, route in ROUTES.items() if key[0] in ("POST", "PUT") and "other" in route.may
]


@pytest.mark.parametrize("key", OTHERS, ids=lambda key: key[1])
def test_what_one_does_is_ones_own(library: Library, key: tuple[str, str]) -> None:
    """Nobody who may send a command changes what is another person's by it."""
    scene = Scene(library)
    owner, other = (scene.client(name, browser=True) for name in ("owner", "other"))
    before = scene.state_of("owner")
    assert {name for name, _ in before} == {"person", "session", "assignment", "wait"}

    send(other, key, ROUTES[key], scene)

    assert scene.state_of("owner") == before
    assert owner.ask("/me").status_code == 200


@pytest.mark.parametrize("path", OWN_SESSION)
def test_signing_out_ends_ones_own_sessions_only(library: Library, path: str) -> None:
    scene = Scene(library)
    clients = {name: scene.client(name, browser=True) for name in scene.actors}

    clients["other"].post(path, headers={"Idempotency-Key": "k"})

    still = {name for name, client in clients.items() if client.ask("/me").status_code == 200}
    assert still == set(scene.actors) - {"other"}


def send(client: Client, key: tuple[str, str], route: Route, scene: Scene) -> int:
    """Send the route's request; the status."""
    method, declared = key
    path = (route.path or declared).format(**vars(scene))
    headers = {"Idempotency-Key": f"{id(client)}"}
    if route.form:
        return client.request(method, path, data=route.form, headers=headers).status_code
    return client.request(method, path, json=route.body, headers=headers).status_code


GETS = [key for key in ROUTES if key[0] == "GET"]


@pytest.mark.parametrize("actor", ACTORS)
def test_who_sees_names(library: Library, actor: str) -> None:
    """Nobody finds a name or a number of somebody else in any answer, but the site's staff."""
    scene = Scene(library)
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
                json=route.body,
                headers={"Idempotency-Key": key[1]},
            )
            seen |= {text for text in secrets if text in answer.text and text not in own}

    assert bool(seen) == (actor == "admin")


SIGNING_OUT = {("POST", path) for path in OWN_SESSION}


def _own_words(library: Library, scene: Scene, actor: str) -> set[str]:
    if actor != "other":
        return set()
    number = library.number_of(scene.actors["other"])
    return {number, f"Person {number}"}

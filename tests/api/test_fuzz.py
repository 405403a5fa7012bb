"""Odd values in every part of every operation: never an internal error, and nothing happens.

The operations come from the OpenAPI document, so one that is added is fuzzed as well. Nobody of
those who send these requests may step in anywhere, so the doors must stand as they did before.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from locker_app.api.problems import MEDIA_TYPE
from locker_app.db.database import Database
from locker_app.db.tables import (
    assignment,
    bank,
    desk,
    locker,
    person,
    queue,
    site,
    staff,
    staff_role,
    ticket,
    wait,
)
from locker_app.domain.actors import Actor, Role
from locker_app.services.tickets import join_queue
from tests.api.clients import DOCUMENT, Client, Library
from tests.world import Clock, World

OPERATIONS = [
    (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
FORMS = ["/auth/sign-in", "/auth/choose-pin", "/auth/staff"]
FIELDS = ["number", "pin", "again", "login", "password", "next", "reason", "accessible"]
FIELDS += ["near_last", "assignment_id", "cookie", "locker_id", "actor", "person_id", "__class__"]
FIELDS += ["group", "question", "room_pin", "mode", "paused", "text", "note", "label", "hours"]
FIELDS += ["name", "capacity", "groups", "reset_at", "tickets_per_person"]

text = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
ODD_TEXTS = [
    *("", " ", "\x00", "a\x00b", "\ud800", "\u202e", "'; DROP TABLE locker;--", "{{7*7}}", "%s%n"),
    *("../../etc/passwd", "<script>alert(1)</script>", "\r\nSet-Cookie: a=b", "x" * 3000),
    *("CS0000001", "cs 0000001", "admin", "null", "1", "-1", "1e9", "NaN", "\u0663"),
]
odd_text = st.one_of(text, st.sampled_from(ODD_TEXTS))
integer = st.one_of(
    st.integers(-2, 12), st.sampled_from([2**31 - 1, 2**31, 2**63, 10**40, -(2**70)])
)
odd = st.recursive(
    st.one_of(st.none(), st.booleans(), integer, st.floats(allow_nan=False), odd_text),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(odd_text, inner, max_size=3)
    ),
    max_leaves=6,
)


def body_of(operation: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Bodies for the operation: its example, the example with an odd value or two, or anything."""
    example = example_of(operation)
    changed = st.dictionaries(st.sampled_from([*example, *FIELDS]), odd, max_size=2)
    return st.one_of(
        st.just(example),
        st.just(example),
        changed.map(lambda values: {**example, **values}),
        st.dictionaries(st.sampled_from(FIELDS), odd, max_size=6),
        odd,
    )


def example_of(operation: dict[str, Any]) -> dict[str, Any]:
    """A body that is accepted, from the document's own examples."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    reference = schema.get("$ref") or schema.get("anyOf", [{}])[0].get("$ref")
    if reference is None:
        return {}
    properties = DOCUMENT["components"]["schemas"][reference.split("/")[-1]]["properties"]
    return {name: of["examples"][0] for name, of in properties.items() if "examples" in of}


segment = st.one_of(*[st.integers(1, 4).map(str)] * 3, integer.map(str), odd_text)
key = st.one_of(st.none(), st.none(), st.none(), odd_text)
"""None stands for a new one."""


class Stage:
    """Who sends the requests, and what must stand as it is afterwards."""

    def __init__(
        self, kind: str, library: Library, person_: Actor, viewer: Actor, professor: Actor
    ) -> None:
        self.kind, self.place = kind, library
        self._person, self._viewer, self._professor = person_, viewer, professor
        self.admin = library.world.staff()
        self._owned = {
            table.name: {row.id for row in library.world.rows(table)}
            for table in (assignment, wait, person, ticket)
        }
        self._owned["person"].discard(person_.id)

    def enter(self) -> dict[str, Client]:
        """Clients who are signed in: what was tried before may have signed them out."""
        return {
            "nobody": self.place.program(),
            "person": self.place.program(self._person),
            "browser": self.place.browser(self._person),
            "viewer": self.place.program(self._viewer),
            "professor": self.place.browser(self._professor),
        }

    def doors(self) -> list[Any]:
        """All that nobody here may change."""
        tables = (site, bank, locker, staff, staff_role, desk)
        owned = (assignment, wait, person, ticket)
        rows = self.place.world.db.read(
            lambda conn: {
                table: conn.execute(select(table).order_by(*table.primary_key.columns)).all()
                for table in (queue, *tables, *owned)
            }
        )
        rules = [
            {**row._asdict(), "last_number": 0, "shown_number": 0}  # which joining changes
            for row in rows[queue]
        ]
        return [*rules, *(tuple(row) for table in tables for row in rows[table])] + [
            tuple(row)
            for table in owned
            for row in rows[table]
            if row.id in self._owned[table.name]
        ]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """One library for all examples: what they leave behind is part of the oddness."""
    make: Callable[..., str] = _address_maker(request, tmp_path_factory)
    database = Database(make(request.param))
    world = World(database, Clock())
    library = Library(world)
    here = world.site()
    doors = world.bank(here, count=3)
    world.fill(doors)
    world.join(world.person(), doors)
    stranger = world.person()  # owns nothing here; the doors of this bank are others'
    for _ in range(3):
        line = library.world.queue(here)
        world.run(world.person(), join_queue, queue_id=line, group="1")
    own = [world.site() for _ in range(14)][-1]  # whose queues are the professor's: out of reach
    viewer, professor = world.staff(Role.VIEWER, here), world.staff(Role.PROFESSOR, own)
    stage = Stage(request.param, library, stranger, viewer, professor)
    yield stage
    database.close()


def _address_maker(
    request: pytest.FixtureRequest, folders: pytest.TempPathFactory
) -> Callable[[str], str]:
    def make(kind: str) -> str:
        if kind == "sqlite":
            path = folders.mktemp("fuzz") / "cubby.db"
            shutil.copy(request.getfixturevalue("migrated_file"), path)
            return f"sqlite:///{path}"
        server = request.getfixturevalue("cluster")
        return server.url(server.create(template=request.getfixturevalue("migrated_cluster")))

    return make


def look(answer: Any) -> None:
    """Whether the answer is one that a client can do something with."""
    assert answer.status_code < 500, (answer.status_code, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == MEDIA_TYPE
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert problem["code"].replace("_", "").isalpha()
    assert "Traceback" not in answer.text
    assert "sqlalchemy" not in answer.text.lower()
    assert "a=b" not in answer.headers.get("set-cookie", "")


EXAMPLES = {"sqlite": 8, "postgresql": 3}
"""For each route: what is odd is mostly found odd before any database is asked."""


def odd_examples(stage: Stage) -> settings:
    """How many examples there are on this kind of database."""
    return settings(
        max_examples=EXAMPLES[stage.kind] * int(os.environ.get("EXAMPLES", "1")),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


EACH = pytest.mark.parametrize(
    ("method", "path"),
    [(method, path) for method, path, _ in OPERATIONS],
    ids=[operation["operationId"] for *_, operation in OPERATIONS],
)


@EACH
@pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
def test_odd_requests(stage: Stage, method: str, path: str) -> None:
    before, clients = stage.doors(), stage.enter()

    @odd_examples(stage)
    @given(who=st.sampled_from(sorted(clients)), request=requests(method, path))
    def send(who: str, request: dict[str, Any]) -> None:
        answer = clients[who].request(**request)
        look(answer)
        assert method == "get" or answer.status_code >= 400 or _own_thing(path), path

    send()
    assert stage.doors() == before


@EACH
def test_odd_requests_of_who_may_everything(stage: Stage, method: str, path: str) -> None:
    """Also on PostgreSQL: nobody comes further with what is odd there."""
    admin = stage.place.program(stage.admin)

    @odd_examples(stage)
    @given(request=requests(method, path))
    def send(request: dict[str, Any]) -> None:
        look(admin.request(**request))

    send()


@cache
def requests(method: str, path: str) -> st.SearchStrategy[dict[str, Any]]:
    """Requests for the operation with odd values in the address, the headers and the body. What
    they are drawn from is made once: making it takes as long as sending them."""
    operation = DOCUMENT["paths"][path][method]
    parameters = operation.get("parameters", [])
    names = [p["name"] for p in parameters if p["in"] == "path"]
    queries = [p["name"] for p in parameters if p["in"] == "query"]
    query = st.dictionaries(st.sampled_from([*queries, "x"]), segment, max_size=4)
    body = st.none() if method == "get" else body_of(operation).map(json.dumps).map(str.encode)

    @st.composite
    def made(draw: st.DrawFn) -> dict[str, Any]:
        address = path
        for name in names:
            address = address.replace(f"{{{name}}}", _quoted(draw(segment)) or "-")
        asked = _encoded(draw(query))
        under = draw(key) or str(uuid4())
        return {
            "method": method,
            "url": f"{address}?{asked}",
            "content": draw(body),
            "headers": {
                b"Content-Type": b"application/json",
                b"Idempotency-Key": under.encode("utf-8", "replace")[:300],
            },
        }

    return made()


@pytest.mark.parametrize("path", FORMS)
def test_odd_forms(stage: Stage, path: str) -> None:
    before, clients = stage.doors(), stage.enter()

    @odd_examples(stage)
    @given(
        who=st.sampled_from(["nobody", "browser", "professor"]),
        fields=st.dictionaries(st.sampled_from(FIELDS[:6]), odd_text, max_size=6),
        cookie=odd_text,
    )
    def send(who: str, fields: dict[str, str], cookie: str) -> None:
        headers: Any = {
            b"Content-Type": b"application/x-www-form-urlencoded",
            b"Cookie": b"cubby_session=" + cookie.encode("utf-8", "replace")[:2000],
        }
        answer = clients[who].request("post", path, content=_encoded(fields), headers=headers)
        look(answer)
        if answer.status_code == 303:
            assert answer.headers["location"].split("?")[0] in {"/sign-in", "/staff/sign-in"}

    send()
    assert stage.doors() == before


def _own_thing(path: str) -> bool:
    """Whether it is what anybody may do who is signed in, with what is their own."""
    parts = ("/me/", "/sign-out", "/waits", "/take", "/visits", "/queues/{queue_id}/tickets")
    own = ("/tickets/{ticket_id}/" + what for what in ("leave", "step-back", "question"))
    return any(part in path for part in (*parts, *own))


def _quoted(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"), safe="")[:1500]


def _encoded(fields: dict[str, str]) -> str:
    return urlencode({name: text.encode("utf-8", "replace") for name, text in fields.items()})

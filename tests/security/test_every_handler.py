"""A walk over every event handler, with every kind of actor and odd arguments.

Straight over the websocket, as anybody can speak to it. A handler that is not in the table fails
the test: whoever adds one has to say who may have what from it.
"""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from reflex_base.registry import RegistrationContext

import locker_app.locker_app  # noqa: F401 - registers the handlers
from locker_app.db.tables import assignment, metadata, person
from locker_app.domain.actors import ActorKind
from tests.security.house import House, Tables, request_id, running_house
from tests.security.wire import ROOT, Screen, handler

READS = "reads what who looks may see"
FORM = "changes this tab's own form alone"
PERSON = "a command of the person who is signed in"
STAFF = "a command of staff with the right at that site"
SIGN_IN = "asks whether a number has a PIN, within the rate limits"

OURS = {
    "pages.bank.BankPage.load": READS,
    "pages.bank.BankPage.set_low_only": FORM,
    "pages.bank.BankPage.take": PERSON,
    "pages.bank.BankPage.take_held": PERSON,
    "pages.bank.BankPage.give_back": PERSON,
    "pages.bank.BankPage.join": PERSON,
    "pages.bank.BankPage.leave": PERSON,
    "pages.board.BoardPage.load": READS,
    "pages.board.BoardPage.open_door": READS,
    "pages.board.BoardPage.close_door": READS,
    "pages.board.BoardPage.confirm": FORM,
    "pages.board.BoardPage.type_reason": FORM,
    "pages.board.BoardPage.force_release": STAFF,
    "pages.board.BoardPage.take_out_of_service": STAFF,
    "pages.board.BoardPage.put_back_in_service": STAFF,
    "pages.history.HistoryPage.load": READS,
    "pages.history.HistoryPage.choose_site": READS,
    "pages.history.HistoryPage.only_refused": READS,
    "pages.history.HistoryPage.show_older": READS,
    "pages.home.HomePage.load": READS,
    "pages.me.MePage.load": READS,
    "pages.me.MePage.prefer": PERSON,
    "pages.missing.MissingPage.load": READS,
    "pages.sign_in.SignInPage.load": READS,
    "pages.sign_in.SignInPage.look_up": SIGN_IN,
    "pages.sign_in.SignInPage.start_over": FORM,
    "pages.staff_sign_in.StaffSignInPage.load": READS,
    "pages.staff_sign_in.StaffAccountPage.load": READS,
}

REFLEX = {
    "hydrate": "sends the tab its own form fields",
    "hydrate_and_load": "the same, and loads the page",
    "set_is_hydrated": "a mark of the tab's own",
    "setvar": "would set any var; never let in",
    "on_load_internal": "loads the page",
    "update_vars_internal": "sets vars kept in the browser's storage, of which there are none",
    "handle_frontend_exception": "a line in the log, bounded",
}

ODD: list[Any] = [
    None,
    -1,
    0,
    2**31,
    2**63,
    1.5,
    True,
    "",
    "1",
    "1 OR 1=1; DROP TABLE person",
    "<script>alert(1)</script>",
    "\ud800",
    "\x00",
    "x" * 20_000,
    [],
    [1],
    {},
    {"__proto__": {"admin": True}},
    {"number": ["NOBODY1"]},
]

ACTORS = (None, "forged", "ended", "student", "viewer", "professor", "other_admin")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of this module's own: its people are pushed about."""
    with running_house(tmp_path_factory.mktemp("walked")) as opened:
        yield opened


def registered() -> dict[str, list[str]]:
    """Every handler's name on the wire, with its arguments."""
    handlers = RegistrationContext.get().event_handlers
    return {
        name: list(inspect.signature(known.handler.fn).parameters)[1:]
        for name, known in handlers.items()
        if name.startswith(ROOT)
    }


def test_every_handler_is_in_the_table() -> None:
    ours = {handler(place) for place in OURS}
    unknown = {
        name for name in registered() if name not in ours and name.rpartition(".")[2] not in REFLEX
    }
    assert unknown == set()
    assert ours - registered().keys() == set(), "the table names handlers that are gone"


def good_arguments(house: House, names: list[str]) -> dict[str, Any]:
    """Arguments that would work for somebody with the right: the victim's own things."""
    ids = house.ids
    known = {
        "assignment_id": ids["assignment"],
        "locker_id": ids["locker"],
        "wait_id": ids["wait"],
        "site_id": ids["site"],
        "number": 1,
        "before": 2**30,
        "wanted": True,
        "what": "release",
        "reason": "because",
        "form": {"number": "NOBODY1"},
        "accessible": True,
        "near_last": True,
        "var_name": "door",
        "value": ids["locker"],
        "vars": {f"{ROOT}.door": 1},
        "hashes": [],
        "info": "x",
        "component_stack": "x",
        "request_id": request_id(),
    }
    return {name: known[name] for name in names}


def screen_of(house: House, who: str | None) -> Screen:
    if who == "forged":
        return house.screen(session="eyJhbGciOiJub25lIn0.eyJzaWQiOiJ4In0.")
    if who == "ended":
        token = house.session("admin")
        house.end(token)
        return house.screen(session=token)
    return house.screen(who)


def walk(house: House, screen: Screen) -> int:
    """Send every handler good and odd arguments from a page where they would do harm."""
    page, sent = f"/staff/board/{house.ids['bank']}", 0
    for name, arguments in sorted(registered().items()):
        good = good_arguments(house, arguments)
        payloads: list[Any] = [good, {}, {**good, "actor": "admin", "is_staff": True}]
        odds = [] if name.endswith(".setvar") else ODD  # on every state, and the same on each
        payloads += [{**good, each: odd} for each in arguments for odd in odds]
        for payload in payloads:
            screen.send(name, payload, page)
            sent += 1
        if name.endswith("type_reason"):
            screen.settle()
    for name in ("no.such.handler", f"{ROOT}.nothing", handler("pages.board.BoardPage._watch")):
        screen.send(name, {}, page)
    screen.settle()
    return sent


def changed(before: Tables, after: Tables) -> dict[str, set[tuple[Any, ...]]]:
    """The rows of each table that are new, gone or different."""
    differing = {name: after[name] ^ before[name] for name in after}
    return {name: rows for name, rows in differing.items() if rows}


def column(table: str, name: str) -> int:
    return list(metadata.tables[table].c.keys()).index(name)


@pytest.mark.parametrize("who", ACTORS)
def test_nothing_happens_that_should_not(house: House, who: str | None) -> None:
    me = house.people[who].id if who in house.people else None
    is_person = who in house.people and house.people[who].kind is ActorKind.PERSON
    before = house.tables()
    with screen_of(house, who) as screen:
        screen.open(f"/staff/board/{house.ids['bank']}")
        assert walk(house, screen) > 500
        screen.open("/staff/history").settle()
        known = [who] if who in house.people else []
        secrets = house.secrets_from(*known)
        if who == "other_admin":  # the one person at the site that is theirs
            secrets = [word for word in secrets if "9" not in word]
        assert [word for word in secrets if word in screen.heard] == []
        assert "Traceback" not in screen.heard
        assert "sqlalchemy" not in screen.heard.lower()

    for table, rows in changed(before, house.tables()).items():
        if table == "event":
            kind, actor = column(table, "kind"), column(table, "actor_id")
            own = [row for row in rows if is_person and row[actor] == me]
            assert {row[kind] for row in rows if row not in own} <= {"Refused"}
        elif table == "person":
            assert {row[column(table, "id")] for row in rows} <= {me if is_person else None}
        elif table in ("assignment", "wait"):
            assert {row[column(table, "person_id")] for row in rows} <= {me if is_person else None}
        else:
            assert table in ("request", "session"), f"{who} changed {table}"


def test_the_victim_still_has_everything_and_the_admin_may(house: House) -> None:
    victim = house.people["victim"]
    (claim,) = house.world.rows(assignment, person_id=victim.id, released_at=None)
    assert claim.id == house.ids["assignment"]
    assert house.world.row(person, victim.id or 0).accessible is False
    page = f"/staff/board/{house.ids['bank']}"
    with house.screen("admin") as screen:
        screen.open(page)
        screen.do(
            "pages.board.BoardPage.confirm",
            page,
            what="release",
            assignment_id=house.ids["assignment"],
        )
        screen.do("pages.board.BoardPage.type_reason", page, reason="it is needed")
        screen.do(
            "pages.board.BoardPage.force_release",
            page,
            locker_id=house.ids["locker"],
            assignment_id=house.ids["assignment"],
            request_id=request_id(),
        )
        screen.settle()
    assert house.world.rows(assignment, person_id=victim.id, released_at=None) == []

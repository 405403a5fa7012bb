"""The native forms of the pages: cookies, where the browser is sent, and what is never told."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update

from locker_app.db.tables import (
    booking,
    charger,
    charger_wait,
    charging,
    person,
    queue,
    session,
    site,
    ticket,
)
from locker_app.domain.chargers import ChargingRules
from locker_app.services.bookings import book
from locker_app.services.runtime import SESSION_COOKIE
from locker_app.services.secrets import hash_secret
from locker_app.web.words import why_not_booked
from tests.api.clients import ORIGIN, Client, Library, code
from tests.world import PASSWORD, where_it_is_noon

PIN = "4711"


@pytest.fixture
def number(library: Library) -> str:
    """The number of a person with `PIN`."""
    someone = library.world.person()
    library.world.change(
        update(person).where(person.c.id == someone.id).values(pin_hash=hash_secret(PIN))
    )
    return library.number_of(someone)


@pytest.fixture
def browser(library: Library) -> Client:
    """A browser on our pages in which nobody is signed in."""
    return library.browser()


def test_a_person_signs_in(library: Library, browser: Client, number: str) -> None:
    answer = browser.submit("/auth/sign-in", number=number, pin=PIN)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    name, *attributes = answer.headers["set-cookie"].lower().split("; ")
    assert name.startswith(f"{SESSION_COOKIE}=ey")
    assert {"httponly", "path=/", "samesite=lax"} <= set(attributes)
    assert "secure" not in attributes
    assert not any(attribute.startswith("domain") for attribute in attributes)
    (max_age,) = (int(a.removeprefix("max-age=")) for a in attributes if a.startswith("max-age"))
    assert 14 * 86400 - 60 < max_age <= 14 * 86400
    assert browser.ask("/me").json()["person"]["number"] == number
    assert answer.headers["cache-control"] == "no-store"


def test_the_cookie_is_secure_under_tls(browser: Client, number: str) -> None:
    answer = browser.post("https://testserver/auth/sign-in", data={"number": number, "pin": PIN})

    assert "secure" in answer.headers["set-cookie"].lower().split("; ")


def test_staff_sign_in(library: Library, browser: Client) -> None:
    login = library.login_of(library.world.staff())

    answer = browser.submit("/auth/staff", login=login.upper() + " ", password=PASSWORD)

    assert answer.headers["location"] == "/staff"
    assert "max-age=431" in answer.headers["set-cookie"].lower()
    assert browser.ask("/me").json()["kind"] == "staff"


def test_the_first_pin(library: Library, browser: Client) -> None:
    number = library.number_of(library.world.person())

    def choose(pin: str, again: str) -> str:
        answer = browser.submit("/auth/choose-pin", number=number, pin=pin, again=again, next="/x")
        return answer.headers["location"]

    unchosen = browser.submit("/auth/sign-in", number=number, pin=PIN)
    assert unchosen.headers["location"] == "/sign-in?refused=pin_not_chosen"
    assert choose(PIN, "4712") == "/sign-in?refused=pins_differ"
    assert choose("0000", "0000") == "/sign-in?refused=bad_input&field=pin"
    assert SESSION_COOKIE not in browser.cookies
    assert choose(PIN, PIN) == "/x"
    assert browser.ask("/me").status_code == 200
    assert choose(PIN, PIN) == "/sign-in?refused=pin_already_chosen"


def test_refusals_go_back_to_the_form_as_codes(
    library: Library, browser: Client, number: str
) -> None:
    person_form = [
        (browser.submit("/auth/sign-in", number=number, pin="0815"), "wrong_pin&left=4"),
        (browser.submit("/auth/sign-in", number="XX999", pin=PIN), "unknown_number"),
        (browser.submit("/auth/sign-in", number="<b>", pin=PIN), "bad_input&field=number"),
        (browser.submit("/auth/sign-in", number=number, pin=""), "bad_input&field=secret"),
        (browser.submit("/auth/sign-in"), "bad_input&field=number"),
    ]
    staff_form = browser.submit("/auth/staff", login="nobody", password=PASSWORD)

    for answer, why in person_form:
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/sign-in?refused={why}"
        assert "set-cookie" not in answer.headers
    assert staff_form.headers["location"] == "/staff/sign-in?refused=wrong_password"


@pytest.mark.parametrize("path", ["/auth/sign-in", "/auth/choose-pin", "/auth/staff"])
def test_nothing_that_was_entered_is_in_an_address(library: Library, path: str) -> None:
    browser = library.browser()
    entered = ("CS7654321", "wrong-secret\r\nSet-Cookie: a=b", "/elsewhere?x=<script>")
    fields = ("number", "pin", "again", "login", "password", "next")

    for text in entered:
        answer = browser.submit(path, **dict.fromkeys(fields, text))
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert set(query) <= {"refused", "left", "field"}
        assert text not in answer.headers["location"]
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "next",
    ["/", "/banks/3", "/banks/3?from=qr#door", "/staff", "/a//b", "/ä", "/x?u=https://a.example"],
)
def test_on_to_a_page_of_ours(browser: Client, number: str, next: str) -> None:
    answer = browser.submit("/auth/sign-in", number=number, pin=PIN, next=next)

    location = urlsplit(answer.headers["location"])
    assert not location.scheme
    assert not location.netloc
    assert answer.headers["location"].startswith(next[:3].replace("ä", "%C3%A4"))


@pytest.mark.parametrize(
    "next",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/\r\nSet-Cookie: cubby_session=x",
        "/\r\n\r\n<script>",
        "/\x00",
        "/\u2028",
        "/\ufeff",
        "http:/evil.example",
        "/" + "x" * 600,
        "@evil.example",
        ".evil.example",
    ],
)
def test_and_never_elsewhere(browser: Client, number: str, next: str) -> None:
    answer = browser.submit("/auth/sign-in", number=number, pin=PIN, next=next)

    assert answer.headers["location"] == "/"
    assert len(answer.headers.get_list("set-cookie")) == 1


def test_next_of_staff_is_as_careful(library: Library, browser: Client) -> None:
    login = library.login_of(library.world.staff())

    answer = browser.submit("/auth/staff", login=login, password=PASSWORD, next="//evil.example")

    assert answer.headers["location"] == "/staff"


def test_signing_out(library: Library) -> None:
    someone = library.world.person()
    browser, elsewhere = library.browser(someone), library.browser(someone)
    token = browser.cookies[SESSION_COOKIE]

    answer = browser.submit("/auth/sign-out")

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert f'{SESSION_COOKIE}=""' in answer.headers["set-cookie"]
    again = library.program()
    assert code(again.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})) == (
        "not_signed_in"
    )
    assert elsewhere.ask("/me").status_code == 200


def test_signing_out_everywhere(library: Library) -> None:
    someone = library.world.person()
    browser, elsewhere = library.browser(someone), library.browser(someone)

    browser.submit("/auth/sign-out-everywhere")

    assert code(elsewhere.ask("/me")) == "not_signed_in"


def test_signing_out_when_nobody_is_signed_in(library: Library, browser: Client) -> None:
    mark = library.world.mark()

    for path in ("/auth/sign-out", "/auth/sign-out-everywhere"):
        assert browser.submit(path).headers["location"] == "/"
    assert library.world.mark() == mark


def test_who_signs_in_over_somebody_else_ends_that_session(library: Library, number: str) -> None:
    browser = library.browser(library.world.person())

    browser.submit("/auth/sign-in", number=number, pin=PIN)

    assert browser.ask("/me").json()["person"]["number"] == number
    ended = [row.ended_at is not None for row in library.world.rows(session)]
    assert ended == [True, False]


def test_a_failed_sign_in_leaves_who_was_signed_in(library: Library, number: str) -> None:
    browser = library.browser(library.world.person())

    browser.submit("/auth/sign-in", number=number, pin="0815")

    assert browser.ask("/me").status_code == 200


def test_a_strangers_cookie_signs_nobody_in(library: Library, number: str) -> None:
    """A cookie planted before signing in must not be the session afterwards."""
    planted = library.keys.sign(
        "planted", library.world.clock.now, library.world.clock.advance(days=1)
    )
    browser = library.browser()
    browser.cookies.set(SESSION_COOKIE, planted, domain="testserver.local")

    answer = browser.submit("/auth/sign-in", number=number, pin=PIN)

    assert planted not in answer.headers["set-cookie"]
    thief = library.program().get("/api/v1/me", headers={"Authorization": f"Bearer {planted}"})
    assert code(thief) == "not_signed_in"


PATHS = ("/auth/sign-in", "/auth/choose-pin", "/auth/staff", "/auth/sign-out",
         "/auth/sign-out-everywhere")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_other_sites_pages_send_no_forms(library: Library, number: str, path: str) -> None:
    browser = library.browser(library.world.person())

    for fetched_from in ("cross-site", "same-site"):
        answer = browser.post(
            path, data={"number": number, "pin": PIN}, headers={"Sec-Fetch-Site": fetched_from}
        )
        assert (answer.status_code, code(answer)) == (403, "cross_site")
    assert browser.ask("/me").status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_nothing_happens_by_get(library: Library, path: str) -> None:
    browser = library.browser(library.world.person())

    assert code(browser.get(path)) == "method_not_allowed"
    assert browser.ask("/me").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"number=%ff%fe&pin=%00",
        b"number=a&number=b&pin=1&pin=2",
        b"&&&=&=",
        b"number=" + b"%41" * 5000,
        b"\x00\xff",
        b"&".join(b"f%d=1" % i for i in range(3000)),
    ],
)
def test_odd_forms_are_refused(browser: Client, body: bytes) -> None:
    answer = browser.post(
        "/auth/sign-in",
        content=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code in {303, 400, 422}
    if answer.status_code == 303:
        assert answer.headers["location"].startswith("/sign-in?refused=")


def test_a_file_where_text_belongs(browser: Client) -> None:
    answer = browser.post("/auth/sign-in", files={"number": b"x"}, data={"pin": "1"})

    assert (answer.status_code, code(answer)) == (422, "bad_input")


def test_answers_never_name_the_host_that_the_client_claims(browser: Client, number: str) -> None:
    answer = browser.post(
        "/auth/sign-in",
        data={"number": number, "pin": PIN},
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
    )

    assert ORIGIN.startswith("http")
    assert "evil" not in str(answer.headers)


def test_a_visitor_takes_a_ticket(library: Library, browser: Client) -> None:
    world = library.world
    queue_id = world.queue()
    code = world.row(queue, queue_id).code

    answer = browser.submit("/auth/visit", queue=code.lower(), group="7", question="Why?")

    assert (answer.status_code, answer.headers["location"]) == (303, f"/q/{code}")
    assert "httponly" in answer.headers["set-cookie"].lower()
    (given,) = world.rows(ticket, queue_id=queue_id)
    (visit,) = world.rows(session, person_id=None, staff_id=None)
    assert (given.visitor_id, given.group_number, given.question) == (visit.id, "7", "Why?")
    again = browser.submit("/auth/visit", queue=code, group="8")  # the same browser, as it was
    assert again.headers["location"] == f"/q/{code}?refused=has_ticket&number=1"
    assert "set-cookie" not in again.headers


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"group": ""}, "bad_input&field=group"),
        ({"group": "50"}, "group_not_allowed"),
        ({"group": "5", "room_pin": "no"}, "wrong_room_pin"),
    ],
)
def test_a_refused_visit_leaves_nothing(
    library: Library, browser: Client, fields: dict[str, str], code: str
) -> None:
    world = library.world
    queue_id = world.queue(groups="1-9", room_pin="SESAME")
    name = world.row(queue, queue_id).code

    answer = browser.submit("/auth/visit", **{"queue": name, "room_pin": "sesame", **fields})

    assert answer.headers["location"] == f"/q/{name}?refused={code}"
    assert "set-cookie" not in answer.headers
    assert (world.rows(session), world.rows(ticket)) == ([], [])


def test_a_visit_to_no_queue(library: Library, browser: Client) -> None:
    answer = browser.submit("/auth/visit", queue="//evil.example", group="7")

    assert answer.headers["location"] == "/"


def test_signing_in_takes_the_ticket_along(library: Library, browser: Client, number: str) -> None:
    world = library.world
    queue_id = world.queue()
    browser.submit("/auth/visit", queue=world.row(queue, queue_id).code, group="7")

    browser.submit("/auth/sign-in", number=number, pin=PIN)

    (given,) = world.rows(ticket, queue_id=queue_id)
    assert (given.visitor_id, given.holder) == (None, f"person:{given.person_id}")
    assert library.world.row(person, given.person_id).number == number
    (visit,) = world.rows(session, person_id=None, staff_id=None)
    assert visit.ended_at is not None


@pytest.fixture
def spot(library: Library) -> Any:
    """A charging spot, alone at its site."""
    (charger_id,) = library.world.chargers(count=1)
    return library.world.row(charger, charger_id)


def in_minutes(library: Library, minutes: int) -> str:
    """A time as a page sends it."""
    at = library.world.clock.now + timedelta(minutes=minutes)
    return str(int(at.timestamp() * 1000))


def test_a_visitor_books_a_charging_spot(library: Library, browser: Client, spot: Any) -> None:
    world, until = library.world, in_minutes(library, 60)

    answer = browser.submit(
        "/auth/book", charger=spot.code.lower(), leaves_at=until, shown_as="B-AB 1"
    )

    assert (answer.status_code, answer.headers["location"]) == (303, f"/c/{spot.code}")
    assert "httponly" in answer.headers["set-cookie"].lower()
    (made,) = world.rows(booking)
    (visit,) = world.rows(session, person_id=None, staff_id=None)
    assert (made.visitor_id, made.charger_id, made.shown_as) == (visit.id, spot.id, "B-AB 1")
    assert str(int(made.leaves_at.timestamp() * 1000)) == until
    again = browser.submit("/auth/book", charger=spot.code, leaves_at=until)
    assert again.headers["location"].startswith(f"/c/{spot.code}?refused=")
    assert "set-cookie" not in again.headers


@pytest.mark.parametrize(
    ("leaves_at", "code"),
    [
        ("", "bad_input"),
        ("soon", "bad_input"),
        ("-5", "bad_input"),
        ("9" * 13, "bad_input"),
        ("1000", "bad_input"),
        ("1000000000000", "too_short"),
        ("4000000000000", "stay_too_long"),
    ],
)
def test_a_refused_booking_leaves_nothing(
    library: Library, browser: Client, spot: Any, leaves_at: str, code: str
) -> None:
    answer = browser.submit("/auth/book", charger=spot.code, leaves_at=leaves_at)

    assert answer.headers["location"].startswith(f"/c/{spot.code}?refused={code}")
    assert "set-cookie" not in answer.headers
    assert (library.world.rows(session), library.world.rows(booking)) == ([], [])


def test_a_visitor_joins_the_line_for_a_charging_spot(
    library: Library, browser: Client, spot: Any
) -> None:
    world, page = library.world, f"/c/{spot.code}"
    site = str(spot.site_id)
    free = browser.submit("/auth/charger-line", site=site, page=page)
    assert free.headers["location"] == f"{page}?refused=spots_free"
    until = world.clock.now + timedelta(hours=1)
    world.run(world.person(), book, charger_id=spot.id, leaves_at=until)

    answer = browser.submit("/auth/charger-line", site=site, page=page)

    assert answer.headers["location"] == page
    (waits,) = world.rows(charger_wait)
    (visit,) = world.rows(session, person_id=None, staff_id=None)
    assert (waits.site_id, waits.visitor_id) == (spot.site_id, visit.id)


def test_who_has_no_session_says_that_a_spot_is_empty(
    library: Library, browser: Client, spot: Any
) -> None:
    world, page = library.world, f"/c/{spot.code}"
    refused = browser.submit("/auth/spot-free", charger=spot.code)
    assert refused.headers["location"] == f"{page}?refused=nothing_booked"
    until = world.clock.now + timedelta(hours=1)
    world.run(world.person(), book, charger_id=spot.id, leaves_at=until)
    early = browser.submit("/auth/spot-free", charger=spot.code)
    assert early.headers["location"] == f"{page}?refused=not_overstayed"
    assert world.rows(session) == []
    now, began = world.clock.now, world.clock.now - timedelta(hours=1)
    over = {"starts_at": began, "here_at": began, "leaves_at": now, "overstayed_at": now}
    world.change(update(booking).values(status="overstayed", **over))

    answer = browser.submit("/auth/spot-free", charger=spot.code.lower())

    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert "httponly" in answer.headers["set-cookie"].lower()
    (ended,) = world.rows(booking)
    assert ended.end_cause == "found_free"
    assert browser.submit("/auth/spot-free", charger="ZZZZZZ").headers["location"] == "/"


def test_a_refused_limit_is_named(library: Library, browser: Client, spot: Any) -> None:
    world = library.world
    world.change(update(charging).values(day_minutes=90))
    noon = where_it_is_noon(world.clock.now)
    world.change(update(site).where(site.c.id == spot.site_id).values(time_zone=noon))
    answer = browser.submit(
        "/auth/book", charger=spot.code, leaves_at=in_minutes(library, 100), shown_as=""
    )
    assert answer.headers["location"] == f"/c/{spot.code}?refused=limit_reached&per=day"
    rules = ChargingRules(day_minutes=90)
    assert "90" not in why_not_booked("limit_reached", "x", rules)
    assert "1 h 30 min in one day" in why_not_booked("limit_reached", "day", rules)


@pytest.mark.parametrize("page", ["", "//evil.example", "/c/../x", "https://evil.example/c/ABCDEF"])
def test_a_form_of_charging_leads_nowhere_else(
    library: Library, browser: Client, page: str
) -> None:
    line = browser.submit("/auth/charger-line", site="9999", page=page)
    assert line.headers["location"] == "/chargers/9999?refused=not_found"
    assert browser.submit("/auth/book", charger=page, leaves_at="1").headers["location"] == "/"

"""Signing in and out over the API."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from locker_app.db.tables import person, session
from locker_app.domain.people import LOCK_FOR
from locker_app.services import sessions
from locker_app.services.runtime import SESSION_COOKIE
from locker_app.services.secrets import hash_secret
from locker_app.web.words import SIGN_IN_REFUSALS
from tests.api.clients import Library, code
from tests.world import PASSWORD

PIN = "4711"


def with_pin(library: Library) -> str:
    """A person who has chosen `PIN`; the number."""
    someone = library.world.person()
    library.world.change(
        update(person).where(person.c.id == someone.id).values(pin_hash=hash_secret(PIN))
    )
    return library.number_of(someone)


def test_a_person_signs_in_for_a_token(any_library: Library) -> None:
    library = any_library
    number = with_pin(library)
    program = library.program()

    answer = program.command("/sign-in", {"number": number.lower(), "pin": PIN})

    assert answer.status_code == 200
    assert answer.json()["kind"] == "person"
    lasts = datetime.fromisoformat(answer.json()["expires_at"]) - datetime.now(UTC)
    assert sessions.PERSON_SESSION - timedelta(minutes=1) < lasts <= sessions.PERSON_SESSION
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    program.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    assert program.ask("/me").json()["person"]["number"] == number


def test_the_cookie_is_set_when_asked_for(library: Library) -> None:
    number = with_pin(library)
    browser = library.browser()

    answer = browser.command("/sign-in", {"number": number, "pin": PIN, "cookie": True})

    attributes = answer.headers["set-cookie"].lower()
    assert "httponly" in attributes
    assert "samesite=lax" in attributes
    assert "path=/;" in attributes
    assert "secure" not in attributes
    assert browser.ask("/me").json()["kind"] == "person"


def test_the_cookie_is_secure_under_tls(library: Library) -> None:
    number = with_pin(library)

    answer = library.browser().post(
        "https://testserver/api/v1/sign-in",
        json={"number": number, "pin": PIN, "cookie": True},
        headers={"Idempotency-Key": "k"},
    )

    assert "; secure" in answer.headers["set-cookie"].lower()


def test_the_first_pin_is_chosen_once(any_library: Library) -> None:
    library = any_library
    number = library.number_of(library.world.person())
    program = library.program()
    asked = {"number": number, "pin": PIN}

    assert code(program.command("/sign-in", asked)) == "pin_not_chosen"
    bad = program.command("/sign-in/pin", {"number": number, "pin": "1111"})
    assert (code(bad), bad.json()["field"]) == ("bad_input", "pin")
    assert program.command("/sign-in/pin", asked).status_code == 200
    assert code(program.command("/sign-in/pin", asked)) == "pin_already_chosen"
    assert program.command("/sign-in", asked).status_code == 200


def test_staff_sign_in(any_library: Library) -> None:
    library = any_library
    staff = library.world.staff()
    program = library.program()
    asked = {"login": library.login_of(staff), "password": PASSWORD}

    answer = program.command("/staff/sign-in", asked)

    assert answer.json()["kind"] == "staff"
    program.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    me = program.ask("/me").json()
    assert me["staff"]["roles"] == [{"site_id": None, "role": "admin"}]
    assert me["person"] is None


@pytest.mark.parametrize("login", ["nobody", "a\x00b", "x" * 150, "", " "])
def test_an_unknown_login_is_a_wrong_password(any_library: Library, login: str) -> None:
    library = any_library
    answer = library.program().command("/staff/sign-in", {"login": login, "password": PASSWORD})

    assert (answer.status_code, code(answer)) == (401, "wrong_password")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_wrong_pins_are_counted_down_and_lock(library: Library) -> None:
    number = with_pin(library)
    program = library.program()

    def guess() -> tuple[str, int | None]:
        answer = program.command("/sign-in", {"number": number, "pin": "0815"})
        return code(answer), answer.json().get("tries_left")

    assert [guess() for _ in range(4)] == [("wrong_pin", left) for left in (4, 3, 2, 1)]
    assert guess() == ("number_locked", None)
    right = program.command("/sign-in", {"number": number, "pin": PIN})
    assert (right.status_code, code(right)) == (429, "number_locked")
    assert right.headers["retry-after"] == str(int(LOCK_FOR.total_seconds()))
    minutes = f"{LOCK_FOR // timedelta(minutes=1)} minutes"
    assert minutes in right.json()["detail"]
    assert minutes in SIGN_IN_REFUSALS["number_locked"]


def test_a_repeated_wrong_pin_counts_once(library: Library) -> None:
    number = with_pin(library)
    program = library.program()

    for _ in range(6):
        answer = program.command("/sign-in", {"number": number, "pin": "0815"}, key="same")
        assert (code(answer), answer.json()["tries_left"]) == ("wrong_pin", 4)


def test_a_used_key_tells_nothing_of_another_pin(library: Library) -> None:
    """Or one key would do for guessing without being counted."""
    number = with_pin(library)
    program = library.program()
    program.command("/sign-in", {"number": number, "pin": "0815"}, key="same")

    answers = [
        program.command("/sign-in", {"number": number, "pin": pin}, key="same").json()
        for pin in ("1234", PIN)
    ]

    assert answers[0] == answers[1]
    assert answers[0]["code"] == "key_reused"


def test_unknown_and_malformed_numbers(library: Library) -> None:
    program = library.program()

    unknown = program.command("/sign-in", {"number": "XX9999999", "pin": PIN})
    malformed = program.command("/sign-in", {"number": "<script>", "pin": PIN})

    assert (unknown.status_code, code(unknown)) == (401, "unknown_number")
    assert (malformed.status_code, code(malformed)) == (422, "bad_input")
    assert malformed.json()["field"] == "number"
    assert "script" not in malformed.text


def test_signing_out_ends_the_session_for_good(any_library: Library) -> None:
    library = any_library
    someone = library.world.person()
    program, other_device = library.program(someone), library.program(someone)

    assert program.command("/sign-out").json() == {"ended": True}
    assert code(program.ask("/me")) == "not_signed_in"
    assert program.command("/sign-out").json() == {"ended": False}
    assert other_device.ask("/me").status_code == 200


def test_signing_out_everywhere(library: Library) -> None:
    someone, somebody_else = library.world.people(2)
    devices = [library.program(someone), library.browser(someone)]
    theirs = library.program(somebody_else)

    answer = devices[1].command("/sign-out-everywhere")

    assert answer.json() == {"ended": True}
    assert 'cubby_session=""' in answer.headers["set-cookie"]
    assert [code(device.ask("/me")) for device in devices] == ["not_signed_in"] * 2
    assert theirs.ask("/me").status_code == 200


def test_the_cookies_old_session_ends_when_somebody_else_signs_in(library: Library) -> None:
    number = with_pin(library)
    first = library.world.person()
    browser = library.browser(first)
    old = browser.cookies[SESSION_COOKIE]

    browser.command("/sign-in", {"number": number, "pin": PIN, "cookie": True})

    assert browser.ask("/me").json()["person"]["number"] == number
    program = library.program()
    program.headers["Authorization"] = f"Bearer {old}"
    assert code(program.ask("/me")) == "not_signed_in"


def test_a_repeated_sign_in_is_the_same_session(library: Library) -> None:
    number = with_pin(library)
    browser = library.browser()
    asked = {"number": number, "pin": PIN, "cookie": True}

    answers = [browser.command("/sign-in", asked, key="same").json() for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert browser.ask("/me").status_code == 200
    assert len(library.world.rows(session)) == 1


def test_a_sign_in_repeated_after_signing_out_opens_nothing(library: Library) -> None:
    number = with_pin(library)
    browser = library.browser()
    asked = {"number": number, "pin": PIN, "cookie": True}
    browser.command("/sign-in", asked, key="same")
    browser.command("/sign-out")

    assert code(browser.command("/sign-in", asked, key="same")) == "not_signed_in"

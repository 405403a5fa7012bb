"""Who a request is taken for: tokens good and bad, cookies, and pages of other sites."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from sqlalchemy import update

from locker_app.db.tables import session
from locker_app.services.runtime import SESSION_COOKIE
from locker_app.services.secrets import TokenKeys
from tests.api.clients import Library, code


def forgeries(library: Library) -> dict[str, str]:
    """Tokens that are no good, by what is wrong with them."""
    now = datetime.now(UTC)
    genuine = library.token(library.world.person())
    header, claims, signature = genuine.split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    opaque = jwt.decode(genuine, options={"verify_signature": False})["sid"]
    kid = jwt.get_unverified_header(genuine)["kid"]
    nested = base64.urlsafe_b64encode(b"[" * 20_000).decode()
    return {
        "empty": "",
        "no token": "x",
        "no dots": "a.b",
        "wrong key": TokenKeys(("another",)).sign(opaque, now, now + timedelta(days=1)),
        "right kid, wrong key": jwt.encode(
            {"sid": opaque, "iat": now, "exp": now + timedelta(days=1)},
            "guess" * 8,
            headers={"kid": kid},
        ),
        "no algorithm": f"{unsigned}.{claims}.",
        "no algorithm, with signature": f"{unsigned}.{claims}.{signature}",
        "changed claims": f"{header}.{claims[:-4]}AAAA.{signature}",
        "cut": genuine[:-3],
        "expired": library.token(library.world.person(), lasts=timedelta(seconds=-1)),
        "unknown session": library.keys.sign("made up", now, now + timedelta(days=1)),
        "numbers for text": library.keys.sign(json.loads("17"), now, now + timedelta(days=1)),
        "deeply nested": f"{nested}.{nested}.{nested}",
        "very long": "a" * 30_000,
        "not ascii": "ä.ö.ü",
    }


KINDS = [
    "empty", "no token", "no dots", "wrong key", "right kid, wrong key", "no algorithm",
    "no algorithm, with signature", "changed claims", "cut", "expired", "unknown session",
    "numbers for text", "deeply nested", "very long", "not ascii",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_token_is_nobody(library: Library, kind: str) -> None:
    token = forgeries(library)[kind].encode()
    bank = library.world.bank()
    ways = [
        {b"Authorization": b"Bearer " + token},
        {b"Cookie": SESSION_COOKIE.encode() + b"=" + token},
    ]

    for headers in ways:
        program = library.program()
        assert code(program.get("/api/v1/me", headers=headers)) == "not_signed_in"  # pyright: ignore[reportArgumentType]
        taking = {**headers, b"Idempotency-Key": b"k"}
        refused = program.post(f"/api/v1/banks/{bank}/take", headers=taking)  # pyright: ignore[reportArgumentType]
        assert code(refused) == "not_signed_in"
    assert library.world.open_claims() == []


def test_a_session_that_expired_in_the_table_is_nobody(library: Library) -> None:
    program = library.program(library.world.person())
    library.world.change(update(session).values(expires_at=datetime.now(UTC)))

    assert code(program.ask("/me")) == "not_signed_in"


def test_a_token_of_an_older_key_is_still_good(library: Library) -> None:
    program = library.program(library.world.person())
    library.use_keys("a newer key", *library.keys.keys)

    assert program.ask("/me").status_code == 200


def test_a_bearer_token_that_is_no_good_does_not_fall_back_to_the_cookie(library: Library) -> None:
    browser = library.browser(library.world.person())

    for value in ("Bearer x", "bearer", "Bearer  ", "BEARER x.y.z"):
        answer = browser.get("/api/v1/me", headers={"Authorization": value})
        assert code(answer) == "not_signed_in"


def test_another_scheme_of_a_proxy_in_front_leaves_the_cookie_alone(library: Library) -> None:
    browser = library.browser(library.world.person())

    answer = browser.get("/api/v1/me", headers={"Authorization": "Basic dTpw"})

    assert answer.status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "something new"])
def test_a_cookie_counts_for_nothing_from_other_sites_pages(library: Library, site: str) -> None:
    bank = library.world.bank()
    browser = library.browser(library.world.person())
    foreign = {"Sec-Fetch-Site": site}

    taken = browser.command(f"/banks/{bank}/take", **foreign)
    put = browser.put(
        "/api/v1/me/preferences", json={"accessible": True, "near_last": True}, headers=foreign
    )

    assert (taken.status_code, code(taken)) == (403, "cross_site")
    assert (put.status_code, code(put)) == (403, "cross_site")
    assert library.world.open_claims() == []


def test_nobody_is_signed_in_by_another_sites_page(library: Library) -> None:
    answer = library.browser().command(
        "/sign-in", {"number": "X1", "pin": "1", "cookie": True}, **{"Sec-Fetch-Site": "cross-site"}
    )

    assert code(answer) == "cross_site"


def test_programs_and_our_own_pages_may_send_commands(library: Library) -> None:
    bank = library.world.bank(count=9)
    people = library.world.people(4)
    senders = [
        (library.browser(people[0]), {"Sec-Fetch-Site": "same-origin"}),
        (library.browser(people[1]), {"Sec-Fetch-Site": "none"}),
        (library.program(people[2]), {}),
        (library.program(people[3]), {"Sec-Fetch-Site": "cross-site"}),  # it has the token itself
    ]

    for client, headers in senders:
        assert client.command(f"/banks/{bank}/take", **headers).status_code == 200

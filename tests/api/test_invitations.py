"""Invitations, one's own password, and short addresses: where the browser is sent, and by what."""

import pytest

from locker_app.db.tables import bank, queue, session
from locker_app.domain.actors import Role
from locker_app.services.banks import archive_bank
from locker_app.services.runtime import SESSION_COOKIE
from locker_app.services.sign_in import invitation_key
from locker_app.services.sites import archive_site
from locker_app.services.staff import RoleAt, create_account, invite
from tests.api.clients import Library, code
from tests.world import PASSWORD

NEW = "a password of one's own"


def invited(library: Library, link: str, role: Role = Role.ADMIN) -> int:
    """An account that this link invites; its id."""
    world = library.world
    admin = world.staff()
    roles = [RoleAt(role)]
    staff_id = world.run(admin, create_account, login=f"x{link}", name="Ada", roles=roles)
    world.run(admin, invite, staff_id=staff_id, key=invitation_key(link))
    return staff_id


def test_a_link_signs_in_once(any_library: Library) -> None:
    library = any_library
    staff_id = invited(library, "abc")
    browser, thief = library.browser(), library.browser()
    fields = {"link": "abc", "password": NEW, "again": NEW}

    differ = browser.submit("/auth/invite", **{**fields, "again": "x"})
    assert differ.headers["location"] == "/invite/abc?refused=passwords_differ"
    short = browser.submit("/auth/invite", link="abc", password="short", again="short")
    assert short.headers["location"] == "/invite/abc?refused=bad_input&field=password"
    assert SESSION_COOKIE not in browser.cookies

    done = browser.submit("/auth/invite", **fields)
    assert (done.status_code, done.headers["location"]) == (303, "/staff")
    assert browser.ask("/me").json()["kind"] == "staff"
    (opened,) = library.world.rows(session, staff_id=staff_id)
    assert opened.ended_at is None

    again = thief.submit("/auth/invite", **fields)
    assert again.headers["location"] == "/invite/abc?refused=invitation_over"
    assert "set-cookie" not in again.headers
    assert browser.ask("/me").status_code == 200, "who came by it stays signed in"


def test_a_professor_comes_to_the_queues(library: Library) -> None:
    invited(library, "abc", Role.PROFESSOR)
    answer = library.browser().submit("/auth/invite", link="abc", password=NEW, again=NEW)
    assert answer.headers["location"] == "/staff/queues"


@pytest.mark.parametrize("link", ["", "../staff", "a/b", "a\r\nSet-Cookie: x=y", "é", "x" * 200])
def test_what_is_no_link_goes_nowhere(library: Library, link: str) -> None:
    answer = library.browser().submit("/auth/invite", link=link, password=NEW, again=NEW)
    assert answer.headers["location"] == "/staff/sign-in"
    assert "set-cookie" not in answer.headers


def test_ones_own_password(library: Library) -> None:
    who = library.world.staff()
    here, there = library.browser(who), library.browser(who)

    def change(old: str, new: str, again: str) -> str:
        answer = here.submit("/auth/password", old=old, password=new, again=again)
        return answer.headers["location"].removeprefix("/staff/account?refused=")

    assert change(PASSWORD, NEW, "x") == "passwords_differ"
    assert change("not the old one", NEW, NEW) == "wrong_password"
    assert change(PASSWORD, "short", "short") == "bad_input&field=password"
    assert there.ask("/me").status_code == 200
    assert change(PASSWORD, NEW, NEW) == "changed"
    assert here.ask("/me").status_code == 200
    assert code(there.ask("/me")) == "not_signed_in"
    stranger = library.browser()
    login = library.login_of(who)
    assert (
        "wrong_password"
        in stranger.submit("/auth/staff", login=login, password=PASSWORD).headers["location"]
    )
    assert stranger.submit("/auth/staff", login=login, password=NEW).headers["location"] == "/staff"


def test_short_addresses_lead_to_what_is_in_use(library: Library) -> None:
    world = library.world
    site_id, admin = world.site(), world.staff()
    kept, gone = world.bank(site_id), world.bank(site_id)
    line = world.row(queue, world.queue(site_id)).code
    codes = {bank_id: world.row(bank, bank_id).code for bank_id in (kept, gone)}
    world.run(admin, archive_bank, bank_id=gone)
    browser = library.browser()

    def leads(text: str) -> str:
        answer = browser.get(f"/go/{text}")
        assert answer.status_code == 303
        return answer.headers["location"]

    assert leads(codes[kept]) == leads(codes[kept].lower()) == f"/lockers/{kept}"
    assert leads(line) == leads(f" {line.lower()} ") == f"/q/{line}"
    for odd in (codes[gone], "ABCDEF", "O0O0O0", "x", "%00", "%F0%9F%98%80"):
        assert leads(odd) == "/unknown-code"
    picture = browser.get(f"/qr/go/{codes[kept]}.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.text.lstrip().startswith("<svg ")
    assert browser.get(f"/qr/go/{codes[gone]}.svg").status_code == 404
    world.run(admin, archive_site, site_id=site_id)
    assert leads(line) == leads(codes[kept]) == "/unknown-code"

"""What a tab's state on the server gives away: to another tab, to the next person, to a thief.

The token of a tab is in its address of the websocket, and lives as long as the tab does, across
signing in and out. So it must open nothing.
"""

import pytest

from tests.security.house import House
from tests.security.wire import ROOT, Screen, handler, state

BOARD, SIGN_IN = "pages.board.BoardPage", "pages.sign_in.SignInPage"
SHOW_OLDER = "pages.history.HistoryPage.show_older"


def an_admin_at_work(house: House, session: str) -> Screen:
    """A tab with much in it: older events, a door."""
    screen = house.screen(session=session).open("/staff/history")
    screen.do(SHOW_OLDER, "/staff/history", before=2**30)
    screen.settle()
    assert "Zaphira" in screen.heard
    screen.do(f"{BOARD}.open_door", "/staff", locker_id=house.ids["locker"])
    screen.wait_for(state(BOARD), "door", house.ids["locker"])
    return screen


def nothing_of_it(house: House, screen: Screen) -> None:
    """Look at every page and say what the tab knows."""
    for page in ("/staff/history", "/staff", f"/staff/board/{house.ids['bank']}", "/", "/me"):
        screen.open(page)
    screen.settle()
    assert [word for word in house.secrets_from() if word in screen.heard] == []
    assert screen.of(BOARD).get("door", 0) == 0


def test_a_second_tab_with_the_token_of_a_first_gets_another(house: House) -> None:
    with an_admin_at_work(house, house.session("admin")) as first:
        with house.screen(tab=first.tab) as second:
            assert '"new_token","' in second.heard
            nothing_of_it(house, second)
        first.frames.clear()
        first.open("/staff/history").settle()
        assert "Zaphira" in first.heard


@pytest.mark.parametrize("who", [None, "student", "other_admin", "viewer"])
def test_the_next_person_in_a_tab_gets_nothing_of_the_last(house: House, who: str | None) -> None:
    with an_admin_at_work(house, house.session("admin")) as first:
        pass
    with house.screen(who, tab=first.tab) as second:
        for page in ("/staff/history", "/staff", "/"):
            second.open(page)
        second.settle()
        assert [word for word in house.hidden_from(who) if word in second.heard] == []


def test_a_session_that_has_ended_gets_nothing_again(house: House) -> None:
    """The cookie is still there, and genuine, and the tab the same."""
    session = house.session("admin")
    with an_admin_at_work(house, session) as first:
        pass
    house.end(session)
    with house.screen(session=session, tab=first.tab) as second:
        for page in ("/staff/history", "/staff", "/"):
            second.open(page)
        second.settle()
        assert [word for word in house.secrets_from() if word in second.heard] == []


def test_what_was_entered_to_sign_in_is_gone_after_signing_out(house: House) -> None:
    number = "QF700002"
    with house.screen() as tab:
        tab.open("/sign-in")
        tab.do(f"{SIGN_IN}.look_up", "/sign-in", form={"number": number})
        tab.wait_for(state(SIGN_IN), "number", number)
    with house.screen(tab=tab.tab) as again:
        assert again.open("/sign-in?refused=wrong_pin").of(SIGN_IN)["number"] == number
    with house.screen("student", tab=tab.tab) as signed_in:
        signed_in.open("/")
    with house.screen(tab=tab.tab) as signed_out:
        signed_out.open("/sign-in").settle()
        assert number not in signed_out.heard


def test_the_server_keeps_no_events_for_a_tab(house: House) -> None:
    """Nor sends those that it sent before to a screen that only comes back."""
    session = house.session("admin")
    with an_admin_at_work(house, session) as first:
        pass
    with house.screen(session=session, tab=first.tab) as again:
        again.open("/")
        again.settle()
        assert "Zaphira" not in again.heard


def test_a_tab_that_comes_back_without_its_session_is_told_to_show_nothing(house: House) -> None:
    """What was private is on the screen yet: the browser has only lost its connection."""
    session = house.session("site_admin")
    bank = house.ids["bank"]
    with house.screen(session=session) as first:
        first.open(f"/staff/board/{bank}")
        first.do(f"{BOARD}.open_door", f"/staff/board/{bank}", locker_id=house.ids["locker"])
        first.wait_for(state("live_states.Door"), "person_number", "QF700001")
        first.wait_for(state("live_states.Holders"), "ready", True)
    house.end(session)
    with house.screen(session=session, tab=first.tab) as second:
        second.open(f"/staff/board/{bank}").settle()
        for place, name, value in (
            ("live_states.Door", "person_number", ""),
            ("live_states.Door", "rows", []),
            ("live_states.Holders", "ready", False),
            ("live_states.StaffMe", "signed_in", False),
            ("live_states.Me", "signed_in", False),
            ("live_states.Me", "claims", []),
            ("live_states.Events", "rows", []),
        ):
            assert second.of(place)[name] == value


def test_closing_a_door_takes_it_from_the_screen(house: House) -> None:
    with house.screen("site_admin") as screen:
        screen.open("/staff")
        screen.do(f"{BOARD}.open_door", "/staff", locker_id=house.ids["locker"])
        screen.wait_for(state("live_states.Door"), "person_number", "QF700001")
        screen.do(f"{BOARD}.close_door", "/staff")
        screen.wait_for(state("live_states.Door"), "person_number", "")


def test_the_cookie_is_in_no_frame(house: House) -> None:
    session = house.session("admin")
    with house.screen(session=session) as screen:
        screen.open("/staff").settle()
        assert session not in screen.heard
        assert ROOT in screen.heard
        assert handler(BOARD) not in session

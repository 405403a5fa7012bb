"""Addresses of push services, keys, and what is said."""

import pytest

from locker_app.domain.errors import BadInput
from locker_app.domain.push import (
    MAX_ENDPOINT_LENGTH,
    Message,
    Phase,
    StayMessage,
    StayPhase,
    check_endpoint,
    check_keys,
)
from tests.push.browsers import Phone, raw, text


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://FCM.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com:443/fcm/send/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://wns2-par02p.notify.windows.com/w/?token=abc%3d",
        "https://web.push.apple.com/abc",
    ],
)
def test_the_services_of_the_browsers(endpoint: str) -> None:
    assert check_endpoint(endpoint) == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "fcm.googleapis.com",
        "http://fcm.googleapis.com/x",
        "ftp://fcm.googleapis.com/x",
        "https://example.org/x",
        "https://localhost/x",
        "https://169.254.169.254/latest",
        "https://[::1]/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com:99999/x",
        "https://fcm.googleapis.com@example.org/x",
        "https://example.org@fcm.googleapis.com/x",
        "https://example.org\\@fcm.googleapis.com/x",
        "https://example.org#@fcm.googleapis.com/x",
        "https://example.org?fcm.googleapis.com/x",
        "https://xfcm.googleapis.com/x",
        "https://fcm.googleapis.com.example.org/x",
        "https://fcm.googleapis.com./x",
        "https://push.services.mozilla.com/x",
        "https://.push.services.mozilla.com/x",
        "https://evilpush.services.mozilla.com/x",
        "https://a.notify.windows.com.example.org/x",
        "https://fcm.googleapis.com/x y",
        "https://fcm.googleapis.com/x\r\nHost: y",
        "https://fcm.googleapis.com/\u00fc",
        "https://fcm.googleapis.com/" + "x" * MAX_ENDPOINT_LENGTH,
        "https://[fcm.googleapis.com/x",
        "https:///x",
    ],
)
def test_no_other_address(endpoint: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_endpoint(endpoint)
    assert refused.value.field == "endpoint"


def test_hosts_that_the_operator_adds() -> None:
    more = ("push.example.org", "*.example.net", "localhost:8443")
    for host in ("push.example.org", "a.b.example.net", "localhost:8443"):
        assert check_endpoint(f"https://{host}/x", more)
    for host in ("a.push.example.org", "example.net", "localhost", "localhost:8444"):
        with pytest.raises(BadInput):
            check_endpoint(f"https://{host}/x", more)


def test_keys_are_points_on_the_curve_and_a_secret() -> None:
    keys = Phone().keys
    check_keys(**keys)
    check_keys(**{name: value + "==" for name, value in keys.items()})
    point, secret = raw(keys["p256dh"]), raw(keys["auth"])
    other = bytes([*point[:-1], point[-1] ^ 1])
    for bad in (b"", point[:-1], b"\x02" + point[1:33], b"\x04" + b"\xff" * 64, other):
        with pytest.raises(BadInput) as refused:
            check_keys(text(bad), keys["auth"])
        assert refused.value.field == "p256dh"
    for bad_text in (text(secret[:-1]), text(secret + b"x"), "!" * 22, "\u00fc" * 22, ""):
        with pytest.raises(BadInput) as refused:
            check_keys(keys["p256dh"], bad_text)
        assert refused.value.field == "auth"


def test_what_is_said() -> None:
    turn = Message(Phase.TURN, 7, 12, "Physics lab", "ABC123")
    told = turn.told()
    assert (told["title"], told["body"]) == ("Your turn: number 12", "Physics lab")
    assert Message(Phase.NEXT, 7, 12, "Physics lab", "A").told()["title"].startswith("You're next")
    assert len(Message(Phase.NEXT, 2**31 - 1, 1, "", "").topic) <= 32  # what RFC 8030 allows


def test_what_is_said_of_a_charging_spot() -> None:
    for phase in StayPhase:
        message = StayMessage(phase, 2**31 - 1, "North 2", "ABC234", "cable broken")
        told = message.told()
        assert "North 2" in told["title"]
        assert (told["body"], told["path"]) == ("cable broken", "/c/ABC234")
        assert len(message.topic) <= 32

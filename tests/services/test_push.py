"""Who is told by web push, where, and how many addresses a session keeps."""

from datetime import timedelta

import pytest

from locker_app.db.tables import push_next, push_subscription
from locker_app.domain.actors import NOBODY, SYSTEM, Actor
from locker_app.domain.errors import BadInput, NotAllowed, NotSignedIn
from locker_app.domain.push import PER_SESSION
from locker_app.services.push import drop_ended, drop_gone, subscribe, tell_next, unsubscribe
from locker_app.services.sessions import VISITOR_SESSION, sign_out
from tests.push.browsers import Phone
from tests.world import World


def kept(world: World, who: Actor | None = None) -> list[str]:
    which = {} if who is None else {"session_id": who.session_id}
    return [row.endpoint for row in world.rows(push_subscription, **which)]


def phone(name: str) -> Phone:
    return Phone(f"https://fcm.googleapis.com/fcm/send/{name}")


def test_a_browser_subscribes_once(world: World) -> None:
    visitor, one = world.visitor(), phone("one")
    assert world.run(visitor, subscribe, **one.arguments)
    assert not world.run(visitor, subscribe, **one.arguments)
    fresh = phone("one")
    assert not world.run(visitor, subscribe, **fresh.arguments)
    (row,) = world.rows(push_subscription)
    assert (row.p256dh, row.auth) == (fresh.keys["p256dh"], fresh.keys["auth"])
    assert (row.session_id, row.created_at) == (visitor.session_id, world.clock.now)
    assert world.run(visitor, unsubscribe, endpoint=one.endpoint)
    assert not world.run(visitor, unsubscribe, endpoint=one.endpoint)
    assert kept(world) == []


def test_the_oldest_goes_for_a_new_one(world: World) -> None:
    visitor, other = world.visitors(2)
    world.run(other, subscribe, **phone("other").arguments)
    for number in range(PER_SESSION + 2):
        world.run(visitor, subscribe, **phone(str(number)).arguments)
    expected = [phone(str(number)).endpoint for number in range(2, PER_SESSION + 2)]
    assert kept(world, visitor) == expected
    assert kept(world, other) == [phone("other").endpoint]


def test_many_at_once_for_one_session(world: World) -> None:
    visitor = world.visitor()
    waiting = [
        world.start(visitor, subscribe, **phone(str(number)).arguments) for number in range(20)
    ]
    assert all(one.result() for one in waiting)
    assert len(kept(world)) == PER_SESSION


def test_a_browser_is_told_for_one_session(world: World) -> None:
    before, after, stranger = world.visitors(3)
    one = phone("one")
    world.run(before, subscribe, **one.arguments)
    world.run(after, subscribe, **one.arguments)
    assert (kept(world, before), kept(world, after)) == ([], [one.endpoint])
    world.run(stranger, subscribe, **phone("one").arguments)  # who doesn't know its secret
    assert kept(world, after) == [one.endpoint]
    world.run(stranger, unsubscribe, endpoint=one.endpoint)
    assert (kept(world, after), kept(world, stranger)) == ([one.endpoint], [])


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "https://push.example.org/x",
        "https://127.0.0.1/x",
        "https://fcm.googleapis.com.example.org/x",
    ],
)
def test_a_strangers_address_is_refused(world: World, endpoint: str) -> None:
    with pytest.raises(BadInput) as refused:
        world.run(world.visitor(), subscribe, **Phone(endpoint).arguments)
    assert refused.value.field == "endpoint"
    assert kept(world) == []
    assert world.refusals() == [("subscribe", "bad_input")]


def test_keys_that_nothing_can_be_encrypted_with(world: World) -> None:
    good = phone("one").arguments
    for name, value in (("p256dh", good["p256dh"][:-4] + "AAAA"), ("auth", "AAAA")):
        with pytest.raises(BadInput) as refused:
            world.run(world.visitor(), subscribe, **{**good, name: value})
        assert refused.value.field == name
    assert kept(world) == []


def test_who_may(world: World) -> None:
    one = phone("one").arguments
    with pytest.raises(NotSignedIn):
        world.run(NOBODY, subscribe, **one)
    with pytest.raises(NotSignedIn):
        world.run(world.person(), subscribe, **one)  # by no session
    for actor in (world.staff(), SYSTEM):
        with pytest.raises(NotAllowed):
            world.run(actor, subscribe, **one)
        with pytest.raises(NotAllowed):
            world.run(actor, unsubscribe, endpoint=one["endpoint"])


def test_what_is_over_is_forgotten(world: World) -> None:
    out, late, still = world.visitors(3)
    for number, who in enumerate((out, late, still)):
        world.run(who, subscribe, **phone(str(number)).arguments)
    world.run(out, sign_out)
    assert world.run(SYSTEM, drop_ended) == 1
    (gone, _) = world.rows(push_subscription)
    assert world.run(SYSTEM, drop_gone, subscription_id=gone.id)
    assert not world.run(SYSTEM, drop_gone, subscription_id=gone.id)
    assert kept(world) == [phone("2").endpoint]
    world.clock.now += VISITOR_SESSION + timedelta(seconds=1)
    assert world.run(SYSTEM, drop_ended) == 1


def test_who_is_next_is_given_out_once(world: World) -> None:
    queue_id, staff = world.queue(), world.staff()
    assert world.run(SYSTEM, tell_next, queue_id=queue_id) is None
    _, first, second = world.tickets(queue_id, 3)
    told = [world.start(SYSTEM, tell_next, queue_id=queue_id) for _ in range(10)]
    assert sorted(one.result() or 0 for one in told) == [0] * 9 + [first.ticket_id]
    world.press(staff, queue_id)
    assert world.run(SYSTEM, tell_next, queue_id=queue_id) == second.ticket_id
    assert world.run(SYSTEM, tell_next, queue_id=queue_id) is None
    (row,) = world.rows(push_next)
    assert (row.queue_id, row.ticket_id) == (queue_id, second.ticket_id)

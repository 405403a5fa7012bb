"""From a commit to a phone: what is sent, to whom, and what is done when it can't be. The push
service is a real one by https, on this machine; what it gets is decrypted as a browser would."""

import asyncio
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.tables import charger, push_subscription
from locker_app.db.transaction import Work
from locker_app.domain.actors import Actor
from locker_app.domain.push import Message, Phase, StayMessage
from locker_app.push.follow import Pusher
from locker_app.push.post import Outcome, Post, public_key
from locker_app.queries.push import Subscription
from locker_app.services.bookings import book
from locker_app.services.charger_desk import end_booking
from locker_app.services.charger_line import join_line
from locker_app.services.presses import undo
from locker_app.services.push import subscribe
from locker_app.services.sessions import open_session, sign_out
from locker_app.services.tickets import leave_queue, step_back
from locker_app.settings import Settings, get_settings
from tests.processes import forking
from tests.push.browsers import PUSH_KEY, Phone
from tests.push.service import PushService
from tests.world import Clock, World

CONTACT = "https://lockers.example.org"
MESSAGE = Message(Phase.TURN, 7, 12, "Physics lab", "ABC123")


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    with PushService(tmp_path).running() as running:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.authority))
        monkeypatch.setenv("CUBBY_PUSH_HOSTS", running.host)
        monkeypatch.setitem(Settings.model_config, "env_file", None)
        get_settings.cache_clear()
        yield running
    get_settings.cache_clear()


@pytest.fixture
def post(service: PushService) -> Post:
    return Post(PUSH_KEY, CONTACT, [service.host])


def to(phone: Phone) -> Subscription:
    return Subscription(1, **phone.arguments)


def test_only_the_phone_can_read_it_and_the_sender_is_known(
    service: PushService, post: Post
) -> None:
    phone = Phone(service.endpoint())
    before = time.time()
    assert post.send(to(phone), MESSAGE) == (Outcome.SENT, "")
    (sent,) = service.sent
    assert sent.path == "/push/one"
    assert json.loads(phone.read(sent.body)) == {
        "phase": "turn",
        "title": "Your turn: number 12",
        "body": "Physics lab",
        "tag": "cubby-12",
        "path": "/q/ABC123",
    }
    assert b"Physics" not in sent.body
    with pytest.raises(Exception, match=r".*"):
        Phone().read(sent.body)
    assert sent.headers["content-encoding"] == "aes128gcm"
    assert sent.headers["ttl"] == "300"
    assert sent.headers["topic"] == "ticket-7"
    assert sent.claims["sub"] == CONTACT
    assert before < int(sent.claims["exp"]) <= before + 24 * 3600
    assert sent.claims["k"] == public_key(PUSH_KEY)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "SENT"), (202, "SENT"), (404, "GONE"), (410, "GONE"), (429, "FAILED"), (500, "FAILED")],
)
def test_what_the_service_answers(
    service: PushService, post: Post, status: int, outcome: str
) -> None:
    service.status = status
    assert post.send(to(Phone(service.endpoint())), MESSAGE)[0] is Outcome[outcome]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(service: PushService, post: Post, status: int) -> None:
    service.status = status
    outcome, why = post.send(to(Phone(service.endpoint())), MESSAGE)
    assert (outcome, why) == (Outcome.FAILED, f"it answered {status}")
    assert [sent.path for sent in service.sent] == ["/push/one"]


def test_nothing_is_asked_of_a_host_that_is_not_listed(service: PushService) -> None:
    """Not even when such an address stands in the database."""
    outcome, _ = Post(PUSH_KEY, CONTACT).send(to(Phone(service.endpoint())), MESSAGE)
    assert outcome is Outcome.FAILED
    assert service.sent == []


def test_a_service_whose_certificate_is_not_known(
    service: PushService, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert post.send(to(Phone(service.endpoint())), MESSAGE) == (Outcome.FAILED, "SSLError")
    assert service.sent == []


class Class:
    """A queue with somebody at the desk, and a pusher that follows what happens there."""

    def __init__(self, database: Database, service: PushService) -> None:
        self.world, self.service = World(database, Clock()), service
        self.post = Post(PUSH_KEY, CONTACT, [service.host])
        self.pusher = Pusher(database, lambda: self.post, lambda: self.world.clock.now)
        self.queue = self.world.queue(name="Physics lab")
        self.staff = self.world.staff()
        self.world.tickets(self.queue, 1)  # who is served at once

    def joins(self, who: Actor | None = None) -> tuple[Actor, int]:
        """Somebody takes a ticket."""
        who = who or self.world.visitor()
        return who, self.world.ticket(who, self.queue).ticket_id

    def subscribes(self, who: Actor, name: str) -> Phone:
        phone = Phone(self.service.endpoint(name))
        self.world.run(who, subscribe, **phone.arguments)
        return phone

    def press(self) -> None:
        self.world.press(self.staff, self.queue)

    def told(self, *phones: Phone) -> list[tuple[str, str]]:
        """What was sent so far: to which address, and what it says."""
        by_path = {phone.endpoint.rpartition("/push/")[2]: phone for phone in phones}
        found = []
        for sent in self.service.sent:
            name = sent.path.rpartition("/")[2]
            found.append((name, json.loads(by_path[name].read(sent.body))["title"]))
        return found

    def play(self, main: Callable[[], Any]) -> None:
        """Run the test, in a thread, while events are followed."""

        async def run() -> None:
            following = asyncio.create_task(self.pusher.follow())
            await asyncio.sleep(0)
            try:
                await asyncio.to_thread(main)
                assert not following.done()
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

        asyncio.run(run())

    def until(self, holds: Callable[[], Any], seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, self.service.sent
            time.sleep(0.01)

    def quiet(self) -> None:
        """Nothing more comes."""
        before = len(self.service.sent)
        time.sleep(0.5)
        assert len(self.service.sent) == before


@pytest.fixture
def lab(database: Database, service: PushService) -> Class:
    return Class(database, service)


def test_next_and_turn_are_told_once_each(lab: Class) -> None:
    first, _ = lab.joins()
    second, _ = lab.joins()
    phones = (lab.subscribes(first, "first"), lab.subscribes(second, "second"))

    def main() -> None:
        lab.press()
        lab.until(lambda: len(service.sent) == 2)
        assert sorted(lab.told(*phones)) == [
            ("first", "Your turn: number 2"),
            ("second", "You're next: number 3"),
        ]
        lab.press()
        lab.until(lambda: len(service.sent) == 3)
        assert lab.told(*phones)[2] == ("second", "Your turn: number 3")
        lab.press()
        lab.quiet()

    service = lab.service
    lab.play(main)


def test_who_moves_up_since_others_leave_or_step_back(lab: Class) -> None:
    one, ticket = lab.joins()
    two, _ = lab.joins()
    three, _ = lab.joins()
    phones = [lab.subscribes(who, name) for who, name in ((one, "1"), (two, "2"), (three, "3"))]

    def main() -> None:
        lab.world.run(one, step_back, ticket_id=ticket)
        lab.until(lambda: lab.told(*phones) == [("2", "You're next: number 3")])
        other, behind = lab.joins()  # nobody's place changes by that
        lab.world.run(other, leave_queue, ticket_id=behind)
        lab.quiet()
        lab.press()
        lab.until(lambda: len(lab.service.sent) == 3)
        assert sorted(lab.told(*phones)[1:]) == [
            ("1", "You're next: number 2"),
            ("2", "Your turn: number 3"),
        ]

    lab.play(main)


def test_a_person_is_told_on_all_browsers_that_are_signed_in(lab: Class) -> None:
    person = lab.world.person()
    here, there, gone = (session(lab.world, person, name) for name in ("a", "b", "c"))
    lab.joins(here)
    phones = [lab.subscribes(here, "here"), lab.subscribes(there, "there")]
    lab.subscribes(gone, "gone")
    lab.world.run(gone, sign_out)

    def main() -> None:
        lab.press()
        lab.until(lambda: len(lab.service.sent) == 2)
        lab.quiet()
        assert {name for name, _ in lab.told(*phones)} == {"here", "there"}

    lab.play(main)


def session(world: World, person: Actor, key: str) -> Actor:
    """The person in a browser."""
    opened = Work(
        lambda tx: open_session(tx, world.clock.now, key, person_id=person.id), Trace("test")
    )
    return Actor(person.kind, person.id, world.db.run(opened))


def test_who_has_just_taken_the_ticket_is_not_told(lab: Class) -> None:
    visitor = lab.world.visitor()
    lab.subscribes(visitor, "one")

    def main() -> None:
        lab.joins(visitor)  # and is next at once
        lab.quiet()
        assert lab.service.sent == []

    lab.play(main)


def test_a_turn_that_was_taken_back_makes_one_next_again(lab: Class) -> None:
    visitor, _ = lab.joins()
    phone = lab.subscribes(visitor, "one")

    def main() -> None:
        lab.press()
        lab.until(lambda: len(lab.service.sent) == 1)
        lab.world.run(lab.staff, undo, queue_id=lab.queue)
        lab.until(lambda: len(lab.service.sent) == 2)
        assert [title for _, title in lab.told(phone)] == [
            "Your turn: number 2",
            "You're next: number 2",
        ]

    lab.play(main)


def test_a_browser_that_is_gone_is_forgotten(lab: Class) -> None:
    visitor, _ = lab.joins()
    lab.subscribes(visitor, "one")
    lab.service.status = 410

    def main() -> None:
        lab.press()
        lab.until(lambda: not lab.world.rows(push_subscription))

    lab.play(main)
    assert len(lab.service.sent) == 1


def test_a_service_that_fails_is_logged_once(lab: Class, caplog: pytest.LogCaptureFixture) -> None:
    people = [lab.joins()[0] for _ in range(3)]
    for index, who in enumerate(people):
        lab.subscribes(who, str(index))
    lab.service.status = 500
    caplog.set_level(logging.WARNING, "locker_app.push.follow")

    def main() -> None:
        for count in (2, 4, 5):  # the turn of one, and who is next then
            lab.press()
            lab.until(lambda n=count: len(lab.service.sent) == n)
        time.sleep(0.2)

    lab.play(main)
    assert len(caplog.messages) == 1
    assert "it answered 500" in caplog.messages[0]
    assert "/push/" not in caplog.messages[0]  # who knows the address could send there
    assert len(lab.world.rows(push_subscription)) == 3


def test_a_slow_service_holds_up_no_command(lab: Class) -> None:
    people = [lab.joins()[0] for _ in range(8)]
    for index, who in enumerate(people):
        lab.subscribes(who, str(index))
    lab.service.answers.clear()

    def main() -> None:
        begun = time.monotonic()
        for _ in people:
            lab.press()
        assert time.monotonic() - begun < 3
        lab.service.answers.set()
        lab.until(lambda: any(sent.path == "/push/7" for sent in lab.service.sent))

    lab.play(main)


def test_two_processes_tell_once(lab: Class) -> None:
    """Another process presses: that one tells, this one doesn't."""
    visitor, _ = lab.joins()
    lab.subscribes(visitor, "one")

    def main() -> None:
        arguments = (
            lab.world.db.url,
            lab.service.host,
            str(lab.service.authority),
            lab.staff,
            lab.queue,
        )
        process = forking().Process(target=presses_elsewhere, args=arguments)
        process.start()
        process.join()
        assert process.exitcode == 0
        lab.quiet()
        assert len(lab.service.sent) == 1

    lab.play(main)


def presses_elsewhere(url: str, host: str, authority: str, staff: Actor, queue_id: int) -> None:
    """What the other process does."""
    os.environ["REQUESTS_CA_BUNDLE"] = authority
    db = Database(url)
    world, sent = World(db, Clock()), threading.Event()

    class Telling(Post):
        def send(self, to: Subscription, message: Message | StayMessage) -> tuple[Outcome, str]:
            try:
                return super().send(to, message)
            finally:
                sent.set()

    async def run() -> None:
        following = asyncio.create_task(
            Pusher(db, lambda: Telling(PUSH_KEY, CONTACT, [host]), lambda: world.clock.now).follow()
        )
        await asyncio.sleep(0)
        await asyncio.to_thread(world.press, staff, queue_id)
        assert await asyncio.to_thread(sent.wait, 10)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    asyncio.run(run())
    db.close()


def test_holders_of_charging_spots_are_told_what_was_not_their_doing(lab: Class) -> None:
    world, service = lab.world, lab.service
    one, two = world.chargers(count=2)
    mine, waiting = world.visitors(2)
    until = world.clock.now + timedelta(hours=1)
    booking_id = world.run(mine, book, charger_id=one, leaves_at=until).booking_id
    world.run(world.person(), book, charger_id=two, leaves_at=until)
    world.run(waiting, join_line, site_id=world.row(charger, one).site_id)
    phones = lab.subscribes(mine, "mine"), lab.subscribes(waiting, "waiting")
    path = f"/c/{world.row(charger, one).code}"

    def main() -> None:
        world.clock.now = until - timedelta(minutes=15)
        world.run_due()
        lab.until(lambda: len(service.sent) == 1)
        assert lab.told(*phones) == [("mine", "Spot 1: your time is nearly up")]
        told = json.loads(phones[0].read(service.sent[0].body))
        assert (told["phase"], told["path"]) == ("remind", path)
        world.run(lab.staff, end_booking, booking_id=booking_id, reason="towed away")
        lab.until(lambda: len(service.sent) == 3)
        assert sorted(lab.told(*phones)[1:]) == [
            ("mine", "Your booking of spot 1 has ended"),
            ("waiting", "Spot 1 is held for you"),
        ]
        said = next(sent for sent in service.sent[1:] if sent.path.endswith("mine"))
        assert json.loads(phones[0].read(said.body))["body"] == "towed away"

    lab.play(main)

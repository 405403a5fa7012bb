"""What the server says to terminals by itself: commands, how they work, what they may open, what
their displays say at rest, and that it is there.

All of it follows from what was committed. The retained part is said anew whenever the broker is
back, as it may have forgotten everything; and whatever changed is read when it is said, so that
many changes at once are one message.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from edge.protocol import QOS, Ack, Part, new_id
from locker_app.bridge import words
from locker_app.bridge.known import Known, Speaker
from locker_app.db.database import Database
from locker_app.db.log import Logged
from locker_app.db.outage import KINDS as OUTAGES
from locker_app.db.outage import outages
from locker_app.domain.actors import SYSTEM
from locker_app.domain.terminals import GRANTS_LIVE
from locker_app.queries.grants import GrantRow, grants_of
from locker_app.queries.terminals import IdleRow, config_of, given_commands, idle_of
from locker_app.services.command import Call, command
from locker_app.services.commands import Claimed, claim
from locker_app.services.provisioning import grant_key
from locker_app.services.sealing import Seal
from locker_app.services.terminals import NewGrants, renew_grants

STATE_SECONDS = 10.0
GREET_SECONDS = 1.0
"""All that come within are told at once."""
SOON_SECONDS = 0.03
"""Before displays at rest are told, and grants reckoned: whoever tapped gets the answer first, and
all that comes of one tap is told at once."""
IDLE_SECONDS, IDLE_SECONDS_EACH = 0.15, 0.01
"""How often displays at rest are told something new at most: the more there are, the less often, as
these messages would otherwise be more than those to whoever waits for an answer."""
GRANTS_SECONDS = 1.0
GRANTS_AT_ONCE = 3
"""Terminals whose grants are renewed in one transaction, and said in one turn of the loop: whoever
taps meanwhile waits for no more than that."""
_SHARE_OF_TIME = 10
"""Reckoning grants takes a tenth of the time at most."""
RENEW_SECONDS = 6 * 3600.0
RETRY_SECONDS = 1.0
_RETAINED = ("avail", "info", "display", "cfg", "grants", "idle")
_OF_CARDS = frozenset(
    {
        *("CardLinked", "CardRevoked", "PersonArchived", "PersonUnarchived", "PersonErased"),
        *("CardChanged",),
    }
)
"""Facts after which a card may open another door than before, wherever that is."""
_GIVEN = "CommandGiven"
_OF_NOTHING_SHOWN = frozenset(
    {
        *("CommandGiven", "CommandMoved", "DoorOpened", "DoorMoved", "AlertRaised"),
        *("AlertCleared", "TerminalHeard", "Refused", "CardTapped"),
    }
)
"""Facts that change nothing of what a display says at rest, nor of grants."""

Publish = Callable[..., bool]

log = logging.getLogger(__name__)


class Outbound:
    """Everything here belongs on the event loop."""

    def __init__(
        self,
        db: Database,
        seal: Seal,
        known: Known,
        publish: Publish,
        clock: Callable[[], datetime],
    ) -> None:
        """`publish` is that of the link: it says whether the message went out."""
        self._db, self._seal, self._known = db, seal, known
        self._publish, self._clock = publish, clock
        self.epoch = new_id()
        """A new one tells terminals that the broker has forgotten them."""
        self._given: set[int] = set()
        self._idle: set[int] = set()
        self._grants: set[int] = set()
        self._said_idle: dict[int, IdleRow] = {}
        self._said_grants: dict[int, object] = {}
        self._said_cfg: dict[int, int] = {}
        self._wakes = {name: asyncio.Event() for name in ("given", "idle", "grants", "state")}

    def tasks(self) -> list[Awaitable[None]]:
        """What is to run for as long as the bridge does."""
        return [
            self._whenever("given", self._send_given, 0),
            self._whenever("idle", self._say_idle, 0, first_s=SOON_SECONDS),
            self._whenever("grants", self._say_grants, GRANTS_SECONDS, first_s=SOON_SECONDS),
            self._whenever("state", self._greet, GREET_SECONDS),
            self._every(STATE_SECONDS, self.say_state),
            self._every(RENEW_SECONDS, self.renew),
        ]

    # -- what happened -------------------------------------------------------------------------

    def follow(self, events: Iterable[Logged]) -> None:
        """These events were committed, here or by another process."""
        for event in events:
            if event.kind == _GIVEN and event.command_id is not None:
                self._given.add(event.command_id)
                self._wakes["given"].set()
            if event.kind in _OF_CARDS:
                self._touch(self._known.all(), grants_only=True)
            elif event.kind not in _OF_NOTHING_SHOWN and event.site_id is not None:
                self._touch(self._concerned(event))

    def _concerned(self, event: Logged) -> list[Speaker]:
        """The terminals whose display or grants an event may change."""
        here = [one for one in self._known.all() if one.site_id == event.site_id]
        if event.bank_id is not None:
            return [one for one in here if one.row.bank_id == event.bank_id]
        if event.visit_id is not None:
            return [one for one in here if one.row.bank_id is None]
        of_something_else = event.queue_id or event.charger_id or event.ticket_id
        return [] if of_something_else else here

    def _touch(self, speakers: Collection[Speaker], *, grants_only: bool = False) -> None:
        for one in speakers:
            if one.row.bank_id is not None:
                self._grants.add(one.id)
                self._wakes["grants"].set()
            if not grants_only:
                self._idle.add(one.id)
                self._wakes["idle"].set()

    # -- what is said at once ------------------------------------------------------------------

    def answer(self, speaker: Speaker, fact_id: str, answer: Ack, until: datetime) -> None:
        """Answer a fact. If it can't be sent now, or is lost, it is asked again: that is the
        terminal's to do, and the broker need not say to us that it has it."""
        now = self._clock()
        body = words.wrapped(answer, now, re=fact_id, exp=until)
        self._publish(speaker.topic("ack"), body, qos=QOS["ack"])

    def say_all(self) -> None:
        """The broker is there, and may have forgotten everything: say all of it again."""
        self._said_idle.clear()
        self._said_grants.clear()
        self._said_cfg.clear()
        self._touch(self._known.all())

    def renew(self) -> None:
        """Grants end by themselves some time after they were given."""
        self._said_grants.clear()
        self._touch(self._known.all(), grants_only=True)

    def say_state(self, *, stopping: bool = False) -> None:
        """Tell the terminals of all sites that the server is there."""
        now = self._clock()
        for site_id in self._known.sites():
            body = words.wrapped(words.state(self.epoch, now, stopping=stopping), now)
            self._publish(words.state_topic(site_id), body, retain=True)

    def greet(self) -> None:
        """A terminal came: tell it that the server is there, and what time it is.

        What the broker had kept of that is old, and a terminal without a clock of its own would
        take it for the time of its first taps.
        """
        self._wakes["state"].set()

    async def _greet(self) -> None:
        self.say_state()

    async def say_configs(self) -> None:
        """Tell terminals how they work, as far as that is new."""
        due = [
            one for one in self._known.all() if self._said_cfg.get(one.id) != one.row.cfg_version
        ]
        if not due:
            return

        def read(conn: Connection) -> list[tuple[Speaker, Part]]:
            return [(one, words.config(one.row, config_of(conn, one.row))) for one in due]

        for one, config in await self._db.aread(read):
            if self._retain(one, "cfg", config):
                self._said_cfg[one.id] = one.row.cfg_version
        # One that is new was not known yet when the event came that would have touched it, and its
        # site may not have had any terminal before.
        self._touch(due)
        self.greet()

    def forget(self, gone: Iterable[Speaker]) -> None:
        """These may speak no more: nothing of them stays at the broker."""
        for one in gone:
            for said in (self._said_idle, self._said_grants, self._said_cfg):
                said.pop(one.id, None)
            for tail in _RETAINED:
                self._publish(one.topic(tail), b"", retain=True)

    def begin_anew(self, others: Iterable[Speaker]) -> None:
        """These are other devices than before. What the broker keeps of what those said of
        themselves goes, at best before the new ones come; grants too, as they were signed by a key
        that is no more. All is said again."""
        for one in others:
            for said in (self._said_idle, self._said_grants, self._said_cfg):
                said.pop(one.id, None)
            for tail in ("avail", "info", *(() if one.row.bank_id is None else ("grants",))):
                self._publish(one.topic(tail), b"", retain=True)

    async def look_for_commands(self) -> None:
        """Commands may have been given while nobody could send them, or nobody listened."""
        self._given.update(await self._db.aread(given_commands))
        if self._given:
            self._wakes["given"].set()

    # -- what is said when there is time -------------------------------------------------------

    async def _send_given(self) -> None:
        """Commands are claimed only while they can be sent; the others expire by themselves."""
        given, self._given = sorted(self._given), set()
        if not given or not self._publish("", b""):
            return
        call = Call(self._clock(), "mqtt", actor=SYSTEM)
        for one in await self._db.arun(command(call, claim, command_ids=given)):
            self._send(one)

    def _send(self, one: Claimed) -> None:
        speaker, now = self._known.of_id(one.terminal_id), self._clock()
        left = (one.expires_at - now) / timedelta(seconds=1)
        if speaker is None or left <= 0:
            return  # it ends by the clock
        tail, data = words.command_of(one.kind, one.arguments, speaker.row.name)
        body = words.wrapped(data, now, exp=one.expires_at, message_id=one.uid)
        self._publish(speaker.topic(tail), body, lives_s=left)

    async def _say_idle(self) -> None:
        due, self._idle = self._speakers(self._idle), set()
        if not due:
            return
        now = self._clock()

        def read(conn: Connection) -> list[tuple[Speaker, IdleRow]]:
            """Once for each bank and each site's gates: dozens of terminals may be at one."""
            places = {(one.row.bank_id, one.site_id): one for one in due}
            shown = {place: idle_of(conn, one.row, now) for place, one in places.items()}
            return [(one, shown[one.row.bank_id, one.site_id]) for one in due]

        for one, row in await self._db.aread(read):
            if self._said_idle.get(one.id) != row and self._retain(one, "idle", words.idle(row)):
                self._said_idle[one.id] = row
        await asyncio.sleep(max(IDLE_SECONDS, IDLE_SECONDS_EACH * len(due)))

    async def _say_grants(self) -> None:
        due, self._grants = self._speakers(self._grants), set()
        if not due:
            return
        began, now = time.monotonic(), self._clock()
        rows = await self._db.aread(
            lambda conn: [(one.id, _content(grants_of(conn, one.row, now), now)) for one in due]
        )
        changed = [one for one, content in rows if self._said_grants.get(one) != content]
        call = Call(now, "mqtt", actor=SYSTEM)
        for first in range(0, len(changed), GRANTS_AT_ONCE):
            some = changed[first : first + GRANTS_AT_ONCE]
            for new in await self._db.arun(command(call, renew_grants, terminal_ids=some)):
                self._say_new_grants(new, now)
        await asyncio.sleep((time.monotonic() - began) * _SHARE_OF_TIME)

    def _say_new_grants(self, new: NewGrants, now: datetime) -> None:
        speaker = self._known.of_id(new.terminal_id)
        key = None if speaker is None else grant_key(speaker.row, self._seal)
        if speaker is None or key is None:
            return
        grants = words.grants(speaker.login, key, new.version, new.grants, now)
        if self._retain(speaker, "grants", grants):
            self._said_grants[speaker.id] = _content(new.grants, now)

    def _speakers(self, ids: Iterable[int]) -> list[Speaker]:
        found = (self._known.of_id(one) for one in ids)
        return [one for one in found if one is not None]

    def _retain(self, speaker: Speaker, tail: str, data: Part) -> bool:
        return self._publish(speaker.topic(tail), words.wrapped(data, self._clock()), retain=True)

    # -- when ----------------------------------------------------------------------------------

    async def _whenever(
        self,
        name: str,
        do: Callable[[], Awaitable[None]],
        pause_s: float,
        *,
        first_s: float = 0,
    ) -> None:
        """Do it when there is something to do: `first_s` later, and then after a pause at the
        earliest."""
        wake = self._wakes[name]
        while True:
            await wake.wait()
            if first_s:
                await asyncio.sleep(first_s)
            wake.clear()
            if not await _safely(name, do):
                await asyncio.sleep(RETRY_SECONDS)
                self.say_all()
                await _safely(name, self.look_for_commands)
            if pause_s:
                await asyncio.sleep(pause_s)

    async def _every(self, seconds: float, do: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(seconds)
            with contextlib.suppress(Exception):
                do()


async def _safely(name: str, do: Callable[[], Awaitable[None]]) -> bool:
    try:
        await do()
    except OUTAGES as error:
        outages.failed(error)
        return False
    except Exception:
        log.exception("saying to terminals what is new (%s) failed; it is tried again", name)
        return False
    return True


def _content(grants: list[GrantRow], now: datetime) -> object:
    """What makes grants others than before: until when they are good moves on by itself, unless
    the locker's time is over earlier."""
    latest = now + GRANTS_LIVE
    return [
        (one.cards, one.number, one.label, None if one.until >= latest else one.until)
        for one in grants
    ]

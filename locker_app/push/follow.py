"""From committed events to phones whose page is closed.

Only the process that wrote an event tells of it, so nobody is told twice: `Database.listen` hears
a process's own commits. Nothing here holds up a command or the event loop: a listener only puts
events into a queue, and messages are sent by a few threads of their own.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import urlsplit

from locker_app.db.database import Database
from locker_app.db.log import Logged
from locker_app.db.outage import KINDS as OUTAGES
from locker_app.db.outage import outages
from locker_app.domain.actors import SYSTEM
from locker_app.domain.push import TTL_SECONDS, Message, Phase, StayMessage
from locker_app.push.post import Outcome, Post
from locker_app.queries.push import (
    STAY_PHASES,
    Due,
    Subscription,
    anybody_subscribed,
    due,
    next_untold,
    stay_due,
)
from locker_app.services.command import Call, command
from locker_app.services.push import drop_gone, tell_next

_THREADS = 4
_CALLED, _TAKEN = "TicketCalled", "TicketTaken"
_MOVING = frozenset(
    {
        _CALLED,
        _TAKEN,
        "TicketPutBack",
        "TicketSteppedBack",
        "TicketWithdrawn",
        "TicketRemoved",
        "TicketRestored",
        "TicketCleared",
    }
)
"""Facts after which somebody else may be next."""

logger = logging.getLogger(__name__)


class Pusher:
    """Follows this process's commits and sends what they mean for phones."""

    def __init__(
        self,
        db: Database,
        post: Callable[[], Post],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`post` makes what sends, when something is to be sent first; in a thread."""
        self._db, self._make_post, self._clock = db, post, clock
        self._post: Post | None = None
        self._commits: asyncio.Queue[list[Logged]] = asyncio.Queue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._failing: set[str] = set()
        """Hosts of push services that failed last, of which the log has been told."""
        db.listen(self._committed)

    async def follow(self) -> None:
        """Until cancelled."""
        self._loop = asyncio.get_running_loop()
        threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="push")
        try:
            while True:
                await self._look(await self._commits.get(), threads)
        finally:
            self._loop = None
            for task in self._sending:
                task.cancel()
            threads.shutdown(wait=False, cancel_futures=True)

    def _committed(self, events: list[Logged]) -> None:
        """Called in a database thread after each commit."""
        loop = self._loop
        if loop is None:
            return
        moving = [event for event in events if event.kind in _MOVING | STAY_PHASES.keys()]
        if moving:
            loop.call_soon_threadsafe(self._commits.put_nowait, moving)

    async def _look(self, events: list[Logged], threads: ThreadPoolExecutor) -> None:
        try:
            found = await self._due(events)
        except OUTAGES as error:
            outages.failed(error)
            return
        except Exception:
            logger.exception("looking for whom to tell failed; it goes on")
            return
        for one in found:
            for to in one.to:
                task = asyncio.create_task(self._send(to, one.message, threads))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    async def _due(self, events: list[Logged]) -> list[Due]:
        """Whom these events concern that wants to be told. Who has just taken the ticket looks at
        the page, and is not."""
        if not await self._db.aread(anybody_subscribed):
            return []
        just_taken = {event.ticket_id for event in events if event.kind == _TAKEN}
        called = {event.ticket_id: Phase.TURN for event in events if event.kind == _CALLED}
        queues = {event.queue_id for event in events if event.queue_id is not None}
        told = called | dict.fromkeys(await self._next_of(queues), Phase.NEXT)
        now = self._clock()
        wanted = [
            await self._db.aread(lambda conn, t=ticket, p=phase: due(conn, t, p, now))
            for ticket, phase in told.items()
            if ticket is not None and ticket not in just_taken
        ]
        wanted += [
            await self._db.aread(lambda conn, e=event: stay_due(conn, e, now))
            for event in events
            if event.kind in STAY_PHASES
        ]
        return [one for one in wanted if one is not None]

    async def _next_of(self, queues: Iterable[int]) -> list[int]:
        """Tickets that have become next in these queues, of which nobody was told yet."""
        found = []
        for queue_id in queues:
            now = self._clock()
            if await self._db.aread(lambda conn, q=queue_id, at=now: next_untold(conn, q, at)):
                work = command(Call(now, "push", actor=SYSTEM), tell_next, queue_id=queue_id)
                ticket = await self._db.arun(work)
                if ticket is not None:
                    found.append(ticket)
        return found

    async def _send(
        self, to: Subscription, message: Message | StayMessage, threads: ThreadPoolExecutor
    ) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()

        def send() -> tuple[Outcome, str]:
            if loop.time() - begun > TTL_SECONDS:
                return Outcome.FAILED, "others took too long before it"
            if self._post is None:
                self._post = self._make_post()
            return self._post.send(to, message)

        try:
            outcome, why = await loop.run_in_executor(threads, send)
            if outcome is Outcome.GONE:
                call = Call(self._clock(), "push", actor=SYSTEM)
                await self._db.arun(command(call, drop_gone, subscription_id=to.id))
        except OUTAGES as error:
            outages.failed(error)
            return
        except Exception as error:
            outcome, why = Outcome.FAILED, type(error).__name__
        self._note(urlsplit(to.endpoint).netloc, outcome, why)

    def _note(self, host: str, outcome: Outcome, why: str) -> None:
        """The log has each push service's failure once, and that it works again."""
        if outcome is not Outcome.FAILED:
            if host in self._failing:
                self._failing.discard(host)
                logger.warning("the push service at %s works again", host)
        elif host not in self._failing:
            self._failing.add(host)
            logger.warning("a message could not be sent by the push service at %s: %s", host, why)

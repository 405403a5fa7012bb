"""What is to happen in lines for help, said in the plainest way: one list of tickets, no tables.

A refusal is raised as the code that it is to have.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from locker_app.domain.hours import day_began, is_open_at, next_change, next_time_of_day

ZONE = "Europe/Berlin"
UNDO = timedelta(seconds=10)


class Refusal(Exception):
    """With the code of what is expected."""


@dataclass
class Ticket:
    id: int
    queue: int
    round: int
    number: int
    holder: str
    slot: int
    group: str
    group_slot: int
    at: Fraction
    """Where in the line it stands."""
    status: str = "waiting"
    staff: int | None = None
    steps: int = 0
    called: datetime | None = None
    ended: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.ended is None


@dataclass
class Press:
    """The last one of somebody at a queue."""

    at: datetime
    ended: int | None
    called: int | None


@dataclass
class Queue:
    id: int
    site: int
    per_person: int = 1
    per_group: int = 1
    capacity: int = 1000
    steps: int = 2
    at_once: bool = False
    fresh_first: bool = False
    hours: list[list[int | str]] = field(default_factory=list)
    reset_at: str = ""
    mode: str = "open"
    paused: bool = False
    round: int = 1
    last: int = 0
    shown: int = 0
    changes: datetime | None = None


@dataclass
class Model:
    queues: dict[int, Queue]
    tickets: dict[int, Ticket] = field(default_factory=dict)
    presses: dict[tuple[int, int], Press] = field(default_factory=dict)
    sites: dict[int, int | None] = field(default_factory=dict)
    """Of each staff member with the right, where: a site, or everywhere."""

    def tried(self) -> "Model":
        return deepcopy(self)

    # Looking.

    def of(self, queue: Queue, *statuses: str) -> list[Ticket]:
        """The tickets of the round with these statuses."""
        return [
            one
            for one in self.tickets.values()
            if one.queue == queue.id and one.status in statuses and one.round == queue.round
        ]

    def helped(self, queue: Queue, now: datetime) -> set[str]:
        since = day_began(now, ZONE)
        return {
            one.group
            for one in self.tickets.values()
            if queue.fresh_first
            and (one.queue, one.status) == (queue.id, "done")
            and one.ended is not None
            and one.ended >= since
        }

    def line(self, queue: Queue, now: datetime) -> list[Ticket]:
        helped = self.helped(queue, now)
        waiting = self.of(queue, "waiting")
        return sorted(waiting, key=lambda one: (one.group in helped, one.at, one.number))

    def serves(self, queue: Queue, staff: int | None) -> Ticket | None:
        """What somebody serves; without anybody the first that is at no desk."""
        found = [one for one in self.of(queue, "serving") if one.staff == staff]
        return min(found, key=lambda one: (one.at, one.number), default=None)

    def free_slots(self, queue: Queue, holder: str, group: str) -> tuple[int, int]:
        there = self.of(queue, "waiting", "serving")
        own = {one.slot for one in there if one.holder == holder}
        groups = {one.group_slot for one in there if one.group == group}
        return min(set(range(99)) - own), min(set(range(99)) - groups)

    # What the clock does.

    def queue(self, queue_id: int, now: datetime) -> Queue:
        """The queue as it is when somebody does something with it."""
        if queue_id not in self.queues:
            raise Refusal("not_found")
        queue = self.queues[queue_id]
        self.catch_up(queue, now)
        return queue

    def catch_up(self, queue: Queue, now: datetime) -> bool:
        if queue.changes is None or queue.changes > now:
            return False
        before = queue.changes - timedelta(microseconds=1)
        if queue.reset_at and next_time_of_day(queue.reset_at, before, ZONE) <= now and queue.last:
            self.clear(queue, now)
        change = next_change(queue.hours, before, ZONE)
        if change is not None and change <= now:
            self.keep_hours(queue, now)
        self.plan(queue, now)
        return True

    def keep_hours(self, queue: Queue, now: datetime) -> None:
        if is_open_at(queue.hours, now, ZONE):
            queue.mode = "open"
        elif queue.mode == "open":
            queue.mode = "draining" if self.of(queue, "waiting", "serving") else "closed"

    def plan(self, queue: Queue, now: datetime) -> None:
        plans = [next_change(queue.hours, now, ZONE)]
        if queue.reset_at:
            plans.append(next_time_of_day(queue.reset_at, now, ZONE))
        queue.changes = min((at for at in plans if at), default=None)

    def run_due(self, now: datetime) -> int:
        return sum([self.catch_up(queue, now) for queue in self.queues.values()])

    def next_deadline(self) -> datetime | None:
        times = [queue.changes for queue in self.queues.values() if queue.changes]
        return min(times, default=None)

    # What those in line do.

    def join(self, who: str, queue_id: int, group: str, now: datetime) -> tuple[int, bool]:
        queue = self.queue(queue_id, now)
        if queue.mode != "open":
            raise Refusal(f"queue_{queue.mode}")
        if not group:
            raise Refusal("bad_input")
        slot, group_slot = self.free_slots(queue, who, group)
        if slot >= queue.per_person:
            raise Refusal("has_ticket")
        if group_slot >= queue.per_group:
            raise Refusal("group_has_ticket")
        waiting, serving = self.of(queue, "waiting"), self.of(queue, "serving")
        if len(waiting) >= queue.capacity:
            raise Refusal("queue_full")
        idle = not waiting and not serving and not queue.paused
        queue.last += 1
        at = Fraction(queue.last)
        ticket = Ticket(0, queue.id, queue.round, queue.last, who, slot, group, group_slot, at)
        if idle and (queue.at_once or not queue.shown):
            self.show(queue, ticket, None, now)
        self.tickets[0] = ticket
        return ticket.number, ticket.status == "serving"

    def own(self, who: str, ticket_id: int, now: datetime) -> tuple[Queue, Ticket]:
        if ticket_id not in self.tickets:
            raise Refusal("not_your_ticket")
        queue = self.queue(self.tickets[ticket_id].queue, now)
        ticket = self.tickets[ticket_id]
        if ticket.holder != who or not ticket.is_open:
            raise Refusal("not_your_ticket")
        return queue, ticket

    def leave(self, who: str, ticket_id: int, now: datetime) -> int:
        _, ticket = self.own(who, ticket_id, now)
        ticket.status, ticket.ended = "withdrawn", now
        return ticket.number

    def step_back(self, who: str, ticket_id: int, now: datetime) -> int:
        queue, ticket = self.own(who, ticket_id, now)
        if ticket.status != "waiting":
            raise Refusal("ticket_moved")
        if ticket.steps >= queue.steps:
            raise Refusal("no_steps_left")
        helped = self.helped(queue, now)
        alike = [
            one
            for one in self.line(queue, now)
            if (one.group in helped) == (ticket.group in helped)
        ]
        behind = alike[alike.index(ticket) + 1 :]
        if not behind:
            raise Refusal("last_in_line")
        end = behind[1].at if behind[1:] else Fraction(queue.last + 1)
        ticket.at = (behind[0].at + end) / 2
        ticket.steps += 1
        return behind[0].number

    def claim(self, visitor: str, person: str, now: datetime) -> None:
        mine = [one for one in self.tickets.values() if one.holder == visitor and one.is_open]
        for one in sorted(mine, key=lambda one: (one.queue, one.number)):
            queue = self.queue(one.queue, now)
            if one.is_open:
                one.slot = self.free_slots(queue, person, one.group)[0]
                one.holder = person

    # What staff do.

    def staffed(self, staff: int | None, queue_id: int, now: datetime) -> Queue:
        if queue_id not in self.queues:
            raise Refusal("not_found")
        if staff is None:
            raise Refusal("not_signed_in")
        if staff not in self.sites or self.sites[staff] not in (None, self.queues[queue_id].site):
            raise Refusal("not_allowed")
        return self.queue(queue_id, now)

    def staffed_ticket(
        self, staff: int | None, ticket_id: int, now: datetime, *statuses: str
    ) -> tuple[Queue, Ticket]:
        if ticket_id not in self.tickets:
            raise Refusal("not_found")
        queue = self.staffed(staff, self.tickets[ticket_id].queue, now)
        ticket = self.tickets[ticket_id]
        if statuses and ticket.status not in statuses:
            raise Refusal("ticket_moved")
        return queue, ticket

    def press(self, staff: int | None, queue_id: int, now: datetime, *, on: bool) -> Any:
        queue = self.staffed(staff, queue_id, now)
        assert staff is not None
        current = self.serves(queue, staff) or self.serves(queue, None)
        if current is not None:
            current.status, current.staff, current.ended = "done", staff, now
        return self.pressed(queue, staff, now, current, self.call_next(queue, staff, now, on=on))

    def call(self, staff: int | None, ticket_id: int, now: datetime) -> Any:
        queue, ticket = self.staffed_ticket(staff, ticket_id, now)
        assert staff is not None
        if self.serves(queue, staff) is not None:
            raise Refusal("at_work")
        if ticket.status == "serving" and ticket.staff is None:
            ticket.staff = staff
            self.presses.pop((queue.id, staff), None)
            return 0, ticket.number
        if ticket.status != "waiting":
            raise Refusal("ticket_moved")
        self.show(queue, ticket, staff, now)
        return self.pressed(queue, staff, now, None, ticket)

    def no_show(self, staff: int | None, ticket_id: int, now: datetime) -> Any:
        queue, ticket = self.staffed_ticket(staff, ticket_id, now, "serving")
        assert staff is not None
        ticket.status, ticket.staff, ticket.ended = "no_show", ticket.staff or staff, now
        return self.pressed(queue, staff, now, ticket, self.call_next(queue, staff, now, on=True))

    def put_back(self, staff: int | None, ticket_id: int, now: datetime) -> int:
        queue, ticket = self.staffed_ticket(staff, ticket_id, now, "serving", "no_show")
        if ticket.round != queue.round:
            raise Refusal("ticket_moved")
        waiting = self.of(queue, "waiting")
        self.reopen(queue, ticket, "waiting", None)
        front = min((one.at for one in waiting), default=ticket.at + 1)
        ticket.called, ticket.at = None, min(ticket.at, front - 1)
        self.show_before(queue, ticket)
        return ticket.number

    def remove(self, staff: int | None, ticket_id: int, now: datetime) -> int:
        _, ticket = self.staffed_ticket(staff, ticket_id, now, "waiting")
        ticket.status, ticket.staff, ticket.ended = "removed", None, now
        return ticket.number

    def undo(self, staff: int | None, queue_id: int, now: datetime) -> Any:
        queue = self.staffed(staff, queue_id, now)
        assert staff is not None
        press = self.presses.get((queue.id, staff))
        if press is None or now >= press.at + UNDO:
            raise Refusal("nothing_to_undo")
        ended, called = self.tickets.get(press.ended or -1), self.tickets.get(press.called or -1)
        if ended and (ended.status not in ("done", "no_show") or ended.ended != press.at):
            raise Refusal("nothing_to_undo")
        if called and (called.status, called.staff, called.called) != ("serving", staff, press.at):
            raise Refusal("nothing_to_undo")
        if called:
            called.status, called.staff, called.called = "waiting", None, None
            self.show_before(queue, called)
        if ended:
            busy = self.serves(queue, ended.staff) is not None
            self.reopen(queue, ended, "serving", None if busy else ended.staff)
        del self.presses[queue.id, staff]
        return ended.number if ended else 0, called.number if called else 0

    def reset(self, staff: int | None, queue_id: int, now: datetime) -> int:
        return self.clear(self.staffed(staff, queue_id, now), now)

    def set_mode(self, staff: int | None, queue_id: int, mode: str, now: datetime) -> bool:
        queue = self.staffed(staff, queue_id, now)
        changed, queue.mode = queue.mode != mode, mode
        return changed

    def pause(self, staff: int | None, queue_id: int, paused: bool, now: datetime) -> bool:
        queue = self.staffed(staff, queue_id, now)
        changed, queue.paused = queue.paused != paused, paused
        return changed

    # What these share.

    def clear(self, queue: Queue, now: datetime) -> int:
        cleared = self.of(queue, "waiting", "serving")
        for one in cleared:
            one.status, one.ended = "cleared", now
        queue.round, queue.last, queue.shown = queue.round + 1, 0, 0
        for desk in [desk for desk in self.presses if desk[0] == queue.id]:
            del self.presses[desk]
        return len(cleared)

    def show(self, queue: Queue, ticket: Ticket, staff: int | None, now: datetime) -> None:
        ticket.status, ticket.staff, ticket.called = "serving", staff, now
        queue.shown = ticket.number

    def show_before(self, queue: Queue, back: Ticket) -> None:
        """A number that waits again is not the one that was called last."""
        if queue.shown == back.number:
            called = [
                (one.called, one.number)
                for one in self.tickets.values()
                if (one.queue, one.round) == (queue.id, queue.round) and one.called is not None
            ]
            queue.shown = max(called)[1] if called else 0

    def call_next(self, queue: Queue, staff: int, now: datetime, *, on: bool) -> Ticket | None:
        line = self.line(queue, now)
        if not on or queue.paused or not line or self.serves(queue, staff) is not None:
            return None
        self.show(queue, line[0], staff, now)
        return line[0]

    def pressed(
        self, queue: Queue, staff: int, now: datetime, ended: Ticket | None, called: Ticket | None
    ) -> tuple[int, int]:
        if ended or called:
            press = Press(now, ended.id if ended else None, called.id if called else None)
            self.presses[queue.id, staff] = press
        return ended.number if ended else 0, called.number if called else 0

    def reopen(self, queue: Queue, ticket: Ticket, status: str, staff: int | None) -> None:
        if not ticket.is_open:
            ticket.slot, ticket.group_slot = self.free_slots(queue, ticket.holder, ticket.group)
        ticket.status, ticket.staff, ticket.ended = status, staff, None

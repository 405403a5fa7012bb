"""The lockers once more, as simply as can be: dictionaries and loops, no database, no SQL.

Written from the specification, not from the services, so that the two can be wrong apart.
Lockers and persons are known by their ids, claims by their locker and waits by person and site.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

REMINDER = timedelta(minutes=15)


class Refusal(Exception):
    """What the model refuses; the text is the code."""


@dataclass(frozen=True)
class Bank:
    id: int
    site: int
    allowed: int
    """Lockers for each person at the site."""
    hold: timedelta
    limit: timedelta | None
    action: str

    def __deepcopy__(self, _memo: object) -> "Bank":
        return self


@dataclass
class Door:
    id: int
    number: int
    bank: Bank
    accessible: bool
    out_of_service: bool = False
    note: str = ""


@dataclass
class Claim:
    order: int
    """In which order claims were made."""
    person: int
    door: Door
    since: datetime | None = None
    """When it was taken; empty while it is only held for the person."""
    held_until: datetime | None = None
    due: datetime | None = None
    remind: datetime | None = None
    reminded: bool = False
    marked_overdue: bool = False


@dataclass
class Place:
    """In a waiting list."""

    order: int
    person: int
    bank: Bank
    accessible: bool
    offered: Claim | None = None


@dataclass
class Model:
    banks: dict[int, Bank]
    doors: dict[int, Door]
    claims: list[Claim] = field(default_factory=list)
    line: list[Place] = field(default_factory=list)
    last: dict[tuple[int, int], tuple[int, Door]] = field(default_factory=dict)
    """By person and bank: order and door of the claim made last that was taken."""
    gone: list[Door] = field(default_factory=list)
    """Doors that were removed."""
    archived: dict[int, tuple[Bank, list[Door]]] = field(default_factory=dict)
    """Banks out of use, with the doors that they had."""
    prefers_low: set[int] = field(default_factory=set)
    prefers_near: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    """Persons who are archived."""
    made: int = 0

    def tried(self) -> "Model":
        """A copy to try a command on: a refused one leaves no trace."""
        return deepcopy(self)

    # What is there.

    def claim_on(self, door: Door) -> Claim | None:
        return next((claim for claim in self.claims if claim.door.id == door.id), None)

    def own(self, person: int, site: int) -> list[Claim]:
        mine = [c for c in self.claims if c.person == person and c.door.bank.site == site]
        return sorted(mine, key=lambda claim: claim.order)

    def free(self, bank: Bank, low: bool) -> list[Door]:
        """Doors that can be given now, lowest first."""
        return [
            door
            for door in self.doors.values()
            if door.bank.id == bank.id
            and not door.out_of_service
            and self.claim_on(door) is None
            and (door.accessible or not low)
        ]

    def letter(self, door: Door, now: datetime) -> str:
        claim = self.claim_on(door)
        if door.out_of_service:
            return "x"
        if claim is None:
            return "f"
        if claim.since is None:
            return "r" if claim.held_until is not None and claim.held_until > now else "f"
        return "o" if claim.due is not None and claim.due <= now else "h"

    def waiting(self, bank: Bank) -> list[Place]:
        return [place for place in self.line if place.bank.id == bank.id and place.offered is None]

    # Commands of persons.

    def take(self, person: int, bank_id: int, low: bool, now: datetime) -> str:
        bank = self.banks.get(bank_id)
        if bank is None:
            raise Refusal("not_found")
        if person in self.left:
            raise Refusal("not_signed_in")
        own = self.own(person, bank.site)
        if any(claim.held_until is not None and claim.held_until <= now for claim in own):
            self.lapse(now)
            own = self.own(person, bank.site)
        held = next((c for c in own if c.since is None and c.door.bank.id == bank_id), None)
        if held is not None:
            return self.take_held(person, held, now)
        self.refuse_more(own, bank)
        low = low or person in self.prefers_low
        free = self.free(bank, low)
        if not free:
            if self.lapse(now):
                return self.take(person, bank_id, low, now)
            raise Refusal("none_accessible_free" if low else "none_free")
        door = free[0]
        if person in self.prefers_near and (person, bank_id) in self.last:
            near = self.last[person, bank_id][1].number
            door = min(free, key=lambda one: (abs(one.number - near), one.number))
        claim = self.claim(person, door)
        self.give(claim, now)
        self.line = [
            p
            for p in self.line
            if p.offered is not None or (p.person, p.bank.site) != (person, bank.site)
        ]
        return f"A{door.number}"

    def refuse_more(self, own: list[Claim], bank: Bank) -> None:
        if len(own) >= bank.allowed:
            taken = any(claim.since is not None for claim in own)
            raise Refusal("already_holds" if taken else "hold_waiting")

    def take_held(self, person: int, claim: Claim | None, now: datetime) -> str:
        if claim is None or claim.person != person or claim.since is not None:
            raise Refusal("not_holding")
        if claim.held_until is None or claim.held_until <= now:
            raise Refusal("hold_lapsed")
        self.give(claim, now)
        self.leave_line(claim)
        return f"A{claim.door.number}"

    def back(self, person: int, claim: Claim | None, now: datetime) -> str:
        if claim is None or claim.person != person or claim.since is None:
            raise Refusal("not_holding")
        self.end(claim)
        self.offer(claim.door, now)
        return f"A{claim.door.number}"

    def join(self, person: int, bank_id: int, low: bool, now: datetime) -> None:
        self.lapse(now)
        bank = self.banks.get(bank_id)
        if bank is None:
            raise Refusal("not_found")
        if person in self.left:
            raise Refusal("not_signed_in")
        self.refuse_more(self.own(person, bank.site), bank)
        low = low or person in self.prefers_low
        if self.free(bank, low):
            raise Refusal("lockers_free")
        if any((p.person, p.bank.site) == (person, bank.site) for p in self.line):
            raise Refusal("already_waiting")
        self.made += 1
        self.line.append(Place(self.made, person, bank, low))

    def leave(self, person: int, place: Place | None, now: datetime) -> bool:
        if place is None or place.person != person:
            raise Refusal("not_waiting")
        self.line.remove(place)
        if place.offered is None:
            return False
        self.end(place.offered)
        self.offer(place.offered.door, now)
        return True

    def prefer(self, person: int, low: bool, near: bool) -> bool:
        before = (person in self.prefers_low, person in self.prefers_near)
        for wanted, those in ((low, self.prefers_low), (near, self.prefers_near)):
            (those.add if wanted else those.discard)(person)
        return before != (low, near)

    # Commands of staff.

    def door(self, door_id: int) -> Door:
        if door_id not in self.doors:
            raise Refusal("not_found")
        return self.doors[door_id]

    def force(self, door: Door, claim: Claim | None, now: datetime) -> str:
        """Release the door; `claim` is the one that the dialog showed."""
        current = self.claim_on(door)
        if current is None:
            raise Refusal("nothing_held")
        if claim is not None and claim is not current:
            raise Refusal("door_changed")
        self.leave_line(current)
        self.end(current)
        self.offer(door, now)
        return f"A{door.number}"

    def out_of_service(self, door: Door, now: datetime, as_seen: bool, *, compare: bool) -> str:
        """`as_seen` says whether the claim on it is the one that the dialog showed, as far as that
        is to be compared."""
        before = self.claim_on(door)
        self.lapse(now)
        if door.out_of_service:
            raise Refusal("already_out_of_service")
        if compare and (not as_seen or self.claim_on(door) is not before):
            raise Refusal("door_changed")
        door.out_of_service = True
        claim = self.claim_on(door)
        if claim is not None and claim.since is None:
            place = next(p for p in self.line if p.offered is claim)
            place.offered = None
            self.end(claim)
            free = self.free(door.bank, place.accessible)
            if free:
                self.hold(place, free[0], now)
        return f"A{door.number}"

    def in_service(self, door: Door, now: datetime) -> str:
        if not door.out_of_service:
            raise Refusal("already_in_service")
        door.out_of_service = False
        self.offer(door, now)
        return f"A{door.number}"

    def extend(self, door: Door, as_seen: bool, by: timedelta, now: datetime) -> str:
        claim = self.claim_on(door)
        if claim is None or (claim.held_until is not None and claim.held_until <= now):
            raise Refusal("nothing_held")
        if not as_seen:
            raise Refusal("door_changed")
        deadline = claim.held_until or claim.due
        if deadline is None:
            raise Refusal("no_time_limit")
        later = max(deadline, now) + by
        if claim.held_until is not None:
            claim.held_until = later
            return f"A{door.number}"
        claim.due, claim.reminded, claim.marked_overdue = later, False, False
        claim.remind = later - REMINDER if later - REMINDER > now else None
        return f"A{door.number}"

    def write_note(self, door: Door, note: str, seen: str | None) -> str:
        if note != door.note and seen not in (None, door.note):
            raise Refusal("door_changed")
        door.note = note
        return f"A{door.number}"

    def open(self, door: Door, reason: str) -> str:
        if self.claim_on(door) is not None and not reason:
            raise Refusal("reason_needed")
        raise Refusal("no_terminal")

    # Commands of set-up.

    def doors_of(self, bank_id: int) -> list[Door]:
        return [door for door in self.doors.values() if door.bank.id == bank_id]

    def change_doors(
        self, bank: Bank, wanted: dict[int, bool], ids: dict[int, int], now: datetime
    ) -> tuple[int, int, int]:
        """`wanted` says of each number whether the door is low, `ids` which row it has become."""
        there = {door.number: door for door in self.doors_of(bank.id)}
        gone = [door for number, door in there.items() if number not in wanted]
        new = [number for number in wanted if number not in there]
        other = [n for n, low in wanted.items() if n in there and there[n].accessible != low]
        if not (gone or new or other):
            return 0, 0, 0
        self.refuse_to_strand(gone, now)
        if not any(wanted.values()) and any(
            place.accessible for place in self.line if place.bank.id == bank.id
        ):
            raise Refusal("would_strand")
        for door in gone:
            self.gone.append(self.doors.pop(door.id))
        for number in other:
            there[number].accessible = wanted[number]
        self.put([Door(ids[number], number, bank, wanted[number]) for number in new])
        for door in self.free(bank, low=False) if new or other else ():
            self.offer(door, now)
        return len(new), len(gone), len(other)

    def renumber(self, bank: Bank, first: int, now: datetime) -> bool:
        moved = [(d, n) for n, d in enumerate(self.doors_of(bank.id), first) if d.number != n]
        if not moved:
            return False
        self.refuse_to_strand([door for door, _ in moved], now)
        for door, number in moved:
            door.number = number
        return True

    def archive(self, bank_id: int, now: datetime) -> bool:
        if bank_id in self.archived:
            return False
        doors = self.doors_of(bank_id)
        self.refuse_to_strand(doors, now)
        if any(place.bank.id == bank_id for place in self.line):
            raise Refusal("would_strand")
        self.archived[bank_id] = self.banks.pop(bank_id), doors
        for door in doors:
            del self.doors[door.id]
        return True

    def restore(self, bank_id: int) -> bool:
        if bank_id not in self.archived:
            return False
        self.banks[bank_id], doors = self.archived.pop(bank_id)
        self.put(doors)
        return True

    def put(self, doors: list[Door]) -> None:
        """Among the others, in the order of their numbers."""
        all_of_them = [*self.doors.values(), *doors]
        self.doors = {
            door.id: door for door in sorted(all_of_them, key=lambda one: (one.bank.id, one.number))
        }

    def refuse_to_strand(self, doors: list[Door], now: datetime) -> None:
        self.lapse(now)
        if any(self.claim_on(door) for door in doors):
            raise Refusal("would_strand")

    def leaves(self, person: int, release: bool, reason: str, now: datetime) -> None:
        """All that somebody has goes to others, when it is said that it is to."""
        self.left.add(person)
        mine = sorted((c for c in self.claims if c.person == person), key=lambda c: c.order)
        if mine and not release:
            raise Refusal("still_holds")
        if mine and not reason:
            raise Refusal("reason_needed")
        self.line = [place for place in self.line if place.person != person]
        for claim in mine:
            self.end(claim)
            self.offer(claim.door, now)

    # What time does.

    def run_due(self, now: datetime) -> int:
        done = self.lapse(now)
        for claim in list(self.claims):
            if claim.remind is not None and claim.remind <= now and not claim.reminded:
                claim.reminded = True
                done += 1
        for claim in sorted(self.claims, key=lambda one: one.order):
            if claim.due is not None and claim.due <= now and not claim.marked_overdue:
                claim.marked_overdue = True
                done += 1
                if claim.door.bank.action == "release":
                    self.end(claim)
                    self.offer(claim.door, now)
        return done

    def lapse(self, now: datetime) -> int:
        lapsed = [c for c in self.claims if c.held_until is not None and c.held_until <= now]
        for claim in sorted(lapsed, key=lambda one: (one.held_until or now, one.order)):
            self.leave_line(claim)
            self.end(claim)
            self.offer(claim.door, now)
        return len(lapsed)

    def next_deadline(self) -> datetime | None:
        times = [c.held_until for c in self.claims]
        times += [c.remind for c in self.claims if not c.reminded]
        times += [c.due for c in self.claims if not c.marked_overdue]
        return min((at for at in times if at is not None), default=None)

    # What these are made of.

    def claim(self, person: int, door: Door) -> Claim:
        self.made += 1
        claim = Claim(self.made, person, door)
        self.claims.append(claim)
        return claim

    def give(self, claim: Claim, now: datetime) -> None:
        claim.since, claim.held_until = now, None
        limit = claim.door.bank.limit
        if limit is not None:
            claim.due = now + limit
            claim.remind = claim.due - REMINDER if limit > REMINDER else None
        key = (claim.person, claim.door.bank.id)
        if key not in self.last or self.last[key][0] < claim.order:
            self.last[key] = (claim.order, claim.door)

    def end(self, claim: Claim) -> None:
        self.claims.remove(claim)

    def leave_line(self, claim: Claim) -> None:
        self.line = [place for place in self.line if place.offered is not claim]

    def offer(self, door: Door, now: datetime) -> None:
        if door.out_of_service or self.claim_on(door) is not None:
            return
        for place in self.waiting(door.bank):
            if door.accessible or not place.accessible:
                self.hold(place, door, now)
                return

    def hold(self, place: Place, door: Door, now: datetime) -> None:
        claim = self.claim(place.person, door)
        claim.held_until = now + door.bank.hold
        place.offered = claim

    def facts(self) -> Any:
        """Everything that can be compared with the tables."""
        claims = {
            (c.door.id, c.person, c.since, c.held_until, c.due, c.reminded, c.marked_overdue)
            for c in self.claims
        }
        line = [
            (p.person, p.bank.id, p.accessible, p.offered.door.id if p.offered else None)
            for p in self.line
        ]
        doors = [*self.doors.values(), *self.gone]
        doors += [door for _, out_of_use in self.archived.values() for door in out_of_use]
        notes = {d.id for d in doors if d.note}
        return claims, line, {d.id for d in doors if d.out_of_service}, notes

"""What routes take: the bodies of requests, checked strictly, with examples for the OpenAPI.

Types and sizes only. Whether a PIN or a reason will do is the domain's to say.
"""

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from locker_app.services.ids import Id, Version

MAX_ID = 2**31 - 1

PathId = Annotated[int, Path(ge=1, le=MAX_ID)]
"""The id of a row, in an address."""

QueryId = Annotated[int | None, Query(ge=1, le=MAX_ID)]
"""The id of a row, in a query."""

PathCode = Annotated[str, Path(max_length=40)]
"""A short code that stands on a sheet or a post, in an address."""

Line = Annotated[str, Field(max_length=200)]
"""A short text of a form."""


class Asked(BaseModel):
    """The body of a request: of the types declared, and with nothing else in it."""

    model_config = ConfigDict(extra="forbid", strict=True)


class WithCookie(Asked):
    """A sign-in, for a program or for a browser."""

    cookie: bool = Field(default=False, description="Also set the session cookie.")


class SignIn(WithCookie):
    """An enrolment number and its PIN."""

    number: Line = Field(examples=["CS2021001"])
    pin: Line = Field(examples=["4711"])


class StaffSignIn(WithCookie):
    """The login and password of a staff account."""

    login: Line = Field(examples=["admin"])
    password: Line = Field(examples=["correct horse battery"])


class ProvisionTerminal(Asked):
    """The code that staff made for a terminal."""

    code: str = Field(max_length=60, examples=["KXWQ-7MHZ-B4RT-9PCE"])


class Take(Asked):
    """Which locker is wanted."""

    accessible: bool = Field(default=False, description="Only one at accessible height.")


class Preferences(Asked):
    """What kind of locker is preferred."""

    accessible: bool = Field(description="Only lockers at accessible height.", examples=[False])
    near_last: bool = Field(description="The free one nearest to the last.", examples=[True])


class Reason(Asked):
    """Why: it is kept in the history."""

    reason: str = Field(max_length=2000, examples=["Left overnight, emptied with a witness"])


class ForceRelease(Reason):
    """Why, and from whom."""

    assignment_id: Id | None = Field(
        default=None,
        description="Release only while this is still the claim on the locker.",
        examples=[42],
    )


_Seen = Field(
    default=None,
    description="The claim on the door as it was seen, 0 for none: with another, nothing is done.",
    examples=[42],
)
_SeenUntil = Annotated[AwareDatetime | None, Field(strict=False)]


class OutOfService(Reason):
    """Why, and who was seen to have the door."""

    assignment_id: Version | None = _Seen


class OpenDoor(Asked):
    """Why, when it is somebody's door, and who was seen to have it."""

    reason: str = Field(default="", max_length=2000)
    assignment_id: Version | None = _Seen


class Longer(Asked):
    """How much longer somebody may keep a locker, or has to take the one held for them."""

    minutes: int = Field(
        description="From the deadline, or from now when it has passed.", examples=[60]
    )
    assignment_id: Id | None = None
    seen_until: _SeenUntil = Field(
        default=None, description="The deadline as it was seen: with another, nothing is done."
    )


class DoorNote(Asked):
    """What staff keep of a door; empty takes it away."""

    note: str = Field(max_length=2000, examples=["The key is at the desk"])
    seen: str | None = Field(
        default=None, max_length=2000, description="The note as it was seen: another one stays."
    )


class OneDoor(Asked):
    """One of many doors, as it was seen."""

    locker_id: Id = Field(examples=[17])
    assignment_id: Version | None = _Seen
    seen_until: _SeenUntil = None


class Many(Asked):
    """What is to be done at some doors."""

    action: Literal[
        "force_release", "take_out_of_service", "put_back_in_service", "extend_time", "open_door"
    ] = Field(examples=["force_release"])
    doors: list[OneDoor] = Field(
        min_length=1, max_length=200, examples=[[{"locker_id": 17, "assignment_id": 42}]]
    )
    reason: str = Field(default="", max_length=2000)
    minutes: int = Field(default=0, description="For `extend_time`.")


class NewPerson(Asked):
    """Somebody to make known."""

    number: Line = Field(examples=["CS2021005"])
    name: Line = Field(examples=["Meera Pillai"])
    accessible: bool = Field(default=False, description="Wants lockers at accessible height only.")


class ChangedPerson(NewPerson):
    """All that is known of somebody, as it is to be."""

    near_last: bool = Field(default=False, description="The free one nearest to the last.")
    version: str = Field(
        default="", max_length=40, description="Of what was seen: newer stays. Empty overwrites."
    )


class Leave(Asked):
    """Whether what somebody still has is taken back, and why."""

    release: bool = Field(default=False, description="Else it is refused while they have a locker.")
    reason: str = Field(default="", max_length=2000, examples=["Has left the university"])


class Erase(Leave):
    """Likewise, and who is meant."""

    number: Line = Field(
        description="The enrolment number once more, to say who is meant: it can't be undone.",
        examples=["CS2021001"],
    )


class ChosenColumns(Asked):
    """How a file of people is to be read."""

    columns: dict[
        Literal["number", "name", "first", "last", "pin", "accessible"],
        Annotated[int, Field(ge=0, lt=100)],
    ] = Field(
        max_length=10,
        description="Which column has what, counted from 0.",
        examples=[{"number": 0, "name": 2}],
    )
    has_head: bool = Field(default=True, description="Whether the first record is the head.")
    encoding: str = Field(default="", max_length=40, description="Another one than the one found.")
    delimiter: str = Field(default="", max_length=1, description="Likewise.")


class Confirmed(Asked):
    """Whether rows that are wrong are left out."""

    good_only: bool = Field(default=False, description="Else it is refused while any is wrong.")


class Join(Asked):
    """For which group a ticket is taken."""

    group: str = Field(max_length=200, examples=["7"])
    question: str = Field(default="", max_length=2000, description="Only staff see it.")
    room_pin: str = Field(
        default="", max_length=200, description="What the room shows, where the queue wants it."
    )


class Question(Asked):
    """What the holder of a ticket wants to know."""

    question: str = Field(
        max_length=2000, description="Only staff see it.", examples=["Exercise 3b: which unit?"]
    )


class Note(Asked):
    """What staff keep of a ticket."""

    note: str = Field(max_length=2000, examples=["Comes again with the printed plot"])


class Announcement(Asked):
    """What everybody in the line is told."""

    text: str = Field(max_length=2000, examples=["Back at 10:15"])


class Mode(Asked):
    """Whether tickets are given."""

    mode: Literal["open", "draining", "closed"] = Field(
        description="`draining` gives no more, and serves those who wait.", examples=["open"]
    )


class Paused(Asked):
    """Whether staff take a break."""

    paused: bool = Field(description="Nobody is called; tickets are given.", examples=[True])


class DeskLabel(Asked):
    """Where somebody serves."""

    label: str = Field(max_length=200, examples=["Desk 2"])


class Rules(Asked):
    """The rules of a queue."""

    name: str = Field(max_length=2000, examples=["Physics lab"])
    place: str = Field(default="", max_length=2000)
    tickets_per_person: int = Field(default=1, description="Open tickets of one person.")
    tickets_per_group: int = 1
    groups: str = Field(
        default="", max_length=2000, description="Which may join, e.g. `1-40, 51`; empty for all."
    )
    sign_in_needed: bool = False
    room_pin: str = Field(
        default="", max_length=200, description="Shown in the room, against joining from afar."
    )
    capacity: int | None = Field(default=None, description="How many may wait.")
    steps_back: int = Field(default=2, description="How often one may let the next one by.")
    serve_at_once: bool = Field(
        default=False, description="Who finds nobody waiting or served needs no press."
    )
    fresh_groups_first: bool = Field(
        default=False, description="Groups that were helped today come after the others."
    )
    hours: list[list[int | str]] = Field(
        default=[],
        max_length=100,
        description="When it opens and closes by itself: weekday from 0, Monday, opens, closes.",
        examples=[[[0, "09:00", "12:00"]]],
    )
    reset_at: str = Field(
        default="", max_length=200, description="When it is reset at night, e.g. `04:00`."
    )


class ChangedRules(Rules):
    """The rules of a queue, as they were seen and changed."""

    version: str = Field(
        default="",
        max_length=40,
        description="Of the rules that were seen: newer ones stay. Empty overwrites.",
    )

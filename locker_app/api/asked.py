"""What routes take: the bodies of requests, checked strictly, with examples for the OpenAPI.

Types and sizes only. Whether a PIN or a reason will do is the domain's to say.
"""

from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from locker_app.services.ids import Id

MAX_ID = 2**31 - 1

PathId = Annotated[int, Path(ge=1, le=MAX_ID)]
"""The id of a row, in an address."""

QueryId = Annotated[int | None, Query(ge=1, le=MAX_ID)]
"""The id of a row, in a query."""

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

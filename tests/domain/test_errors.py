"""Codes and statuses of refusals are published: programs outside rely on them for ever."""

import inspect

import pytest

from locker_app.domain import errors
from locker_app.domain.errors import AlreadyHolds, BadInput, DomainError, WrongPin, code_of

PUBLISHED = {
    "bad_input": 422,
    "not_signed_in": 401,
    "not_allowed": 403,
    "not_found": 404,
    "unknown_number": 401,
    "wrong_pin": 401,
    "pin_not_chosen": 401,
    "pin_already_chosen": 409,
    "number_locked": 429,
    "wrong_password": 401,
    "too_many_tries": 429,
    "reason_needed": 422,
    "already_holds": 409,
    "none_free": 409,
    "none_accessible_free": 409,
    "not_holding": 409,
    "nothing_held": 409,
    "already_waiting": 409,
    "not_waiting": 409,
    "lockers_free": 409,
    "hold_lapsed": 409,
    "hold_waiting": 409,
    "already_out_of_service": 409,
    "already_in_service": 409,
    "key_reused": 422,
}
ALL = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, DomainError) and kind is not DomainError
]


def test_published_codes_and_statuses_stay() -> None:
    now = {code_of(kind): kind.status for kind in ALL}
    assert PUBLISHED.items() <= now.items()


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_refusal_says_something_to_the_person(kind: type[DomainError]) -> None:
    message = inspect.getdoc(kind) or ""
    assert message.endswith((".", "?", "!"))
    assert "\n" not in message


def test_messages_with_what_the_person_needs() -> None:
    assert "Locker A17" in str(AlreadyHolds("A17"))
    assert "1 try left" in str(WrongPin(1))
    assert "4 tries left" in str(WrongPin(4))
    assert BadInput("No.", field="pin").field == "pin"
    assert str(BadInput()) == "Please check what you entered."
    assert BadInput().code == "bad_input"

"""The words for the event log: every kind of fact has some, and so has every refusal."""

import inspect

from locker_app.domain import errors
from locker_app.domain.errors import DomainError, code_of
from locker_app.domain.event_words import CODE_WORDS, EVENT_WORDS, TOLD_WORDS
from locker_app.domain.fact_kinds import FACTS
from locker_app.domain.terminals import CommandKind
from locker_app.queries.events_file import what


def kinds_of_facts() -> set[str]:
    return set(FACTS)


def test_every_kind_of_fact_has_words() -> None:
    assert kinds_of_facts() - EVENT_WORDS.keys() == set()


def test_what_a_terminal_was_told_says_to_do_what() -> None:
    told = {
        f"{kind}:{one.value}" for kind in ("CommandGiven", "CommandMoved") for one in CommandKind
    }
    assert TOLD_WORDS.keys() == told
    assert what("CommandMoved", {"command": "open", "status": "sent"}) == "told to open the door"


def test_every_refusal_has_words() -> None:
    classes = {kind for _, kind in inspect.getmembers(errors, inspect.isclass)}
    codes = {code_of(kind) for kind in classes if issubclass(kind, DomainError)}
    never_logged = {code_of(errors.DomainError), code_of(errors.KeyReused)}
    assert codes - CODE_WORDS.keys() - never_logged == set()

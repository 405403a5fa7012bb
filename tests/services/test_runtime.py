"""What a process runs on."""

from datetime import UTC, datetime, timedelta

import pytest

from locker_app.services import runtime
from locker_app.services.runtime import Runtime, call_now
from locker_app.services.secrets import TokenKeys
from locker_app.services.sessions import key_of
from tests.world import World


def test_a_token_names_the_key_of_a_session(world: World) -> None:
    here = Runtime(world.db, TokenKeys(("key",)))
    now = datetime.now(UTC)
    token = here.keys.sign("opaque", now, now + timedelta(hours=1))
    assert here.session_key(token) == key_of("opaque")
    for nothing in (None, "", "x", token + "x", TokenKeys(("other",)).sign("opaque", now, now)):
        assert here.session_key(nothing) is None
    assert here.door.db is world.db
    assert here.door.keys is here.keys


def test_before_it_was_started_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_current", None)
    with pytest.raises(RuntimeError):
        runtime.current()


def test_adapters_ask_the_clock_in_one_place() -> None:
    before = datetime.now(UTC)
    call = call_now("web", "session", "key")
    assert before <= call.now <= datetime.now(UTC)
    assert (call.origin, call.session_key, call.request_id) == ("web", "session", "key")

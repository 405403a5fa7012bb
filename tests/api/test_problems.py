"""Whatever goes wrong, the answer is a problem that tells nothing of our insides."""

import logging
from typing import Any

import pytest

from locker_app.api.app import make_api
from locker_app.api.shell import MAX_BODY
from locker_app.queries import scoped
from tests.api.clients import Client, Library, code


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v2/me", "/api/v1/me/", "/auth/nothing"])
def test_an_unknown_address(library: Library, path: str) -> None:
    for method in ("GET", "POST"):
        answer = library.program().request(method, path)
        assert (answer.status_code, code(answer)) == (404, "not_found")


def test_a_method_that_is_not_taken(library: Library) -> None:
    answer = library.program().delete("/api/v1/me")

    assert (answer.status_code, code(answer)) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"number":',
        b"\xff\xfe",
        b'{"number": "a" "pin"}',
        b"[" * 60_000,
        b"9" * 6000,
        b"nul",
    ],
)
def test_a_body_that_is_not_json(library: Library, body: bytes) -> None:
    answer = library.program().post(
        "/api/v1/sign-in",
        content=body,
        headers={"Idempotency-Key": "k", "Content-Type": "application/json"},
    )

    assert answer.status_code == 400
    assert code(answer) in {"bad_json", "bad_request"}


@pytest.mark.parametrize("body", [[], "text", 17, None, {"number": 1, "pin": 2}, {"pin": "1"}, {}])
def test_json_of_another_shape(library: Library, body: Any) -> None:
    answer = library.program().command("/sign-in", body)

    assert (answer.status_code, code(answer)) == (422, "bad_input")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_body_of_another_type(library: Library, kind: str) -> None:
    """A form of another site can send these types without asking."""
    answer = library.program().post(
        "/api/v1/sign-in",
        content=b'{"number": "CS0000001", "pin": "1234"}',
        headers={"Idempotency-Key": "k", "Content-Type": kind},
    )

    assert (answer.status_code, code(answer)) == (422, "bad_input")


def test_what_was_sent_does_not_come_back(library: Library) -> None:
    secret = "4711-my-secret"
    bodies: list[dict[str, Any]] = [
        {"number": secret, "pin": [secret]},
        {"number": "CS1", "pin": "1", secret: secret},
        {"number": {secret: 1}, "pin": secret},
        {"number": secret * 100, "pin": secret},
    ]

    for body in bodies:
        answer = library.program().command("/sign-in", body)
        assert code(answer) == "bad_input"
        assert secret not in answer.text


def test_a_body_that_is_too_large(library: Library) -> None:
    headers = {"Idempotency-Key": "k"}

    def chunks() -> Any:
        for _ in range(MAX_BODY // 1000 + 2):
            yield b"x" * 1000

    for path in ("/api/v1/sign-in", "/auth/sign-in", "/api/v1/sign-out", "/api/nothing"):
        for body in (b"x" * (MAX_BODY + 1), chunks()):
            answer = library.program().post(path, content=body, headers=headers)
            assert (answer.status_code, code(answer)) == (413, "body_too_large")


def test_a_body_of_just_the_allowed_size_is_read(library: Library) -> None:
    body = b'{"number": "CS0000001", "pin": "1234"}'.ljust(MAX_BODY)
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}

    answer = library.program().post("/api/v1/sign-in", content=body, headers=headers)

    assert code(answer) == "unknown_number"


def test_an_unexpected_error_is_logged_and_not_told(
    library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(scoped, "me", broken)
    program = library.program(library.world.person())

    with caplog.at_level(logging.ERROR):
        answer = program.ask("/me")

    assert (answer.status_code, code(answer)) == (500, "internal")
    assert "secret" not in answer.text
    assert "RuntimeError" not in answer.text
    (record,) = [record for record in caplog.records if record.name == "locker_app.api.shell"]
    assert record.exc_info is not None
    assert record.getMessage() == "GET me failed"


def test_the_log_of_an_error_names_no_number(
    library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(library.world.db, "arun", None)
    admin = library.program(library.world.staff())

    answer = admin.command("/people/CS0000001/reset-pin", {"reason": "forgotten"})

    assert code(answer) == "internal"
    assert "CS0000001" not in caplog.records[-1].getMessage()


def test_before_anything_was_started_it_is_an_internal_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("locker_app.services.runtime._current", None)
    client = Client(make_api(), {}, "10.0.0.1")

    assert code(client.ask("/me")) == "internal"
    assert client.get("/health").json()["database"] is False


@pytest.mark.parametrize("key", [None, ""])
def test_every_post_needs_an_idempotency_key(library: Library, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}

    answer = library.program().post("/api/v1/sign-out", headers=headers)

    assert (answer.status_code, code(answer)) == (400, "idempotency_key_needed")


@pytest.mark.parametrize("key", ["x" * 201, "a b", "ä", "\t"])
def test_a_key_that_can_not_be_one(library: Library, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode()}

    answer = library.program().post("/api/v1/sign-out", headers=headers)  # pyright: ignore[reportArgumentType]

    assert answer.status_code in {400, 422}
    assert code(answer) in {"bad_input", "idempotency_key_needed"}

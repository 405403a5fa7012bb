"""The API on a real server and real sockets: what a well-behaved client library can't send."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import uvicorn

from locker_app.services import hashing, sign_in
from tests.api.clients import Library


@pytest.fixture
def server(library: Library) -> Iterator[uvicorn.Server]:
    """A server that listens."""
    config = uvicorn.Config(
        library.app, port=0, log_level="critical", proxy_headers=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server
    server.should_exit = True
    thread.join()


@pytest.fixture
def address(server: uvicorn.Server) -> tuple[str, int]:
    """Where it listens."""
    return server.servers[0].sockets[0].getsockname()[:2]


@pytest.fixture
def client(address: tuple[str, int]) -> Iterator[httpx.Client]:
    """A program on the other side of a socket."""
    with httpx.Client(base_url="http://{}:{}".format(*address), timeout=20) as client:
        yield client


def until(reached: Callable[[], bool]) -> None:
    """Wait for something that is seen by asking only."""
    end = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def say(address: tuple[str, int], *parts: bytes) -> bytes:
    """Write the parts to a socket; all that comes back until the server closes it or waits."""
    with socket.create_connection(address, timeout=20) as connection:
        answer = b""
        with contextlib.suppress(OSError):  # it no longer listens, but has perhaps answered
            for part in parts:
                connection.sendall(part)
        with contextlib.suppress(OSError):
            while block := connection.recv(65536):
                answer += block
                connection.settimeout(0.3)
        return answer


def head(path: str, *lines: str) -> bytes:
    """The head of a POST."""
    return "\r\n".join((f"POST {path} HTTP/1.1", "Host: localhost", *lines, "", "")).encode(
        "latin-1"
    )


JSON = "Content-Type: application/json"
KEY = "Idempotency-Key: k"


def test_a_chunked_body_without_end_is_cut_off(address: tuple[str, int]) -> None:
    chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"

    answer = say(
        address, head("/api/v1/sign-in", JSON, KEY, "Transfer-Encoding: chunked"), *[chunk] * 200
    )

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"body_too_large" in answer


def test_a_length_that_is_too_large_is_refused_before_the_body(address: tuple[str, int]) -> None:
    answer = say(address, head("/auth/sign-in", "Content-Length: 999999999999"))

    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        head("/api/v1/sign-in", "Content-Length: -1"),
        head("/api/v1/sign-in", "Content-Length: 5", "Content-Length: 7") + b"hello",
        head("/api/v1/sign-in", "Transfer-Encoding: chunked") + b"zz\r\n",
        head("/api/v1/sign-out", "Idempotency-Key: a\x00b"),
        head("/api/v1/sign-out", "Idempotency-Key: a\r\n folded"),
        b"POST /api/v1/sign-out?\xff\xfe HTTP/1.1\r\nHost: x\r\nIdempotency-Key: \xff\r\n\r\n",
        b"POST /api/v1/%ff%fe/%00 HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\n\r\n",
        b"GET //api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://evil.example/api/v1/me HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /api/v1/../v1/me HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused_and_the_server_goes_on(
    address: tuple[str, int], client: httpx.Client, request_: bytes
) -> None:
    answer = say(address, request_)

    assert b" 500 " not in answer.split(b"\r\n")[0]
    assert client.get("/health").json()["status"] == "ok"


def test_half_a_form_is_no_try(
    library: Library, server: uvicorn.Server, address: tuple[str, int]
) -> None:
    """Whoever loses the network while sending a PIN has not entered a wrong one."""
    mark = library.world.mark()
    form = "Content-Type: application/x-www-form-urlencoded"
    with socket.create_connection(address) as connection:
        connection.sendall(head("/auth/sign-in", form, "Content-Length: 60") + b"number=CS1&pin=1")
        until(lambda: bool(server.server_state.tasks))
    until(lambda: not server.server_state.tasks)

    assert library.world.mark() == mark


def test_a_redirect_can_not_be_split(address: tuple[str, int], library: Library) -> None:
    library.world.person()
    form = "Content-Type: application/x-www-form-urlencoded"
    body = b"number=%0d%0aSet-Cookie:%20a=b&pin=1&next=/%0d%0aSet-Cookie:%20a=b"

    answer = say(
        address,
        head("/auth/sign-in", form, f"Content-Length: {len(body)}", "Connection: close"),
        body,
    )

    assert answer.startswith(b"HTTP/1.1 303 ")
    assert b"set-cookie" not in answer.lower()


def test_signing_in_holds_up_nobody_else(
    library: Library, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hashes are computed a few at a time, and the event loop goes on meanwhile."""
    at_once, most, go_on = 0, 0, threading.Event()
    lock = threading.Lock()

    def slow(_hash: object, _secret: str) -> bool:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        go_on.wait(10)
        with lock:
            at_once -= 1
        return False

    monkeypatch.setattr(sign_in, "secret_matches", slow)

    def staff_sign_in(i: int) -> int:
        asked = {"login": f"nobody{i}", "password": "not this one"}
        headers = {"Idempotency-Key": str(i)}
        return client.post("/api/v1/staff/sign-in", json=asked, headers=headers).status_code

    with ThreadPoolExecutor(20) as pool:
        signing_in = [pool.submit(staff_sign_in, i) for i in range(20)]
        while most < hashing._THREADS:
            time.sleep(0.01)
        assert client.get("/health").status_code == 200
        assert client.get("/api/v1/sites").status_code == 200
        go_on.set()
        assert {each.result() for each in signing_in} == {401}

    assert most == hashing._THREADS

"""The guard: which names, origins and pages it lets through, and the headers it adds."""

import asyncio
import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from locker_app.api.guard import Guard
from locker_app.api.hosts import Hosts
from locker_app.api.pages import Pages

HASHED = "/assets/root-CT0qtkhh.js"
Answer = tuple[int, dict[str, str], str]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("built")
    (built / "lockers").mkdir()
    (built / "index.html").write_text("<script>home()</script><script src='/a.js'></script>")
    (built / "lockers" / "index.html").write_text('<script type="module">lockers()</script>')
    (built / "404.html").write_text("<script>fallback()</script>")
    return built


class Inner:
    """An app that answers everything and keeps the last scope it was given."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] | None = None
        self.send: Any = None
        self.status = 200
        self.headers: list[tuple[bytes, bytes]] = [(b"content-type", b"text/html")]

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        self.seen, self.send = scope, send
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(start)
        await send({"type": "http.response.body", "body": b"hello"})


class Client:
    """Calls the guard as a server would."""

    def __init__(self, pages: Path, **options: Any) -> None:
        self.inner = Inner()
        hosts = Hosts(options.pop("allowed", ()), options.pop("public_url", ""))
        self.guard = Guard(self.inner, hosts, Pages(pages), **options)

    def scope(self, kind: str, path: str, method: str, headers: dict[str, str]) -> dict[str, Any]:
        named = {"host": "localhost:3000"} | headers
        return {
            "type": kind,
            "path": path,
            "method": method,
            "scheme": "http" if kind == "http" else "ws",
            "client": ("10.0.0.9", 5000),
            "extensions": {"websocket.http.response": {}},
            "headers": [(key.encode(), value.encode()) for key, value in named.items() if value],
        }

    def call(self, path: str = "/", method: str = "GET", kind: str = "http", **headers: str) -> Any:
        """The messages that the guard sends."""
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        named = {key.replace("_", "-"): value for key, value in headers.items()}
        scope = self.scope(kind, path, method, named)
        asyncio.run(self.guard(scope, None, send))
        return sent

    def http(self, path: str = "/", method: str = "GET", **headers: str) -> Answer:
        start, body = self.call(path, method, **headers)
        said = {key.decode(): value.decode() for key, value in start["headers"]}
        return start["status"], said, body["body"].decode()


@pytest.fixture
def client(pages: Path) -> Client:
    return Client(pages)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:3000",
        "LOCALHOST.",
        "cubby.localhost",
        "127.0.0.1:3000",
        "192.168.1.20:3000",
        "[::1]:3000",
    ],
)
def test_own_names_and_addresses_are_answered(client: Client, host: str) -> None:
    assert client.http(host=host)[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "a b",
        "",
        "[evil]",
        "localhost,evil.example",
    ],
)
def test_other_names_are_refused(client: Client, host: str) -> None:
    """DNS rebinding: a foreign page's own name that has come to mean this machine."""
    page = client.call(kind="http", host=host)
    socket = client.call(kind="websocket", host=host)
    assert page[0]["status"] == 400
    assert socket[0]["type"] == "websocket.close"
    assert client.inner.seen is None
    assert "evil" not in str(page + socket)


@pytest.mark.parametrize(
    ("path", "method", "headers", "code"),
    [
        ("/api/v1/sites", "GET", {"host": "evil.example"}, "unknown_host"),
        ("/api/v1/lockers", "POST", {"origin": "http://evil.example"}, "cross_site"),
    ],
)
def test_programs_are_refused_by_a_problem(
    client: Client, path: str, method: str, headers: dict[str, str], code: str
) -> None:
    status, said, body = client.http(path, method, **headers)
    problem = json.loads(body)
    assert said["content-type"] == "application/problem+json"
    assert (problem["code"], problem["status"]) == (code, status)
    assert problem["type"] == f"urn:problem-type:cubby:{code}"
    assert problem["detail"].endswith(".")


def test_named_hosts_are_answered(pages: Path) -> None:
    told = Client(pages, allowed=("lockers.example.org",), public_url="https://cubby.example.org")
    assert told.http(host="lockers.example.org")[0] == 200
    assert told.http(host="cubby.example.org:8443")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost:4000",
        "http://localhost",
        "http://127.0.0.1:3000",
        "null",
        "file://localhost:3000",
        "chrome-extension://localhost:3000",
        "http://localhost:3000.evil.example",
    ],
)
def test_foreign_pages_can_not_change_anything(client: Client, method: str, origin: str) -> None:
    assert client.http("/api/v1/lockers", method, origin=origin)[0] == 403
    assert client.inner.seen is None


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://localhost:3000", ""])
def test_own_pages_and_programs_can(client: Client, origin: str) -> None:
    assert client.http("/api/v1/lockers", "POST", origin=origin)[0] == 200
    assert client.call(kind="websocket", origin=origin)[0]["type"] == "websocket.accept"


def test_usual_ports_need_not_be_written(client: Client) -> None:
    """A proxy that ends TLS: the page is on 443, and Host says no port."""
    answer = client.http("/", "POST", host="127.0.0.1", origin="https://127.0.0.1:443")
    assert answer[0] == 200


def test_a_page_of_a_named_host_can_although_a_proxy_changed_host(pages: Path) -> None:
    told = Client(pages, allowed=("lockers.example.org",))
    assert told.http("/", "POST", origin="https://lockers.example.org")[0] == 200


def test_cross_site_requests_are_refused_whatever_their_origin(client: Client) -> None:
    assert client.http("/", "POST", sec_fetch_site="cross-site")[0] == 403
    sent = client.call(kind="websocket", sec_fetch_site="cross-site")
    assert sent[0]["type"] == "websocket.close"
    assert client.http("/", "GET", sec_fetch_site="cross-site")[0] == 200  # a link from elsewhere


def test_a_foreign_websocket_is_refused_before_the_handshake(client: Client) -> None:
    sent = client.call("/_event/", kind="websocket", origin="http://evil.example")
    assert sent[0]["type"] == "websocket.close"  # before it was accepted: the server says 403
    assert client.inner.seen is None


def test_websocket_frames_do_not_pass_through_the_guard(client: Client) -> None:
    """Rooms send to 500 screens through the server's own `send`: a wrapper would cost each."""

    async def send(_message: Any) -> None:
        return

    scope = client.scope("websocket", "/_event/", "GET", {})
    asyncio.run(client.guard(scope, None, send))
    assert client.inner.send is send


@pytest.mark.parametrize("path", ["/", HASHED, "/api/v1/sites"])
@pytest.mark.parametrize("status", [200, 304, 404, 500])
def test_every_answer_has_the_headers(client: Client, path: str, status: int) -> None:
    client.inner.status = status
    headers = client.http(path)[1]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "cache-control" in headers


def test_refusals_have_them_too(client: Client) -> None:
    assert client.http(host="evil.example")[1]["x-content-type-options"] == "nosniff"


def test_cors_headers_are_taken_away(client: Client) -> None:
    client.inner.headers = [
        (b"Access-Control-Allow-Origin", b"*"),
        (b"access-control-allow-credentials", b"true"),
    ]
    assert not [name for name in client.http()[1] if name.startswith("access-control")]


def test_a_route_can_say_otherwise(client: Client) -> None:
    client.inner.headers = [(b"cache-control", b"max-age=60")]
    assert client.http("/api/v1/qr/3")[1]["cache-control"] == "max-age=60"


@pytest.mark.parametrize(
    ("path", "method", "status", "expected"),
    [
        (HASHED, "GET", 200, "public, max-age=31536000, immutable"),
        (HASHED, "GET", 304, "public, max-age=31536000, immutable"),
        (HASHED, "GET", 404, "no-cache"),
        ("/", "GET", 200, "no-cache"),
        ("/favicon.ico", "GET", 200, "no-cache"),
        ("/api/v1/sites", "GET", 200, "no-store"),
        ("/sign-in", "POST", 303, "no-store"),
    ],
)
def test_caching(client: Client, path: str, method: str, status: int, expected: str) -> None:
    client.inner.status = status
    assert client.http(path, method)[1]["cache-control"] == expected


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_each_page_allows_its_own_inline_scripts_and_no_others(client: Client) -> None:
    home = client.http("/")[1]["content-security-policy"]
    lockers = client.http("/lockers")[1]["content-security-policy"]
    unknown = client.http("/bank/3")[1]["content-security-policy"]
    assert _hash("home()") in home
    assert _hash("home()") not in lockers
    assert _hash("lockers()") in lockers
    assert client.http("/lockers/")[1]["content-security-policy"] == lockers
    assert _hash("fallback()") in unknown
    for policy in (home, lockers, unknown):
        scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
        assert "unsafe" not in scripts
        assert "frame-ancestors 'none'" in policy
        assert "ws://localhost:3000" in policy


@pytest.mark.parametrize(
    ("path", "served"),
    [
        ("/lockers", "/lockers/"),
        ("/lockers/", "/lockers/"),
        ("/", "/"),
        ("/lockers/3", "/lockers/3"),
        ("/cubby.css", "/cubby.css"),
    ],
)
def test_a_page_is_served_without_a_redirect(client: Client, path: str, served: str) -> None:
    client.http(path)
    assert client.inner.seen is not None
    assert client.inner.seen["path"] == served


def test_what_reflex_brings_and_nothing_uses_is_closed(client: Client) -> None:
    for path in ("/ping", "/_health", "/_all_routes", "/auth-codespace"):
        assert client.http(path)[0] == 404
    assert client.inner.seen is None


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, "1.1.1.1", "10.0.0.9"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),  # whoever wrote 6.6.6.6, it was not our proxy
        (2, "6.6.6.6, 1.1.1.1, 10.0.0.8", "1.1.1.1"),
        (2, "1.1.1.1", "10.0.0.9"),  # it did not come through both
        (1, "", "10.0.0.9"),
    ],
)
def test_the_client_is_who_the_trusted_proxies_saw(
    pages: Path, hops: int, forwarded: str, expected: str
) -> None:
    behind = Client(pages, proxy_hops=hops)
    behind.http("/", x_forwarded_for=forwarded, x_forwarded_proto="https")
    assert behind.inner.seen is not None
    assert behind.inner.seen["client"][0] == expected
    assert behind.inner.seen["scheme"] == ("https" if hops else "http")

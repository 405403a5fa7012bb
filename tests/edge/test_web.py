"""Provisioning and keys over HTTP, against a real small server that is not always kind."""

import base64
import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from edge.__main__ import main
from edge.belonging import Belonging, KeysCame
from edge.identity import CardKey, Identity, NotProvisioned, load, save
from edge.settings import IDENTITY, folder_for
from edge.web import (
    KEYS,
    PROVISION,
    Refused,
    checked,
    fetch_keys,
    is_read_by_others,
    provision,
)

KEY = base64.b64encode(bytes(range(32))).decode()
ANSWER: dict[str, Any] = {
    "terminal": "door-1",
    "password": "secret",
    "site": "lib",
    "name": "Lockers, ground floor",
    "broker": {"host": "127.0.0.1", "port": 1883, "tls": False, "ca": None},
    "card_keys": [{"kid": "k2", "key": KEY}, {"kid": "k1", "key": KEY}],
    "grant_key": KEY,
}


@dataclass(slots=True)
class Site:
    """What the server answers, and what it was asked."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def answers(self, body: Any, status: int = 200, **headers: str) -> None:
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status, self.headers = status, headers


@pytest.fixture
def site() -> Iterator[Site]:
    here = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            here.asked.append((self.path, dict(self.headers), content))
            self.send_response(here.status)
            for name, value in here.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(here.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=lambda: server.serve_forever(0.01))
    thread.start()
    here.url = f"http://127.0.0.1:{server.server_port}"
    here.answers(ANSWER)
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_code_is_exchanged_for_an_identity(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "terminal"
    assert main(["--dir", str(folder), "provision", f"{site.url}/", " ABCD-1234 "]) == 0
    ((path, headers, body),) = site.asked
    assert (path, json.loads(body)) == (PROVISION, {"code": "ABCD-1234"})
    assert headers["Content-Type"] == "application/json"
    got = load(folder / IDENTITY)
    assert (got.terminal, got.server, got.broker.port) == ("door-1", site.url, 1883)
    assert list(got.keys(["k1"])) == ["k1"]
    assert list(got.keys(["k9"])) == ["k2", "k1"]
    assert (folder / IDENTITY).stat().st_mode & 0o777 == 0o600
    out = capsys.readouterr()
    assert "Lockers, ground floor" in out.out
    assert out.err == "", "nobody else reads what stays on this machine"
    assert "secret" not in out.out + out.err


def test_a_refusal_is_a_sentence(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.answers({"title": "Not found", "detail": "This code was used already."}, 404)
    assert main(["--dir", str(tmp_path), "provision", site.url, "x"]) == 1
    assert capsys.readouterr().err.endswith("Not found. This code was used already.\n")
    assert not (tmp_path / IDENTITY).exists()


def test_an_answer_that_is_no_http_is_a_refusal(site: Site) -> None:
    site.headers = {"Transfer-Encoding": "chunked"}
    with pytest.raises(Refused, match="can't be reached"):
        provision(site.url, "x")


def test_a_ca_file_that_is_none_is_said(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in (b"\xff\xfe", b"no PEM"):
        (tmp_path / "ca").write_bytes(content)
        typed = ["--dir", str(tmp_path), "provision", site.url, "x", "--ca", str(tmp_path / "ca")]
        assert main(typed) == 1
        assert "no certificate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"<html>", 502, "refused it (502)"),
        (b"[1]", 400, "refused it (400)"),
        ({"title": "\x1b[31mred"}, 400, "[31mred."),
        (b"<html>", 200, "can't be understood"),
        (ANSWER | {"terminal": "../etc"}, 200, "terminal"),
        (ANSWER | {"grant_key": "short"}, 200, "grant_key"),
        (ANSWER | {"card_keys": []}, 200, "card_keys"),
        (b" " * 300_000, 200, "too long"),
    ],
)
def test_a_bad_answer_is_said_and_nothing_of_it_shown(
    site: Site, body: Any, status: int, said: str
) -> None:
    site.answers(body, status)
    with pytest.raises(Refused) as refused:
        provision(site.url, "x")
    assert said in str(refused.value)
    assert KEY not in str(refused.value)
    assert "\x1b" not in str(refused.value)


def test_nothing_is_sent_to_where_a_server_sends_on(site: Site) -> None:
    for status in (301, 302, 303, 307, 308):
        site.answers(b"", status, Location="http://example.org/x")
        with pytest.raises(Refused, match=r"http://example\.org"):
            provision(site.url, "x")


@pytest.mark.parametrize(
    "url", ["", "lockers", "ftp://x", "http://", "https://u:p@x", "https://x/?a", "http://[::1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        checked(url)


def test_plain_http_stays_near() -> None:
    assert checked("http://127.0.0.1:8000/") == "http://127.0.0.1:8000"
    assert checked("http://192.168.1.5/cubby/") == "http://192.168.1.5/cubby"
    assert checked("https://8.8.8.8") == "https://8.8.8.8"
    with pytest.raises(Refused, match="https"):
        checked("http://8.8.8.8")
    assert checked("http://8.8.8.8", insecure=True) == "http://8.8.8.8"


def test_who_sends_plain_http_to_another_machine_is_warned(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert is_read_by_others("http://192.168.1.5/cubby")
    assert not is_read_by_others("https://192.168.1.5")
    assert not is_read_by_others("http://[::1]:8000")
    url = site.url.replace("127.0.0.1", "0.0.0.0")  # arrives here, and is no loopback address
    assert main(["--dir", str(tmp_path), "provision", url, "x"]) == 0
    assert "plain http" in capsys.readouterr().err


def test_nobody_there_is_a_sentence() -> None:
    with pytest.raises(Refused, match="can't be reached"):
        provision("http://127.0.0.1:1", "x")


def test_keys_are_fetched_with_name_and_password(site: Site) -> None:
    who = Identity(**ANSWER, server=site.url)
    site.answers({"card_keys": [{"kid": "k3", "key": KEY}]})
    assert fetch_keys(who) == [CardKey(kid="k3", key=KEY)]
    ((path, headers, _),) = site.asked
    assert path == KEYS
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"door-1:secret").decode()
    site.answers({}, 401)
    with pytest.raises(Refused):
        fetch_keys(who)


def test_an_identity_that_is_none_is_said(tmp_path: Path) -> None:
    file = tmp_path / IDENTITY
    with pytest.raises(NotProvisioned, match="not provisioned"):
        load(file)
    for content in (b"", b"{}", b"\xff", b"[" * 9999, json.dumps(ANSWER).encode()):
        file.write_bytes(content)
        with pytest.raises(NotProvisioned, match="damaged") as damaged:
            load(file)
        assert "secret" not in str(damaged.value)
    save(file, Identity(**ANSWER, server="https://x"))
    assert load(file).server == "https://x"


def test_the_folder_is_the_chosen_one(tmp_path: Path) -> None:
    environment = {"CUBBY_EDGE_DIR": "/from/environment"}
    assert folder_for("/chosen", environment) == Path("/chosen")
    assert folder_for(None, environment) == Path("/from/environment")
    assert folder_for(None, {}, tmp_path) == tmp_path
    assert folder_for(None, {}, tmp_path / "none") == Path.home() / ".cubby-terminal"


def test_a_key_that_is_named_and_missing_is_fetched_once_a_minute_and_kept(
    site: Site, tmp_path: Path
) -> None:
    who = Identity(**ANSWER, server=site.url)
    came: queue.Queue[KeysCame] = queue.Queue()
    belonging = Belonging(who, tmp_path / IDENTITY, came.put)
    belonging.look_for_keys(["k1"], now=0)
    site.answers({"card_keys": [{"kid": "k3", "key": KEY}]})
    belonging.look_for_keys(["k3", "k2"], now=1)
    belonging.look_for_keys(["k3", "k2"], now=60)
    keys = came.get(timeout=20).keys
    assert len(site.asked) == 1
    assert belonging.take_keys(keys)
    assert not belonging.take_keys(keys)
    assert load(tmp_path / IDENTITY).card_keys == keys
    assert not belonging.was_replaced(), "by itself"
    save(tmp_path / IDENTITY, who)
    assert belonging.was_replaced()
    assert not belonging.was_replaced()
    (tmp_path / IDENTITY).write_bytes(b"half")
    assert not belonging.was_replaced(), "nobody can be that"

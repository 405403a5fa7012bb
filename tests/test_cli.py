"""The running program: it starts, says what it does, stops whole, and starts again after a kill."""

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from locker_app import cli
from locker_app.brokers.choosing import open_broker
from locker_app.serving import addresses, frontend
from locker_app.settings import ROOT, Settings, get_settings
from tests import running
from tests.running import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running.running(tmp_path_factory.mktemp("served")) as started:
        yield started


def _family(group: int) -> list[int]:
    """The processes of a session, by its leader."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        if int(fields[3]) == group and fields[0] != "Z":
            members.append(int(stat.parent.name))
    return members


def test_a_first_run_a_kill_and_the_next_run(tmp_path: Path) -> None:
    """The first one prints what one needs; the next, as the shell starts it, begins where it was
    and stops by Ctrl-C."""
    data = tmp_path / "data"
    with (
        running.running(data, CUBBY_ADMIN_PASSWORD="") as first,
        _screen_of(first) as screen,
    ):
        screen.recv()
        said = first.output
        first.stop(signal.SIGKILL)
    assert _family(first.process.pid) == []
    assert f"http://localhost:{first.port}" in said
    assert "the password " in said
    assert "CUBBY_HOST=0.0.0.0" in said
    assert "█" not in said  # no QR code of an address that phones can't open
    with running.running(data, first.port, anew=True, CUBBY_ADMIN_PASSWORD="") as again:
        _stops_whole_and_quietly(again, signal.SIGINT)
    assert again.output.count("the password ") == 1  # of the first run: one log for both


def test_it_stops_when_the_machine_does(tmp_path: Path) -> None:
    with running.running(tmp_path) as server:
        _stops_whole_and_quietly(server, signal.SIGTERM)


def _screen_of(server: Server) -> ClientConnection:
    return connect(f"ws://localhost:{server.port}/_event/?EIO=4&transport=websocket")


def _stops_whole_and_quietly(server: Server, how: signal.Signals) -> None:
    with _screen_of(server) as screen:
        assert "sid" in str(screen.recv())
        server.process.send_signal(how)
        server.process.send_signal(how)  # impatient people press Ctrl-C twice
        assert server.process.wait(timeout=15) == 0
    assert "Cubby has stopped." in server.output
    assert "Traceback" not in server.output
    assert "Error" not in server.output
    assert _family(server.process.pid) == []


def test_stopping_it_during_a_build_leaves_no_child() -> None:
    script = (
        "import signal, sys; from locker_app.serving import frontend;"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"  # a shell's & has it ignored
        "frontend._watch([sys.executable, '-c', 'import time; time.sleep(60)'],"
        " None, open('/dev/null', 'w'), lambda: None)"
    )
    waiting = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.PIPE)
    children = Path(f"/proc/{waiting.pid}/task/{waiting.pid}/children")
    end = time.monotonic() + 20
    while not (started := children.read_text().split()) and time.monotonic() < end:
        time.sleep(0.05)
    waiting.send_signal(signal.SIGINT)
    waiting.wait(timeout=30)
    assert started
    assert not Path(f"/proc/{started[0]}").exists()


def test_the_command_works_from_any_folder_and_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "cubby").symlink_to(ROOT / "cubby")
    asked = [str(tmp_path / "cubby"), "people", "import", "--help"]
    where = {"cwd": tmp_path, "env": running.clean_environment()}
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, **where)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: cubby people import")


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    shutil.copy(ROOT / "cubby", tmp_path)
    done = subprocess.run([tmp_path / "cubby"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Run make run in {tmp_path} once before")


def test_a_taken_port_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("CUBBY_DATA_DIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("CUBBY_PORT", str(port))
        assert _typed("run") == 1
    (sentence,) = capsys.readouterr().err.strip().splitlines()
    assert sentence.startswith(f"Port {port} is taken by another program")
    assert f"CUBBY_PORT={port + 1}" in sentence


def test_the_port_of_its_own_server_is_not_taken_by_another_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("CUBBY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CUBBY_MQTT_PORT", str(running.free_port()))
    with socket.create_server(("127.0.0.1", 0)) as serving:
        port = serving.getsockname()[1]
        monkeypatch.setenv("CUBBY_PORT", str(port))
        assert _typed("doctor") == 1
        assert "taken by another program" in capsys.readouterr().err
        with open_broker(get_settings()):  # as the server does
            assert _typed("doctor") == 0
        assert f"{port} is this installation's" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CUBBY_HOST", "192.0.2.7", "CUBBY_HOST can't be used (it is '192.0.2.7')"),
        ("CUBBY_ADMIN_PASSWORD", "x1y", "CUBBY_ADMIN_PASSWORD can't be used"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("CUBBY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CUBBY_PORT", str(running.free_port()))
    monkeypatch.setenv(variable, value)
    assert _typed("run") == 1
    (sentence,) = capsys.readouterr().err.strip().splitlines()
    assert sentence.startswith(said)
    assert "x1y" not in sentence


def test_a_build_that_fails_takes_no_password_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(_tick: object) -> None:
        raise frontend.BuildError("The pages could not be built.")

    monkeypatch.setattr(frontend, "is_current", lambda: False)
    monkeypatch.setattr(frontend, "ensure_built", fails)
    monkeypatch.setenv("CUBBY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CUBBY_PORT", str(running.free_port()))
    assert _typed("run") == 1
    assert "could not be built" in capsys.readouterr().err
    assert _typed("init") == 0
    assert "The admin's name is admin, the password" in capsys.readouterr().out


def test_a_build_that_changes_its_lock_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("rxconfig.py", "reflex.lock/package.json", ".web/build/index.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("first")
    built: list[str] = []

    def build(_tick: object) -> None:
        built.append("once")
        (tmp_path / "reflex.lock/package.json").write_text(f"{len(built)}")

    monkeypatch.setattr(frontend, "ROOT", tmp_path)
    monkeypatch.setattr(frontend, "WORK", tmp_path / ".build")
    monkeypatch.setattr(frontend, "_STAMP", tmp_path / ".web/build/inputs.sha256")
    monkeypatch.setattr(frontend, "_build", build)
    for _ in range(2):
        frontend.ensure_built(lambda: None)
    assert built == ["once"]
    (tmp_path / "rxconfig.py").write_text("second")
    frontend.ensure_built(lambda: None)
    assert built == ["once", "once"]


def test_why_packages_could_not_be_had_is_said_without_what_npm_did_before() -> None:
    error = "npm error request to https://registry.example.org/react failed, reason: self-signed"
    log = f"""Installing base frontend packages
npm verbose cli node npm-cli.js
npm silly fetch manifest react@19
npm http fetch GET https://registry.example.org/react attempt 1 failed with SELF_SIGNED_CERT
npm verbose stack FetchError: request to https://registry.example.org/react failed
npm error code SELF_SIGNED_CERT_IN_CHAIN
{error}
npm verbose exit 1
npm error A complete log of this run can be found in: /root/.npm/_logs/x.log
Run with [bold]--loglevel debug[/bold] for the full log.
"""
    said = frontend.explain(log).splitlines()
    assert "frontend.log" in said[0]
    assert said[1:] == ["", "npm error code SELF_SIGNED_CERT_IN_CHAIN", error]
    assert frontend.explain("no sign of it").endswith("\n\nno sign of it")


@pytest.mark.parametrize(
    "typed",
    [
        ("queue", "list"),
        ("queue", "create", "X"),
        ("queue", "next", "X"),
        ("staff", "add", "ada", "--name", "Ada"),
        ("doctor",),
    ],
)
@pytest.mark.parametrize("variable", ["CUBBY_DATA_DIR", "DATABASE_URL"])
def test_a_mistyped_folder_is_named_and_not_made(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: tuple[str, ...],
    variable: str,
) -> None:
    library, wrong = tmp_path / "library", tmp_path / "libary"
    library.mkdir()
    mistyped = {
        "CUBBY_DATA_DIR": {"CUBBY_DATA_DIR": str(wrong)},
        "DATABASE_URL": {
            "CUBBY_DATA_DIR": str(library),
            "DATABASE_URL": f"sqlite:///{library / 'cuby.db'}",
        },
    }
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for name, value in (mistyped[variable] | {"CUBBY_PORT": str(running.free_port())}).items():
        monkeypatch.setenv(name, value)
    code, said = _typed(*typed), capsys.readouterr()
    if typed == ("doctor",):
        assert "there is no Cubby yet" in said.out
    else:
        (sentence,) = said.err.strip().splitlines()
        assert sentence.startswith("There is no Cubby here: ")
        assert f"Check {variable}" in sentence
        assert code == 1
    assert list(tmp_path.rglob("*")) == [library]


def _typed(*arguments: str) -> int:
    """What a command ends with, run in this process: a new one takes two seconds to begin."""
    before = signal.getsignal(signal.SIGTERM)
    get_settings.cache_clear()
    try:
        return cli.main(list(arguments))
    finally:
        get_settings.cache_clear()
        signal.signal(signal.SIGTERM, before)


def test_building_without_a_network_says_so() -> None:
    sentence = frontend.explain("npm error code ENOTFOUND\nnpm error network request failed")
    assert "this machine seems to be offline" in sentence
    assert "\n" not in sentence


def test_only_what_pages_come_from_makes_a_new_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("locker_app/web/pages/home.py", "locker_app/api/guard.py", "assets/style.css"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("first")
    monkeypatch.setattr(frontend, "ROOT", tmp_path)
    before = frontend.fingerprint()
    (tmp_path / "locker_app/api/guard.py").write_text("second")
    assert frontend.fingerprint() == before
    (tmp_path / "assets/style.css").write_text("second")
    after = frontend.fingerprint()
    assert after != before
    (tmp_path / "assets/style.css").rename(tmp_path / "assets/new.css")
    assert frontend.fingerprint() not in {before, after}


def test_pages_are_compressed_guarded_and_free_of_cors(server: Server) -> None:
    page = httpx.get(server.url, headers={"accept-encoding": "br, gzip", "origin": "http://evil"})
    assert page.status_code == 200
    assert page.headers["content-encoding"] == "br"
    assert "unsafe-eval" not in page.headers["content-security-policy"]
    assert not [name for name in page.headers if name.startswith("access-control")]
    preflight = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    answer = httpx.options(server.url, headers=preflight)
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert httpx.get(server.url, headers={"host": "evil.example"}).status_code == 400
    assert httpx.get(f"{server.url}/ping").status_code == 404


def test_a_foreign_page_gets_no_websocket(server: Server) -> None:
    place = f"ws://localhost:{server.port}/_event/?EIO=4&transport=websocket"
    with pytest.raises(InvalidStatus) as refused:
        connect(place, origin="http://evil.example")  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403
    with connect(place, origin=server.url) as own:  # type: ignore[arg-type]
        opened = str(own.recv())
        assert '"pingInterval":10000' in opened
        assert '"pingTimeout":8000' in opened
        assert "permessage-deflate" not in str(own.response and own.response.headers)


def test_phones_get_an_address_they_can_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    from locker_app.settings import Settings

    monkeypatch.setattr(addresses, "own_address", lambda: "192.168.1.20")
    for host, expected in {
        "127.0.0.1": ["http://localhost:3000"],
        "0.0.0.0": ["http://192.168.1.20:3000", "http://localhost:3000"],
        "192.168.1.5": ["http://192.168.1.5:3000"],
        "fd00::5": ["http://[fd00::5]:3000"],
    }.items():
        assert addresses.addresses(Settings(host=host, port=3000)) == expected
    public = Settings(public_url="https://cubby.example.org", port=3000)
    assert addresses.addresses(public)[0] == "https://cubby.example.org"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://localhost:3000", False),
        ("http://127.0.0.1:3000", False),
        ("http://[::1]:3000", False),
        ("http://192.0.2.7:3000", True),
        ("https://cubby.example.org", True),
    ],
)
def test_which_addresses_phones_can_open(address: str, expected: bool) -> None:
    assert addresses.is_for_phones(address) is expected


@pytest.mark.parametrize("at", ["0.0.0.0", "127.0.0.1"])
def test_a_qr_code_is_printed_for_phones_alone(
    at: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(addresses, "own_address", lambda: "192.0.2.7")

    cli._greet(Settings(host=at), None)

    said = capsys.readouterr().out
    assert ("█" in said) == (at == "0.0.0.0")
    assert ("To let phones in" in said) == (at == "127.0.0.1")

"""`make demo`: real terminals and visitors in a folder of its own, of which nothing is left."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from locker_app.db.database import Database
from locker_app.db.tables import assignment, card, event, terminal, visit
from locker_app.demo import demonstration
from locker_app.demo.place import BANKS, VISITORS, NoSample, have, set_up
from locker_app.demo.story import GATE, Has
from locker_app.domain.actors import SYSTEM
from locker_app.services.banks import archive_bank
from locker_app.services.sealing import Seal
from locker_app.services.setup import create_sample
from locker_app.settings import Settings, SettingsError, get_settings
from tests.broker import wait_until
from tests.running import ADMIN_PASSWORD, start
from tests.world import World

SEAL = Seal(("a key of tests that is long enough",))


def _processes_of(folder: Path) -> list[str]:
    """What runs with this folder in its command, or in its environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
        if os.fsencode(folder) in said:
            found.append(said.replace(b"\0", b" ").decode())
    return found


def test_visitors_tap_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        demo = start(tmp_path, command="demo", CUBBY_MQTT_PORT=port)
        try:
            wait_until(lambda: "comes in" in demo.output, "a visitor")
            assert f"admin, password {ADMIN_PASSWORD}" in demo.output
            assert len(_processes_of(tmp_path)) >= 4  # the broker and three terminals
            db = Database(f"sqlite:///{tmp_path / 'demo' / 'cubby.db'}")
            came_in = select(event.c.id).where(event.c.kind == "VisitBegan")
            wait_until(lambda: db.read(lambda conn: conn.scalar(came_in)), "the tap")
            db.close()
            assert demo.stop(signal.SIGINT) == 0
        finally:
            demo.stop(signal.SIGKILL)
    wait_until(lambda: not _processes_of(tmp_path), "the end of all processes")
    assert "The demo has stopped." in demo.output
    assert "Traceback" not in demo.output
    assert not (tmp_path / "cubby.db").exists()  # nothing of a real library was touched


@pytest.fixture
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("locker_app.settings._instead", {})
    yield
    get_settings.cache_clear()


@pytest.mark.usefixtures("_own_settings")
def test_it_never_uses_what_belongs_to_a_real_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "DATABASE_URL": "postgresql://cubby@localhost/real",
        "CUBBY_DATA_DIR": str(tmp_path),
        "CUBBY_SAMPLE": "false",
        "CUBBY_MQTT_URL": "mqtt://cubby:secret@broker.example.org",
        "CUBBY_MQTT_PUBLIC_URL": "mqtts://broker.example.org",
        "CUBBY_MQTT_FILES": str(tmp_path),
        "CUBBY_SECRET_KEY": "the key of the real library, which is long",
    }.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    with demonstration.folder_of_its_own(get_settings()) as settings:
        assert settings is get_settings()  # as the server will read them
        assert settings.database == f"sqlite:///{tmp_path / 'demo' / 'cubby.db'}"
        assert settings.sample
        assert (settings.mqtt_url, settings.mqtt_public_url, settings.mqtt_files) == ("", "", None)
        assert settings.signing_key() != "the key of the real library, which is long"
        other = Settings.model_validate({"data_dir": tmp_path})
        with (
            pytest.raises(SettingsError, match="A demo runs already"),
            demonstration.folder_of_its_own(other),
        ):
            pass


@pytest.mark.usefixtures("_own_settings")
def test_it_goes_beside_the_real_library(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as real:
        port = real.getsockname()[1]
        usual = Settings.model_construct(data_dir=tmp_path, host="127.0.0.1", port=port)
        usual.model_fields_set.discard("port")
        with demonstration.folder_of_its_own(usual) as settings:
            assert port < settings.port < port + 10


@pytest.mark.usefixtures("_own_settings")
def test_the_password_is_shown_at_each_start(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "admin_password": None})
    assert demonstration.password(settings, None) == ""
    assert demonstration.password(settings, "made up") == "made up"
    assert demonstration.password(settings, None) == "made up"
    assert (tmp_path / "admin.json").stat().st_mode & 0o777 == 0o600


def test_it_can_be_set_up_again_and_again(world: World) -> None:
    world.run(SYSTEM, create_sample, time_zone="UTC")
    place = set_up(world.db, SEAL, world.clock.now)
    assert set(place.terminals) == {GATE, *BANKS}
    assert sorted(place.people.values()) == sorted(VISITORS)
    revoked = update(card).where(card.c.id == 1).values(revoked_at=world.clock.now)
    world.change(revoked)
    assert set_up(world.db, SEAL, world.clock.now) == place
    counts = [
        world.db.read(lambda conn, of=of: conn.scalar(select(func.count()).select_from(of)))
        for of in (terminal, card)
    ]
    assert counts == [3, 10]
    still = select(card.c.revoked_at).where(card.c.id == 1)
    assert world.db.read(lambda conn: conn.scalar(still)) is not None


def test_what_visitors_have_is_asked_of_the_library(world: World) -> None:
    world.run(SYSTEM, create_sample, time_zone="UTC")
    place = set_up(world.db, SEAL, world.clock.now)
    person_id, number = next(iter(place.people.items()))
    assert set(have(world.db, place).values()) == {Has()}
    bank_id, short = next(iter(place.banks.items()))

    here = {"site_id": place.site_id, "person_id": person_id}
    world.change(visit.insert().values(**here, came_at=world.clock.now))
    claim = {"bank_id": bank_id, "locker_id": 1, "slot": 1, "assigned_at": world.clock.now}
    world.change(assignment.insert().values(**here, **claim))
    assert have(world.db, place)[number] == Has(inside=True, locker_at=short)


def test_without_its_banks_it_says_so(world: World) -> None:
    world.run(SYSTEM, create_sample, time_zone="UTC")
    place = set_up(world.db, SEAL, world.clock.now)
    bank_id = next(iter(place.banks))
    world.run(world.staff(), archive_bank, bank_id=bank_id)
    with pytest.raises(NoSample, match="no bank “Entrance hall”"):
        set_up(world.db, SEAL, world.clock.now)

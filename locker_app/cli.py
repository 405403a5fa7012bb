"""Cubby from the shell: `cubby run|demo|init|doctor|site|bank|locker|queue|…`.

What fails ends with one sentence that says what to do, and exit code 1.
"""

import argparse
import os
import signal
import sys
import time
from functools import cache
from types import FrameType
from typing import NoReturn

from locker_app import (
    cli_banks,
    cli_broker,
    cli_cards,
    cli_chargers,
    cli_events,
    cli_lockers,
    cli_people,
    cli_queues,
    cli_sites,
    cli_staff,
    cli_terminals,
)
from locker_app.brokers.choosing import pages_port
from locker_app.demo import demonstration
from locker_app.demo.place import NoSample
from locker_app.serving import addresses, first_run, frontend
from locker_app.settings import ROOT, Settings, SettingsError, get_settings, unknown_variables


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    chosen = _parser().parse_args(arguments)
    os.chdir(ROOT)  # Reflex looks for its files here
    signal.signal(signal.SIGTERM, _stop)
    try:
        settings = get_settings()
        if chosen.command in _COMMANDS:
            return _COMMANDS[chosen.command](settings)
        first_run.check_there(settings)
        print(_OF_A_LIBRARY[chosen.command].run(settings, chosen))
        return 0
    except (SettingsError, addresses.AddressError, frontend.BuildError, NoSample) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130


@cache
def _parser() -> argparse.ArgumentParser:
    """What reads the command line: made once in a process, as that takes longer than most commands
    do."""
    parser = argparse.ArgumentParser(prog="cubby", description="Run Cubby.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in _COMMANDS.items():
        commands.add_parser(name, help=command.__doc__)
    for more in _OF_A_LIBRARY.values():
        more.add_to(commands)
    return parser


def run(settings: Settings) -> int:
    """bring the database up to date, build the pages if they changed, and serve"""
    addresses.listen(settings.host, settings.port).close()  # say so now, not after a build
    _warn_of_misspelt_settings()
    first_run.migrate(settings)
    build(settings)
    password = first_run.fill(settings)  # not before a build, which may fail: it is shown once
    from locker_app.serving.server import serve  # after the build: it takes a second to import

    listening = addresses.listen(settings.host, settings.port)
    if not serve(settings, listening, lambda: _greet(settings, password)):
        return 1
    print("\nCubby has stopped.")
    return 0


def demo(settings: Settings) -> int:
    """run the sample library with simulated card terminals and visitors, in a folder of its own"""
    _warn_of_misspelt_settings()
    with demonstration.folder_of_its_own(settings) as settings:
        first_run.migrate(settings)
        build(settings)
        password = demonstration.password(settings, first_run.fill(settings))
        from locker_app.serving.server import serve

        listening = addresses.listen(settings.host, settings.port)
        with demonstration.cast(settings) as cast:

            def greet() -> None:
                print(demonstration.greeting(settings, cast, password), flush=True)
                cast.start(lambda line: print(line, flush=True))

            if not serve(settings, listening, greet, cast.wind_up):
                return 1
    print("\nThe demo has stopped.")
    return 0


def init(settings: Settings) -> int:
    """bring the database up to date and fill it when it is empty"""
    first_run.migrate(settings)
    if password := first_run.fill(settings):
        print(_first_password(password))
    return 0


def build(_settings: Settings) -> int:
    """build the pages if something they come from has changed"""
    if frontend.is_current():
        return 0
    began = time.monotonic()
    shown = sys.stdout.isatty()
    print("Building the pages (the first time takes about half a minute) ", end="", flush=True)
    frontend.ensure_built(lambda: print("." if shown else "", end="", flush=True))
    print(f" done in {time.monotonic() - began:.0f} s", flush=True)  # the log goes on elsewhere
    return 0


def doctor(settings: Settings) -> int:
    """say what this installation is and whether it is sound"""
    print(f"Python      {sys.version.split()[0]} ({sys.executable})")
    print(f"Database    {settings.database.split('@')[-1]}")
    empty = (
        "" if first_run.is_there(settings) else " (there is no Cubby yet: `make run` sets one up)"
    )
    print(f"Data        {settings.data_dir}{empty}")
    print(f"Pages       {'built' if frontend.is_current() else 'will be built by the next run'}")
    print(f"Broker      {cli_broker.in_short(settings)}")
    print(f"Addresses   {' '.join(addresses.addresses(settings))}")
    _warn_of_misspelt_settings()
    if pages_port(settings) == settings.port:
        print(f"Port        {settings.port} is this installation's: its server runs there")
        return 0
    addresses.listen(settings.host, settings.port).close()
    print(f"Port        {settings.port} is free")
    return 0


_COMMANDS = {"run": run, "demo": demo, "init": init, "build": build, "doctor": doctor}
_OF_A_LIBRARY = {
    "events": cli_events,
    "site": cli_sites,
    "bank": cli_banks,
    "locker": cli_lockers,
    "queue": cli_queues,
    "charger": cli_chargers,
    "people": cli_people,
    "card": cli_cards,
    "terminal": cli_terminals,
    "broker": cli_broker,
    "staff": cli_staff,
}
"""What is done in a library that is there already."""


def _greet(settings: Settings, password: str | None) -> None:
    places = addresses.addresses(settings)
    for_phones = addresses.lets_phones_in(settings)
    print(f"\n{addresses.qr_code(places[0])}" if for_phones else "")
    print("Cubby is running at " + " and ".join(places))
    if password:
        print(_first_password(password))
    if not for_phones:
        print("Only this machine can open it. To let phones in: CUBBY_HOST=0.0.0.0 make run")
    print("Ctrl-C stops it.", flush=True)


def _first_password(password: str) -> str:
    return f"\nThe admin's name is admin, the password {password}\n(It is shown this once.)\n"


def _warn_of_misspelt_settings() -> None:
    for name in unknown_variables():
        print(f"{name} is no setting of Cubby and does nothing: see README.md, Settings.")


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

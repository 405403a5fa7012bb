"""Routes of devices that are, or become, card terminals. They have no session: a code, once, and
then the password that they got for it. How often somebody tries is limited as for signing in."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from locker_app.api.answers.terminals import CardKeysAnswer, ProvisionedAnswer
from locker_app.api.asked import ProvisionTerminal
from locker_app.api.openapi import problems
from locker_app.api.origin import client_address
from locker_app.api.refusals import TerminalsOff
from locker_app.brokers.address import Address, for_terminals
from locker_app.brokers.broker import NoBroker
from locker_app.domain.errors import TerminalRevoked
from locker_app.services.hashing import off_the_loop
from locker_app.services.provisioning import keys_for, provision
from locker_app.services.runtime import call_now, current
from locker_app.settings import get_settings

T = TypeVar("T")

router = APIRouter(tags=["terminals"], responses=problems(403, 429))
_basic = HTTPBasic(
    auto_error=False,
    scheme_name="terminal",
    description="The name and password that a terminal got when it was provisioned.",
)


@router.post("/terminals/provision", responses=problems(503))
async def provision_terminal(asked: ProvisionTerminal, request: Request) -> ProvisionedAnswer:
    """Become the terminal that a code was made for: good once, within 15 minutes. The device that
    was this terminal before is it no more."""
    here, call = current(), call_now("api")

    def become() -> ProvisionedAnswer:
        address = _broker(request.url.hostname or "localhost")
        given = provision(here.db, here.seal, call, asked.code)
        return ProvisionedAnswer.made(given, address)

    return await _limited(request, f"terminal {asked.code[:9]}", become)


@router.post("/terminals/keys")
async def terminal_keys(
    request: Request, who: Annotated[HTTPBasicCredentials | None, Depends(_basic)]
) -> CardKeysAnswer:
    """The card keys in use, for a terminal that says who it is."""
    here = current()
    name, password = (who.username, who.password) if who is not None else ("", "")

    def keys() -> CardKeysAnswer:
        if not name or not password:
            raise TerminalRevoked
        return CardKeysAnswer.of(keys_for(here.db, here.seal, name, password))

    return await _limited(request, f"terminal {name[:40]}", keys)


async def _limited(request: Request, account: str, work: Callable[[], T]) -> T:
    address = client_address(request)

    def limited() -> T:
        with current().limiter.sign_in(address, account):
            return work()

    return await off_the_loop(limited)


def _broker(asked: str) -> Address:
    try:
        return for_terminals(get_settings(), asked)
    except NoBroker as error:
        raise TerminalsOff(str(error)) from None

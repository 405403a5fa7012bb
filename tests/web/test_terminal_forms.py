"""What is entered about a terminal, as the browser sends it."""

from typing import Any

import pytest

from locker_app.domain.errors import BadInput
from locker_app.domain.terminals import TapMode, TerminalKind, check_terminal
from locker_app.web.components.terminal_forms import plan_of

ENTERED = {"name": "Hall", "mode": "gate", "bank_id": "0", "open_ms": "3000", "dim_after_s": "60"}


@pytest.mark.parametrize("mode", [TapMode.GATE, TapMode.IN, TapMode.OUT])
@pytest.mark.parametrize("none", ["0", ""])
def test_a_gate_is_at_no_bank(mode: TapMode, none: str) -> None:
    plan = check_terminal(plan_of({**ENTERED, "mode": mode.value, "bank_id": none}))
    assert (plan.kind, plan.mode, plan.bank_id) == (TerminalKind.GATE, mode, None)


@pytest.mark.parametrize("bank", ["0", "", "000", "one", "-1", "9" * 30, None])
def test_a_terminal_at_lockers_needs_a_bank(bank: Any) -> None:
    with pytest.raises(BadInput, match="Choose the bank whose doors it opens") as refused:
        check_terminal(plan_of({**ENTERED, "mode": "locker", "bank_id": bank}))
    assert refused.value.field == "bank_id"


def test_the_bank_that_was_chosen() -> None:
    assert plan_of({**ENTERED, "mode": "locker", "bank_id": "17"}).bank_id == 17

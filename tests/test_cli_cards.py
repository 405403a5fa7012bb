"""Cards from the shell."""

from datetime import UTC, datetime

from sqlalchemy import insert

from locker_app.db.database import Database
from locker_app.db.log import Trace
from locker_app.db.tables import card
from locker_app.db.transaction import Tx, Work
from locker_app.settings import get_settings
from tests.taps import number
from tests.test_cli_people import Shell
from tests.test_cli_people import shell as shell


def _tapped(name: str) -> str:
    """A card of nobody's was tapped; what is shown of it."""
    row = {"number": number(name), "label": "", "verdict": "denied", "answer": {}}
    row |= {"created_at": datetime.now(UTC), "seen_at": datetime.now(UTC)}

    def attempt(tx: Tx) -> None:
        tx.conn.execute(insert(card).values(row))

    db = Database(get_settings().database)
    db.run(Work(attempt, Trace("test")))
    db.close()
    return number(name)[-4:]


def test_a_card_from_beginning_to_end(shell: Shell) -> None:
    shell("people", "add", "A1", "--name", "Anna Ahrens")
    assert shell("card", "list") == "No card was tapped that is nobody's."
    tail = _tapped("blue")
    assert f"1  …{tail}" in shell("card", "list")
    assert shell("card", "link", "1", "a1", "--label", "blue") == "The card is linked."
    assert shell("card", "link", "1", "a1") == "The card is theirs already."
    assert "blue" in shell("card", "list", "A1")
    assert shell("card", "rename", "1", "green") == "It is kept."
    assert shell("card", "revoke", "1", "--reason", "lost") == "The card is revoked."
    assert shell("card", "revoke", "1") == "The card was revoked before."
    assert "revoked" in shell("card", "list", "A1")
    assert "somebody's" in shell("card", "forget", "1", fails=True)


def test_what_is_not_there(shell: Shell) -> None:
    assert "Nobody here" in shell("card", "list", "A1", fails=True)
    assert "does not exist" in shell("card", "revoke", "7", fails=True)
    assert shell("card", "forget", "7") == "There is no such card."
    _tapped("blue")
    assert shell("card", "forget", "1") == "The card is forgotten."


def test_keys(shell: Shell) -> None:
    assert shell("card", "new-key").startswith("The new key is k1.")
    assert shell("card", "new-key").startswith("The new key is k2.")

"""One running server for all tests of this folder: each brings screens of its own."""

from collections.abc import Iterator

import pytest

from tests.security.house import House, running_house


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The server, and people of every kind."""
    with running_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened

"""A crowd that uses the API as fast as it can, and writes down what it was answered.

Whoever gets no answer asks again, with the same idempotency key, until there is one: as a phone
does that has lost the connection.
"""

import random
import threading
from dataclasses import dataclass, field
from typing import Any

import httpx

_RETRY_SECONDS = 0.3  # or the crowd keeps the machine so busy that the server cannot start


@dataclass(frozen=True)
class Answered:
    """One command that was answered."""

    key: str
    person_id: int
    path: str
    status: int
    body: dict[str, Any]


@dataclass
class Log:
    """What the whole crowd was answered, in the order of the answers."""

    answers: list[Answered] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, answered: Answered) -> None:
        """Write an answer down."""
        with self.changed:
            self.answers.append(answered)
            self.changed.notify_all()

    def wait_for(self, count: int, seconds: float) -> None:
        """Wait until there are so many answers."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.answers) >= count, seconds), (
                f"only {len(self.answers)} answers within {seconds} s, not {count}"
            )

    def so_far(self) -> list[Answered]:
        """The answers until now."""
        with self.changed:
            return list(self.answers)


class Member(threading.Thread):
    """One person, who gets lockers and gives them back, and waits when there is none."""

    def __init__(
        self, url: str, token: str, person_id: int, bank_id: int, seed: int, log: Log
    ) -> None:
        super().__init__(name=f"member {person_id}", daemon=True)
        self._headers = {"authorization": f"Bearer {token}"}
        self._url = url
        self._person_id = person_id
        self._bank_id = bank_id
        self._chance = random.Random(seed)
        self._log = log
        self._goes_on = True
        self.failure: Exception | None = None

    def stop(self) -> None:
        """Let it finish what it is doing."""
        self._goes_on = False

    def run(self) -> None:
        """Do this and that until stopped."""
        try:
            client = httpx.Client(
                base_url=self._url, headers=self._headers, timeout=20, verify=False
            )
            with client:
                while self._goes_on:
                    self._get_and_give_back(client)
        except Exception as error:
            self.failure = error

    def _get_and_give_back(self, client: httpx.Client) -> None:
        taken = self._post(client, f"/banks/{self._bank_id}/take")
        if taken.status == 200:
            self._post(client, f"/assignments/{taken.body['assignment_id']}/give-back")
        elif taken.body["code"] == "none_free":
            self._wait_a_little(client)

    def _wait_a_little(self, client: httpx.Client) -> None:
        joined = self._post(client, f"/banks/{self._bank_id}/waits")
        if joined.status == 200 and self._chance.random() < 0.5:
            self._post(client, f"/waits/{joined.body['wait_id']}/leave")

    def _post(self, client: httpx.Client, path: str) -> Answered:
        key = f"{self._chance.getrandbits(128):032x}"
        response = self._answer(client, path, key)
        assert response.status_code in {200, 409}, f"{path}: {response.status_code} {response.text}"
        answered = Answered(key, self._person_id, path, response.status_code, response.json())
        self._log.add(answered)
        return answered

    def _answer(self, client: httpx.Client, path: str, key: str) -> httpx.Response:
        pause = threading.Event()
        while True:
            try:
                return client.post(f"/api/v1{path}", headers={"idempotency-key": key})
            except httpx.TransportError:
                if not self._goes_on:
                    raise
                pause.wait(_RETRY_SECONDS)

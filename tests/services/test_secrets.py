"""Hashes, and tokens: forged, expired, of another key."""

import base64
import json
from datetime import UTC, datetime, timedelta, tzinfo

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from locker_app.services import secrets
from locker_app.services.secrets import TokenKeys, hash_secret, secret_matches

KEYS = TokenKeys(("the key",))
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


def signed(keys: TokenKeys = KEYS, opaque_id: str = "opaque", lasts: timedelta = HOUR) -> str:
    return keys.sign(opaque_id, NOW, NOW + lasts)


def parts(token: str) -> list[dict[str, object]]:
    """Header and claims, as anybody can read them."""
    return [
        json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        for part in token.split(".")[:2]
    ]


def encoded(part: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


class Later(datetime):
    """A clock that is an hour ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Later":
        return cls.fromtimestamp((NOW + HOUR).timestamp(), tz)


class TestToken:
    def test_names_the_session(self) -> None:
        assert KEYS.read(signed()) == "opaque"
        opened = KEYS.open(signed())
        assert opened is not None
        assert (opened.issued_at, opened.expires_at) == (NOW, NOW + HOUR)

    def test_holds_nothing_to_read(self) -> None:
        header, claims = parts(signed())
        assert header.keys() == {"alg", "typ", "kid"}
        assert claims.keys() == {"sid", "iat", "exp"}

    def test_expired(self) -> None:
        assert KEYS.read(KEYS.sign("opaque", NOW - HOUR, NOW - timedelta(seconds=1))) is None

    def test_expires_after_it_was_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        token = signed()
        assert KEYS.read(token) == "opaque"
        monkeypatch.setattr(secrets, "datetime", Later)
        assert KEYS.read(token) is None

    def test_of_a_key_that_was_changed(self) -> None:
        token = signed()
        assert TokenKeys(("new key", "the key")).read(token) == "opaque"
        assert TokenKeys(("new key",)).read(token) is None
        assert (
            parts(signed(TokenKeys(("new key", "the key"))))[0]
            == parts(signed(TokenKeys(("new key",))))[0]
        ), "the first key signs"

    def test_signed_by_nobody(self) -> None:
        header, claims = parts(signed())
        for name in ("none", "None", "NONE", "nOnE"):
            unsigned = f"{encoded({**header, 'alg': name})}.{encoded(claims)}."
            assert KEYS.read(unsigned) is None

    @pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
    def test_signed_with_what_is_public(self) -> None:
        """The id of the key is no key, nor is the operator's own text."""
        header, claims = parts(signed())
        for guess in (str(header["kid"]), "the key"):
            forged = jwt.encode(claims, guess, algorithm="HS256", headers=header)
            assert KEYS.read(forged) is None

    def test_changed_by_one_character(self) -> None:
        token = signed()
        for place in range(0, len(token) - 1, 7):
            if token[place] != ".":
                other = "A" if token[place] != "A" else "B"
                assert KEYS.read(token[:place] + other + token[place + 1 :]) is None

    @pytest.mark.parametrize("missing", ["sid", "iat", "exp"])
    def test_with_a_claim_missing(self, missing: str) -> None:
        _, claims = parts(signed())
        del claims[missing]
        assert KEYS.read(forged_by_us(claims)) is None

    @pytest.mark.parametrize("sid", [1, None, ["opaque"], {"a": 1}, True])
    def test_with_an_id_that_is_no_text(self, sid: object) -> None:
        _, claims = parts(signed())
        assert KEYS.read(forged_by_us({**claims, "sid": sid})) is None

    @pytest.mark.parametrize(
        "token",
        ["", ".", "..", "a.b.c", "null", "Bearer x", "e30.e30.e30", "é", "\x00", "x" * 100_000],
    )
    def test_rubbish(self, token: str) -> None:
        assert KEYS.read(token) is None

    @given(st.text())
    def test_any_text(self, token: str) -> None:
        assert KEYS.read(token) is None

    @given(st.recursive(st.none() | st.booleans() | st.text(), st.lists), st.text())
    def test_any_header(self, kid: object, algorithm: str) -> None:
        _, body, signature = signed().split(".")
        header = encoded({"alg": algorithm, "typ": "JWT", "kid": kid})
        assert KEYS.read(f"{header}.{body}.{signature}") is None


def forged_by_us(claims: dict[str, object]) -> str:
    """A token signed with the right key that says what ours never says."""
    key = secrets._signing_key("the key")
    return jwt.encode(claims, key, algorithm="HS256", headers={"kid": secrets._kid("the key")})


class TestSessionId:
    def test_without_a_key_it_is_random(self) -> None:
        assert KEYS.session_id_for(None, "a") != KEYS.session_id_for(None, "a")

    def test_with_one_it_is_the_same_for_the_same_request(self) -> None:
        assert KEYS.session_id_for("k", "a", "b") == KEYS.session_id_for("k", "a", "b")

    def test_and_another_for_any_other(self) -> None:
        others = [
            KEYS.session_id_for("k", "a", "c"),
            KEYS.session_id_for("l", "a", "b"),
            KEYS.session_id_for("k", "ab"),
            KEYS.session_id_for("k", "a", "b", ""),
            TokenKeys(("other key",)).session_id_for("k", "a", "b"),
        ]
        assert KEYS.session_id_for("k", "a", "b") not in others


class TestHash:
    def test_fits_only_its_secret(self) -> None:
        hash_ = hash_secret("2468")
        assert secret_matches(hash_, "2468")
        assert not secret_matches(hash_, "2469")
        assert not secret_matches(hash_, "")
        assert hash_secret("2468") != hash_

    @pytest.mark.parametrize("secret", ["nobody has this one", "", "2468"])
    def test_without_a_hash_nothing_fits(self, secret: str) -> None:
        assert not secret_matches(None, secret)

    @pytest.mark.parametrize("hash_", ["", "x", "$argon2id$", "2468"])
    def test_what_is_no_hash_fits_nothing(self, hash_: str) -> None:
        assert not secret_matches(hash_, "2468")

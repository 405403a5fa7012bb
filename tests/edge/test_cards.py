"""What stands for a card, and numbers as people type them."""

import base64
import hashlib
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cards import NotACardNumber, card_id, card_ids, format_uid, parse_uid, shown

KEY = bytes(range(32))
SEVEN = bytes.fromhex("04A22B1C3D4E80")
UIDS = st.sampled_from([4, 7, 10]).flatmap(lambda size: st.binary(min_size=size, max_size=size))


def test_it_is_the_keyed_hash_of_the_number() -> None:
    digest = hmac.new(KEY, SEVEN, hashlib.sha256).digest()
    assert card_id("k1", KEY, SEVEN) == "k1." + base64.b32encode(digest).decode()[:26]


def test_it_stays_what_it_is() -> None:
    """Cards that were linked by an earlier version have to be known to later ones."""
    assert card_id("k1", KEY, SEVEN) == "k1.4FK5F5OL5JZWC63VD63UBLCLDM"


@given(UIDS)
def test_it_fits_the_protocol_and_holds_nothing_of_the_number(uid: bytes) -> None:
    made = card_id("k1", KEY, uid)
    assert re.fullmatch(r"k1\.[A-Z2-7]{26}", made)
    assert shown(made) == made[-4:]


@given(UIDS, UIDS)
def test_different_cards_and_different_keys_differ(one: bytes, other: bytes) -> None:
    assert (card_id("k1", KEY, one) == card_id("k1", KEY, other)) == (one == other)
    assert card_id("k1", KEY, one) != card_id("k1", KEY[::-1], one)


def test_a_card_by_all_keys_has_the_newest_first() -> None:
    keys = {"k2": KEY[::-1], "k1": KEY}
    made = card_ids(keys, SEVEN)
    assert made == [card_id("k2", KEY[::-1], SEVEN), card_id("k1", KEY, SEVEN)]


@pytest.mark.parametrize("kid", ["", "K1", "k.1", "k1\n", "ninechars", "ключ"])
def test_a_name_that_no_key_has_is_refused(kid: str) -> None:
    with pytest.raises(ValueError, match="name"):
        card_id(kid, KEY, SEVEN)


def test_a_short_key_and_a_wrong_number_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        card_id("k1", b"secret", SEVEN)
    with pytest.raises(ValueError, match="4, 7 or 10"):
        card_id("k1", KEY, b"")


@pytest.mark.parametrize(
    "text",
    [
        "04:A2:2B:1C:3D:4E:80",
        "04a22b1c3d4e80",
        "04-A2-2B-1C-3D-4E-80",
        " 04 A2 2B 1C 3D 4E 80\n",
        "0x04A22B1C3D4E80",
        "04.a2.2b.1c.3d.4e.80",
    ],
)
def test_numbers_as_people_type_them(text: str) -> None:
    assert parse_uid(text) == SEVEN


@given(UIDS.filter(lambda uid: uid[0] not in (0x08, 0x88)))
def test_what_is_written_can_be_typed(uid: bytes) -> None:
    assert parse_uid(format_uid(uid)) == uid


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Type the card's number"),
        (" :-: ", "Type the card's number"),
        ("04A22B1C3D4E8G", "letters A to F"),
        ("٠٤:A2:2B:1C", "letters A to F"),
        ("04A22B1C3D4E8", "8, 14 or 20 digits, and this has 13"),
        ("0412345678", "and this has 10"),
        ("04" * 500, "and this has 1000"),
        ("08123456", "another one with each tap"),
        ("8804A22B", "only the first part"),
        ("<b>04A22B1C</b>", "letters A to F"),
    ],
)
def test_what_can_not_be_a_number_is_said(text: str, words: str) -> None:
    with pytest.raises(NotACardNumber, match=words):
        parse_uid(text)


@given(st.text("0123456789abcdefABCDEF:-. \t\nxXgé٤А<\0", max_size=24))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        assert len(parse_uid(text)) in (4, 7, 10)
    except NotACardNumber as refusal:
        assert str(refusal).endswith(".")

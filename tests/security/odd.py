"""What strangers send instead of what a page sends."""

from collections.abc import Iterator, Sequence
from typing import Any

ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    float("nan"),
    float("inf"),
    2**31,
    2**63,
    10**30,
    "",
    " ",
    "1",
    "release",
    "\ud800",
    "\0",
    "\u202e\u2028ü" * 20,
    "x" * 4000,
    "x" * 50_000,
    "'; DROP TABLE person; --",
    "<script>alert(1)</script>",
    "{0.__class__} %s %n ${7*7}",
    "../../../../etc/passwd",
    [],
    {},
    [1, [2, [3, {"a": None}]]],
    {"a": {"b": {"c": [{}]}}},
    {"__proto__": {"admin": True}, "constructor": {"prototype": {}}, "__class__": "x"},
    {"number": ["CS2021001"], "__reflex_form_data__": [["number", "\ud800"], ["number"]]},
    {"__reflex_form_data__": "x"},
)

NAMES: tuple[Any, ...] = (None, "", 0, [], {}, "x", "__init__", "get_state", "reset", "setvar")
"""What an event is called that no page sends; beside real names written otherwise."""

ROUTERS: tuple[Any, ...] = (
    None,
    [],
    "x",
    {"pathname": None},
    {"pathname": "/lockers/999999999999999999999"},
    {"pathname": "/lockers/-1", "query": {"bank": "-1"}},
    {"pathname": "/lockers/1", "query": {"bank": "1 OR 1=1"}},
    {"pathname": "/lockers/1", "query": {"bank": ["1"]}},
    {"pathname": "/lockers/１", "query": {"bank": "１"}},
    {"pathname": "/staff/board/1", "query": {"bank": "1", "refused": "<script>"}},
    {"pathname": "/sign-in", "asPath": "/sign-in?next=//evil.example&refused=" + "x" * 1000},
    {"pathname": "/../../etc/passwd", "asPath": "javascript:alert(1)"},
    {"pathname": "/\ud800", "query": {"\0": "\0"}},
    {
        "pathname": "/staff",
        "headers": {"cookie": "cubby_session=x", "authorization": "Bearer x"},
        "token": "another",
        "sid": "another",
        "ip": "9.9.9.9",
        "client_token": "another",
        "session_id": "another",
        "client_ip": "9.9.9.9",
    },
)
"""Where a page says it is, with what it may not say."""


def payloads(good: dict[str, Any], values: Sequence[Any]) -> Iterator[Any]:
    """Every argument with each of these values, and without it; then odd wholes."""
    for name in good:
        for value in values:
            yield {**good, name: value}
        yield {key: value for key, value in good.items() if key != name}
    for more in ("extra", "self", "state", "cls", "__proto__", "args", "_key"):
        yield {**good, more: 1}
    yield from ([], [1], "x", 7, True, {"payload": good}, list(good.values()))


def other_ids(good: dict[str, Any], ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Every argument that is an id with each of these in its place, and without it."""
    for name in (name for name, value in good.items() if value in ids):
        yield from ({**good, name: other} for other in ids if other != good[name])
        yield {key: value for key, value in good.items() if key != name}


def other_names(name: str) -> Iterator[Any]:
    """A handler's name written otherwise, and those of methods that are no handlers."""
    owner, _, method = name.rpartition(".")
    yield from (name.upper(), f"{name} ", f" {name}", f"{name}\0", f"{name}.fn", method)
    yield from (f"{owner}..{method}", f"{owner}._{method}", f"{owner}.__class__.{method}")
    yield from ([name], {"name": name})

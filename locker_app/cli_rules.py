"""What a queue's rules are, in the words of the shell: `name = value`, shown as they are set."""

import types
import typing
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from locker_app.domain.errors import BadInput
from locker_app.domain.hours_text import WEEKDAYS, read, written
from locker_app.domain.queues import QueueRules

_HINTS = typing.get_type_hints(QueueRules)
_TYPES = {field.name: _HINTS[field.name] for field in fields(QueueRules)}
_DAYS = [day.lower() for day in WEEKDAYS]
_SAID = {"yes": True, "no": False}


def shown(row: Any) -> str:
    """All rules of a queue's row, each in a line."""
    lines = []
    for field in fields(QueueRules):
        value = getattr(row, field.name)
        if field.name == "hours":
            lines += [f"{day} = {text}" for day, text in zip(_DAYS, written(value), strict=True)]
        else:
            lines.append(f"{field.name} = {_written(value)}")
    return "\n".join(line.rstrip() for line in lines)


def changed(row: Any, settings: Sequence[str]) -> QueueRules:
    """The rules of a queue's row with some set anew, each by a text such as `capacity=30`.

    Raises:
        BadInput: there is no such rule, or it can't be that.
    """
    rules = QueueRules(**{field.name: getattr(row, field.name) for field in fields(QueueRules)})
    days = written(rules.hours)
    for setting in settings:
        name, equals, text = (part.strip() for part in setting.partition("="))
        if name in _DAYS and equals:
            days[_DAYS.index(name)] = text
        elif name in _TYPES and name != "hours" and equals:
            rules = replace(rules, **{name: _read(name, text)})
        else:
            known = ", ".join([name for name in _TYPES if name != "hours"] + _DAYS)
            raise BadInput(f"“{setting}” sets no rule. Write NAME=VALUE, with one of {known}.")
    return replace(rules, hours=read(days))


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _read(name: str, text: str) -> Any:
    kind = _TYPES[name]
    if kind is str:
        return text
    if kind is bool:
        if text not in _SAID:
            raise BadInput(f"{name} is yes or no.")
        return _SAID[text]
    if isinstance(kind, types.UnionType) and text == "none":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadInput(f"{name} is a number.")
    return int(text)

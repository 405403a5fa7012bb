"""Rules of a queue, a site or a bank in the words of the shell: `name = value`, shown as they are
set. Which rules there are is said by the class that they are kept in."""

import types
import typing
from collections.abc import Sequence
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any, TypeVar

from locker_app.domain.errors import BadInput
from locker_app.domain.hours_text import WEEKDAYS, read, written
from locker_app.domain.limits import number_needed

Rules = TypeVar("Rules")
_DAYS = [day.lower() for day in WEEKDAYS]
_SAID = {"yes": True, "no": False}


def shown(kind: type, row: Any) -> str:
    """All rules of a row, each in a line; `kind` is the class of rules."""
    lines = []
    for name in _types(kind):
        value = getattr(row, name)
        if name == "hours":
            lines += [f"{day} = {text}" for day, text in zip(_DAYS, written(value), strict=True)]
        else:
            lines.append(f"{name} = {_written(value)}")
    return "\n".join(line.rstrip() for line in lines)


def changed(kind: type[Rules], row: Any, settings: Sequence[str]) -> Rules:
    """The rules of a row with some set anew, each by a text such as `capacity=30`.

    Raises:
        BadInput: there is no such rule, or it can't be that.
    """
    types_ = _types(kind)
    known = [name for name in types_ if name != "hours"]
    rules: Any = kind(**{name: _kept(types_[name], getattr(row, name)) for name in types_})
    days = written(rules.hours) if "hours" in types_ else None
    for setting in settings:
        name, equals, text = (part.strip() for part in setting.partition("="))
        if days is not None and name in _DAYS and equals:
            days[_DAYS.index(name)] = text
        elif name in known and equals:
            limits = getattr(kind, "LIMITS", {}).get(name)
            rules = replace(rules, **{name: _read(types_[name], name, text, limits)})
        else:
            names = ", ".join([*known, *(_DAYS if days is not None else ())])
            raise BadInput(f"“{setting}” sets no rule. Write NAME=VALUE, with one of {names}.")
    return rules if days is None else replace(rules, hours=read(days))


def _types(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _is_word(kind: Any) -> bool:
    """Whether it is one of a few words."""
    return isinstance(kind, type) and issubclass(kind, StrEnum)


def _kept(kind: Any, value: Any) -> Any:
    """A value as the class of rules has it, from what the table has."""
    return kind(value) if _is_word(kind) else value


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _read(kind: Any, name: str, text: str, limits: tuple[int, int] | None) -> Any:
    if _is_word(kind):
        words = [word.value for word in kind]
        if text not in words:
            raise BadInput(f"{name} is one of {', '.join(words)}.")
        return kind(text)
    if kind is str:
        return text
    if kind is bool:
        if text not in _SAID:
            raise BadInput(f"{name} is yes or no.")
        return _SAID[text]
    if isinstance(kind, types.UnionType) and text == "none":
        return None
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    if number is None or (limits is not None and not limits[0] <= number <= limits[1]):
        raise BadInput(f"{name}: {number_needed(limits)}")
    return number

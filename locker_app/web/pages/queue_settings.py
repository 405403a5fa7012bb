"""The settings of a queue: all its rules in one form, each with what it means."""

from datetime import UTC, datetime
from typing import Any

import reflex as rx

from locker_app.domain.errors import BadInput, DomainError
from locker_app.domain.hours_text import WEEKDAYS, field_of, read, written
from locker_app.domain.limits import number_needed
from locker_app.domain.queues import (
    MAX_GROUPS_LENGTH,
    MAX_NAME_LENGTH,
    MAX_PLACE_LENGTH,
    QueueMode,
    QueueRules,
    check_rules,
    version_of,
)
from locker_app.live.rooms import set_on_load
from locker_app.live.topics import Topic
from locker_app.services import queues
from locker_app.web.components.browser import new_request_id
from locker_app.web.components.fields import field, text_of, tick, ticked
from locker_app.web.components.helm_parts import AsShown
from locker_app.web.components.helm_rules import helm_head
from locker_app.web.components.parts import Item, in_browser, skeleton
from locker_app.web.live_states import Helm
from locker_app.web.pages.board import no_such_queue
from locker_app.web.session import id_in_address, perform, say, unsay, watch
from locker_app.web.template import page

MAX_DIGITS = 6
_WRITTEN = (
    *("name", "place", "groups", "tickets_per_group", "tickets_per_person", "room_pin"),
    *("steps_back", "reset_at"),
)


@set_on_load("shown", "may_see", "loaded")
class QueueSettingsPage(rx.State):
    """Which queue is shown, and what was wrong with what was entered last."""

    shown: int = 0
    may_see: bool = False
    loaded: bool = False
    wrong: str = ""
    """The name of the field that was refused."""
    why: str = ""
    _kept: tuple[str, str] = ("", "")
    """The version that the form shows, and what was made of it here: both are this one's own."""

    @rx.event
    async def load(self) -> None:
        """Begin to watch the queue that the address names."""
        self.shown = id_in_address(self, "queue")
        self.wrong, self.why, self._kept = "", "", ("", "")
        topic = Topic("helm", self.shown)
        watched = await watch(self, topic)
        self.may_see = topic in watched.topics
        self.loaded = True

    @rx.event
    async def save(self, form: dict[str, Any], queue_id: int, request_id: str) -> Any:
        """Give the queue these rules."""
        unsay(self)
        self.wrong, self.why = "", ""
        try:
            rules = rules_of(form)
        except BadInput as refusal:
            self._refused(refusal)
            return rx.set_focus(self.wrong)
        shown = text_of(form, "version")
        version = self._kept[1] if shown == self._kept[0] else shown
        done = await perform(
            self,
            queues.change_rules,
            request_id,
            refused=self._refused,
            queue_id=queue_id,
            rules=rules,
            version=version,
        )
        if done is None:
            return rx.set_focus(self.wrong) if self.wrong else None
        tidy = check_rules(rules)
        self._kept = shown, version_of(tidy)
        say(self, kept_words(done, datetime.now(UTC)))
        entered = entered_as(tidy)
        return [
            rx.set_value(name, text)
            for name, text in entered.items()
            if text != text_of(form, name)
        ]

    def _refused(self, refusal: DomainError) -> None:
        name = getattr(refusal, "field", None) or ""
        self.wrong, self.why = field_of(0) if name == "hours" else name, str(refusal)
        if not name:
            say(self, self.why, "bad")


_BY_HOURS = {
    QueueMode.OPEN: "The line is now open",
    QueueMode.DRAINING: "The line takes nobody new",
    QueueMode.CLOSED: "The line is now closed",
}


def kept_words(kept: queues.RulesKept, now: datetime) -> str:
    """That the settings are kept, and what new hours have opened or closed by that, or what those
    that are gone have left closed."""
    said = "The settings are kept."
    if kept.left is not None:
        closed = kept.left is QueueMode.CLOSED
        stays = "The line is closed" if closed else "The line takes nobody new"
        return f"{said} {stays}: open it on the dashboard."
    if kept.mode is None:
        return said
    until = f" until {_clock(kept.until, now)}" if kept.until else ""
    return f"{said} {_BY_HOURS[kept.mode]}{until}."


def _clock(at: datetime, now: datetime) -> str:
    """A time by the clock of the site: "09:00" today, "Mon 09:00" within the week."""
    days = (at.date() - now.astimezone(at.tzinfo).date()).days
    day = "" if days == 0 else f"{at:%a} " if days < 7 else f"{at:%a} {at.day} {at:%b}, "
    return f"{day}{at:%H:%M}"


def rules_of(form: Any) -> QueueRules:
    """The rules that were entered.

    Raises:
        BadInput: a number or an opening hour can't be read.
    """
    return QueueRules(
        name=text_of(form, "name"),
        place=text_of(form, "place"),
        tickets_per_person=_number(form, "tickets_per_person"),
        tickets_per_group=_number(form, "tickets_per_group"),
        groups=text_of(form, "groups"),
        sign_in_needed=ticked(form, "sign_in_needed"),
        room_pin=text_of(form, "room_pin"),
        capacity=_number(form, "capacity") if text_of(form, "capacity").strip() else None,
        steps_back=_number(form, "steps_back"),
        serve_at_once=ticked(form, "serve_at_once"),
        fresh_groups_first=ticked(form, "fresh_groups_first"),
        hours=read([text_of(form, field_of(day)) for day in range(len(WEEKDAYS))]),
        reset_at=text_of(form, "reset_at"),
    )


def entered_as(rules: QueueRules) -> dict[str, str]:
    """What stands in the fields of the form, by their names, when it shows these rules."""
    return {
        **{name: str(getattr(rules, name)) for name in _WRITTEN},
        "capacity": "" if rules.capacity is None else str(rules.capacity),
        **{field_of(day): line for day, line in enumerate(written(rules.hours))},
    }


def _number(form: Any, name: str) -> int:
    text = text_of(form, name).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise BadInput(number_needed(QueueRules.LIMITS.get(name)), field=name)
    return int(text)


def queue_settings() -> rx.Component:
    """The page."""
    state = QueueSettingsPage
    return page(
        rx.cond(
            state.loaded,
            rx.cond(
                state.may_see,
                rx.cond(Helm.queue_id == state.shown, _settings(), _waiting()),
                rx.fragment(rx.el.h1("Settings"), no_such_queue()),
            ),
            _waiting(),
        ),
        here="/staff/queues",
    )


def _waiting() -> rx.Component:
    return rx.fragment(rx.el.h1("Settings"), skeleton(tall=True))


def _settings() -> rx.Component:
    return rx.fragment(
        helm_head("settings"),
        rx.el.form(
            AsShown.create(name="version", value=_rule("version")),
            _who_may(),
            _order(),
            _hours(),
            rx.el.button("Keep these settings", type="submit", class_name="primary"),
            on_submit=lambda form: QueueSettingsPage.save(form, Helm.queue_id, new_request_id()),
            no_validate=True,
            key=f"rules-{Helm.queue_id}",
            class_name="settings",
        ),
    )


def _rule(name: str) -> Item:
    return in_browser("({}[" + repr(name) + "] ?? '')", Helm.rules).to(str)


def _text(name: str, label: str, hint: str, value: Item = None, **props: Any) -> rx.Component:
    return field(
        name,
        label,
        hint,
        QueueSettingsPage.wrong == name,
        QueueSettingsPage.why,
        default_value=_rule(name) if value is None else value,
        **props,
    )


def _digits(name: str, label: str, hint: str) -> rx.Component:
    return _text(name, label, hint, input_mode="numeric", max_length=MAX_DIGITS)


def _tick(name: str, label: str, hint: str) -> rx.Component:
    checked = in_browser("Boolean({}[" + repr(name) + "])", Helm.rules).to(bool)
    return tick(name, label, hint, default_checked=checked)


def _part(title: str, *content: rx.Component) -> rx.Component:
    return rx.el.fieldset(rx.el.legend(title), *content, class_name="card")


def _who_may() -> rx.Component:
    return rx.fragment(
        _part(
            "Name and place",
            _text("name", "Name", "What everybody reads.", Helm.name, max_length=MAX_NAME_LENGTH),
            _text(
                "place",
                "Place",
                "Where to come to, such as “Room 204”.",
                Helm.place,
                max_length=MAX_PLACE_LENGTH,
            ),
        ),
        _part(
            "Who may take a ticket",
            _text(
                "groups",
                "Groups",
                "Numbers, ranges and names, such as 1-40, 51, LAB A. Empty lets all join.",
                max_length=MAX_GROUPS_LENGTH,
            ),
            _digits("tickets_per_group", "Tickets of one group", "Open at the same time."),
            _digits(
                "tickets_per_person", "Tickets of one person", "Or of one browser, without sign-in."
            ),
            _tick(
                "sign_in_needed",
                "Only people who are signed in",
                "Else anybody with the address can take a ticket.",
            ),
            _text(
                "room_pin",
                "Code of the room",
                "Asked for with each ticket, against joining from afar. The room display shows it "
                "while its browser is signed in as staff. Empty asks for none.",
                max_length=12,
                auto_capitalize="characters",
            ),
            _digits("capacity", "How many may wait", "Empty sets no limit."),
        ),
    )


def _order() -> rx.Component:
    return _part(
        "The order of the line",
        _tick(
            "fresh_groups_first",
            "Groups that were not helped today come first",
            "Those that were helped come after them.",
        ),
        _tick(
            "serve_at_once",
            "Somebody who comes while nobody waits is called at once",
            "Else, after the first of the day, it takes a press of yours.",
        ),
        _digits("steps_back", "Steps back", "How often somebody may let the next one by."),
    )


def _hours() -> rx.Component:
    lines = [
        _text(
            field_of(day),
            name,
            "",
            in_browser("({}.hours?.[{}] ?? '')", Helm.rules, day).to(str),
            max_length=200,
            placeholder="closed",
        )
        for day, name in enumerate(WEEKDAYS)
    ]
    return _part(
        "Opens and closes by itself",
        rx.el.p(
            "Such as 9:00-12:00, 14:00-16:30, by the clocks of ",
            Helm.site_name,
            ". With no hours at all, only you open and close it.",
            class_name="hint",
        ),
        rx.el.div(*lines, class_name="week"),
        _text(
            "reset_at",
            "Reset at night",
            "A time such as 04:00: who is still in line then loses the place. Empty never does.",
            max_length=5,
        ),
    )

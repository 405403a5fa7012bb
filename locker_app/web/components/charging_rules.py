"""The rules of a site's charging spots as a form: each with what it means."""

import reflex as rx

from locker_app.domain.chargers import AtEnd, Priority
from locker_app.web.components.browser import new_request_id
from locker_app.web.components.fields import tick
from locker_app.web.components.helm_parts import AsShown
from locker_app.web.components.parts import Item, in_browser
from locker_app.web.components.setup_parts import choice, digits, part, refusal, value_of
from locker_app.web.live_states import SiteSetUp

AT_END = (
    (AtEnd.OVERSTAY.value, "It is shown as overstayed, and not given to others yet"),
    (AtEnd.END.value, "It ends, and the spot is free for others"),
)
PRIORITY = (
    (Priority.FIRST_COME.value, "Who joined first"),
    (Priority.SIGNED_IN.value, "Who is signed in, before others"),
    (Priority.LEAST_USED.value, "Who has charged least in the last seven days"),
)


def rules_form(state: Item) -> rx.Component:
    """All rules in one form of this state."""

    def number(name: str, label: str, hint: str) -> rx.Component:
        return digits(state, name, label, hint, value_of(SiteSetUp.charging, name))

    return rx.el.form(
        AsShown.create(name="version", value=value_of(SiteSetUp.charging, "version")),
        rx.el.h2("Rules of these spots"),
        refusal(state, "rules"),
        part(
            "Booking",
            number(
                "max_stay_minutes",
                "Longest stay, in minutes",
                "From the begin, however often it is extended. 720 are 12 hours.",
            ),
            number(
                "bookings_per_holder",
                "Bookings of one person",
                "At the same time. Or of one browser, without sign-in.",
            ),
            _tick(
                "book_later",
                "Spots can be booked for later on the same day",
                "Else only from now on.",
            ),
            _tick(
                "sign_in_needed",
                "Only people who are signed in",
                "Else anybody who scans the code can book, without a name.",
            ),
        ),
        part(
            "When the time is up",
            number(
                "reminder_minutes", "Reminder, minutes before", "The holder is told. 0 for none."
            ),
            number(
                "grace_minutes",
                "Grace, in minutes",
                "After the time that was said. The spot is not given to others in it.",
            ),
            choice(
                "at_end",
                "After the grace",
                AT_END,
                value_of(SiteSetUp.charging, "at_end"),
            ),
            number(
                "overstay_minutes",
                "Overstayed for this many minutes at most",
                "Then the booking ends by itself: somebody forgot to stop it.",
            ),
            number(
                "check_in_minutes",
                "Check in within minutes",
                "For bookings made for later and for offers that were accepted. Who doesn’t say "
                "that they are there loses the spot. Empty asks nobody.",
            ),
        ),
        part(
            "The line",
            number(
                "offer_minutes",
                "Minutes to accept a spot",
                "It is held for the next in line so long, then offered to the one after.",
            ),
            number(
                "snoozes",
                "How often an offer may go by",
                "Without losing the place in line.",
            ),
            number("snooze_minutes", "Minutes without an offer then", ""),
            number(
                "extend_while_waiting_minutes",
                "Extend by minutes while others wait",
                "In all, from what was said first. 0 refuses it while others wait.",
            ),
            choice(
                "priority",
                "Who is offered a spot first",
                PRIORITY,
                value_of(SiteSetUp.charging, "priority"),
            ),
        ),
        part(
            "Fair use",
            number("day_minutes", "Minutes of one person on a day", "Empty sets no limit."),
            number(
                "week_minutes",
                "Minutes of one person in a week",
                "From Monday to Sunday. Empty sets no limit.",
            ),
            number(
                "cooling_off_minutes",
                "Minutes between two stays",
                "So long the same person books no other spot. 0 for none.",
            ),
        ),
        rx.el.button("Keep these rules", type="submit", class_name="primary"),
        on_submit=lambda form: state.save(form, SiteSetUp.site_id, new_request_id()),
        no_validate=True,
        key=f"charging-{SiteSetUp.site_id}",
        class_name="settings",
    )


def _tick(name: str, label: str, hint: str) -> rx.Component:
    checked = in_browser("Boolean({}[" + repr(name) + "])", SiteSetUp.charging).to(bool)
    return tick(name, label, hint, default_checked=checked)

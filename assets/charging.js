// Charging spots on a phone: choose until when, book, and all that comes after. What the spots and
// one's own bookings are comes by topics; until when one may stay is reckoned here before anything is
// pressed (leave.js), and the server has the last word. Times are those of the site, and of the
// server's clock. Text comes in as props.
import { createElement as h, Fragment, useEffect, useId, useRef, useState } from "react";
import { Link } from "react-router";
import { format, Modal, serverNow, useNow } from "./cubby.js";
import { dayOf, fullAllowance, latestLeave, leaveTime, MINUTE } from "./leave.js";
import { Alerts, alarm, fill, useAllowedSound } from "./line.js";

const VAR = "_rx_state_"; // what Reflex puts behind the name of a var
const EARLY = 15 * MINUTE; // before the begin, from when one may say that one is there
const LOOKS_MS = 5000; // who has just pressed something, or opened the page, looks at it
const SETTLED = 5000; // after a begin, the server has said whether somebody is in the way
const USEFUL = 15 * MINUTE; // a spot that is free for less is of no use to the line
const STEPS = [30, 60, 120];

const newKey = () => Date.now().toString(36) + Math.random().toString(36).slice(2);

/** When somebody pressed something last: what appears because of it gets the focus. */
let actedAt = 0;
const act = (tell, ...values) => {
  actedAt = Date.now();
  tell(...values, newKey());
};

/** What is in the vars of a state. */
const read = (state, name, otherwise) => state[name + VAR] ?? otherwise;

/** A time by the clocks of the site, with the day when it is not today. */
function clock(at, now, zone, words) {
  const time = format(at, zone, { hour: "2-digit", minute: "2-digit" });
  const days = dayOf(at, zone) - dayOf(now, zone);
  if (days === 0) return time;
  if (days === 1) return fill(words.tomorrow, time);
  return `${format(at, zone, { weekday: "short", day: "numeric", month: "short" })}, ${time}`;
}

/** "45 min", "1 h 05", "12 h": whole minutes, as people say them. */
function span(ms) {
  const minutes = Math.max(0, Math.round(ms / MINUTE));
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (!hours) return `${rest} min`;
  return rest ? `${hours} h ${String(rest).padStart(2, "0")}` : `${hours} h`;
}

/** All spots of the site as they are now. */
function spotsOf(site) {
  const posts = read(site, "posts", []);
  const rows = new Map();
  for (let k = 0; k * 8 < posts.length; k += 1) for (const row of read(site, `now_${k}`, [])) rows.set(row[0], row);
  return posts.flatMap(([id, code, name, place, details]) => {
    const row = rows.get(id);
    if (!row) return [];
    const [, status, until, likely, low, high, basis, later, shownAs] = row;
    return [{ id, code, name, place, details, status, until, likely, low, high, basis, later, shownAs }];
  });
}

/** When the next booking of a spot begins after a moment; 0 for never. */
const nextAfter = (spot, at) => spot.later.find(([begins]) => begins >= at)?.[0] ?? 0;

/** Whether a spot is free, and for long enough. */
const isFree = (spot, now) => spot.status === "free" && !spot.later.some(([begins]) => begins < now + USEFUL);

/** The spots that somebody has, those that come free soonest first; not those that are of no use then,
 * as they are booked on. */
function soonest(spots, mine) {
  return spots
    .filter((spot) => !mine.some((stay) => stay.charger_id === spot.id))
    .filter((spot) => spot.likely && !spot.later.some(([begins]) => begins < spot.likely + USEFUL))
    .sort((a, b) => a.likely - b.likely)
    .slice(0, 3);
}

/** About when a spot comes free, with its range: never in the past. */
function freeAbout(spot, now, zone, words) {
  const at = (moment) => clock(Math.max(moment, now), now, zone, words);
  const stated = !spot.low || !spot.high || spot.basis === "stated";
  if (stated && spot.likely <= now) return [words.any_time, words.time_over];
  const about = fill(words.about, at(spot.likely));
  if (stated) return [about, words.only_stated];
  return [about, fill(words.between, at(spot.low), at(spot.high))];
}

const STATES = ["free", "offered", "taken", "leaving", "overstayed", "reported", "out"];

function Status({ status, words }) {
  return h("span", { className: "status", "data-spot": status }, words.status[STATES.includes(status) ? status : "taken"]);
}

/** A heading that gets the focus when it appears because of what was just pressed. */
function Heading({ level = "h2", children, ...props }) {
  const here = useRef(null);
  useEffect(() => {
    if (Date.now() - actedAt < 4000) here.current?.focus();
  }, []);
  return h(level, { ref: here, tabIndex: -1, ...props }, children);
}

/** Why the last booking, or the way into the line, was refused. Whatever else the page shows: the
 * form is gone when somebody else was quicker. */
function Refused({ text }) {
  const here = useRef(null);
  useEffect(() => {
    if (text) here.current?.focus();
  }, [text]);
  return h("div", { ref: here, tabIndex: -1, role: "alert", className: "refused", "data-testid": "refused" }, text ? h("p", { className: "box", "data-tone": "bad" }, text) : null);
}

/** Asks before something is done that can't be taken back. */
function Ask({ className = "second", label, title, text, yes, no, onYes, disabled }) {
  const [open, setOpen] = useState(false);
  return h(
    Fragment,
    null,
    h("button", { type: "button", className, disabled, onClick: () => setOpen(true) }, label),
    h(
      Modal,
      { open, label: title, onClose: () => setOpen(false) },
      h(
        "div",
        null,
        h("h2", null, title),
        h("p", null, text),
        h(
          "div",
          { className: "row" },
          h("button", { type: "button", className: "danger", onClick: () => (setOpen(false), onYes()) }, yes),
          h("button", { type: "button", className: "second", "data-first": true, onClick: () => setOpen(false) }, no),
        ),
      ),
    ),
  );
}

/** How long until a moment, by the second: "1:24:10", "9:41". */
export function Left({ until }) {
  useNow(500);
  const left = Math.max(0, Math.ceil((until - serverNow()) / 1000));
  const [hours, minutes, seconds] = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
  const two = (number) => String(number).padStart(2, "0");
  const text = hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
  return h("span", { className: "digits", role: "timer" }, text);
}

/** Why one can't stay longer. */
function whyNot(latest, now, zone, words, rules) {
  const until = clock(latest.at, now, zone, words);
  if (latest.bound === "next") return fill(words.bound_next, until);
  if (latest.bound === "day") return fill(words.bound_day, span(rules.day_minutes * MINUTE), until);
  if (latest.bound === "week") return fill(words.bound_week, span(rules.week_minutes * MINUTE), until);
  if (latest.bound === "wait") return latest.none ? words.bound_wait_none : fill(words.bound_wait, until);
  return fill(words.bound_longest, span(rules.max_stay_minutes * MINUTE), until);
}

/**
 * When somebody leaves: chips and a field for the time, of which the last used counts. `choice` is
 * `{step}` in minutes after `base`, or `{text}`; chips that are too long can't be pressed, and why is
 * said.
 */
function LeaveTime({ base, after, latest, choice, choose, zone, rules, words, steps = STEPS, plus, legend }) {
  const now = serverNow();
  const why = useId();
  const field = useId();
  const tight = steps.some((step) => base + step * MINUTE > latest.at);
  const leaves = choice.step ? base + choice.step * MINUTE : leaveTime(choice.text, after, zone);
  const wrong = choice.step ? "" : problemOf(leaves, choice.text, latest, after, now, zone, rules, words);
  return h(
    "fieldset",
    { className: "leave" },
    h("legend", null, legend),
    h(
      "div",
      { className: "chips" },
      steps.map((step) => {
        const tooLong = base + step * MINUTE > latest.at;
        const text = fill(plus, span(step * MINUTE));
        const props = { type: "button", className: "chip", "aria-pressed": choice.step === step, disabled: tooLong };
        return h("button", { key: step, ...props, "aria-describedby": tooLong ? (wrong ? `${field}-wrong` : why) : undefined, onClick: () => choose({ step }) }, text);
      }),
    ),
    h(
      "div",
      { className: "field time" },
      h("label", { htmlFor: field }, words.or_at),
      h("input", {
        id: field,
        type: "time",
        value: choice.step ? "" : choice.text,
        "aria-invalid": Boolean(wrong),
        "aria-describedby": wrong ? `${field}-wrong` : why,
        onChange: (event) => choose(event.target.value ? { text: event.target.value } : null),
      }),
    ),
    h("p", { id: `${field}-wrong`, className: "error", role: "alert" }, wrong),
    wrong ? null : h("p", { id: why, className: tight ? "small" : "soft small" }, whyNot(latest, now, zone, words, rules)),
    elsewhere(zone, now) ? h("p", { className: "soft small" }, fill(words.site_time, format(now, zone, { hour: "2-digit", minute: "2-digit" }))) : null,
  );
}

/** Whether the clocks of the site show another time than this device. */
const elsewhere = (zone, now) => zone && format(now, zone, { dateStyle: "short", timeStyle: "short" }) !== format(now, "", { dateStyle: "short", timeStyle: "short" });

function problemOf(leaves, text, latest, after, now, zone, rules, words) {
  if (!text) return "";
  if (leaves === null || leaves <= after) return words.no_time;
  if (leaves <= latest.at) return "";
  const why = whyNot(latest, now, zone, words, rules);
  return dayOf(leaves, zone) > dayOf(now, zone) ? `${fill(words.is_tomorrow, text)} ${why}` : why;
}

/** The moment that is chosen; null when it can't be. */
function chosen(choice, base, after, latest, zone) {
  const leaves = choice.step ? base + choice.step * MINUTE : leaveTime(choice.text, after, zone);
  return leaves !== null && leaves > after && leaves <= latest.at ? leaves : null;
}

/** The step to begin with: the middle one, or the longest that there is. */
function firstStep(base, latest, steps = STEPS) {
  const can = steps.filter((step) => base + step * MINUTE <= latest.at);
  return can.includes(steps[1]) ? steps[1] : (can[can.length - 1] ?? 0);
}

/** What was chosen, with a step that has become too long taken back. */
function useChoice(base, latest, steps = STEPS) {
  const [choice, choose] = useState(null);
  const now = choice ?? { step: firstStep(base, latest, steps), text: "" };
  const tooLong = now.step && base + now.step * MINUTE > latest.at;
  return [tooLong ? { step: firstStep(base, latest, steps), text: "" } : now, choose];
}

/** A moment, to the full minute before it: by that clocks count. */
const minute = (at) => Math.floor(at / MINUTE) * MINUTE;

const PLATE = "cubby-plate";

/** Books a spot, from now on or for later today. Without a session the browser sends the form
 * itself, as only an HTTP answer can set the cookie. */
function BookForm({ spot, now, zone, rules, allow, words, native, page, onBook, later: forLater }) {
  const [later, setLater] = useState(forLater);
  const [start, setStart] = useState("");
  const form = useRef(null);
  const busy = useRef(false);
  const startField = useId();
  const plateField = useId();
  const [plate, setPlate] = useState("");
  useEffect(() => setPlate(sessionStorage.getItem(PLATE) ?? ""), []);
  const startsAt = later ? leaveTime(start, now, zone) : minute(now);
  const badStart = later && start ? problemOfStart(startsAt, spot, now, zone, words) : "";
  const base = startsAt ?? minute(now);
  const after = Math.max(base, now);
  const latest = latestLeave(later ? base : now, rules, { nextAt: nextAfter(spot, base), allow });
  const [choice, choose] = useChoice(base, latest);
  const leaves = chosen(choice, base, after, latest, zone);
  const ready = leaves !== null && (!later || (startsAt !== null && !badStart));
  const none = latest.at - base < 5 * MINUTE;
  const send = (event) => {
    if (!ready || busy.current) return event.preventDefault();
    sessionStorage.setItem(PLATE, plate);
    if (native) {
      busy.current = true; // a second press must not book a second time
      return undefined;
    }
    event.preventDefault();
    act(onBook, spot.id, leaves, later ? startsAt : 0, plate);
    return undefined;
  };
  const until = leaves === null ? "" : clock(leaves, now, zone, words);
  const said = later
    ? fill(words.book_later, spot.name, startsAt === null ? "…" : clock(startsAt, now, zone, words), until)
    : fill(words.book, spot.name, until);
  return h(
    "form",
    { ref: form, method: "post", action: "/auth/book", onSubmit: send, className: "book", "aria-label": fill(words.book_label, spot.name) },
    h("input", { type: "hidden", name: "charger", value: spot.code }),
    h("input", { type: "hidden", name: "page", value: page }),
    h("input", { type: "hidden", name: "leaves_at", value: leaves ?? "" }),
    h("input", { type: "hidden", name: "starts_at", value: later ? (startsAt ?? "") : "" }),
    later
      ? h(
          "div",
          { className: "field time" },
          h("label", { htmlFor: startField }, words.from),
          h("input", { id: startField, type: "time", value: start, required: true, "aria-invalid": Boolean(badStart), "aria-describedby": `${startField}-wrong`, onChange: (event) => setStart(event.target.value) }),
          h("p", { id: `${startField}-wrong`, className: "error", role: "alert" }, badStart),
        )
      : null,
    none
      ? h("p", { className: "box" }, whyNot(latest, now, zone, words, rules))
      : h(LeaveTime, { base, after, latest, choice, choose, zone, rules, words, plus: words.plus, legend: words.when_leave }),
    h(
      "details",
      { className: "more" },
      h("summary", null, words.neighbours),
      h(
        "div",
        { className: "field" },
        h("label", { htmlFor: plateField }, words.plate),
        h("input", { id: plateField, name: "shown_as", type: "text", maxLength: 20, autoComplete: "off", value: plate, "aria-describedby": `${plateField}-hint`, onChange: (event) => setPlate(event.target.value) }),
        h("span", { id: `${plateField}-hint`, className: "hint" }, words.plate_hint),
      ),
    ),
    h("button", { type: "submit", className: "primary", disabled: !ready }, ready ? said : words.choose),
    later ? null : h("p", { className: "soft small" }, words.not_free),
    rules.book_later && !forLater
      ? h("button", { type: "button", className: "asLink touch", "aria-expanded": later, onClick: () => setLater(!later) }, later ? words.rather_now : words.rather_later)
      : null,
  );
}

function problemOfStart(startsAt, spot, now, zone, words) {
  if (startsAt === null || dayOf(startsAt, zone) !== dayOf(now, zone)) return words.only_today;
  const taken = spot.until > startsAt || spot.later.some(([begins, ends]) => begins <= startsAt && startsAt < ends);
  return taken ? words.taken_then : "";
}

/** Takes the spot that is offered. */
function OfferCard({ stay, wait, spot, now, zone, rules, allow, words, tell }) {
  const base = minute(now);
  const latest = latestLeave(now, rules, { nextAt: spot ? nextAfter(spot, base) : 0, allow });
  const [choice, choose] = useChoice(base, latest);
  const leaves = chosen(choice, base, now, latest, zone);
  if (stay.leaves_at <= now)
    return h("section", { className: "card stay", "aria-label": words.offer }, h("p", null, words.offer_over));
  return h(
    "section",
    { className: "card ticket stay", "data-spot": "offered", "aria-label": words.offer },
    h(Heading, { className: "kicker" }, words.offer),
    h("p", { className: "number", "data-long": stay.name.length > 4 || undefined, "data-testid": "offered-spot" }, stay.name),
    stay.place ? h("p", { className: "soft" }, stay.place) : null,
    h("p", null, words.offer_take, " ", h("strong", null, h(Left, { until: stay.leaves_at })), words.offer_else),
    h(LeaveTime, { base, after: now, latest, choice, choose, zone, rules, words, plus: words.plus, legend: words.when_leave }),
    h(
      "div",
      { className: "act" },
      h("button", { type: "button", className: "primary", disabled: leaves === null, onClick: () => act(tell.onAccept, stay.booking_id, leaves, sessionStorage.getItem(PLATE) ?? "") }, leaves === null ? words.choose : fill(words.take, stay.name, clock(leaves, now, zone, words))),
      wait && wait.snoozes_left > 0 && rules.snooze_minutes
        ? h("button", { type: "button", className: "second", onClick: () => act(tell.onSnooze, wait.wait_id) }, fill(words.snooze, span(rules.snooze_minutes * MINUTE), wait.snoozes_left))
        : null,
      wait ? h("button", { type: "button", className: "second", onClick: () => act(tell.onQuit, wait.wait_id) }, words.decline) : null,
      h("button", { type: "button", className: "asLink touch", onClick: () => act(tell.onTaken, stay.booking_id) }, words.somebody_here),
    ),
  );
}

/** In which part of its life a booking is. */
function partOf(stay, now, rules) {
  if (stay.status === "overstayed") return "overstayed";
  if (stay.status === "booked") return now < stay.starts_at + SETTLED ? "later" : "blocked";
  if (now < stay.leaves_at) return "there";
  return rules.at_end === "overstay" && now >= stay.out_at ? "overstayed" : "grace";
}

function Extend({ stay, spot, now, zone, rules, allow, words, waiting, tell, onDone }) {
  const base = minute(Math.max(stay.leaves_at, now));
  const steps = [15, 30, 60];
  let latest = latestLeave(stay.starts_at, rules, {
    nextAt: spot ? nextAfter(spot, stay.leaves_at) : 0,
    allow,
    own: [stay.starts_at, stay.leaves_at],
  });
  if (waiting) {
    const extra = stay.leaves_at > now ? rules.extend_while_waiting_minutes * MINUTE : 0;
    const at = Math.max(stay.leaves_at, extra ? (stay.stated_at || stay.leaves_at) + extra : 0);
    if (at < latest.at) latest = { at, bound: "wait", none: at === stay.leaves_at };
  }
  const after = Math.max(now, stay.starts_at);
  const [choice, choose] = useChoice(base, latest, steps);
  const leaves = chosen(choice, base, after, latest, zone);
  return h(
    "form",
    {
      className: "extend",
      "aria-label": words.extend,
      onSubmit: (event) => {
        event.preventDefault();
        if (leaves !== null) {
          act(tell.onLeave, stay.booking_id, leaves);
          onDone();
        }
      },
    },
    h(LeaveTime, { base, after, latest, choice, choose, zone, rules, words, steps, plus: words.plus, legend: words.when_now }),
    h(
      "div",
      { className: "row" },
      h("button", { type: "submit", className: "primary", disabled: leaves === null || leaves === stay.leaves_at }, leaves === null ? words.choose : fill(words.leave_at, clock(leaves, now, zone, words))),
      h("button", { type: "button", className: "second", onClick: onDone }, words.as_it_is),
    ),
  );
}

/** The spot that is mine, and all that I can do about it. */
function StayCard({ stay, spot, free, now, zone, rules, allow, words, waiting, tell }) {
  const [extending, setExtending] = useState(false);
  const part = partOf(stay, now, rules);
  const at = (moment) => clock(moment, now, zone, words);
  const reminded = part === "there" && rules.reminder_minutes > 0 && stay.leaves_at - now <= rules.reminder_minutes * MINUTE;
  const next = spot ? nextAfter(spot, Math.max(stay.leaves_at, stay.starts_at)) : 0;
  const asked = stay.come_by > now && now >= stay.starts_at - EARLY && !stay.came_at;
  const lateEnd = part === "grace" || part === "overstayed";
  return h(
    "section",
    { className: "card ticket stay", "data-part": reminded ? "soon" : part, "aria-label": words.yours },
    h(Heading, { className: "kicker" }, words.part[part]),
    h("p", { className: "number", "data-long": stay.name.length > 4 || undefined, "data-testid": "my-spot" }, stay.name),
    stay.place ? h("p", { className: "soft" }, stay.place) : null,
    part === "there"
      ? h("p", { className: "left" }, h("strong", { "data-testid": "left" }, h(Left, { until: stay.leaves_at })), " ", words.left)
      : null,
    part === "later" ? h("p", { className: "left" }, words.begins_in, " ", h("strong", null, h(Left, { until: stay.starts_at }))) : null,
    h("p", { "data-testid": "my-times" }, part === "later" || part === "blocked" ? fill(words.from_until, at(stay.starts_at), at(stay.leaves_at)) : part === "there" ? fill(words.until, at(stay.leaves_at)) : fill(words.was_until, at(stay.leaves_at))),
    h(
      "div",
      { role: "status", className: "says" },
      reminded ? h("p", { className: "box" }, fill(words.nearly, at(stay.leaves_at))) : null,
      part === "grace" ? h("p", { className: "box", "data-tone": "bad" }, fill(rules.at_end === "end" ? words.grace_end : words.grace_overstay, at(stay.out_at))) : null,
      part === "overstayed" ? h("p", { className: "box", "data-tone": "bad" }, waiting ? words.overstayed_wait : words.overstayed) : null,
      part === "blocked" ? h("p", { className: "box", "data-tone": "bad" }, free.length ? words.blocked_move : words.blocked) : null,
      asked ? h("p", { className: "box" }, fill(words.come_by, at(stay.come_by))) : null,
    ),
    next && part !== "later" ? h("p", { className: "soft small" }, fill(words.next_from, at(next))) : null,
    stay.shown_as ? h("p", { className: "soft small" }, fill(words.shown_as, stay.shown_as)) : null,
    asked ? h("div", { className: "act" }, h("button", { type: "button", className: "primary", onClick: () => act(tell.onCome, stay.booking_id) }, words.here)) : null,
    extending
      ? h(Extend, { stay, spot, now, zone, rules, allow, words, waiting, tell, onDone: () => setExtending(false) })
      : h(
          "div",
          { className: "act pair" },
          part === "blocked" ? null : h("button", { type: "button", className: lateEnd ? "second" : asked ? "second" : "primary", onClick: () => setExtending(true) }, part === "later" ? words.change_leave : words.extend),
          h(Ask, {
            className: lateEnd ? "primary" : "second",
            label: part === "later" ? words.cancel : words.stop,
            title: fill(part === "later" ? words.cancel_title : words.stop_title, stay.name),
            text: waiting ? words.stop_waiting : words.stop_text,
            yes: part === "later" ? words.cancel : words.stop,
            no: words.keep,
            onYes: () => act(tell.onStop, stay.booking_id),
          }),
        ),
    part === "there" || part === "blocked"
      ? h(
          "details",
          { className: "more" },
          h("summary", null, words.wrong),
          h("p", { className: "small" }, words.wrong_text),
          h("button", { type: "button", className: "second", onClick: () => act(tell.onTaken, stay.booking_id) }, words.somebody_here),
        )
      : null,
  );
}

/** My place in the line. */
function WaitCard({ wait, line, now, zone, words, tell }) {
  const ahead = Math.max(0, line.indexOf(wait.wait_id));
  return h(
    "section",
    { className: "card ticket stay", "data-part": "wait", "aria-label": words.in_line },
    h(Heading, { className: "kicker" }, words.in_line),
    h("p", { className: "number", "data-testid": "my-place" }, ahead + 1),
    h("p", { role: "status" }, ahead === 0 ? words.first : ahead === 1 ? words.one_ahead : fill(words.ahead, ahead)),
    wait.snoozed_until > now ? h("p", { className: "box" }, fill(words.snoozed, clock(wait.snoozed_until, now, zone, words))) : h("p", null, words.in_line_text),
    h(Alerts, { words: words.alerts }),
    h("div", { className: "act" }, h("button", { type: "button", className: "second", onClick: () => act(tell.onQuit, wait.wait_id) }, words.quit)),
  );
}

/** The way into the line. */
function JoinLine({ waiting, rules, words, native, page, siteId, tell }) {
  const busy = useRef(false);
  const send = (event) => {
    if (native && !busy.current) {
      busy.current = true;
      return;
    }
    event.preventDefault();
    if (!native) act(tell.onJoin);
  };
  return h(
    "form",
    { method: "post", action: "/auth/charger-line", onSubmit: send, className: "book", "aria-label": words.join },
    h("input", { type: "hidden", name: "site", value: siteId }),
    h("input", { type: "hidden", name: "page", value: page }),
    h("p", null, waiting === 0 ? words.nobody_waits : waiting === 1 ? words.one_waits : fill(words.wait, waiting), " ", fill(words.join_text, span(rules.offer_minutes * MINUTE))),
    h("button", { type: "submit", className: "primary" }, words.join),
  );
}

/** When a spot is free, or comes free, in a few words. */
function When({ spot, now, zone, words }) {
  const at = (moment) => clock(moment, now, zone, words);
  const next = nextAfter(spot, now);
  if (spot.status === "free") return next ? h("span", null, fill(words.free_until, at(next))) : null;
  if (spot.status === "offered") return h("span", null, fill(words.held_until, at(spot.until)));
  if (!spot.likely) return null;
  const [about, range] = freeAbout(spot, now, zone, words);
  return h(Fragment, null, h("span", null, fill(words.free, about)), h("small", { className: "soft" }, range));
}

/** The three that come free soonest, and how good that is. */
function Soonest({ spots, mine, record, now, zone, words }) {
  const first = soonest(spots, mine);
  if (!first.length) return null;
  return h(
    "section",
    { className: "card", "aria-label": words.soonest },
    h("h2", null, words.soonest),
    h(
      "ol",
      { className: "soonest" },
      first.map((spot) => {
        const [about, range] = freeAbout(spot, now, zone, words);
        return h("li", { key: spot.id }, h(Link, { to: `/c/${spot.code}`, className: "post" }, spot.name), h("span", { className: "when" }, h("strong", null, about), h("span", { className: "soft" }, range)));
      }),
    ),
    h("p", { className: "soft small", "data-testid": "record" }, record.length ? fill(words.record, span(record[0] * MINUTE), record[1], record[2]) : words.no_record),
  );
}

/** All spots; with a booking of one's own, the way to move it. */
function SpotList({ spots, scanned, mine, now, zone, rules, words, tell }) {
  const movable = mine.length === 1 && mine[0].status !== "offered" ? mine[0] : null;
  const some = movable && spots.some((spot) => spot.id !== movable.charger_id && moveTo(spot, movable, now));
  return h(
    "section",
    { className: "card", "aria-label": words.all },
    h("div", { className: "row apart" }, h("h2", null, words.all), h("p", { className: "soft", "data-testid": "free-spots" }, fill(words.free_of, spots.filter((spot) => spot.status === "free").length, spots.length))),
    some ? h("p", { className: "soft small" }, fill(words.move_text, movable.name)) : null,
    h(
      "ul",
      { className: "spots" },
      spots.map((spot) => {
        const own = mine.find((stay) => stay.charger_id === spot.id);
        const move = movable && !own ? moveTo(spot, movable, now) : null;
        return h(
          "li",
          { key: spot.id, "data-spot": spot.status, "data-here": spot.id === scanned || undefined },
          h(
            Link,
            { to: `/c/${spot.code}`, className: "spot", "aria-current": spot.id === scanned ? "page" : undefined },
            h("span", { className: "post" }, spot.name),
            h("span", { className: "what" }, own ? h("span", { className: "status", "data-spot": "mine" }, own.status === "offered" ? words.status.mine_offered : words.status.mine) : h(Status, { status: spot.status, words }), h("small", { className: "soft" }, [spot.place, spot.details, spot.shownAs && !own ? fill(words.by, spot.shownAs) : ""].filter(Boolean).join(" · "))),
            h("span", { className: "when" }, own ? null : h(When, { spot, now, zone, words })),
          ),
          move
            ? h("button", { type: "button", className: "second", onClick: () => act(tell.onMove, movable.booking_id, spot.id, move.cut) }, move.cut ? fill(words.move_cut, spot.name, clock(move.cut, now, zone, words)) : fill(words.move, spot.name))
            : null,
        );
      }),
    ),
  );
}

/** Whether a booking can be moved to a spot, and until when it is to be cut; 0 when it stays whole. */
function moveTo(spot, stay, now) {
  const from = Math.max(now, stay.starts_at);
  const there = spot.status === "free" || (stay.starts_at > now && spot.until && spot.until <= stay.starts_at && ["taken", "leaving"].includes(spot.status));
  if (!there || spot.later.some(([begins, ends]) => begins <= from && from < ends)) return null;
  const next = nextAfter(spot, from);
  if (!next || next >= stay.leaves_at) return { cut: 0 };
  return next - from < USEFUL ? null : { cut: next };
}

const DISMISSED = "cubby-news";
const seen = () => JSON.parse(localStorage.getItem(DISMISSED) ?? "[]");

/** What became of my bookings without me, until it is dismissed. */
export function StayNews({ mine, site, words }) {
  const [gone, setGone] = useState(null);
  useEffect(() => setGone(seen()), []);
  const now = serverNow();
  if (!gone) return null;
  const rows = read(mine, "news", []).filter((one) => !gone.includes(one.key) && (!site || one.site_id === site));
  const dismiss = (key) => {
    const kept = [...seen(), key].slice(-50);
    localStorage.setItem(DISMISSED, JSON.stringify(kept));
    setGone(kept);
    document.getElementById("content")?.focus();
  };
  return h(
    "div",
    { className: "news", role: "status" },
    rows.map((one) =>
      h(
        "div",
        { key: one.key, className: "box", "data-tone": one.what === "moved" ? undefined : "bad", "data-testid": "news" },
        h("p", null, fill(words.news[one.what] ?? words.news.forced, one.name, clock(one.at, now, one.time_zone, words), one.reason || words.no_reason, one.was)),
        h("button", { type: "button", className: "quiet", "aria-label": words.dismiss, onClick: () => dismiss(one.key) }, "×"),
      ),
    ),
  );
}

/** What of mine must be noticed, also in a pocket: an offer first, then the end of a stay. */
function phaseOf(stays, now, rules) {
  const offer = stays.find((stay) => stay.status === "offered" && stay.leaves_at > now);
  if (offer) return ["offer", offer];
  for (const stay of stays) {
    const part = partOf(stay, now, rules);
    if (part === "grace" || part === "overstayed" || part === "blocked") return [part, stay];
    if (part === "there" && rules.reminder_minutes && stay.leaves_at - now <= rules.reminder_minutes * MINUTE) return ["remind", stay];
  }
  return ["", null];
}

function Noticed({ stays, now, zone, rules, words }) {
  useAllowedSound();
  const [phase, stay] = phaseOf(stays, now, rules);
  const key = stay ? `${stay.booking_id}-${phase}` : "";
  const before = useRef("");
  const opened = useRef(Date.now());
  const [said, setSaid] = useState("");
  const text = stay ? fill(words.noticed[phase], stay.name, clock(stay.leaves_at, now, zone, words)) : "";
  useEffect(() => {
    if (!text) return undefined;
    const title = document.title;
    document.title = `● ${text}`;
    return () => {
      document.title = title;
    };
  }, [text]);
  useEffect(() => {
    const was = before.current;
    before.current = key;
    const looks = Date.now() - Math.max(actedAt, opened.current) < LOOKS_MS;
    if (was === key) return undefined;
    setSaid(stay && !looks ? text : ""); // what was said before is not so any more
    if (!stay || looks) return undefined;
    return alarm({ title: text, body: words.noticed_body[phase], tag: `cubby-stay-${stay.booking_id}`, phase, loud: phase === "offer" });
  }, [key]);
  return h("p", { className: "unseen", role: "status" }, said);
}

/** Why this holder can't book now at all; empty when they can. */
function cantBook(spot, mine, rules, allow, now, zone, words) {
  if (mine.some((stay) => stay.status === "offered")) return words.has_offer;
  if (mine.length >= rules.bookings_per_holder) {
    const movable = mine.length === 1 && moveTo(spot, mine[0], now);
    return movable ? words.has_all : words.has_other;
  }
  if (allow?.cooling_until > now) return fill(words.cooling, clock(allow.cooling_until, now, zone, words));
  return "";
}

/** The spot that was scanned or chosen: book it, or what to do instead. */
function Chosen({ spot, spots, now, zone, rules, allow, words, session, signedIn, staff, page, waits, stays, line, siteId, tell }) {
  const mine = stays.find((stay) => stay.charger_id === spot.id);
  const anyFree = spots.some((one) => isFree(one, now));
  const native = session <= 0;
  const free = spot.status === "free";
  const why = cantBook(spot, stays, rules, allow, now, zone, words);
  const laterToo = rules.book_later && ["taken", "leaving", "offered"].includes(spot.status);
  const [later, setLater] = useState(false);
  if (mine) return null;
  const book = (forLater) => h(BookForm, { key: `${spot.id}${forLater}`, spot, now, zone, rules, allow, words, native, page, later: forLater, onBook: tell.onBook });
  const empty = () => (spot.status === "overstayed" ? h(Empty, { spot, words, native, onFree: tell.onFree }) : null);
  const what = () => {
    if (staff) return h("p", null, words.for_staff);
    if (rules.sign_in_needed && !signedIn) return h(Fragment, null, h("p", null, words.sign_in_text), h(Link, { to: `/sign-in?next=${page}`, className: "button primary" }, words.sign_in));
    if (why) return h(Fragment, null, empty(), h("p", { className: "box" }, why));
    if (free) return book(false);
    if (later) return h(Fragment, null, book(true), h("button", { type: "button", className: "asLink touch", onClick: () => setLater(false) }, words.rather_now));
    return h(
      Fragment,
      null,
      empty(),
      anyFree
        ? h(FreeNow, { spots, now, zone, words })
        : waits.length
          ? null
          : h(JoinLine, { waiting: line.length, rules, words, native, page, siteId, tell }),
      laterToo ? h("button", { type: "button", className: "asLink touch", onClick: () => setLater(true) }, words.later_here) : null,
    );
  };
  return h(
    "section",
    { className: "card chosen", "data-spot": spot.status, "aria-label": fill(words.spot, spot.name) },
    h("div", { className: "row apart" }, h("p", { className: "post big" }, spot.name), h("div", { className: "stack right" }, h("span", { role: "status" }, h(Status, { status: spot.status, words })), h("span", { className: "when" }, h(When, { spot, now, zone, words })))),
    spot.shownAs ? h("p", { className: "soft small" }, fill(words.by, spot.shownAs)) : null,
    what(),
  );
}

/** Says that nobody is at a spot whose time is over. Also by a form of the browser's own, for who
 * has no session. */
function Empty({ spot, words, native, onFree }) {
  const busy = useRef(false);
  const send = (event) => {
    if (native && !busy.current) {
      busy.current = true;
      return;
    }
    event.preventDefault();
    if (!native) act(onFree, spot.id);
  };
  return h(
    "form",
    { method: "post", action: "/auth/spot-free", onSubmit: send, className: "book", "aria-label": words.empty },
    h("input", { type: "hidden", name: "charger", value: spot.code }),
    h("p", null, words.empty_text),
    h("button", { type: "submit", className: "second" }, words.empty),
  );
}

/** Where to go instead. */
function FreeNow({ spots, now, zone, words }) {
  const free = spots.filter((spot) => isFree(spot, now)).slice(0, 4);
  return h(
    "div",
    { className: "stack" },
    h("p", null, h("strong", null, words.free_now)),
    h("div", { className: "chips" }, free.map((spot) => h(Link, { key: spot.id, to: `/c/${spot.code}`, className: "button second" }, fill(words.go_to, spot.name)))),
  );
}

/** Nothing was scanned: which one, or the line. */
function NoneChosen({ spots, now, zone, rules, words, session, signedIn, staff, page, waits, stays, line, siteId, tell }) {
  if (stays.length || waits.length) return null;
  if (spots.some((spot) => isFree(spot, now))) return h("section", { className: "card" }, h(FreeNow, { spots, now, zone, words }));
  const locked = rules.sign_in_needed && !signedIn;
  return h(
    "section",
    { className: "card", "aria-label": words.full },
    h("h2", null, words.full),
    staff
      ? h("p", null, words.for_staff)
      : locked
        ? h(Fragment, null, h("p", null, words.sign_in_text), h(Link, { to: `/sign-in?next=${page}`, className: "button primary" }, words.sign_in))
        : h(JoinLine, { waiting: line.length, rules, words, native: session <= 0, page, siteId, tell }),
  );
}

/** The page of charging spots: what is mine, the spot that was scanned, all others. */
export function Charging({ site, mine, scanned, session, signedIn, staff, refused, words, page, ...tell }) {
  useNow(1000);
  const now = serverNow();
  const siteId = read(site, "site_id", 0);
  const zone = read(site, "time_zone", "");
  const rules = read(site, "rules", {});
  const line = read(site, "line", []);
  const spots = spotsOf(site);
  const stays = read(mine, "rows", []).filter((stay) => stay.site_id === siteId);
  const waits = read(mine, "waits", []).filter((wait) => wait.site_id === siteId);
  // who has no session yet has used nothing
  const allow = read(mine, "allow", {})[siteId] ?? fullAllowance(now, rules, zone);
  const spot = spots.find((one) => one.id === scanned);
  const free = spots.filter((one) => one.status === "free");
  const others = read(site, "asking", []).filter((id) => !waits.some((wait) => wait.wait_id === id)).length;
  const shared = { spots, now, zone, rules, allow, words, session, signedIn, staff, page, waits, stays, line, siteId, tell };
  if (!spots.length) return h("section", { className: "card" }, h("h2", null, words.none), h("p", null, words.none_text));
  return h(
    "div",
    { className: "two charging" },
    h(
      "div",
      { className: "stack" },
      h(Refused, { text: refused }),
      h(Noticed, { stays, now, zone, rules, words }),
      h(StayNews, { mine, site: siteId, words }),
      stays.map((stay) => {
        const where = spots.find((one) => one.id === stay.charger_id);
        const same = { key: stay.booking_id, stay, spot: where, now, zone, rules, allow, words, tell };
        if (stay.status === "offered") return h(OfferCard, { ...same, wait: waits.find((wait) => wait.wait_id === stay.wait_id) });
        return h(StayCard, { ...same, free, waiting: others });
      }),
      stays.length ? h("div", { className: "card" }, h(Alerts, { words: words.alerts })) : null,
      waits.filter((wait) => !stays.some((stay) => stay.wait_id === wait.wait_id)).map((wait) => h(WaitCard, { key: wait.wait_id, wait, line, now, zone, words, tell })),
      spot ? h(Chosen, { ...shared, key: spot.id, spot }) : h(NoneChosen, shared),
    ),
    h(
      "div",
      { className: "stack" },
      h(Soonest, { spots, mine: stays, record: read(site, "record", []), now, zone, words }),
      h(SpotList, { spots, scanned, mine: stays, now, zone, rules, words, tell }),
    ),
  );
}

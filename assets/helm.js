// What the dashboard of a queue does in the browser: one button that keys press too, the seconds
// in which a press can be undone, a running timer, and a line whose rows stay where they are while
// somebody points at them. Loaded by that page only. Text comes in as props.
import { createElement as h, useEffect, useRef, useState } from "react";
import { serverNow, useNow } from "./cubby.js";

const LOCKED_MS = 700; // a press that was meant once must not count twice
const IDLE_MS = 30000; // a pointer that was left lying holds nothing any more
const TOUCH_MS = 1500; // from the finger's coming down until what it did is seen
const GONE_MS = 3000; // how long a row stays that has the focus and has gone

const pad = (number) => String(number).padStart(2, "0");

/** "0:42", "12:03", "1:02:03": how long it has taken so far. */
function elapsed(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const tail = `${pad(minutes % 60)}:${pad(seconds % 60)}`;
  return minutes < 60 ? tail.replace(/^0/, "") : `${Math.floor(minutes / 60)}:${tail}`;
}

/** The time since a moment, running. */
export function Timer({ since, label }) {
  useNow(500);
  return h("span", { className: "digits", role: "timer", "aria-label": label }, elapsed(serverNow() - since));
}

/** Opens the browser's dialog for printing this page. */
export function PrintButton({ text }) {
  return h("button", { type: "button", className: "primary", onClick: () => window.print() }, text);
}

/** A link to a part of this page. The router would take a link of Reflex's for another page. */
export function Jump({ to, children }) {
  const go = (event) => {
    event.preventDefault();
    const part = document.getElementById(to);
    part.focus({ preventScroll: true });
    part.scrollIntoView();
  };
  return h("a", { href: `#${to}`, onClick: go }, children);
}

/** A hidden field with the value from when the form was shown: it stays, whatever comes later. */
export function AsShown({ name, value }) {
  const [shown] = useState(value);
  return h("input", { type: "hidden", name, value: shown });
}

const takesKeys = (element) =>
  element?.closest?.("a[href], button, input, textarea, select, summary, [contenteditable], dialog") ?? null;

/** The one big button. Space and Enter press it wherever nothing else takes them. */
export function BigButton({ text, hint, disabled, onPress }) {
  const button = useRef(null);
  const lockedUntil = useRef(0);
  useEffect(() => {
    const press = (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
      if (takesKeys(event.target) || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      if (!event.repeat) button.current.click();
    };
    // What the mouse has pressed keeps the focus, and would take the keys that are meant for this.
    const letGo = (event) => {
      if (event.detail > 0 && !event.target.closest?.("dialog")) event.target.closest?.("main button")?.blur();
    };
    document.addEventListener("keydown", press);
    document.addEventListener("click", letGo);
    return () => {
      document.removeEventListener("keydown", press);
      document.removeEventListener("click", letGo);
    };
  }, []);
  const click = () => {
    if (disabled || Date.now() < lockedUntil.current) return;
    lockedUntil.current = Date.now() + LOCKED_MS;
    onPress();
  };
  const keepOnePress = (event) => event.repeat && [" ", "Enter"].includes(event.key) && event.preventDefault();
  return h(
    "button",
    {
      ref: button,
      type: "button",
      className: "primary big",
      // not `disabled`: that would drop the focus, and the keys with it
      "aria-disabled": disabled || undefined,
      onClick: click,
      onKeyDown: keepOnePress,
    },
    h("span", null, text),
    h("span", { className: "keys", "aria-hidden": true }, hint),
  );
}

const typesInto = (element) => element?.closest?.("input, textarea, select, [contenteditable]") ?? null;

/** Takes the last press back while its seconds run, by the key U too, wherever nobody types; always
 * there, so that nothing moves. */
export function Undo({ until, text, leftText, onUndo }) {
  useNow(250);
  const button = useRef(null);
  const left = Math.ceil((until - serverNow()) / 1000);
  const open = left > 0 && left <= 60;
  useEffect(() => {
    const press = (event) => {
      if (event.key.toLowerCase() !== "u" || event.repeat) return;
      if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
      if (typesInto(event.target) || document.querySelector("dialog[open]")) return;
      button.current.click(); // which does nothing once it is disabled
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  return h(
    "button",
    {
      ref: button,
      type: "button",
      className: "second undo",
      disabled: !open,
      "aria-keyshortcuts": "U",
      onClick: () => open && onUndo(),
    },
    text,
    " ",
    h("span", { className: "digits", role: "timer" }, open ? leftText.replace("{}", left) : ""),
  );
}

/** How long somebody has waited: "12 min". */
function Waited({ since, justNow }) {
  useNow(10000);
  const minutes = Math.floor((serverNow() - since) / 60000);
  const hours = Math.floor(minutes / 60);
  const text = minutes < 1 ? justNow : hours ? `${hours} h ${pad(minutes % 60)}` : `${minutes} min`;
  return h("time", { dateTime: new Date(since).toISOString() }, text);
}

const [ID, NUMBER, GROUP, , WHO, QUESTION, JOINED, , , , NOTE, STEPS, VISITS] = Array(13).keys();

/** The rows as they are to be shown: as the server has them, or, while they are held, each where
 * it was, those that have gone still there, and new ones behind all others. */
function arrange(rows, shown, held, heightOf) {
  if (!held) return rows.map((row) => ({ row, gone: false }));
  const now = new Map(rows.map((row) => [row[ID], row]));
  const kept = shown.map(({ row }) => ({
    row: now.get(row[ID]) ?? row,
    gone: !now.has(row[ID]),
    height: heightOf(row[ID]),
  }));
  const there = new Set(shown.map(({ row }) => row[ID]));
  return [...kept, ...rows.filter((row) => !there.has(row[ID])).map((row) => ({ row, gone: false }))];
}

function Row({ row, gone, height, place, words, onCall, onNote, onRemove }) {
  const button = (what, text, act) =>
    h(
      "button",
      {
        type: "button",
        className: "second",
        "data-act": what,
        "aria-label": `${text}: ${words.number} ${row[NUMBER]}`,
        "aria-disabled": gone || undefined,
        onClick: () => gone || act(row[ID]),
      },
      text,
    );
  return h(
    "li",
    { className: "in-line", "data-gone": gone || undefined, "data-ticket": row[ID], style: height && { height } },
    h("span", { className: "rank soft", "aria-hidden": true }, gone ? "" : place),
    h("span", { className: "ticket-number" }, h("span", { className: "unseen" }, `${words.number} `), row[NUMBER]),
    h(
      "div",
      { className: "about" },
      h(
        "p",
        { className: "first" },
        h("strong", null, `${words.group} ${row[GROUP]}`),
        gone ? h("span", { className: "badge" }, words.gone) : null,
        row[VISITS] ? h("span", { className: "badge" }, `${words.helped} ${row[VISITS]}×`) : null,
        row[STEPS] ? h("span", { className: "badge" }, `${words.stepped} ${row[STEPS]}×`) : null,
        h("span", { className: "soft small" }, h(Waited, { since: row[JOINED], justNow: words.justNow })),
      ),
      row[WHO] ? h("p", { className: "soft small" }, row[WHO]) : null,
      row[QUESTION] ? h("p", { className: "question" }, row[QUESTION]) : null,
      row[NOTE] ? h("p", { className: "note small" }, h("span", { className: "soft" }, `${words.note}: `), row[NOTE]) : null,
    ),
    h("div", { className: "acts" }, button("call", words.call, onCall), button("note", words.note, onNote), button("remove", words.remove, onRemove)),
  );
}

/** The line. While somebody points at it, or has the focus in it, no row moves. */
export function SteadyLine({ rows, words, label, onCall, onNote, onRemove }) {
  const list = useRef(null);
  const shown = useRef([]);
  const pointed = useRef(false);
  const since = useRef(0);
  const [, redraw] = useState(0);
  const focused = () => {
    const element = document.activeElement;
    return list.current?.contains(element) && element !== list.current && element.matches(":focus-visible");
  };
  const held = () => {
    const gone = !pointed.current && focused() && document.activeElement.closest("[data-gone]");
    return (pointed.current || focused()) && Date.now() - since.current < (gone ? GONE_MS : IDLE_MS);
  };
  const stay = () => {
    since.current = Date.now();
  };
  const release = () => {
    pointed.current = false;
    redraw((n) => n + 1);
  };
  useEffect(() => {
    const timer = setInterval(() => shown.current.some(({ gone }) => gone) && !held() && redraw((n) => n + 1), 1000);
    window.addEventListener("blur", release);
    return () => {
      clearInterval(timer);
      window.removeEventListener("blur", release);
    };
  }, []);
  const before = shown.current;
  const heightOf = (id) => list.current?.querySelector(`[data-ticket="${id}"]`)?.getBoundingClientRect().height;
  shown.current = arrange(rows, before, held(), heightOf);
  const hadFocus = focused();
  useEffect(() => {
    // whoever had the focus in a row that is gone is in the list still, and on no other's button
    if (hadFocus && document.activeElement === document.body) list.current.focus({ preventScroll: true });
  });
  const touch = (event) => {
    stay();
    pointed.current = true;
    if (event.pointerType !== "mouse") setTimeout(release, TOUCH_MS);
  };
  const places = new Map(rows.map((one, index) => [one[ID], index + 1]));
  return h(
    "ol",
    {
      ref: list,
      className: "steady",
      "aria-label": label,
      tabIndex: -1,
      onPointerEnter: (event) => event.pointerType === "mouse" && touch(event),
      onPointerDown: touch,
      onPointerMove: stay,
      onPointerLeave: (event) => event.pointerType === "mouse" && release(),
      onFocus: stay,
      onKeyDown: stay,
      onBlur: (event) => list.current.contains(event.relatedTarget) || setTimeout(release),
    },
    shown.current.map((one) =>
      h(Row, { key: one.row[ID], ...one, place: places.get(one.row[ID]), words, onCall, onNote, onRemove }),
    ),
  );
}

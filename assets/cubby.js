// The few parts of a page that Python can't describe: what a clock, a connection, a cabinet of
// doors and a dialog do in the browser. Text comes in as props, so that it stays translatable.
import { createElement as h, Fragment, memo, useCallback, useEffect, useRef, useState } from "react";

const STALE_AFTER_MS = 13000; // two beats of five seconds and some air
const FIRST_BEAT_WITHIN_MS = 4000; // a page that hears nothing for longer says so

/** By how much the server's clock is ahead of this device's, as of the last beat. */
let ahead = 0;

/** The time now by the server's clock: what ends there in seconds must not depend on ours. */
export const serverNow = () => Date.now() + ahead;

/** The time now, renewed every `everyMs`, so that what depends on it moves by itself. */
export function useNow(everyMs) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

const formats = new Map();

/** A cached formatter: making one costs more than using it a thousand times. */
export function format(at, zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) {
    formats.set(key, new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone || undefined }));
  }
  return formats.get(key).format(at);
}

const CLOCK = { hour: "2-digit", minute: "2-digit" };
const EXACT = { dateStyle: "medium", timeStyle: "medium" };

/** "14:20", with the day when it is not today in the zone. */
function clock(at, now, zone) {
  const day = { day: "numeric", month: "short" };
  const time = format(at, zone, CLOCK);
  const sameDay = format(at, zone, day) === format(now, zone, day);
  return sameDay ? time : `${format(at, zone, { weekday: "short", ...day })}, ${time}`;
}

/**
 * "in 12 min", "5 min ago", "in 1 h 05": near times as people say them. What is within half a
 * minute has just happened: clocks differ that much, and ours is looked at seldom.
 */
function relative(at, now) {
  const minutes = Math.round(Math.abs(at - now) / 60000);
  if (minutes === 0) return at > now + 15000 ? "in under a minute" : "just now";
  const hours = Math.floor(minutes / 60);
  const rest = String(minutes % 60).padStart(2, "0");
  const span = hours ? `${hours} h ${rest}` : `${minutes} min`;
  return at > now ? `in ${span}` : `${span} ago`;
}

/** A moment: near ones relative, others by the clock of the site; exact on hover. */
export function Moment({ at, zone, form = "auto" }) {
  const now = useNow(10000);
  if (!at) return null;
  const near = Math.abs(at - now) < 3600000;
  const text = form === "relative" || (form === "auto" && near) ? relative(at, now) : clock(at, now, zone);
  return h("time", { dateTime: new Date(at).toISOString(), title: format(at, zone, EXACT) }, text);
}

/** The time left until a moment, by the second: "9:41". */
export function Countdown({ until, over }) {
  const now = useNow(500);
  const left = Math.max(0, Math.ceil((until - now) / 1000));
  if (left === 0) return h("span", null, over);
  const seconds = String(left % 60).padStart(2, "0");
  return h("span", { className: "digits", role: "timer" }, `${Math.floor(left / 60)}:${seconds}`);
}

const ONCE_MS = 700;
const pressedAt = new WeakMap();

/** A second press of the same button within a moment was meant for what stood there before. */
function pressOnce(event) {
  const button = event.target.closest?.("button[data-once]");
  if (!button) return;
  if (Date.now() - (pressedAt.get(button) ?? 0) < ONCE_MS) {
    event.preventDefault();
    event.stopPropagation();
    if (event.detail > 0) button.blur(); // the mouse's: keys are not meant for it
    return;
  }
  pressedAt.set(button, Date.now());
}

if (typeof document !== "undefined") document.addEventListener("click", pressOnce, true);

/**
 * Refuses clicks and forms until the returned function is called, and tells `onRefused` each time.
 * What is pressed without a connection would be sent once there is one: perhaps much later, when
 * nobody wants it any more.
 */
function refusingToAct(onRefused) {
  const refuse = (event) => {
    if (!event.target.closest("main :is(button, input, form)")) return;
    event.preventDefault();
    event.stopPropagation();
    onRefused();
  };
  const kinds = ["click", "submit"];
  kinds.forEach((kind) => document.addEventListener(kind, refuse, true));
  return () => kinds.forEach((kind) => document.removeEventListener(kind, refuse, true));
}

const ANNOUNCED = "cubby-session";

/**
 * Keeps the tabs of a browser in one session. A session that ends is told by the server; one that
 * begins, by signing in or with a first ticket, is known only in the tab where that was done. Who
 * watches in a session tells the other tabs, and a tab that is in another one begins anew.
 */
function useSameSession(session) {
  useEffect(() => {
    if (session < 0 || typeof BroadcastChannel === "undefined") return undefined;
    const tabs = new BroadcastChannel(ANNOUNCED);
    tabs.onmessage = ({ data }) => {
      if (data !== session) window.location.reload();
    };
    if (session > 0) tabs.postMessage(session);
    return () => tabs.close();
  }, [session]);
}

/**
 * Whether what is on the screen is live. The server beats every five seconds; a screen that has
 * not heard it for longer says as of when it is, whatever the socket believes. When the session
 * is another than it was, perhaps ended while nothing could be heard, the page begins anew.
 */
export function Freshness({ beat, disconnected, session, liveText, lostText, asOfText, refusedText }) {
  const now = useNow(1000);
  const heard = useRef(0);
  const beatSeen = useRef(0);
  const opened = useRef(now);
  const [online, setOnline] = useState(true);
  if (beat && beat !== beatSeen.current) {
    beatSeen.current = beat;
    ahead = beat - Date.now();
    heard.current = Date.now();
  }
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    update();
    window.addEventListener("online", update);
    window.addEventListener("offline", update);
    return () => {
      window.removeEventListener("online", update);
      window.removeEventListener("offline", update);
    };
  }, []);
  const sessionSeen = useRef(-1);
  useEffect(() => {
    if (sessionSeen.current !== -1 && session !== sessionSeen.current) window.location.reload();
    sessionSeen.current = session;
  }, [session]);
  useSameSession(session);
  const known = heard.current > 0;
  const live = known && online && !disconnected && now - heard.current < STALE_AFTER_MS;
  const loading = now - opened.current < FIRST_BEAT_WITHIN_MS;
  const waiting = !known && online && !disconnected && loading;
  const asOf = known ? ` ${asOfText} ${format(heard.current, "", { timeStyle: "medium" })}` : "";
  const text = live ? liveText : waiting ? "" : `${lostText}${asOf}`;
  const state = live ? "live" : waiting ? "waiting" : "lost";
  const [refused, setRefused] = useState(0);
  useEffect(() => {
    document.documentElement.dataset.live = state;
    if (state !== "lost") return undefined;
    const stop = refusingToAct(() => setRefused(Date.now()));
    return () => {
      stop();
      setRefused(0);
    };
  }, [state]);
  return h(
    Fragment,
    null,
    h(
      "p",
      { className: "freshness", "data-state": state, role: "status" },
      h("span", { className: "dot", "aria-hidden": true }),
      h("span", null, text),
    ),
    h(Notice, { text: refusedText, tone: "bad", count: refused }),
  );
}

const Door = memo(function Door({ number, letter, low, mine, word, prefix, chosen, onChoose }) {
  const label = `${prefix}${number}, ${word}${low ? ", accessible height" : ""}`;
  const props = {
    className: "door",
    "data-status": letter,
    "data-low": low || undefined,
    "data-mine": mine || undefined,
    title: label,
  };
  if (!onChoose) return h("span", props, number);
  return h(
    "button",
    { ...props, type: "button", "aria-label": label, "aria-pressed": chosen, onClick: () => onChoose(number) },
    number,
  );
});

/** A cabinet of doors. Only doors that changed are drawn again. */
export function Cabinet({ numbers, doors, low, mine, words, prefix, label, chosen, onChoose }) {
  const lowest = useRef({ of: null, set: new Set() });
  if (lowest.current.of !== low) lowest.current = { of: low, set: new Set(low) };
  const choose = useRef(onChoose);
  choose.current = onChoose;
  const onDoor = useCallback((number) => choose.current?.(number), []);
  const frame = onChoose ? { role: "group" } : { role: "img" };
  return h(
    "div",
    { className: "cabinet", "aria-label": label, ...frame },
    numbers.map((number, index) =>
      h(Door, {
        key: number,
        number,
        prefix,
        letter: doors[index] ?? "x",
        word: words[doors[index]] ?? "",
        low: lowest.current.set.has(number),
        mine: mine === number,
        chosen: onChoose ? chosen === number : undefined,
        onChoose: onChoose ? onDoor : undefined,
      }),
    ),
  );
}

/**
 * A dialog of the browser's own: it keeps the focus, and Escape closes it. The focus begins at what
 * is marked as first, else at whatever the browser finds first.
 */
export function Modal({ open, onClose, label, children }) {
  const dialog = useRef(null);
  useEffect(() => {
    if (open && !dialog.current.open) {
      dialog.current.showModal();
      dialog.current.querySelector("[data-first]")?.focus();
    }
    if (!open && dialog.current.open) dialog.current.close();
  }, [open]);
  const closeOnBackdrop = (event) => {
    if (event.target === dialog.current) dialog.current.close();
  };
  return h(
    "dialog",
    { ref: dialog, className: "modal", "aria-label": label, onClose: () => onClose?.(), onClick: closeOnBackdrop },
    open ? children : null,
  );
}

/** What just happened, said once: seen for some seconds, and read out by a screen reader. */
export function Notice({ text, tone, count }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    setShown(Boolean(count));
    if (!count) return undefined;
    const timer = setTimeout(() => setShown(false), 8000);
    return () => clearTimeout(timer);
  }, [count]);
  return h(
    "div",
    { className: "notices", role: tone === "bad" ? "alert" : "status" },
    shown && text
      ? h(
          "p",
          { className: "notice", "data-tone": tone, key: count },
          text,
          h("button", { type: "button", className: "quiet", "aria-label": "Dismiss", onClick: () => setShown(false) }, "×"),
        )
      : null,
  );
}

/** Something that must be noticed, even in a pocket or another tab: the title says it. */
export function Attention({ text }) {
  useEffect(() => {
    if (!text) return undefined;
    const before = document.title;
    document.title = `● ${text}`;
    // Browsers refuse it, and complain, until the person has tapped somewhere.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([200, 100, 200]);
    return () => {
      document.title = before;
    };
  }, [text]);
  return null;
}

/** Moves the focus into the page. The router would take a link of Reflex's for another page. */
export function SkipLink({ to, children }) {
  const go = (event) => {
    event.preventDefault();
    document.getElementById(to)?.focus();
  };
  return h("a", { href: `#${to}`, className: "skip", onClick: go }, children);
}

/** A form that the browser itself sends, so that signing in works before and without scripts. */
export function NativeForm({ children, ...props }) {
  return h("form", { ...props, method: "post" }, children);
}

/** A link to a file. The router would take a link of Reflex's for one of its pages. */
export function Download({ href, children }) {
  return h("a", { href, download: true, className: "button second" }, children);
}

const FOLLOW_EVERY_MS = 1000;

/** Tells the server when a value has changed, once a second at most. */
export function Follow({ value, onChange }) {
  const seen = useRef(value);
  const tell = useRef(onChange);
  tell.current = onChange;
  const timer = useRef(0);
  useEffect(() => {
    if (value === undefined || value === seen.current) return;
    const first = seen.current === undefined;
    seen.current = value;
    if (first || timer.current) return; // what there is has just been read
    timer.current = setTimeout(() => {
      timer.current = 0;
      tell.current?.(seen.current);
    }, FOLLOW_EVERY_MS);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return null;
}

const counted = new Intl.NumberFormat("en-GB");

/** The rows that have arrived so far, of an answer that says how many it has. */
async function fetchRows(href, signal, onRows) {
  const answer = await fetch(href, { signal });
  if (!answer.ok) throw new Error((await answer.json()).detail);
  const all = Number(answer.headers.get("x-rows"));
  const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1];
  const parts = [];
  let rows = -1; // the head is a line as well
  for (const reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return { name, file: new Blob(parts, { type: "text/csv" }) };
    for (const byte of value) if (byte === 10) rows += 1;
    parts.push(value);
    onRows(Math.max(0, rows), all);
  }
}

function keep({ name, file }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name ?? "export.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** A button that fetches a long file, says how far it is, and keeps it; it can be given up. */
export function Export({ href, children }) {
  const [state, setState] = useState({});
  const running = useRef(null);
  useEffect(() => () => running.current?.abort(), []);
  const start = async () => {
    running.current = new AbortController();
    setState({ rows: 0, all: 0 });
    try {
      keep(await fetchRows(href, running.current.signal, (rows, all) => setState({ rows, all })));
      setState({ said: "The file is complete." });
    } catch (error) {
      const given = error.name === "AbortError";
      setState(given ? { said: "Given up." } : { said: `That did not work: ${error.message}`, bad: true });
    }
    running.current = null;
  };
  const { rows, all, said, bad } = state;
  if (rows === undefined)
    return h(
      "div",
      { className: "row export" },
      h("button", { type: "button", className: "second", onClick: start }, children),
      h("p", { role: bad ? "alert" : "status", className: bad ? "error" : "soft" }, said ?? ""),
    );
  const share = all ? Math.round((100 * rows) / all) : 0;
  return h(
    "div",
    { className: "row export" },
    h("button", { type: "button", className: "second", onClick: () => running.current?.abort() }, "Give up"),
    h("progress", { value: share, max: 100, "aria-label": "How far the file is" }),
    h("p", { className: "soft" }, `${counted.format(rows)} of ${counted.format(all)} rows`),
  );
}

// What a line for help needs of a browser: to be heard in a pocket, to reckon one's own wait from
// what all are told, and to stay alive on a wall for days. Text comes in as props.
import { createElement as h, memo, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { format, useNow } from "./cubby.js";
import { estimate } from "./waits.js";

/** The template with `{0}`, `{1}`… filled in. */
export function fill(template, ...values) {
  return template.replace(/\{(\d)\}/g, (_, index) => String(values[index] ?? ""));
}

let audio = null;
const listeners = new Set();
const changed = () => listeners.forEach((tell) => tell());

const canNotify = () => typeof Notification !== "undefined" && window.isSecureContext;
const mayNotify = () => (canNotify() ? Notification.permission : "impossible");
const hears = () => audio?.state === "running";

/** Sound is allowed from within a tap or a key only; the first one anywhere on the page will do. */
function allowSound() {
  try {
    audio ??= new AudioContext();
    audio.onstatechange = changed;
    if (audio.state !== "running") audio.resume().then(changed, () => {});
  } catch {
    audio = null; // no sound here: there are the title, vibration and notifications
  }
  changed();
}

const TAPS = ["pointerup", "keydown"];

export function useAllowedSound() {
  useEffect(() => {
    TAPS.forEach((tap) => document.addEventListener(tap, allowSound));
    return () => TAPS.forEach((tap) => document.removeEventListener(tap, allowSound));
  }, []);
}

/** One soft tone, like a struck bar. */
function tone(pitch, after, length, loudness) {
  const begins = audio.currentTime + after;
  const gain = audio.createGain();
  gain.connect(audio.destination);
  gain.gain.setValueAtTime(0.0001, begins);
  gain.gain.exponentialRampToValueAtTime(loudness, begins + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, begins + length);
  [1, 2].forEach((partial) => {
    const source = audio.createOscillator();
    source.frequency.value = pitch * partial;
    source.connect(gain);
    source.start(begins);
    source.stop(begins + length);
  });
}

const TUNES = {
  next: [[659, 0], [784, 0.18]],
  turn: [[523, 0], [659, 0.16], [784, 0.32], [1047, 0.48]],
  call: [[784, 0], [587, 0.3]],
};

function play(name, loudness = 0.3) {
  if (!hears()) return;
  TUNES[name].forEach(([pitch, after]) => tone(pitch, after, 0.9, loudness));
}

/** Lets the phone shake. Browsers refuse it, and complain, until somebody has tapped somewhere. */
function shake(pattern) {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(pattern);
}

/** A notification of the browser's, where it was allowed; it replaces the last of this tag. */
async function notify(title, body, tag, phase) {
  if (mayNotify() !== "granted") return;
  const data = { phase, path: window.location.pathname };
  const options = { body, tag, data, icon: "/logo.svg", renotify: true };
  try {
    const worker = await navigator.serviceWorker?.getRegistration();
    const there = (await worker?.getNotifications({ tag })) ?? [];
    if (there.some((shown) => shown.data?.phase === phase)) return; // by web push, a moment ago
    await worker?.showNotification(title, options);
    if (worker) return;
  } catch {
    // no service worker that may: there is the way without
  }
  try {
    new Notification(title, options);
  } catch {
    // phones show them by a service worker only; where there is none, sound and title remain
  }
}

let subscribed = false;

/** The bytes of a text in base64url. */
function bytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
}

function tell(method, body) {
  const headers = { "Content-Type": "application/json" };
  return fetch("/auth/push", { method, headers, body: JSON.stringify(body) });
}

/**
 * Has this browser told while the page is closed, where notifications are allowed and a push
 * service can be reached. Nothing depends on it while the page is open.
 */
async function subscribe() {
  if (mayNotify() !== "granted" || !("serviceWorker" in navigator) || !window.PushManager) return;
  try {
    const worker = await navigator.serviceWorker.register("/sw.js");
    await navigator.serviceWorker.ready;
    const answer = await fetch("/auth/push");
    if (!answer.ok) return;
    const key = bytes((await answer.json()).key);
    let kept = await worker.pushManager.getSubscription();
    const before = kept?.options?.applicationServerKey;
    if (kept && before && String(new Uint8Array(before)) !== String(key)) {
      await tell("DELETE", { endpoint: kept.endpoint }); // another installation's, or an old one's
      await kept.unsubscribe();
      kept = null;
    }
    const wanted = { userVisibleOnly: true, applicationServerKey: key };
    kept ??= await worker.pushManager.subscribe(wanted);
    subscribed = (await tell("POST", kept.toJSON())).ok;
    changed();
  } catch {
    // no push service here: the page tells as long as it is open
  }
}

const RING_EVERY_MS = 4000;
const RINGS = 6;

/** Rings until somebody touches the page or comes back to it; returns what stops it. */
function ring() {
  let left = RINGS;
  const once = () => {
    if (left-- <= 0) return stop();
    play("turn", 0.5);
    shake([300, 120, 300, 120, 500]);
    return undefined;
  };
  const timer = setInterval(once, RING_EVERY_MS);
  const stop = () => {
    clearInterval(timer);
    TAPS.forEach((tap) => document.removeEventListener(tap, stop));
  };
  TAPS.forEach((tap) => document.addEventListener(tap, stop));
  once();
  return stop;
}

/** Says something so that it is noticed, by all means there are; returns what stops it. */
export function alarm({ title, body, tag, phase, loud }) {
  notify(title, body, tag, phase);
  if (loud) return ring();
  play("next");
  shake([200]);
  return undefined;
}

/**
 * Where a ticket stands, said so that it is noticed: by the title always, and when it becomes next
 * or its turn comes, by sound, vibration, a notification, and to screen readers. A page that loads
 * says the title only: its person looks at it.
 */
export function Turn({ number, phase, ahead, words }) {
  useAllowedSound();
  const before = useRef(phase);
  const titleBefore = useRef(null);
  const [said, setSaid] = useState("");
  const title = words[phase] ? fill(words[phase], number, ahead) : "";
  useEffect(() => {
    if (!title) return undefined;
    titleBefore.current ??= document.title;
    document.title = title;
    return undefined;
  }, [title]);
  useEffect(
    () => () => {
      if (titleBefore.current !== null) document.title = titleBefore.current;
    },
    [],
  );
  useEffect(() => {
    const was = before.current;
    before.current = phase;
    if (was === phase) return undefined;
    if (!["next", "turn"].includes(phase)) {
      setSaid(""); // what was said before is no longer true: its person has let somebody by
      return undefined;
    }
    const text = fill(words[`${phase}_said`], number);
    setSaid(text);
    notify(text, words[`${phase}_body`], `cubby-${number}`, phase);
    if (phase === "turn") return ring();
    play("next");
    shake([200]);
    return undefined;
  }, [phase]);
  return h("p", { className: "unseen", role: "status" }, said);
}

/** What alerts there are, and the button that allows them. */
export function Alerts({ words }) {
  useAllowedSound();
  const state = useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => `${hears() ? "sound" : "silent"} ${mayNotify()} ${subscribed ? "closed" : "open"}`,
    () => "silent impossible open",
  );
  const [sound, notices, page] = state.split(" ");
  useEffect(() => {
    subscribe(); // allowed before: the session may be another since
    window.addEventListener("cubby-alerts", subscribe);
    return () => window.removeEventListener("cubby-alerts", subscribe);
  }, []);
  const turnOn = async () => {
    allowSound();
    if (mayNotify() === "default") await Notification.requestPermission();
    play("next");
    shake([100]);
    changed();
    if (mayNotify() === "granted") window.dispatchEvent(new Event("cubby-alerts"));
  };
  const all = sound === "sound" && notices !== "default";
  const told = page === "closed" ? "closed" : "both";
  const key = !all ? "off" : notices === "granted" ? told : "sound";
  return h(
    "div",
    { className: "alerts", "data-on": all },
    h("p", { className: "small" }, words[key]),
    h("button", { type: "button", className: "second", onClick: turnOn }, all ? words.again : words.button),
  );
}

/** A chime whenever another number is called, on the screen of a room. */
export function Chime({ numbers, button }) {
  useAllowedSound();
  const known = useRef(null);
  const allowed = useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    hears,
    () => false,
  );
  useEffect(() => {
    const fresh = known.current && numbers.some((number) => !known.current.includes(number));
    known.current = numbers;
    if (fresh) play("call", 0.4);
  }, [numbers.join()]);
  return allowed ? null : h("button", { type: "button", className: "quiet", onClick: allowSound }, button);
}

/** "12 min", "1 h 05": whole minutes, as people say them. */
function span(minutes) {
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
}

/** About how long it takes with so many ahead, between what, and how often that was right. */
export function Estimate({ pace, ahead, words, brief }) {
  const now = useNow(5000);
  const wait = estimate(pace, ahead, now);
  if (!wait) return brief ? null : h("p", { className: "soft small" }, words.unknown);
  const likely = Math.round(wait.likely / 60);
  const low = Math.floor(wait.low / 60);
  const high = Math.max(low + 1, Math.ceil(wait.high / 60));
  const about = likely < 1 ? words.soon : fill(words.about, span(likely));
  const range = low < 1 ? fill(words.upto, span(high)) : fill(words.between, high < 60 ? low : span(low), span(high));
  const both = likely < 1 && high <= 1 ? about : `${about}, ${range}`; // not the same thing twice
  if (brief) return h("span", null, both);
  const right = pace.of ? fill(words.held, Math.round(pace.inside * pace.of), pace.of) : "";
  return h(
    "div",
    { className: "estimate" },
    h("p", { className: "likely", "data-testid": "estimate" }, about, h("span", { className: "range" }, both.slice(about.length))),
    right ? h("p", { className: "soft small" }, right) : null,
  );
}

const SHOWN = 40; // of those that wait; the rest are counted

const Numbered = memo(function Numbered({ number, state, word }) {
  const shown = state === "done" ? h("s", null, number) : h("span", null, number);
  return h("li", { className: "num", "data-state": state }, shown, word ? h("small", null, word) : null);
});

/** All numbers that matter: done, being served, waiting in their order, with a word on each. */
export function Numbers({ serving, line, done, mine, label, words }) {
  const own = new Set(mine);
  const turn = new Map(serving);
  const shown = line.slice(0, SHOWN);
  const later = line.slice(SHOWN).filter((number) => own.has(number));
  const more = line.length - shown.length - later.length;
  const wordOf = (number, word) => (own.has(number) ? (word ? `${words.you}, ${word}` : words.you) : word);
  const item = (number, state, word) =>
    h(Numbered, { key: `${state}${number}`, number, state: own.has(number) && state === "waiting" ? "mine" : state, word: wordOf(number, word) });
  return h(
    "ol",
    { className: "numbers", "aria-label": label },
    [...done].sort((a, b) => a - b).map((number) => item(number, "done", words.done)),
    [...turn].map(([number, desk]) => item(number, "now", desk ? `${words.now}, ${desk}` : words.now)),
    shown.map((number, index) => item(number, "waiting", index === 0 ? words.next : "")),
    more > 0 ? h("li", { className: "num", "data-state": "more", key: "more" }, fill(words.more, more)) : null,
    later.map((number) => item(number, "waiting", "")),
  );
}

function newKey() {
  return Date.now().toString(36) + Math.random().toString(36).slice(2);
}

/**
 * A form that the browser sends by itself, as only an HTTP answer can set a cookie, or, when
 * `native` is false, whose values go to `onSend`. What was typed into one that was refused comes
 * back with it: it stands in no address.
 */
export function TicketForm({ native, action, keep, refused, onSend, children, ...props }) {
  const form = useRef(null);
  const busy = useRef(false);
  useEffect(() => {
    if (!keep) return undefined;
    const kept = sessionStorage.getItem(keep);
    sessionStorage.removeItem(keep);
    if (kept && refused) {
      for (const [name, value] of Object.entries(JSON.parse(kept))) {
        const input = form.current.elements[name];
        if (input && input.type !== "hidden") input.value = value;
      }
      form.current.querySelector('[aria-invalid="true"]')?.focus();
    }
    const again = () => {
      busy.current = false; // the browser came back to the page as it was
    };
    window.addEventListener("pageshow", again);
    return () => window.removeEventListener("pageshow", again);
  }, [keep, Boolean(refused)]);
  const send = (event) => {
    const values = Object.fromEntries(new FormData(form.current));
    if (native && !busy.current) {
      busy.current = true; // a second click must not take a second ticket
      if (keep) sessionStorage.setItem(keep, JSON.stringify(values));
      return;
    }
    event.preventDefault();
    if (!native) onSend(values, newKey());
  };
  return h("form", { ...props, ref: form, action, method: "post", onSubmit: send }, children);
}

/** The time of the place, for a room. */
export function WallClock({ zone }) {
  const now = useNow(1000);
  const time = format(now, zone, { hour: "2-digit", minute: "2-digit" });
  return h("time", { className: "digits", suppressHydrationWarning: true }, time);
}

const LOOK_EVERY_MS = 60000;
const LOST_FOR_MS = 90000;
const OLD_AFTER_MS = 20 * 3600000;

/** What the page's address now leads to: the names of its scripts change with each build. */
async function build() {
  const answer = await fetch(window.location.pathname, { cache: "no-store" });
  if (!answer.ok) return null;
  return [...(await answer.text()).matchAll(/\/assets\/[^"']+\.js/g)].map(String).sort().join();
}

/**
 * Keeps a screen alive that nobody touches: the display stays awake where the browser allows it,
 * and the page loads itself anew when there is a new build, when it has been cut off for long and
 * the server is there again, and once in a while.
 */
export function StayAlive() {
  useEffect(() => {
    let lock = null;
    const wake = async () => {
      if (document.visibilityState !== "visible" || (lock && !lock.released)) return;
      lock = await navigator.wakeLock?.request("screen").catch(() => null);
    };
    wake();
    document.addEventListener("visibilitychange", wake);
    const opened = Date.now();
    let first = null;
    let liveAt = Date.now();
    const look = async () => {
      const live = document.documentElement.dataset.live === "live";
      if (live) liveAt = Date.now();
      const now = await build().catch(() => null);
      if (now === null) return; // the server is away: the mark says so, and this page stays
      first ??= now;
      const lost = Date.now() - liveAt > LOST_FOR_MS;
      if (now !== first || lost || Date.now() - opened > OLD_AFTER_MS) window.location.reload();
    };
    const timer = setInterval(look, LOOK_EVERY_MS);
    look();
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", wake);
      lock?.release().catch(() => {});
    };
  }, []);
  return null;
}

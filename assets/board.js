// The staff board in the browser: all doors of a site, found, chosen and acted on. What doors there
// are comes by topics, in blocks; what is filtered, searched and selected stays here.
// Text comes in as props.
import { createElement as h, Fragment, memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Moment, serverNow } from "./cubby.js";

const VAR = "_rx_state_"; // what Reflex puts behind the name of a var
const BLOCK = 50; // doors that are sent together
const CHUNK = 25; // doors that are acted on together: the next ones go when these are done
const OWN_MS = 5000; // as long after one did something, the change of the door is one's own
const ASK_AGAIN_MS = 8000; // for an answer that was lost with the connection
const MOST_TRIES = 5;
const LISTED = 100; // rows of the list at first, and that come with each "more"

/** What several components of the board share: all doors as they are now, whether it is known who has
 * which, without which nothing is offered, the open question, the doors at which oneself does something
 * right now, and what was done last at one. */
const desk = { doors: new Map(), known: false, question: null, own: new Map(), done: new Map(), version: 0, listeners: new Set() };

function tell(change) {
  Object.assign(desk, change);
  desk.version += 1;
  desk.listeners.forEach((listener) => listener());
}

function useDesk() {
  const subscribe = useCallback((listener) => {
    desk.listeners.add(listener);
    return () => desk.listeners.delete(listener);
  }, []);
  return useSyncExternalStore(subscribe, () => desk.version, () => 0);
}

const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

/** Words as they are compared: small, without accents, one blank between them. */
const plainOf = (text) =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

/** The doors of one block. Those that are as before are the same objects, and are not drawn anew. */
function doorsOfBlock(bank, head, fixed, letters, rows, before) {
  const known = new Map(rows.map((row) => [row[0], row]));
  const old = new Map(before.map((door) => [door.id, door]));
  return fixed.map(([id, number, low], index) => {
    const letter = letters[index] ?? "x";
    const row = known.get(id);
    const was = old.get(id);
    if (was && was.letter === letter && was.row === row && was.number === number && was.head === head) return was;
    const label = `${head[2]}${number}`;
    return {
      id, number, low, letter, row, bank, head, label,
      claim: row?.[1] ?? 0, name: row?.[2] ?? "", enrolled: row?.[3] ?? "", since: row?.[4] ?? 0, until: row?.[5] ?? 0,
      why: row?.[6] ?? "", note: row?.[7] ?? "",
      text: ` ${plainOf(`${label} ${number} ${row?.[2] ?? ""} ${row?.[3] ?? ""}`)} `,
    };
  });
}

const NONE = [];

/** The same object for as long as the same is in it: props that are written in the page are made anew
 * each time it is drawn, and would have every door drawn with it. */
function useSame(value) {
  const kept = useRef(value);
  if (kept.current !== value && JSON.stringify(kept.current) !== JSON.stringify(value)) kept.current = value;
  return kept.current;
}

/** All doors of these banks, by bank, out of the vars of the two states. */
function useDoors(banks, doors, holders) {
  const cache = useRef(new Map());
  const last = useRef([]);
  const named = holders[`ready${VAR}`];
  const all = banks.flatMap((bank) => {
    const head = doors[`head_${bank}${VAR}`];
    if (!head) return [];
    const was = cache.current.get(bank);
    const blocks = [];
    for (let k = 0; k === 0 || k * BLOCK < head[4]; k += 1) {
      const fixed = doors[`fixed_${bank}_${k}${VAR}`] ?? NONE;
      const letters = doors[`letters_${bank}_${k}${VAR}`] ?? "";
      const rows = (named && holders[`rows_${bank}_${k}${VAR}`]) || NONE;
      const old = was?.blocks[k];
      const same = old && was.head === head && old.fixed === fixed && old.letters === letters && old.rows === rows;
      blocks.push(same ? old : { fixed, letters, rows, doors: doorsOfBlock(bank, head, fixed, letters, rows, old?.doors ?? NONE) });
    }
    const unchanged = was && was.head === head && was.blocks.length === blocks.length && blocks.every((block, k) => block === was.blocks[k]);
    const now = unchanged ? was : { id: bank, head, blocks, doors: blocks.flatMap((block) => block.doors) };
    cache.current.set(bank, now);
    return [now];
  });
  const same = all.length === last.current.length && all.every((bank, k) => bank === last.current[k]);
  if (!same) last.current = all;
  return last.current;
}

/** Whether what is known of a door has a word that begins so, for each of these. */
function finds(door, words) {
  return words.every((word) => door.text.includes(` ${word}`));
}

/** How well a door is what was asked for, the best first: it is its number; it is who has it; all words
 * are there whole; one of them is its number; the others. */
function rankOf(door, words) {
  const asked = words.join(" ");
  const isNumber = (word) => String(door.number) === word || plainOf(door.label) === word;
  if (isNumber(asked)) return 0;
  if (plainOf(door.enrolled) === asked) return 1;
  if (plainOf(door.name) === asked) return 2;
  if (words.every((word) => door.text.includes(` ${word} `))) return 3;
  return words.some(isNumber) ? 4 : 5;
}

/** These doors, the best first; those that are as good stay in the order of the doors. */
function ranked(doors, words) {
  const ranks = new Map(doors.map((door) => [door.id, rankOf(door, words)]));
  return [...doors].sort((a, b) => ranks.get(a.id) - ranks.get(b.id));
}

const saidOf = (door, words, text) =>
  [door.label, words[door.letter], door.low ? text.low : "", door.note ? text.noted : ""].filter(Boolean).join(", ");

const titleOf = (door, words, text) =>
  [saidOf(door, words, text), [door.name, door.enrolled].filter(Boolean).join(" "), door.why, door.note].filter(Boolean).join("\n");

const Door = memo(function Door({ door, words, text, active, picked, choosing, open, plain }) {
  const label = saidOf(door, words, text);
  const props = {
    id: `door-${door.id}`,
    className: "door",
    "data-id": door.id,
    "data-status": door.letter,
    "data-low": door.low || undefined,
    "data-noted": door.note ? true : undefined,
    "data-open": open || undefined,
    "data-picked": picked || undefined,
    title: titleOf(door, words, text),
    "aria-label": label,
  };
  if (plain) return h("span", { ...props, role: "img" }, door.number);
  return h(
    "button",
    {
      ...props,
      type: "button",
      tabIndex: active ? 0 : -1,
      "aria-pressed": choosing ? picked : undefined,
      "aria-current": open ? "true" : undefined,
    },
    door.number,
  );
});

const Row = memo(function Row({ door, words, text, active, picked, choosing, open, plain }) {
  return h(
    "li",
    { className: "found", "data-picked": picked || undefined },
    h(Door, { door, words, text, active, picked, choosing, open, plain }),
    h(
      "div",
      { className: "about" },
      h("p", null, h("span", { className: "status", "data-status": door.letter }, words[door.letter]), " ", h("span", { className: "soft small" }, door.head[0])),
      door.name ? h("p", null, door.name, " ", h("span", { className: "soft" }, door.enrolled)) : null,
      door.why ? h("p", { className: "soft why" }, door.why) : null,
      door.note ? h("p", { className: "noted" }, door.note) : null,
      door.since
        ? h(
            "p",
            { className: "soft small" },
            `${text.since} `, h(Moment, { at: door.since, zone: door.head[3], form: "clock" }),
            door.until ? h(Fragment, null, ` · ${text.until} `, h(Moment, { at: door.until, zone: door.head[3], form: "clock" })) : null,
          )
        : null,
    ),
  );
});

const PIECE = 50; // at least so many doors are looked at together for what has changed
const SAME = ["words", "text", "choosing", "plain", "active", "open", "pickedHere"];
const sameDoors = (one, other) => one.length === other.length && one.every((door, k) => door === other[k]);

const Piece = memo(
  function Piece({ doors, words, text, active, picked, choosing, open, plain }) {
    return h(
      "div",
      { className: "piece" },
      doors.map((door) =>
        h(Door, {
          key: door.id, door, words, text, choosing, plain,
          active: door.id === active, picked: picked.has(door.id), open: door.id === open,
        }),
      ),
    );
  },
  (before, now) => SAME.every((name) => before[name] === now[name]) && sameDoors(before.doors, now.doors),
);

/** How many columns a grid has as wide as it is now, before anything is in it. When that changes, doors
 * come to stand in other pieces; the one that had the focus has it again. */
function useColumns(grid) {
  const [columns, setColumns] = useState(0);
  const focused = useRef("");
  useLayoutEffect(() => {
    const count = () => {
      focused.current = grid.current.contains(document.activeElement) ? document.activeElement.id : "";
      setColumns(getComputedStyle(grid.current).gridTemplateColumns.split(" ").length);
    };
    count();
    const observer = new ResizeObserver(count);
    observer.observe(grid.current);
    return () => observer.disconnect();
  }, [grid]);
  useLayoutEffect(() => {
    if (focused.current) document.getElementById(focused.current)?.focus({ preventScroll: true });
  }, [columns]);
  return columns;
}

/** All doors of a bank in one grid. What happens at one is drawn, and painted, with its neighbours
 * alone: a piece is some whole rows. */
function Cabinet({ doors, label, active, open, picked, ...same }) {
  const grid = useRef(null);
  const columns = useColumns(grid);
  const size = columns * Math.ceil(PIECE / columns);
  const pieces = [];
  for (let at = 0; columns && at < doors.length; at += size) pieces.push(doors.slice(at, at + size));
  return h(
    "div",
    { ref: grid, className: "cabinet", role: "group", "aria-label": label },
    pieces.map((piece, k) =>
      h(Piece, {
        key: k, doors: piece, picked, ...same,
        active: piece.some((door) => door.id === active) ? active : 0,
        open: piece.some((door) => door.id === open) ? open : 0,
        pickedHere: picked.size ? piece.filter((door) => picked.has(door.id)).map((door) => door.id).join() : "",
      }),
    ),
  );
}

const BankDoors = memo(function BankDoors({ bank, shown, alone, ...same }) {
  const { text } = same;
  const free = bank.doors.reduce((sum, door) => sum + (door.letter === "f"), 0);
  const waiting = bank.head[5];
  return h(
    "section",
    { className: "bank", "aria-labelledby": `bank-${bank.id}` },
    h(
      "div",
      { className: "row apart" },
      h(
        "h2",
        { id: `bank-${bank.id}` },
        bank.head[0],
        bank.head[1] ? h("span", { className: "soft small" }, ` ${bank.head[1]}`) : null,
      ),
      h(
        "p",
        { className: "small soft" },
        fill(text.free, { free, total: bank.doors.length }),
        waiting ? ` · ${fill(text.waiting, { waiting })}` : "",
      ),
    ),
    shown.length
      ? h(Cabinet, { doors: shown, label: fill(text.doors, { bank: bank.head[0] }), ...same })
      : h("p", { className: "soft small" }, alone ? text.nothing : text.noneHere),
  );
});

/** Which door stands where the arrow points, among those that are shown. */
function beside(shown, id, key) {
  const at = shown.findIndex((door) => door.id === id);
  if (at < 0) return shown[0];
  if (key === "ArrowRight") return shown[at + 1];
  if (key === "ArrowLeft") return shown[at - 1];
  if (key === "Home") return shown[0];
  if (key === "End") return shown[shown.length - 1];
  const step = key === "ArrowDown" ? 1 : -1;
  const box = (door) => document.getElementById(`door-${door.id}`).getBoundingClientRect();
  const here = box(shown[at]);
  let best = null;
  let row = null;
  for (let i = at + step; i >= 0 && i < shown.length; i += step) {
    const there = box(shown[i]);
    if (Math.abs(there.top - here.top) < 4) continue;
    if (row === null) row = there.top;
    if (Math.abs(there.top - row) > 4) break;
    const off = Math.abs(there.left - here.left);
    if (best === null || off < best.off) best = { door: shown[i], off };
  }
  return best?.door;
}

/** Says when banks were set up or taken away while the board was open: it then watches others. */
export function Stale({ banks, there, onStale }) {
  const stale = there.length !== banks.length || there.some((id, k) => id !== banks[k]);
  const asked = useRef(null); // not "": that is no bank at all
  useEffect(() => {
    const wanted = there.join();
    if (!stale) asked.current = null;
    else if (asked.current !== wanted) {
      asked.current = wanted;
      onStale?.();
    }
  });
  return null;
}

/** How many doors of a bank are free, and how many there are. Its letters say so. */
export function Tally({ bank, doors }) {
  const head = doors[`head_${bank}${VAR}`];
  if (!head) return null;
  let free = 0;
  for (let k = 0; k * BLOCK < head[4]; k += 1) free += (doors[`letters_${bank}_${k}${VAR}`] ?? "").split("f").length - 1;
  return h("span", { className: "small" }, ` ${free}/${head[4]}`);
}

const KEYS = new Set(["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End"]);

/**
 * All doors of some banks. `doors` and `holders` are the states as they are, for the names of
 * their vars go by the banks. `acts` says what may be done to many, `open` which door's panel is open.
 */
export function Board({ banks, doors, holders, acts, open, plain, onOpen, ...props }) {
  const words = useSame(props.words);
  const text = useSame(props.text);
  const all = useDoors(banks, doors, holders);
  const [query, setQuery] = useState("");
  const [statuses, setStatuses] = useState(() => new Set());
  const [listed, setListed] = useState(false);
  const [choosing, setChoosing] = useState(false);
  const [picked, setPicked] = useState(() => new Set());
  const [activeId, setActive] = useState(0);
  const [most, setMost] = useState(LISTED);
  const anchor = useRef(0);
  const search = useRef(null);
  const frame = useRef(null);
  const wasShown = useRef(new Map());

  const found = useMemo(() => plainOf(query).split(" ").filter(Boolean), [query]);
  const filter = `${[...statuses].join("")} ${found.join(" ")}`;
  const shownOf = all.map((bank) => {
    const before = wasShown.current.get(bank.id);
    if (before && before.bank === bank && before.filter === filter) return before.shown;
    const shown =
      statuses.size || found.length
        ? bank.doors.filter((door) => (!statuses.size || statuses.has(door.letter)) && finds(door, found))
        : bank.doors;
    wasShown.current.set(bank.id, { bank, filter, shown });
    return shown;
  });
  const list = listed || found.length > 0;
  const total = shownOf.reduce((sum, doors_) => sum + doors_.length, 0);
  let shown = shownOf.flat();
  if (found.length) shown = ranked(shown, found);
  if (list) shown = shown.slice(0, most);
  const active = shown.some((door) => door.id === activeId) ? activeId : (shown[0]?.id ?? 0);
  const counts = {};
  let inAll = 0;
  all.forEach((bank) => bank.doors.forEach((door) => {
    counts[door.letter] = (counts[door.letter] ?? 0) + 1;
    inAll += 1;
  }));

  // Questions ask about doors as they are now, wherever they stand.
  const current = useMemo(() => new Map(all.flatMap((bank) => bank.doors.map((door) => [door.id, door]))), [all]);
  const known = Boolean(holders[`ready${VAR}`]);
  useEffect(() => tell({ doors: current, known }), [current, known]);
  const gone = [...picked].filter((id) => !current.has(id));
  useEffect(() => {
    if (gone.length && all.length) setPicked(new Set([...picked].filter((id) => current.has(id))));
  });

  const focus = (id) => {
    setActive(id);
    const go = () => {
      const door = document.getElementById(`door-${id}`);
      door?.focus({ preventScroll: true });
      door?.scrollIntoView({ block: "nearest" });
      return door;
    };
    if (!go()) requestAnimationFrame(go); // at once: the next key may come before the next frame
  };
  const toggle = (id) => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    anchor.current = id;
    setPicked(next);
  };
  const pickTo = (id) => {
    const from = shown.findIndex((door) => door.id === (anchor.current || active));
    const to = shown.findIndex((door) => door.id === id);
    const range = shown.slice(Math.max(0, Math.min(from, to)), Math.max(from, to) + 1);
    setPicked(new Set([...picked, ...range.map((door) => door.id)]));
  };
  const mayPick = acts.length > 0;
  const onClick = (event) => {
    const id = Number(event.target.closest?.("button.door")?.dataset.id);
    if (!id) return;
    setActive(id);
    if (mayPick && event.shiftKey) return void pickTo(id);
    if (mayPick && (choosing || event.ctrlKey || event.metaKey)) return void toggle(id);
    anchor.current = id;
    onOpen?.(id);
  };
  const onKeyDown = (event) => {
    const id = Number(event.target.closest?.("button.door")?.dataset.id);
    if (!id) return;
    if (KEYS.has(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const next = beside(shown, id, event.key);
      event.preventDefault();
      if (!next) return;
      if (event.shiftKey && mayPick) {
        if (!picked.has(id)) anchor.current = id;
        setPicked(new Set([...picked, id, next.id]));
      }
      focus(next.id);
    } else if (event.key === " " && mayPick) {
      event.preventDefault();
      if (!event.repeat) toggle(id);
    } else if (event.key === "a" && (event.ctrlKey || event.metaKey) && mayPick) {
      event.preventDefault();
      pickAll();
    } else if (event.key === "Escape" && picked.size) {
      event.preventDefault();
      setPicked(new Set());
    }
  };
  const onKeyUp = (event) => {
    if (event.key === " " && mayPick && event.target.closest?.("button.door")) event.preventDefault();
  };
  const pickAll = () => setPicked(new Set([...picked, ...shownOf.flat().map((door) => door.id)]));

  useEffect(() => {
    const slash = (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest?.("input, textarea, select, [contenteditable]") || document.querySelector("dialog:modal")) return;
      event.preventDefault();
      search.current?.focus();
      search.current?.select();
    };
    document.addEventListener("keydown", slash);
    return () => document.removeEventListener("keydown", slash);
  }, []);
  const onSearchKey = (event) => {
    if (event.key === "Escape" && query) {
      event.preventDefault();
      setQuery("");
    } else if (event.key === "Enter" && shown.length && found.length) {
      event.preventDefault();
      if (plain) return; // there is nothing to open
      setActive(shown[0].id);
      onOpen?.(shown[0].id);
    } else if (event.key === "ArrowDown" && shown.length) {
      event.preventDefault();
      focus(active);
    }
  };
  const filterBy = (letter) => {
    const next = new Set(statuses);
    if (!next.delete(letter)) next.add(letter);
    setStatuses(next);
  };

  const same = { words, text, choosing: choosing || picked.size > 0, plain };
  const notShown = [...picked].filter((id) => !shownOf.some((doors_) => doors_.some((door) => door.id === id))).length;
  return h(
    "div",
    { className: "board", ref: frame },
    h(
      "div",
      { className: "board-tools", role: "search" },
      h("label", { className: "unseen", htmlFor: "find" }, plain ? text.findDoor : text.find),
      h("input", {
        id: "find", ref: search, type: "search", value: query, placeholder: plain ? text.findDoor : text.find, autoComplete: "off", spellCheck: false,
        onChange: (event) => { setQuery(event.target.value); setMost(LISTED); }, onKeyDown: onSearchKey,
        "aria-keyshortcuts": "/", "aria-describedby": "found",
      }),
      h("kbd", { "aria-hidden": true, className: "slash" }, "/"),
      h("button", { type: "button", className: "second", "aria-pressed": list, disabled: found.length > 0, onClick: () => setListed(!listed) }, text.list),
      mayPick
        ? h("button", { type: "button", className: "second", "aria-pressed": choosing, onClick: () => setChoosing(!choosing) }, text.choose)
        : null,
    ),
    h(
      "div",
      { className: "chips", role: "group", "aria-label": text.filter, "data-testid": "board-counts" },
      h("button", { type: "button", className: "chip", "aria-pressed": statuses.size === 0, onClick: () => setStatuses(new Set()) }, text.all, " ", h("b", null, inAll)),
      Object.entries(words).map(([letter, word]) =>
        h(
          "button",
          { key: letter, type: "button", className: "chip", "data-status": letter, "aria-pressed": statuses.has(letter), onClick: () => filterBy(letter) },
          h("span", { className: "status", "data-status": letter }, word), " ", h("b", null, counts[letter] ?? 0),
        ),
      ),
    ),
    plain ? h("p", { className: "small soft" }, text.plain) : null,
    h(
      "p",
      { id: "found", className: "small soft", role: "status" },
      statuses.size || found.length ? fill(text.found, { count: total, total: inAll }) : "",
    ),
    h(
      "div",
      { className: "banks", onClick, onKeyDown, onKeyUp, onFocus: (event) => { const id = Number(event.target.dataset?.id); if (id) setActive(id); } },
      list
        ? h(
            Fragment,
            null,
            h("ul", { className: "founds", "aria-label": text.results }, shown.map((door) =>
              h(Row, { key: door.id, door, ...same, active: door.id === active, picked: picked.has(door.id), open: door.id === open }))),
            shown.length === 0 ? h("p", { className: "soft" }, text.nothing) : null,
            total > shown.length
              ? h("button", { type: "button", className: "second", onClick: () => setMost(most + LISTED) }, fill(text.more, { count: total - shown.length }))
              : null,
          )
        : all.map((bank, k) =>
            h(BankDoors, {
              key: bank.id, bank, shown: shownOf[k], ...same, alone: all.length === 1, picked,
              active: shownOf[k].some((door) => door.id === active) ? active : 0,
              open: bank.doors.some((door) => door.id === open) ? open : 0,
            }),
          ),
    ),
    mayPick && (picked.size > 0 || choosing)
      ? h(Picked, { picked, acts, text, notShown, total, onAll: pickAll, onNone: () => { setPicked(new Set()); setChoosing(false); } })
      : null,
  );
}

/** Which of these doors an act is for; the others it would find nothing to do at. */
const FOR = {
  force_release: (door) => door.claim > 0,
  take_out_of_service: (door) => door.letter !== "x",
  put_back_in_service: (door) => door.letter === "x",
  extend_time: (door) => door.claim > 0 && door.until > 0,
  note_locker: () => true,
  open_door: () => true,
};

/** Whether an act is done only with a reason: some always are, others where somebody has the door. */
const needsReason = (act, items) => Boolean(act.reason || (act.reasonIfHeld && items.some((door) => door.claim > 0)));

/** What is said of an act at one door: of one that is only held for somebody, other words. */
const wordsOf = (act, door) => (door?.letter === "r" && act.hold ? { ...act, ...act.hold } : act);

/** What is selected, and what can be done to it. */
function Picked({ picked, acts, text, notShown, total, onAll, onNone }) {
  useDesk();
  const doors = [...picked].map((id) => desk.doors.get(id)).filter(Boolean);
  return h(
    "div",
    { className: "picked", role: "region", "aria-label": text.selection },
    h(
      "p",
      { role: "status" },
      h("strong", null, fill(text.selected, { count: picked.size })),
      notShown ? h("span", { className: "small" }, ` ${fill(text.notShown, { count: notShown })}`) : null,
    ),
    h("button", { type: "button", className: "second", onClick: onAll }, fill(text.allShown, { count: total })),
    acts.map((act) => {
      const count = desk.known ? doors.filter(FOR[act.name]).length : 0;
      return h(
        "button",
        { key: act.name, type: "button", className: act.tone, disabled: count === 0, onClick: () => ask(act, [...picked]) },
        `${act.short} ${count}…`,
      );
    }),
    h("button", { type: "button", className: "second", onClick: onNone }, text.clear),
  );
}

/** These doors are about to change because oneself does something there. */
function begun(doors) {
  const own = new Map(desk.own);
  doors.forEach(({ id }) => own.set(id, { until: Infinity }));
  tell({ own });
}

/** What became of it: [door, what stands on it or "", why not]. Where nothing was done, a change is
 * that of somebody else. */
function became(act, rows) {
  const own = new Map(desk.own);
  const done = new Map();
  rows.forEach(([id, label]) => {
    if (label) done.set(id, fill(act.did, { label }));
    if (label && !own.get(id)?.seen) own.set(id, { until: Date.now() + OWN_MS });
    else own.delete(id);
  });
  tell({ own, done });
}

/** Open the question about these doors, as they are seen now: that is what it will be about. */
function ask(act, ids) {
  const doors = ids.map((id) => desk.doors.get(id)).filter(Boolean);
  const items = doors.filter(FOR[act.name]);
  tell({ question: { act, items, left: doors.length - items.length, key: "", back: document.activeElement } });
}

const PANEL = "dialog.panel[open] h2";

/** Give the focus to the first of these that takes it: some are gone, or can't be pressed any more. */
function focusFirst(...elements) {
  for (const element of elements) {
    element?.focus({ preventScroll: true });
    if (element && element === document.activeElement) return;
  }
}

/** A button of the panel that asks about its door. When it goes away with the focus, because there is
 * nothing more to do, what the panel is about has it. */
export function Act({ act, door, tone }) {
  useDesk();
  const button = useRef(null);
  const keep = useCallback((element) => {
    if (!element && button.current === document.activeElement) focusFirst(document.querySelector(PANEL));
    button.current = element;
  }, []);
  const there = desk.doors.get(door);
  if (!there || !desk.known || !FOR[act.name](there)) return null;
  return h("button", { ref: keep, type: "button", className: tone ?? act.tone, onClick: () => ask(act, [door]) }, `${wordsOf(act, there).long}…`);
}

/** Whether a door is another than when it was asked about. */
function changed(item) {
  const now = desk.doors.get(item.id);
  return !now || now.claim !== item.claim || now.letter !== item.letter || now.until !== item.until;
}

const newKey = () => Date.now().toString(36) + Math.random().toString(36).slice(2);

/**
 * The dialog that asks before something is done to one door or many, does it, some at a time, and
 * says what became of each. What is asked about is what was seen when it was opened; doors that
 * have changed since are said, and left out or asked about anew.
 */
export function Question({ outcome, text, words, onAct, onNote }) {
  useDesk();
  const dialog = useRef(null);
  const question = desk.question;
  const open = question !== null;
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState(0);
  const [run, setRun] = useState(null); // { key, chunks, at, rows, sentAt, stopped }
  const [refusal, setRefusal] = useState("");
  const about = useRef(null);
  if (about.current !== question) {
    about.current = question;
    if (question) {
      setReason(question.act.name === "note_locker" ? (question.items[0]?.note ?? "") : "");
      setMinutes(question.act.minutes?.[0]?.[0] ?? 0);
    }
    setRun(null);
    setRefusal("");
  }
  useEffect(() => {
    if (open && !dialog.current.open) dialog.current.showModal();
    if (!open && dialog.current.open) dialog.current.close();
  }, [open]);
  // What has the focus goes away with what stood there: it begins anew at what comes instead.
  const sending = run !== null && !run.over;
  useEffect(() => {
    if (open && !sending) dialog.current.querySelector("[data-first]")?.focus();
  }, [open, sending]);

  const close = (done = false) => {
    const { back, items } = desk.question ?? {};
    tell({ question: null });
    requestAnimationFrame(() => {
      const panel = document.querySelector(PANEL);
      focusFirst(done ? panel : back, back, panel, document.getElementById(`door-${items?.[0]?.id}`), document.querySelector("button.door[tabindex='0']"));
    });
  };
  const send = (running) => {
    const chunk = running.chunks[running.at];
    const key = `${running.key}-${running.at}`;
    const { act } = running;
    begun(chunk);
    if (act.name === "note_locker") onNote(chunk[0].id, running.reason, chunk[0].note, key);
    else onAct(act.name, chunk.map((door) => [door.id, door.claim, door.until]), running.reason, running.minutes, key);
    setRun({ ...running, sentAt: Date.now() });
  };
  const giveUp = () => {
    became(run.act, run.chunks[run.at].map((door) => [door.id, "", ""]));
    setRefusal(text.noAnswer);
    setRun(run.rows.length ? { ...run, over: true } : null);
  };
  const begin = (event) => {
    event.preventDefault();
    if (run || !question) return;
    const { act, items } = question;
    if (needsReason(act, items) && !reason.trim()) {
      setRefusal(text.reasonNeeded);
      dialog.current.querySelector("[data-first]")?.focus();
      return;
    }
    setRefusal("");
    const chunks = [];
    for (let at = 0; at < items.length; at += CHUNK) chunks.push(items.slice(at, at + CHUNK));
    send({ act, key: newKey(), chunks, at: 0, rows: [], reason, minutes, total: items.length, over: false, tries: 0 });
  };
  // The answer to what was sent: the next ones go, or it is over.
  const heard = useRef("");
  useEffect(() => {
    if (!run || run.over || outcome[`key${VAR}`] !== `${run.key}-${run.at}` || heard.current === outcome[`key${VAR}`]) return;
    heard.current = outcome[`key${VAR}`];
    if (outcome[`refusal${VAR}`]) {
      became(run.act, run.chunks[run.at].map((door) => [door.id, "", ""]));
      setRefusal(outcome[`refusal${VAR}`]);
      setRun(run.at ? { ...run, over: true } : null);
      return;
    }
    became(wordsOf(run.act, run.chunks[run.at][0]), outcome[`rows${VAR}`]);
    const rows = [...run.rows, ...outcome[`rows${VAR}`]];
    const next = { ...run, rows, at: run.at + 1, tries: 0 };
    const last = next.at === run.chunks.length || run.stopped;
    if (!last) return void send(next);
    const failed = rows.filter((row) => !row[1]);
    if (run.total === 1 && !failed.length) return void close(true);
    if (run.total === 1) {
      setRefusal(failed[0][2]);
      setRun(null);
      return;
    }
    setRun({ ...next, over: true });
  });
  useEffect(() => {
    if (!run || run.over) return undefined;
    const timer = setInterval(() => {
      if (document.documentElement.dataset.live !== "live" || Date.now() - run.sentAt < ASK_AGAIN_MS) return;
      if (run.tries >= MOST_TRIES) giveUp();
      else send({ ...run, tries: run.tries + 1 });
    }, 1000);
    return () => clearInterval(timer);
  });

  const anew = () => {
    const ids = question.items.map((item) => item.id);
    const act = question.act;
    tell({ question: null });
    ask(act, ids);
  };
  const body = () => {
    const { items, left } = question;
    if (items.length === 0) return h(Fragment, null, h("p", null, text.nothingToDo), h(Buttons, { text, close }));
    const one = items.length === 1 ? items[0] : null;
    const act = wordsOf(question.act, one);
    const values = { count: items.length, label: one?.label ?? "", who: one?.name || text.nobody, bank: one?.head[0] ?? "" };
    if (run) return h(Progress, { run, text, values, close, stop: () => setRun({ ...run, stopped: true }) , refusal });
    const others = items.filter(changed);
    const held = items.filter((item) => item.claim > 0).length;
    return h(
      "form",
      { onSubmit: begin, noValidate: true, className: "stack" },
      h("p", null, fill(one ? (one.claim || !act.free ? act.one : act.free) : act.many, { ...values, held })),
      left ? h("p", { className: "soft" }, fill(left === 1 ? text.leftOne : text.left, { count: left })) : null,
      others.length
        ? h(
            "div",
            { className: "box", "data-tone": "bad", role: "alert" },
            h("p", null, one ? fill(text.changedOne, { ...values, now: nowOf(one, words, text) }) : fill(text.changed, { count: others.length, total: items.length })),
            h("button", { type: "button", className: "second", onClick: anew }, one ? text.askAnew : text.askAnewMany),
          )
        : null,
      act.minutes
        ? h(
            "fieldset",
            { className: "choices" },
            h("legend", null, text.howMuch),
            act.minutes.map(([value, label], k) =>
              h("label", { key: value, className: "choice" },
                h("input", { type: "radio", name: "minutes", value, checked: minutes === value, onChange: () => setMinutes(value), "data-first": k === 0 || undefined }),
                h("span", null, label),
              )),
          )
        : null,
      needsReason(act, items) || act.note
        ? h(
            "div",
            { className: "field" },
            h("label", { htmlFor: "reason" }, act.note ? text.note : text.reason),
            h("span", { className: "hint", id: "reason-hint" }, act.note ? text.noteHint : text.reasonHint),
            h(act.note ? "textarea" : "input", {
              id: "reason", type: act.note ? undefined : "text", rows: act.note ? 3 : undefined, value: reason, maxLength: 500, autoComplete: "off",
              onChange: (event) => setReason(event.target.value), "data-first": true, "aria-describedby": "reason-hint why-not",
              "aria-invalid": Boolean(refusal), required: needsReason(act, items) || undefined,
            }),
          )
        : null,
      h("p", { className: "error", id: "why-not", role: "alert" }, refusal),
      h(
        "div",
        { className: "row" },
        h(
          "button",
          { type: "submit", className: act.tone, disabled: one !== null && others.length > 0, "data-first": needsReason(act, items) || act.note || act.minutes ? undefined : true },
          fill(one ? act.button : act.buttons, values),
        ),
        h("button", { type: "button", className: "second", onClick: close }, text.cancel),
      ),
    );
  };
  const onBackdrop = (event) => {
    if (event.target === dialog.current && !(run && !run.over)) close();
  };
  const onCancel = (event) => {
    if (run && !run.over) event.preventDefault();
  };
  const title = question ? wordsOf(question.act, question.items.length === 1 ? question.items[0] : null).long : "";
  return h(
    "dialog",
    { ref: dialog, className: "modal ask", "aria-label": title, onClose: () => desk.question && close(), onCancel, onClick: onBackdrop },
    open ? h("div", null, h("h2", null, title), body()) : null,
  );
}

const nowOf = (item, words, text) => {
  const now = desk.doors.get(item.id);
  if (!now) return text.gone;
  return [words[now.letter], now.name].filter(Boolean).join(", ");
};

function Buttons({ text, close }) {
  return h("div", { className: "row" }, h("button", { type: "button", className: "second", onClick: close, "data-first": true }, text.close));
}

/** How far it has come, and in the end what became of each. */
function Progress({ run, text, values, close, stop, refusal }) {
  const done = run.rows.filter((row) => row[1]);
  const failed = run.rows.filter((row) => !row[1]);
  if (!run.over) {
    return h(
      Fragment,
      null,
      h("label", { htmlFor: "progress" }, fill(text.progress, { done: run.rows.length, total: run.total })),
      h("progress", { id: "progress", max: run.total, value: run.rows.length }),
      run.chunks.length > 1
        ? h("button", { type: "button", className: "second", onClick: stop, disabled: Boolean(run.stopped) }, text.stop)
        : null,
    );
  }
  const left = run.total - run.rows.length;
  return h(
    Fragment,
    null,
    h(
      "p",
      { role: "status" },
      h("strong", null, fill(run.act.done, { count: done.length })),
      failed.length ? ` ${fill(text.refused, { count: failed.length })}` : "",
      left ? ` ${fill(text.notTried, { count: left })}` : "",
    ),
    refusal ? h("p", { className: "error", role: "alert" }, refusal) : null,
    failed.length
      ? h(
          "ul",
          { className: "refusals", tabIndex: 0, "aria-label": text.refusals },
          failed.map((row) => h("li", { key: row[0] }, h("strong", null, desk.doors.get(row[0])?.label ?? row[0]), " ", row[2])),
        )
      : null,
    h(Buttons, { text, close }),
  );
}

const NARROW = "(max-width: 60rem)";

/**
 * The panel of one door: beside the board where there is room, else a sheet from below that keeps
 * the focus. When somebody else changes what it is about while it is open, it says so; and what oneself did.
 */
export function SidePanel({ open, label, version, changedText, onClose, children }) {
  useDesk();
  const asking = desk.question !== null;
  const panel = useRef(null);
  const back = useRef(null);
  const placed = useRef(0); // the door for which it was put where it is
  useEffect(() => {
    if (open) back.current = document.activeElement;
  }, [open]);
  useEffect(() => {
    const sheet = window.matchMedia(NARROW);
    const place = () => {
      const element = panel.current;
      // As it is already, or a question stands above it: it would come to stand above that.
      const stays = element?.open && placed.current === open;
      if (!element || (stays && (asking || element.matches(":modal") === sheet.matches))) return;
      placed.current = open;
      const focused = element.contains(document.activeElement) ? document.activeElement : null;
      if (element.open) element.close();
      if (!open) return;
      if (sheet.matches) element.showModal();
      else element.show();
      (focused ?? element.querySelector("[data-first]"))?.focus();
    };
    place();
    sheet.addEventListener("change", place);
    return () => sheet.removeEventListener("change", place);
  }, [open, asking]);
  const close = () => {
    const door = document.getElementById(`door-${open}`);
    onClose?.();
    (door ?? back.current)?.focus?.({ preventScroll: true });
  };
  const closing = useRef(close);
  closing.current = close;
  useEffect(() => {
    if (!open) return undefined;
    const escape = (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog:modal:not(.panel)")) return;
      event.preventDefault();
      closing.current();
    };
    document.addEventListener("keydown", escape);
    return () => document.removeEventListener("keydown", escape);
  }, [open]);
  const onClick = (event) => {
    if (event.target === panel.current && panel.current.matches(":modal")) close();
  };
  const onCancel = (event) => {
    event.preventDefault(); // what is open, the page says
    if (event.target === panel.current) close();
  };
  const seen = useRef({ open: 0, version: "", done: desk.done, missed: false });
  const [news, setNews] = useState("");
  const { own, done } = desk; // which the effect reads anew: it may have become later
  useEffect(() => {
    const before = seen.current;
    const mine = desk.own.get(open);
    const isMine = mine && Date.now() < mine.until;
    const same = before.open === open;
    const changed = same && before.version && version && before.version !== version;
    const underWay = isMine && mine.until === Infinity;
    const text = same && desk.done !== before.done ? desk.done.get(open) : undefined;
    // A change while one's own act is under way is its, unless it is refused then.
    const missed = Boolean(same && underWay && (before.missed || changed));
    if (changed && underWay) mine.seen = true;
    else if (changed && isMine) desk.own.delete(open);
    seen.current = { open, version, done: desk.done, missed };
    if (!same) setNews("");
    else if (text) setNews(text);
    else if ((changed && !isMine) || (before.missed && !underWay)) setNews(changedText);
  }, [open, version, own, done]);
  useEffect(() => {
    if (!news) return undefined;
    const timer = setTimeout(() => setNews(""), 20000);
    return () => clearTimeout(timer);
  }, [news, version]);
  return h(
    "dialog",
    { ref: panel, className: "panel", "aria-label": label, onClick, onCancel },
    open
      ? h(
          "div",
          null,
          h("p", { className: news ? "box" : "unseen", role: "status" }, news),
          children,
        )
      : null,
  );
}

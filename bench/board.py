"""The staff board in a real browser: from somebody's click until the board shows it, what that
costs on the wire, and how it scrolls meanwhile, with 150 doors on the screen and with 2,000."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Browser, Page, WebSocket, async_playwright
from sqlalchemy import insert, select

from bench.figures import median, ms, p95
from bench.library import BANK, Library, Plan, claim_of, database_of, make_library
from bench.person import PAGE, Person
from bench.screens import Screen, connect
from bench.server import Server, new_folder, serving
from locker_app.db.log import Trace
from locker_app.db.tables import assignment, locker, person
from locker_app.db.transaction import Tx, Work
from tests.browser import DESKTOP, launch_options

HELD_SHARE = 0.6
"""Of the doors that others hold: who has them is what the board is sent most of."""
PAUSE_SECONDS = 0.08
SCROLL_SECONDS = 4.0

_WATCH = """() => {
  window.shown = [];
  const note = (changes) => {
    const at = performance.timeOrigin + performance.now();
    for (const change of changes) if (change.target.dataset.id) window.shown.push(at);
  };
  new MutationObserver(note).observe(document.querySelector(".banks"),
    { subtree: true, attributes: true, attributeFilter: ["data-status"] });
}"""
_SCROLL = """async (seconds) => {
  const long = [];
  const note = (list) => list.getEntries().forEach((entry) => long.push(entry.duration));
  const observer = new PerformanceObserver(note);
  observer.observe({ entryTypes: ["longtask"] });
  const frames = [];
  const begin = performance.now();
  let last = begin, down = true;
  await new Promise((done) => {
    const step = (now) => {
      frames.push(now - last);
      last = now;
      const page = document.scrollingElement;
      if (page.scrollTop + innerHeight >= page.scrollHeight - 2) down = false;
      if (page.scrollTop <= 0) down = true;
      scrollBy(0, down ? 60 : -60);
      if (now - begin < seconds * 1000) requestAnimationFrame(step); else done();
    };
    requestAnimationFrame(step);
  });
  return { frames: frames.slice(2), long };
}"""


@dataclass
class BoardFigures:
    """What was measured with so many doors on the screen."""

    doors: int
    banks: int
    seconds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    long_tasks: list[float] = field(default_factory=list)
    first_seconds: float = 0.0

    def row(self) -> dict[str, object]:
        """For the table."""
        return {
            "doors": self.doors,
            "banks": self.banks,
            "bytes/change": round(median(self.sizes)),
            "in the DOM, ms": ms(median(self.seconds)),
            "p95, ms": ms(p95(self.seconds)),
            "first shown, ms": ms(self.first_seconds, 0),
            "scroll frame, ms": round(median(self.frames), 1),
            "p95 frame, ms": round(p95(self.frames), 1),
            "long tasks": len(self.long_tasks),
            "longest, ms": round(max(self.long_tasks, default=0.0)),
        }


async def measure_board(banks: int, lockers: int, changes: int) -> BoardFigures:
    """Measure a site with this many banks of so many lockers."""
    folder = new_folder("board")
    library = make_library(folder, Plan(people=1, banks=banks, lockers=lockers))
    _hold(folder, library)
    result = BoardFigures(banks * lockers, banks)
    with serving(folder) as server:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(**launch_options())
            page = await _open(browser, server, library, result)
            await _change(page, server, library, result, changes)
            await browser.close()
    return result


def _hold(folder: Path, library: Library) -> None:
    """Let others hold most of the doors, scattered, as on any afternoon."""
    now = datetime.now(UTC)

    def attempt(tx: Tx) -> None:
        taken = select(assignment.c.locker_id)
        rows = tx.conn.execute(
            select(locker.c.id, locker.c.bank_id).where(locker.c.id.not_in(taken))
        ).all()
        chosen = [row for row in rows if row.id * 7919 % 100 < HELD_SHARE * 100]
        people = [
            {"number": f"Q{row.id:06}", "name": f"Holder of {row.id}", "created_at": now}
            for row in chosen
        ]
        tx.conn.execute(insert(person), people)
        ids = tx.conn.scalars(select(person.c.id).where(person.c.number.like("Q%")))
        claims = [
            claim_of(1, row.bank_id, row.id, who, assigned_at=now)
            for row, who in zip(chosen, ids.all(), strict=True)
        ]
        tx.conn.execute(insert(assignment), claims)

    db = database_of(folder)
    try:
        db.run(Work(attempt, Trace("setup")))
    finally:
        db.close()


async def _open(browser: Browser, server: Server, library: Library, result: BoardFigures) -> Page:
    url = f"http://localhost:{server.port}"
    context = await browser.new_context(base_url=url, **DESKTOP)
    await context.add_cookies([{"name": "cubby_session", "value": library.staff, "url": url}])
    page = await context.new_page()
    page.on("websocket", lambda socket: _listen(socket, result))
    began = time.perf_counter()
    await page.goto("/staff")
    await page.wait_for_function(
        "count => document.querySelectorAll('.door').length === count", arg=result.doors
    )
    result.first_seconds = time.perf_counter() - began
    await page.evaluate(_WATCH)
    await asyncio.sleep(2)
    return page


def _listen(socket: WebSocket, result: BoardFigures) -> None:
    def heard(data: str | bytes) -> None:
        if len(data) > 1 and "____pulse" not in str(data) and result.sizes:
            result.sizes[-1] += len(data)

    socket.on("framereceived", heard)


async def _change(
    page: Page, server: Server, library: Library, result: BoardFigures, changes: int
) -> None:
    somebody = Person(Screen(PAGE, BANK, library.people[0]))
    await connect(server.port, [somebody.screen])
    await asyncio.sleep(0.5)
    for action in _in_turns(somebody, changes):
        await _one(page, action, result)
    scrolling = asyncio.create_task(page.evaluate(_SCROLL, SCROLL_SECONDS))
    kept = len(result.sizes)
    end = time.monotonic() + SCROLL_SECONDS - 0.5
    for action in _in_turns(somebody, 1000):
        if time.monotonic() > end:
            break
        await action()
        await asyncio.sleep(0.25)
    scrolled = await scrolling
    result.frames, result.long_tasks = scrolled["frames"], scrolled["long"]
    del result.sizes[kept:]
    somebody.close()


def _in_turns(somebody: Person, changes: int) -> Iterator:
    for turn in range(changes):
        yield somebody.give_back if turn % 2 else somebody.take


async def _one(page: Page, action: object, result: BoardFigures) -> None:
    """One change: when the board's DOM has it, by the clock that both share."""
    before = await page.evaluate("window.shown.length")
    result.sizes.append(0)
    began = time.time()
    await action()  # pyright: ignore[reportCallIssue]
    await page.wait_for_function("count => window.shown.length > count", arg=before)
    at = await page.evaluate("count => window.shown[count]", before)
    result.seconds.append(at / 1000 - began)
    await asyncio.sleep(PAUSE_SECONDS)

// How long somebody in a line will wait: the same reckoning, with the same figures, as `estimate` in
// locker_app/domain/waits.py. tests/web/test_waits.py has both answer the same questions.
const SHORTEST_SECONDS = 5;
const MOST_PASSED = 0.5;
const HAIR = 0.005;

/** The wait in seconds with so many ahead, by a pace; null while that is not known. */
export function estimate(pace, ahead, now) {
  if (!pace?.known || !pace.called_at) return null;
  const calls = ahead + 1;
  const passed = Math.max(0, (now - pace.called_at) / 1000);
  const each = pace.seconds_per_ticket;
  const likely = Math.max(SHORTEST_SECONDS, calls * each - Math.min(passed, MOST_PASSED * each));
  const evened = Math.cbrt(calls);
  return {
    low: Math.floor(likely * (1 - (1 - pace.low_ratio) / evened) + HAIR),
    likely: Math.round(likely),
    high: Math.ceil(likely * (1 + (pace.high_ratio - 1) / evened) - HAIR),
  };
}

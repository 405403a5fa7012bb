// Until when one may stay at a charging spot, and when the clocks of a place show a time: the same
// reckoning as `latest_leave` and `leave_time` in locker_app/domain/bookings.py, which has the last
// word. tests/web/test_leave.py has both answer the same questions.
export const MINUTE = 60000;

const parts = new Map();

/** By how much the clocks of a zone are ahead of UTC at a moment. */
export function offset(at, zone) {
  if (!parts.has(zone)) {
    const numeric = Object.fromEntries(["year", "month", "day", "hour", "minute", "second"].map((name) => [name, "numeric"]));
    parts.set(zone, new Intl.DateTimeFormat("en-GB", { ...numeric, hourCycle: "h23", timeZone: zone || undefined }));
  }
  const shown = Object.fromEntries(parts.get(zone).formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const wall = Date.UTC(shown.year, shown.month - 1, shown.day, shown.hour, shown.minute, shown.second);
  return wall - Math.floor(at / 1000) * 1000;
}

/** What the clocks of a zone show at a moment, as if it were UTC. */
const wallOf = (at, zone) => at + offset(at, zone);
const DAY = 24 * 60 * MINUTE;

/** The number of a moment's calendar day in a zone. */
export const dayOf = (at, zone) => Math.floor(wallOf(at, zone) / DAY);

/** When the clocks show this on that day: once, twice, or the moment at which they jump over it. */
function moments(wall, zone) {
  const before = offset(wall - DAY, zone);
  const after = offset(wall + DAY, zone);
  const found = [...new Set([wall - before, wall - after])].filter((at) => wallOf(at, zone) === wall);
  if (found.length) return found.sort((a, b) => a - b);
  let [low, high] = [wall - after, wall - before].sort((a, b) => a - b);
  const was = offset(low, zone);
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000;
    if (offset(middle, zone) === was) low = middle;
    else high = middle;
  }
  return [high];
}

/** The next moment after now at which the clocks of the zone show a time such as "14:30"; null when
 * it is no time of day. */
export function leaveTime(text, now, zone) {
  const read = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text ?? "");
  if (!read) return null;
  const today = dayOf(now, zone) * DAY;
  const shown = (Number(read[1]) * 60 + Number(read[2])) * MINUTE;
  for (const days of [0, 1, 2]) {
    const found = moments(today + days * DAY + shown, zone).find((at) => at > now);
    if (found !== undefined) return found;
  }
  return null;
}

/** Until when a stay may last if in each period only so many minutes are left; `periods` are when
 * each begins and what is left of it, the last one only the end of the one before. */
function limited(startsAt, end, periods, own) {
  let at = startsAt;
  for (let k = 0; k + 1 < periods.length && at < end; k += 1) {
    const [begins, left] = periods[k];
    const over = periods[k + 1][0];
    if (over <= at) continue;
    const mine = own ? Math.max(0, Math.min(own[1], over) - Math.max(own[0], begins)) : 0;
    const free = Math.max(0, left * MINUTE + mine);
    const until = Math.min(end, over);
    if (until - at > free) return at + free;
    at = until;
  }
  return end;
}

/** What is left of the limits of somebody who has booked nothing yet: when each day and week begins
 * with its minutes, as `latestLeave` takes them. Far enough for the longest stay, a week. */
export function fullAllowance(now, rules, zone) {
  if (!rules.day_minutes && !rules.week_minutes) return null;
  const nights = [];
  for (let at = now; nights.length < 16; nights.push(at)) at = leaveTime("00:00", at, zone);
  const mondays = nights.filter((at) => dayOf(at, zone) % 7 === 4); // 1 January 1970 was a Thursday
  const each = (edges, minutes) => (minutes ? [now, ...edges].map((at) => [at, minutes]) : []);
  return { days: each(nights, rules.day_minutes), weeks: each(mondays, rules.week_minutes) };
}

/** Until when a stay that begins then may last at most, and why not longer: `longest`, `next`, `day`
 * or `week`. `allow` is what is left of somebody's limits, `own` the stay itself when it counts
 * among what was used already. */
export function latestLeave(startsAt, rules, { nextAt = 0, allow = null, own = null } = {}) {
  let found = { at: startsAt + rules.max_stay_minutes * MINUTE, bound: "longest" };
  const limits = [
    [rules.day_minutes, allow?.days, "day"],
    [rules.week_minutes, allow?.weeks, "week"],
  ];
  for (const [minutes, periods, bound] of limits) {
    if (!minutes || !periods?.length) continue;
    const at = limited(startsAt, found.at, periods, own);
    if (at < found.at) found = { at, bound };
  }
  return nextAt && nextAt < found.at ? { at: nextAt, bound: "next" } : found;
}

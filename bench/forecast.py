"""`python -m bench.forecast FILE.csv --tz ZONE [--json]`: how good the forecast is on past stays.

The file has the columns arrival, departure, holder, spot and stated_departure: times in ISO 8601
with their offset from UTC; holder, spot and stated departure may be empty. Its sessions are
replayed in the order in which they happened; each forecast sees only what had ended before.

Exit code: 0; 2 when the file can't be read at all, or when there are too few sessions. Rows that
can't be read are left out and the rest is judged; which, and why, is said on standard error.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bench.replay import replay
from bench.report import Report, Row
from bench.sessions import Unreadable, read_sessions
from bench.verdict import TooFew, Verdict, judge

WRONG = 2
_TOLD = 20
"""So many rows that were left out are named."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, print what the replay comes to; the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        sessions = read_sessions(asked.file)
        for one in sessions.left_out[:_TOLD]:
            print(f"Left out: {asked.file}: {one}", file=sys.stderr)
        if len(sessions.left_out) > _TOLD:
            print(f"Left out: {len(sessions.left_out) - _TOLD} more rows", file=sys.stderr)
        half = len(sessions.good) // 2
        verdict = judge(replay(sessions.good, asked.tz, judged_from=half))
    except (Unreadable, TooFew) as error:
        print(error, file=sys.stderr)
        return WRONG
    if asked.json:
        left_out = {"left_out": sessions.left_out}
        print(json.dumps({"zone": asked.tz.key, **verdict.as_json(), **left_out}, indent=2))
    else:
        print_verdict(verdict, Report(as_json=False), str(asked.file.name))
    return 0


def print_verdict(verdict: Verdict, report: Report, of: str) -> None:
    """As tables, or as lines of JSON."""
    title = f"of the later {verdict.judged} of {verdict.sessions} sessions"
    report.table(
        "forecast-error",
        f"{of}: mean absolute error at arrival, {title}",
        [
            _error("forecast", verdict.judged, verdict.error_minutes),
            *(
                _error(way.name, way.sessions, way.error_minutes)
                | {
                    "forecast there, min": round(way.forecast_error_minutes, 1),
                    "forecast is better by": f"{way.better:.1%}",
                }
                for way in verdict.ways
            ),
        ],
    )
    report.table(
        "forecast-range", f"{of}: the 80 % range", [_row(asdict(one)) for one in verdict.ranges]
    )
    better = verdict.best.better
    report.say(
        f"\nOff by {abs(better):.1%} {'less' if better >= 0 else 'more'} than the best that covers "
        f"all ({verdict.best.name}); "
        f"{verdict.ranges[0].inside:.1%} of stays ended within the range that was given at arrival."
    )


def _error(name: str, sessions: int, minutes: float) -> Row:
    found: Row = {"way": name, "sessions": sessions, "error, min": round(minutes, 1)}
    return found | {"forecast there, min": "", "forecast is better by": ""}


def _row(one: dict[str, Any]) -> Row:
    hours = one["after_hours"]
    return {
        "when": "at arrival" if not hours else f"after {hours} h",
        "sessions": one["sessions"],
        "inside": f"{one['inside']:.1%}",
        "mean width, min": round(one["mean_width_minutes"], 1),
        "error, min": round(one["error_minutes"], 1),
    }


def _parser() -> argparse.ArgumentParser:
    summary, _, more = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(
        prog="python -m bench.forecast",
        description=summary + "\n" + more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE.csv")
    parser.add_argument("--tz", type=_zone, required=True, metavar="ZONE", help="as Europe/Berlin")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


def _zone(key: str) -> ZoneInfo:
    try:
        return ZoneInfo(key)
    except (KeyError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"no time zone named {key!r}") from None


if __name__ == "__main__":
    sys.exit(main())

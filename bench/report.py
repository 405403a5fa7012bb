"""Printing: tables for people, JSON lines for programs."""

import json
from collections.abc import Sequence

Row = dict[str, object]


class Report:
    """Prints each table as soon as it is measured."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def facts(self, facts: Row) -> None:
        """What was measured on what."""
        if self._as_json:
            self._line("machine", facts)
            return
        for name, value in facts.items():
            print(f"{name:12} {value}")

    def table(self, name: str, title: str, rows: Sequence[Row]) -> None:
        """One benchmark."""
        if self._as_json:
            for row in rows:
                self._line(name, row)
            return
        print(f"\n{title}\n")
        names = [column.strip() for column in rows[0]]
        cells = [names, *([str(value) for value in row.values()] for row in rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for line in cells:
            print("  ".join(_set(cell, width) for cell, width in zip(line, widths, strict=True)))

    def say(self, text: str) -> None:
        """Progress, or a remark."""
        if not self._as_json:
            print(text, flush=True)

    def _line(self, name: str, row: Row) -> None:
        print(json.dumps({"benchmark": name, **row}), flush=True)


def _set(cell: str, width: int) -> str:
    numeric = cell.replace(".", "", 1).isdigit()
    return cell.rjust(width) if numeric else cell.ljust(width)

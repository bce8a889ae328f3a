"""What reports from elsewhere say of a lesion, beside what is measured here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from dashboard.components.bits import MINUS, reader_words, table
from response.model import Lesion, Reader

GivenRow = Mapping[str, object]
"""A row of ``given_measurements.csv`` (see :mod:`response.export.given`)."""


def find_rows(rows: Sequence[GivenRow], lesion: Lesion, reader: Reader) -> list[GivenRow]:
    """Return the rows that speak of a lesion as a reader tracks it.

    Either what was measured was drawn as this lesion, or the report's own reader wrote it down.
    """
    return [row for row in rows if _is_of(row, lesion, reader)]


def _is_of(row: GivenRow, lesion: Lesion, reader: Reader) -> bool:
    if row["our_tracking_id"]:
        ours = (row["our_evaluator"], row["our_evaluator_id"])
        return row["our_tracking_id"] == lesion.tracking_id and ours == tuple(_pair(reader))
    given = (row["evaluator"], row["evaluator_id"])
    names = (lesion.tracking_id, lesion.tracking_uid)
    return given == tuple(_pair(reader)) and (
        row["tracking_id"] in names or row["tracking_uid"] in names
    )


def _pair(reader: Reader) -> tuple[str, str]:
    return reader.evaluator, reader.evaluator_id


def given_section(rows: Sequence[GivenRow]) -> list[Any]:
    """Return the table of given value, ours and the difference; nothing without rows."""
    if not rows:
        return []
    heads = ("Time point", "Quantity", "Unit", "As given", "Ours", "Ours − given", "By", "Report")
    cells = [
        [
            str(row["time_point"]),
            str(row["quantity"]).replace("_", " "),
            str(row["unit"]) or "–",
            str(row["value"]),
            _plain(row["ours"]),
            _signed(row["difference"]),
            reader_words(Reader(str(row["evaluator"]), str(row["evaluator_id"]))),
            str(row["source"]),
        ]
        for row in rows
    ]
    return [
        html.Section(
            [
                html.H2("Measured elsewhere"),
                html.P(
                    "Kept as the reports give it; nothing here replaces it, nor it what is "
                    "measured here.",
                    className="muted small",
                ),
                html.Div(
                    table(heads, cells, label="Measured elsewhere, and here", class_name="given"),
                    className="scroll-x",
                ),
            ]
        )
    ]


def _plain(value: object) -> str:
    return "–" if value is None else f"{value}"


def _signed(value: object) -> str:
    return "–" if value is None else f"{float(str(value)):+.2f}".replace("-", MINUS)

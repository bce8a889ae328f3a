"""One A4 page: who, the course, the lesions, why, how it looks, and what to keep in mind."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from response import __version__
from response.export.report_chart import draw_chart
from response.export.report_data import ROLE_WORDS, Report, Row
from response.export.report_images import SCALE_MM, KeyImage
from response.export.report_text import (
    CATEGORY_COLOURS,
    INK,
    MUTED,
    PAPER,
    RULE,
    WARNING,
    WARNING_PAPER,
    Pen,
    measure_text,
    shorten,
    wrap,
)
from response.terms import find_kin

WIDTH, HEIGHT = 595.28, 841.89
"""A4 in points."""

MARGIN = 32.0
INNER = WIDTH - 2 * MARGIN
MOST_ROWS = 14
MOST_COLUMNS = 9
DISCLAIMER = "Not for diagnosis without a physician."


@dataclass(frozen=True, slots=True)
class Pictures:
    """Key images, and why there are not more."""

    images: tuple[KeyImage, ...] = ()
    notes: tuple[str, ...] = ()


def write_page(report: Report, pictures: Pictures, today: dt.date) -> bytes:
    """Lay a report out on one page; the same report gives the same bytes."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1)
    canvas.setTitle(f"Response report {report.subject}")
    canvas.setAuthor(f"response {__version__}")
    canvas.setSubject(DISCLAIMER)
    pen = Pen(canvas)
    top = _draw_heading(pen, report)
    top = _draw_banner(pen, report, top)
    top = _draw_differing(pen, report, top)
    height = _choose_chart_height(report, pictures)
    draw_chart(pen, report, MARGIN, top - height, INNER, height)
    top = _draw_table(pen, report, top - height - 10)
    bottom = _draw_footer(pen, report, pictures, today)
    _draw_lower(pen, report, pictures, top - 8, bottom + 6)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _choose_chart_height(report: Report, pictures: Pictures) -> float:
    """Give the chart the room that the rest of the page does not need."""
    if not pictures.images:
        return 260.0 if len(report.rows) <= 10 else 210.0
    return 208.0 if len(report.rows) <= 7 else 172.0


def _draw_heading(pen: Pen, report: Report) -> float:
    """Write who, by what, by whom; at the right the category now and the best."""
    y = HEIGHT - MARGIN - 14
    pen.write(MARGIN, y, shorten(report.subject, 17, 300, bold=True), 17, bold=True)
    line = f" · line of therapy {report.line}" if report.line else ""
    by = f"{report.criterion} · read by {report.reader}{line}"
    pen.write(MARGIN, y - 15, shorten(by, 9, 330), 9)
    dates = [f"baseline {report.points[0].date}", f"latest {report.latest.date}"]
    if report.treatment_start:
        dates.insert(0, f"treatment from {report.treatment_start}")
    if report.new_therapy:
        dates.append(f"new therapy from {report.new_therapy}")
    pen.write(MARGIN, y - 28, shorten(" · ".join(dates), 8, INNER), 8, colour=MUTED)
    ends = _describe_ends(report)
    pen.write(MARGIN, y - 39, shorten(ends, 8, INNER), 8, colour=MUTED)
    _draw_category(pen, report, y)
    below = y - (46 if ends else 35)
    pen.line([(MARGIN, below), (WIDTH - MARGIN, below)], RULE, 0.8)
    return below - 6


def _draw_category(pen: Pen, report: Report, y: float) -> None:
    right = WIDTH - MARGIN
    said = report.latest.overall_response or "baseline"
    paper, ink = CATEGORY_COLOURS.get(find_kin(said), (PAPER, INK))
    width = max(measure_text(said, 17, bold=True) + 18, 56)
    pen.box(right - width, y - 6, width, 24, paper, RULE)
    pen.write(right - width / 2, y, said, 17, bold=True, colour=ink, align=0.5)
    status = report.latest.status.value
    now = f"{status}, {report.latest.time_point}"
    pen.write(right - width - 6, y + 3, shorten(now, 8, 130), 8, colour=MUTED, align=1)
    summary = report.summary
    best = summary.best_overall_response or "not yet"
    sure = summary.confirmed_best_overall_response or "not yet"
    pen.write(right, y - 17, f"Best response {best}, confirmed {sure}", 8.5, bold=True, align=1)


def _describe_ends(report: Report) -> str:
    summary, said = report.summary, []
    if summary.response_date:
        said.append(f"response {summary.response_date}")
    if summary.progression_date:
        said.append(f"progression {summary.progression_date}")
    if summary.pfs_days is not None:
        event = "event" if summary.pfs_event else "censored"
        said.append(f"PFS {summary.pfs_days} days ({event})")
    if summary.duration_of_response_days is not None:
        said.append(f"response lasts {summary.duration_of_response_days} days")
    return " · ".join(said)


def _draw_banner(pen: Pen, report: Report, top: float) -> float:
    """Say in a band that the page is provisional, and why."""
    if not report.provisional:
        return top
    why = "; ".join(report.doubts) or "no person has confirmed targets, matches and new lesions"
    lines = wrap(why, 7.5, INNER - 92)
    if len(lines) > 2:
        lines = [lines[0], shorten(" ".join(lines[1:]), 7.5, INNER - 92)]
    height = 8 + 9 * len(lines)
    pen.box(MARGIN, top - height, INNER, height, WARNING_PAPER, WARNING)
    pen.write(MARGIN + 6, top - 11.5, "PROVISIONAL", 9.5, bold=True, colour=WARNING)
    for number, line in enumerate(lines):
        pen.write(MARGIN + 84, top - 11 - 9 * number, line, 7.5)
    return top - height - 6


def _draw_differing(pen: Pen, report: Report, top: float) -> float:
    """Say before anything else where another reader or criterion says something else."""
    if not report.differing:
        return top
    told = f"Said otherwise of {report.latest.time_point}: {'; '.join(report.differing)}."
    lines = wrap(told, 8, INNER, bold=True)
    if len(lines) > 3:
        lines = [*lines[:2], shorten(" ".join(lines[2:]), 8, INNER, bold=True)]
    for number, line in enumerate(lines):
        pen.write(MARGIN, top - 9 - 10 * number, line, 8, bold=True, colour=WARNING)
    return top - 10 * len(lines) - 6


def _draw_table(pen: Pen, report: Report, top: float) -> float:
    """Write the lesions by time point; what does not fit is counted below."""
    rows = report.rows[:MOST_ROWS]
    shown = _choose_columns(len(report.points))
    names, organs = 84.0, 92.0
    width = (INNER - names - organs - 40) / max(len(shown), 1)
    step = 10.4 if len(rows) > 9 else 12.0
    y = top - 9
    pen.write(MARGIN, y, f"Lesions ({report.cell_unit})", 8, bold=True)
    for column, place in enumerate(shown):
        x = MARGIN + names + organs + 40 + width * (column + 1) - 2
        name = report.points[place].time_point
        pen.write(x, y, shorten(name, 7, width - 3, bold=True), 7, bold=True, align=1)
    pen.line([(MARGIN, y - 3), (WIDTH - MARGIN, y - 3)], RULE, 0.8)
    for row in rows:
        y -= step
        pen.write(MARGIN, y, shorten(row.lesion, 7.5, names - 4), 7.5)
        pen.write(MARGIN + names, y, ROLE_WORDS.get(row.role, "") if row.role else "", 7)
        pen.write(MARGIN + names + 40, y, shorten(row.organ, 7.5, organs - 4), 7.5)
        _write_cells(pen, row, shown, y, names + organs + 40, width)
    y = _draw_sums(pen, report, shown, y, step, names + organs + 40, width)
    return _draw_left_out(pen, report, rows, shown, y)


def _choose_columns(count: int) -> list[int]:
    """Choose the time points of the table: all; of many, the first and the last ones."""
    if count <= MOST_COLUMNS:
        return list(range(count))
    return [0, *range(count - MOST_COLUMNS + 1, count)]


def _write_cells(
    pen: Pen, row: Row, shown: Sequence[int], y: float, begin: float, width: float
) -> None:
    for column, place in enumerate(shown):
        x = MARGIN + begin + width * (column + 1) - 2
        text = shorten(row.cells[place], 7, width - 3)
        pen.write(x, y, text, 7, colour=INK if row.cells[place][:1].isdigit() else MUTED, align=1)


def _draw_sums(
    pen: Pen,
    report: Report,
    shown: Sequence[int],
    y: float,
    step: float,
    begin: float,
    width: float,
) -> float:
    """Write the number that the criterion follows below the column it is made of."""
    if not report.rows and not any(level is not None for level in report.levels):
        return y
    pen.line([(MARGIN, y - 3), (WIDTH - MARGIN, y - 3)], RULE, 0.5)
    y -= step
    pen.write(MARGIN, y, f"{report.level_name} ({report.unit})", 7.5, bold=True)
    for column, place in enumerate(shown):
        level = report.levels[place]
        text = "NE" if level is None else str(level)
        x = MARGIN + begin + width * (column + 1) - 2
        pen.write(x, y, shorten(text, 7.5, width - 3, bold=True), 7.5, bold=True, align=1)
    return y


def _draw_left_out(
    pen: Pen, report: Report, rows: Sequence[Row], shown: Sequence[int], y: float
) -> float:
    said = []
    if len(report.rows) > len(rows):
        said.append(f"and {len(report.rows) - len(rows)} more lesions")
    if len(report.points) > len(shown):
        said.append(f"and {len(report.points) - len(shown)} more time points after the baseline")
    if not report.rows:
        said.append("the lesions' readings are not in this workspace")
    if any("–" in row.cells for row in rows):
        said.append("–: not assessed")
    if not said:
        return y - 5
    pen.write(MARGIN, y - 10, "; ".join(said), 7, colour=MUTED)
    return y - 14


def _draw_lower(pen: Pen, report: Report, pictures: Pictures, top: float, bottom: float) -> None:
    """Draw the pictures, and beside or below them the reasons."""
    if not pictures.images:
        _draw_reasons(pen, report, MARGIN, top, INNER, bottom)
        return
    count = len(pictures.images)
    gap = 8.0
    side = min((INNER - gap * (count - 1)) / count, 172.0, top - bottom - 84)
    if count <= 2:
        side = min(172.0, top - bottom - 34)
    side = max(side, 60.0)
    for number, image in enumerate(pictures.images):
        _draw_picture(pen, image, MARGIN + number * (side + gap), top, side)
    if count <= 2:
        x = MARGIN + count * (side + gap) + 4
        _draw_reasons(pen, report, x, top, WIDTH - MARGIN - x, bottom)
    else:
        _draw_reasons(pen, report, MARGIN, top - side - 32, INNER, bottom)


def _draw_picture(pen: Pen, image: KeyImage, x: float, top: float, side: float) -> None:
    pen.write(x, top - 8, shorten(image.title, 8, side, bold=True), 8, bold=True)
    pen.canvas.drawImage(ImageReader(image.picture), x, top - 12 - side, side, side)
    for letter, place, align in ((image.letters[0], x + 3, 0), (image.letters[1], x + side - 3, 1)):
        middle = top - 14 - side / 2
        pen.box(place - 1.5 - 9 * align, middle - 2, 10, 10, INK)
        pen.write(place, middle, letter, 8, bold=True, colour=PAPER, align=align)
    pen.box(x + 4, top - 3.5 - side, 24, 8, INK)
    pen.write(x + 6, top - 2 - side, f"{SCALE_MM:g} mm", 6.5, colour=PAPER)
    for number, line in enumerate(wrap(image.caption, 6.5, side)[:2]):
        pen.write(x, top - 20 - side - 7.5 * number, line, 6.5, colour=MUTED)


def _draw_reasons(
    pen: Pen, report: Report, x: float, top: float, width: float, bottom: float
) -> None:
    """Write why, the latest time point first, in the largest letters that fit."""
    pen.write(x, top - 8, "Why", 8, bold=True)
    lines: list[tuple[str, bool]] = []
    for size in (9.0, 8.5, 8.0, 7.5, 7.0, 6.5):
        lines = list(_list_lines(report, size, width))
        if len(lines) * (size + 1.8) <= top - 18 - bottom:
            break
    room = max(int((top - 18 - bottom) / (size + 1.8)), 1)
    left = len(lines) - room
    if left > 0:
        lines = [*lines[: room - 1], (f"… and {left + 1} more lines: 'response explain'", False)]
    for number, (line, bold) in enumerate(lines):
        pen.write(x, top - 19 - number * (size + 1.8), line, size, bold=bold)


def _list_lines(report: Report, size: float, width: float) -> list[tuple[str, bool]]:
    lines: list[tuple[str, bool]] = []
    for number, (heading, texts) in enumerate(report.sentences):
        lines += [(line, True) for line in wrap(heading, size, width, bold=True)]
        lines += [(line, False) for text in texts for line in wrap(_begin(text), size, width)]
        if number == 0 and report.outlook:
            told = f"What would change it: {report.outlook}."
            lines += [(line, False) for line in wrap(told, size, width)]
    return lines


def _begin(text: str) -> str:
    """Begin a sentence with a capital, unless it begins with a code such as iUPD."""
    if text[:2].startswith("i") and text[1:2].isupper():
        return text
    return text[:1].upper() + text[1:]


def _draw_footer(pen: Pen, report: Report, pictures: Pictures, today: dt.date) -> float:
    """Write what to keep in mind from the bottom up; returns the height it reaches."""
    notes = [report.registrations] if report.registrations else []
    notes += pictures.notes
    if report.others:
        notes.append("Also assessed: " + "; ".join(report.others) + ".")
    if not pictures.images:
        notes.append("There are no images of this subject in the workspace.")
    lines = [line for note in notes for line in wrap(note, 7, INNER)]
    if len(lines) > 5:
        lines = [*lines[:4], shorten(" ".join(lines[4:]), 7, INNER)]
    y = MARGIN - 10
    made = f"response {__version__}, {today}"
    pen.write(MARGIN, y, DISCLAIMER, 8, bold=True)
    pen.write(WIDTH - MARGIN, y, made, 7, colour=MUTED, align=1)
    limits = (
        "Diameters are in mm (short axis for nodes); '?' marks a provisional category; what is not "
        "known is NE, never 0."
    )
    pen.write(MARGIN, y + 10, limits, 7, colour=MUTED)
    y += 19
    for line in reversed(lines):
        pen.write(MARGIN, y, line, 7, colour=MUTED)
        y += 8.5
    pen.line([(MARGIN, y), (WIDTH - MARGIN, y)], RULE, 0.5)
    return y

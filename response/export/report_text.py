"""Writing on a page of the report: any script, fitted to the room there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFError, TTFont  # type: ignore[import-untyped]

INK = "#1c2630"
MUTED = "#5b6772"
RULE = "#c9d0d6"
PAPER = "#ffffff"
WARNING = "#b34700"
WARNING_PAPER = "#fdf0e3"

CATEGORY_COLOURS = {
    "CR": ("#0072b2", PAPER),
    "NED": ("#0072b2", PAPER),
    "PR": ("#56b4e9", INK),
    "SD": ("#e9d27c", INK),
    "NON-CR/NON-PD": ("#e9d27c", INK),
    "PD": ("#d55e00", PAPER),
    "NE": ("#c3cad0", INK),
    "ND": ("#e3e7ea", INK),
}
"""Paper and ink of categories (hues of Okabe and Ito, 2008); the words are always written too."""

_PLAIN = {"−": "–", "\u00a0": " ", "\u2009": " ", "\u2011": "-"}


@cache
def find_wide_font(bold: bool) -> str:
    """Register and name a font for what Helvetica cannot write: DejaVu where it is, else Vera."""
    name = f"Wide{'-Bold' if bold else ''}"
    for path in _list_fonts(bold):
        try:
            pdfmetrics.registerFont(TTFont(name, path))
        except (TTFError, OSError):
            continue
        return name
    return "Helvetica-Bold" if bold else "Helvetica"


def _list_fonts(bold: bool) -> list[str]:
    found = []
    spec = find_spec("matplotlib")  # its folder only: it is not imported
    for place in (spec.submodule_search_locations or []) if spec else []:
        font = f"DejaVuSans{'-Bold' if bold else ''}.ttf"
        found.append(str(Path(place) / "mpl-data" / "fonts" / "ttf" / font))
    return [*found, "VeraBd.ttf" if bold else "Vera.ttf"]


def _in_latin(letter: str) -> bool:
    return letter.encode("cp1252", "ignore") != b""


def _runs(text: str, bold: bool) -> list[tuple[str, str]]:
    """Split a text into runs of one font each."""
    plain = "".join(_PLAIN.get(letter, letter if letter.isprintable() else " ") for letter in text)
    latin = "Helvetica-Bold" if bold else "Helvetica"
    return [
        (latin if easy else find_wide_font(bold), "".join(letters))
        for easy, letters in groupby(plain, _in_latin)
    ]


def measure_text(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a text in points."""
    return sum(float(pdfmetrics.stringWidth(run, font, size)) for font, run in _runs(text, bold))


def shorten(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """Cut a text to a width, with an ellipsis where something is cut.

    Examples
    --------
    >>> shorten("liver", 8, 100)
    'liver'
    >>> shorten("left adrenal gland", 8, 40)
    'left adre…'
    """
    if measure_text(text, size, bold=bold) <= width:
        return text
    while text and measure_text(text + "…", size, bold=bold) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def wrap(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines of a width; a word that is wider than a line is cut.

    Examples
    --------
    >>> wrap("sum of diameters 43.5 mm", 8, 60)
    ['sum of', 'diameters 43.5', 'mm']
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and measure_text(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(shorten(word, size, width, bold=bold))
    return lines


@dataclass(slots=True)
class Pen:
    """Writes and draws on a reportlab canvas; places in points from the lower left corner."""

    canvas: Any

    def write(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 8,
        *,
        bold: bool = False,
        colour: str = INK,
        align: float = 0,
    ) -> None:
        """Write a line at (x, y); `align` 0 begins there, 1 ends there, 0.5 is centred."""
        x -= align * measure_text(text, size, bold=bold)
        self.canvas.setFillColor(HexColor(colour))
        for font, run in _runs(text, bold):
            self.canvas.setFont(font, size)
            self.canvas.drawString(x, y, run)
            x += float(pdfmetrics.stringWidth(run, font, size))

    def box(
        self, x: float, y: float, width: float, height: float, fill: str, stroke: str = ""
    ) -> None:
        """Fill a rectangle."""
        self.canvas.setFillColor(HexColor(fill))
        if stroke:
            self.canvas.setStrokeColor(HexColor(stroke))
            self.canvas.setLineWidth(0.6)
        self.canvas.rect(x, y, width, height, stroke=int(bool(stroke)), fill=1)

    def line(
        self,
        points: Sequence[tuple[float, float]],
        colour: str = RULE,
        width: float = 0.5,
        dash: tuple[float, ...] = (),
    ) -> None:
        """Draw a line through points."""
        self.canvas.setStrokeColor(HexColor(colour))
        self.canvas.setLineWidth(width)
        self.canvas.setDash(*([list(dash)] if dash else []))
        path = self.canvas.beginPath()
        path.moveTo(*points[0])
        for point in points[1:]:
            path.lineTo(*point)
        self.canvas.drawPath(path)
        self.canvas.setDash()

    def disc(self, x: float, y: float, radius: float, fill: str, stroke: str = INK) -> None:
        """Draw a filled circle."""
        self.canvas.setFillColor(HexColor(fill))
        self.canvas.setStrokeColor(HexColor(stroke))
        self.canvas.setLineWidth(1.1)
        self.canvas.circle(x, y, radius, stroke=1, fill=1)

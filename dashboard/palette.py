"""Colours and symbols. Never colour alone: categories are written, lesions have symbols.

The hues are those of Okabe and Ito (2008), which stay apart for people with colour-blindness.
"""

from __future__ import annotations

from response.terms import Event, find_kin

INK = "#1c2630"
MUTED = "#5b6772"
RULE = "#d5dbe0"
PAPER = "#ffffff"
BASELINE = "#1c2630"
NADIR = "#0072b2"
PROGRESSION = "#b34700"
PARTIAL = "#00795a"
TISSUE = "#8a6d00"
CONTOUR = "#ffd23f"
UPTAKE_CONTOUR = "#6ff2d4"
LONGEST = "#5ec8ff"
SHORT = "#ff9ecb"
EXPECTED = "#ff9d5c"

CATEGORY_COLOURS: dict[str, str] = {
    "CR": "#0072b2",
    "PR": "#56b4e9",
    "SD": "#e9d27c",
    "PD": "#d55e00",
    "NE": "#c3cad0",
    "ND": "#e3e7ea",
    "NED": "#0072b2",
    "NON-CR/NON-PD": "#e9d27c",
}
UNSAID = "#eef1f3"
DARK_CATEGORIES = frozenset({"CR", "PD", "NED"})

LESION_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#a05a8c", "#8a6d00", "#3fa0d8", "#444444")
LESION_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "hexagon")

EVENT_MARKS: dict[Event, str] = {
    Event.BASELINE: "",
    Event.PERSISTING: "",
    Event.NEW: "✚",
    Event.NEWLY_IMAGED: "◌",
    Event.RESOLVED: "∅",
    Event.REAPPEARED: "↺",
    Event.MERGED: "⋎",
    Event.SPLIT: "⋏",
    Event.NOT_IMAGED: "▢",
    Event.NOT_MARKED: "?",
}
EVENT_WORDS: dict[Event, str] = {
    Event.BASELINE: "baseline",
    Event.PERSISTING: "persisting",
    Event.NEW: "new",
    Event.NEWLY_IMAGED: "newly imaged",
    Event.RESOLVED: "resolved",
    Event.REAPPEARED: "reappeared",
    Event.MERGED: "merged",
    Event.SPLIT: "split",
    Event.NOT_IMAGED: "not imaged",
    Event.NOT_MARKED: "not marked",
}


def category_colour(category: str) -> str:
    """Return the colour of a category; iRECIST and PET codes share those of their plain kin.

    Examples
    --------
    >>> category_colour("iCPD") == category_colour("PMD") == category_colour("PD")
    True
    """
    return CATEGORY_COLOURS.get(find_kin(category), UNSAID)


def line_colour(category: str) -> str:
    """Return a category's colour, dark enough for a thin line on white."""
    colour = category_colour(category)
    return {"#e9d27c": "#9c7d00", "#c3cad0": "#7c868f", "#e3e7ea": "#7c868f"}.get(colour, colour)


def category_ink(category: str) -> str:
    """Return the colour in which a category is legible on its own colour."""
    dark = category_colour(category) in {CATEGORY_COLOURS[name] for name in DARK_CATEGORIES}
    return PAPER if dark else INK


def lesion_style(number: int) -> tuple[str, str]:
    """Return the colour and symbol of a subject's lesion by its number; pairs repeat after 49."""
    colours, symbols = len(LESION_COLOURS), len(LESION_SYMBOLS)
    return (
        LESION_COLOURS[number % colours],
        LESION_SYMBOLS[(number + number // colours) % symbols],
    )

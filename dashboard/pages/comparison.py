"""A subject with scans and without marks: what is known, and the scans side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.carry import Step
from dashboard.comparison import Comparison, build_comparison, write_pair
from dashboard.components.bits import chips
from dashboard.components.slices import slice_rows, uptake_chips, uptake_keys, window_chips
from dashboard.data import Data, SubjectView
from dashboard.drawing import ALL
from dashboard.links import Place, write_place
from dashboard.views import Look, can_choose, choose_look

FOVS = {"close": "close", "usual": "usual", "": "whole slice"}


def layout(data: Data, view: SubjectView, place: Place) -> list[Any]:
    """Return what a subject's page shows below its head while no lesion is marked."""
    look = choose_look(view, place, ALL)
    shown = build_comparison(data, view, place, look)
    said = html.Section(
        [
            html.P(f"No lesions are marked. {_can_compare(shown)}".strip(), className="lead"),
            html.P(
                [
                    "Lesions come in with ", html.Code("response run"),
                    ": as label images, named in the column ", html.Code("mask"),
                    " of the manifest, or as DICOM SEG beside the scans. ",
                    html.Code("none-seen"), " in that column says: read, nothing there.",
                ],
                className="muted small",
            ),
        ],
        className="unmarked",
    )  # fmt: skip
    if shown is None:
        return [said]
    return [
        said,
        _tools(view, shown, place, look),
        html.Div(
            slice_rows(shown.panes, lambda _: ([], [])),
            className="panes rows" if len(look.views) > 1 else "panes pair",
        ),
        html.P(_key(shown) + uptake_keys(look), className="muted small"),
    ]


def registration_words(way: Sequence[Step] | None) -> str:
    """Return in a sentence whether two scans are registered, and how well."""
    if not way:
        return (
            "These scans are not registered: they lie side by side, "
            "each from the middle of its own field."
        )
    doubts = [r.reason for r, _ in way if not r.trusted]
    values = sorted({f"{r.similarity:.2f}" for r, _ in way})
    correlation = f"correlation {' to '.join(dict.fromkeys((values[0], values[-1])))}"
    over = "" if len(way) == 1 else f" over {len(way)} steps"
    if doubts:
        return (
            f"The scans are registered{over}, but not trusted ({'; '.join(doubts)}): "
            "compare them with care."
        )
    return f"The scans are registered{over} (trusted, {correlation}) and can be compared."


def _can_compare(shown: Comparison | None) -> str:
    if shown is None:
        return ""
    if len(shown.panes) < 2:
        return "There is one scan; with a second one it can be compared."
    return registration_words(shown.way)


def _tools(view: SubjectView, shown: Comparison, place: Place, look: Look) -> Any:
    fov = place.query.get("fov", "")
    levels = [
        (str(level.index + 1), write_place(place, at=level.at, slices=""), level.chosen)
        for level in shown.levels
    ]
    return html.Div(
        [
            *_pair_chips(shown, place),
            *([chips("Slice of the earlier scan", levels)] if shown.way else []),
            *uptake_chips(place, look, choice=can_choose(view), anatomy=shown.scan.modality),
            window_chips(place, shown.scan),
            chips(
                "Field",
                [
                    (words, write_place(place, fov=name), name == fov)
                    for name, words in FOVS.items()
                ],
            ),
        ],
        className="tools",
    )


def _pair_chips(shown: Comparison, place: Place) -> list[Any]:
    """Return which scans to compare, where there is a choice: two rows of time points."""
    names = shown.time_points
    if len(names) < 3:
        return []
    first, second = shown.chosen
    at = names.index(second), names.index(first)
    return [
        chips(
            words,
            [
                (name, write_place(place, tp=write_pair(*pair), at=kept, slices=""), name == now)
                for name, pair in choices
            ],
        )
        for words, now, kept, choices in (
            ("Earlier", first, "", [(n, (n, second)) for n in names[: at[0]]]),
            (
                "Later",
                second,
                place.query.get("at", ""),
                [(n, (first, n)) for n in names[at[1] + 1 :]],
            ),
        )
    ]


def _key(shown: Comparison) -> str:
    follow = " Each scan scrolls by itself; a choice above brings both to the same place."
    return (
        "Patient's right is on the left in axial slices; both pictures show the same width in mm. "
        "Arrow keys on a picture or slider, or the wheel over a picture, go through the slices."
        + (follow if shown.way else "")
    )

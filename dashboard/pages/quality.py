"""What a person should look at: registrations that are not trusted, findings in question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components.bits import link, notice, reader_words, table
from dashboard.links import Place, lesion_url, reader_token, subject_url
from dashboard.palette import EVENT_WORDS
from response.model import Registration, Subject, Tracking

ROWS_SHOWN = 500


def layout(
    subjects: Sequence[Subject],
    registrations: Sequence[Registration],
    trackings: Sequence[Tracking],
) -> Any:
    """Return the quality page."""
    keys = {s.subject: s.key for s in subjects}
    doubtful = [r for r in registrations if not r.trusted and r.subject in keys]
    asked = [(t, f) for t in trackings for f in t.findings if f.needs_review and t.subject in keys]
    return [
        html.Div(
            [
                html.H1("Quality"),
                html.P(
                    f"{len(doubtful)} of {len(registrations)} registrations not trusted · "
                    f"{len(asked)} findings need review",
                    className="muted",
                ),
            ],
            className="head",
        ),
        _registrations(doubtful, keys, len(registrations)),
        _findings(asked, keys),
    ]


def _registrations(rows: Sequence[Registration], keys: dict[str, str], known: int) -> Any:
    if not rows:
        said = "All registrations passed the checks." if known else "There are none yet."
        return notice("Registrations", html.P(said), kind="calm")
    heads = (
        "Subject", "Modality", "From", "To", "Similarity", "Folded fraction",
        "Expected error (mm)", "Why not trusted",
    )  # fmt: skip
    cells = [
        [
            link(r.subject, subject_url(keys[r.subject])),
            r.modality,
            r.from_time_point,
            r.to_time_point,
            f"{r.similarity:.3f}",
            f"{r.folded_fraction:.4f}",
            f"{r.expected_error_mm:.1f}",
            r.reason,
        ]
        for r in rows[:ROWS_SHOWN]
    ]
    return html.Section(
        [
            html.H2("Registrations not trusted"),
            html.P(
                "Matches that hang on these wait for a person; they are never used silently.",
                className="muted small",
            ),
            table(heads, cells, label="Registrations not trusted"),
            _more(len(rows)),
        ]
    )


def _findings(rows: Sequence[tuple[Tracking, Any]], keys: dict[str, str]) -> Any:
    if not rows:
        return notice("Findings", html.P("No finding waits for a review."), kind="calm")
    heads = ("Subject", "Reader", "Lesion", "Time point", "Event", "Confidence", "Why")
    cells = []
    for tracking, finding in rows[:ROWS_SHOWN]:
        place = Place(
            "subject", keys[tracking.subject], query={"reader": reader_token(tracking.reader)}
        )
        cells.append(
            [
                link(tracking.subject, subject_url(place.key, place.query)),
                reader_words(tracking.reader),
                link(
                    finding.tracking_id,
                    lesion_url(place, finding.tracking_id, finding.time_point),
                ),
                f"{finding.time_point} {finding.date}",
                EVENT_WORDS[finding.event],
                "–" if finding.confidence is None else f"{finding.confidence:.2f}",
                finding.reason,
            ]
        )
    return html.Section(
        [
            html.H2("Findings that need review"),
            table(heads, cells, label="Findings that need review"),
            _more(len(rows)),
        ]
    )


def _more(count: int) -> Any:
    if count <= ROWS_SHOWN:
        return None
    return html.P(f"{count - ROWS_SHOWN} more are not shown.", className="muted small")

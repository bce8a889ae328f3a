"""The cohort: who needs a look, how everybody does; one click from each subject."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from dash import dcc, html

from dashboard import ids
from dashboard.components.bits import (
    badge,
    chips,
    counted,
    flag,
    graph,
    link,
    millimetres,
    notice,
    reader_words,
    signed_pct,
    table,
)
from dashboard.data import Cohort, CohortEntry
from dashboard.figures.cohort import ChangeCurve, days_since, figure_spider, figure_waterfall
from dashboard.links import Place, reader_token, subject_url, write_place
from dashboard.timeline import (
    asks_new_lesion,
    best_change_pct,
    count_review,
    find_least_growth_mm,
    is_progression,
)
from response.model import Assessment
from response.protocol import Protocol
from response.terms import Status, find_kin

ROWS_PER_PAGE = 200

CATEGORY_ORDER = ("PD", "NE", "SD", "NON-CR/NON-PD", "PR", "CR", "")


def current(entry: CohortEntry) -> Assessment | None:
    """Return the last assessment of an entry."""
    return entry.result.assessments[-1] if entry.result and entry.result.assessments else None


def best_category(entry: CohortEntry) -> str:
    """Return the best overall response of an entry, confirmed if there is such."""
    if entry.result is None:
        return ""
    summary = entry.result.summary
    return summary.best_overall_response or summary.confirmed_best_overall_response


def is_provisional(entry: CohortEntry) -> bool:
    """Tell whether any category that stands behind an entry waits for a person."""
    rows = entry.result.assessments if entry.result else ()
    return any(a.status is Status.PROVISIONAL for a in rows if a.overall_response)


FLAGS: dict[str, tuple[str, Callable[[CohortEntry], bool]]] = {
    "progression": (
        "progression",
        lambda e: is_progression(row.overall_response if (row := current(e)) else ""),
    ),
    "newlesion": ("new lesion?", lambda e: asks_new_lesion(e.result)),
    "review": ("needs review", lambda e: count_review(e.tracking) > 0),
    "provisional": ("provisional", is_provisional),
    "unassessed": ("not assessed", lambda e: current(e) is None),
}

SORTS: dict[str, tuple[str, Callable[[CohortEntry], Any]]] = {
    "subject": ("Subject", lambda e: e.subject.subject.casefold()),
    "now": ("Now", lambda e: _rank(row.overall_response if (row := current(e)) else "")),
    "best": ("Best overall", lambda e: -_rank(best_category(e))),
    "sum": ("Sum", lambda e: -_number(current(e), "sum_of_diameters_mm")),
    "baseline": ("From baseline", lambda e: -_number(current(e), "change_from_baseline_pct")),
    "nadir": ("From nadir", lambda e: -_number(current(e), "change_from_nadir_pct")),
    "date": ("Last scan", lambda e: -(row.date.toordinal() if (row := current(e)) else 0)),
    "review": ("Flags", lambda e: -sum(test(e) for _, test in FLAGS.values())),
}


def _rank(category: str) -> int:
    plain = find_kin(category)
    return CATEGORY_ORDER.index(plain) if plain in CATEGORY_ORDER else len(CATEGORY_ORDER)


def _number(row: Assessment | None, name: str) -> Decimal:
    value = getattr(row, name) if row is not None else None
    return value if value is not None else Decimal("-1e9")


def layout(cohort: Cohort, place: Place) -> Any:
    """Return the cohort page for what the address asks: sort, flag, page, criterion."""
    if not cohort.entries:
        return _empty()
    chosen = place.query.get("flag", "")
    kept = [e for e in cohort.entries if chosen not in FLAGS or FLAGS[chosen][1](e)]
    key = SORTS.get(place.query.get("sort", ""), SORTS["review"])[1]
    kept.sort(key=lambda e: (key(e), e.subject.subject.casefold(), e.reader))
    page = max(0, int(place.query["page"]) if place.query.get("page", "").isdigit() else 0)
    shown = kept[page * ROWS_PER_PAGE : (page + 1) * ROWS_PER_PAGE]
    curves = [curve(e, cohort.criterion) for e in kept]
    return [
        _head(cohort, place),
        _figures(curves, cohort.criterion),
        html.Section([_tools(cohort, place, len(kept)), _table(shown, cohort, place)]),
        _pager(len(kept), page, place),
    ]


def curve(entry: CohortEntry, criterion: str) -> ChangeCurve:
    """Return an entry's changes from baseline for the figures."""
    rows = entry.result.assessments if entry.result else ()
    first = rows[0].date if rows else None
    points = tuple(
        (days_since(a.date, first), float(a.change_from_baseline_pct))
        for a in rows
        if first is not None and a.change_from_baseline_pct is not None
    )
    if rows and rows[0].sum_of_diameters_mm and (not points or points[0][0] > 0):
        points = ((0, 0.0), *points)
    name = entry.subject.subject
    return ChangeCurve(
        name=f"{name} {entry.reader.evaluator_id or entry.reader.evaluator}"
        if entry.readers > 1
        else name,
        href=_href(entry, criterion),
        best_pct=best_change_pct(entry.result) if entry.result else None,
        category=best_category(entry),
        provisional=is_provisional(entry),
        points=points,
    )


def _href(entry: CohortEntry, criterion: str) -> str:
    reader = reader_token(entry.reader) if entry.readers > 1 else ""
    return subject_url(entry.subject.key, {"reader": reader, "criterion": criterion})


def _head(cohort: Cohort, place: Place) -> Any:
    subjects = len({e.subject.key for e in cohort.entries})
    counts = [
        (words, len({e.subject.key for e in cohort.entries if test(e)}))
        for words, test in FLAGS.values()
    ]
    said = " · ".join(f"{count} {words}" for words, count in counts if count)
    return html.Div(
        [
            html.H1("Cohort"),
            html.P(
                f"{counted(subjects, 'subject')} · {cohort.criterion}"
                + (f" · {said}" if said else "")
            ),
            *(
                [
                    chips(
                        "Criterion",
                        [
                            (name, write_place(place, criterion=name), name == cohort.criterion)
                            for name in cohort.criteria
                        ],
                    )
                ]
                if len(cohort.criteria) > 1
                else []
            ),
        ],
        className="head",
    )


def _figures(curves: list[ChangeCurve], criterion: str) -> Any:
    limits = find_least_growth_mm(criterion, Protocol()) is not None
    if not any(c.points for c in curves):
        return html.Div()
    return html.Div(
        [
            html.Section(
                [
                    html.H2("Best change from baseline"),
                    graph(
                        figure_waterfall(curves, limits=limits),
                        "Best change from baseline in percent; the table has the values",
                        id=ids.WATERFALL,
                    ),
                ]
            ),
            html.Section(
                [
                    html.H2("Change over time"),
                    graph(
                        figure_spider(curves, limits=limits),
                        "Change from baseline over days; the table has the last values",
                        id=ids.SPIDER,
                    ),
                ]
            ),
        ],
        className="two",
    )


def _tools(cohort: Cohort, place: Place, count: int) -> Any:
    chosen = place.query.get("flag", "")
    choices = [("all", write_place(place, flag="", page=""), chosen not in FLAGS)]
    choices += [
        (words, write_place(place, flag=name, page=""), chosen == name)
        for name, (words, test) in FLAGS.items()
        if any(test(e) for e in cohort.entries)
    ]
    return html.Div(
        [
            chips("Show", choices),
            dcc.Input(
                id=ids.COHORT_FILTER,
                type="search",
                placeholder="Find a subject",
                debounce=False,
                className="find",
            ),
            html.Span(counted(count, "row"), id=ids.COHORT_COUNT, className="muted", role="status"),
        ],
        className="tools",
    )


def _table(entries: list[CohortEntry], cohort: Cohort, place: Place) -> Any:
    wanted = place.query.get("sort", "review")
    heads = [
        link(
            f"{words} ▾" if name == wanted else words,
            write_place(place, sort=name, page=""),
            title=f"Sort by {words.lower()}",
        )
        for name, (words, _) in SORTS.items()
    ]
    if any(e.readers > 1 for e in cohort.entries):
        heads.insert(1, html.Span("Reader"))
    rows = [_row(e, cohort) for e in entries]
    return table(heads, rows, label="Subjects", class_name="cohort-table", id=ids.COHORT_TABLE)


def _row(entry: CohortEntry, cohort: Cohort) -> list[Any]:
    now = current(entry)
    readers = any(e.readers > 1 for e in cohort.entries)
    cells: list[Any] = [link(entry.subject.subject, _href(entry, cohort.criterion))]
    cells += [reader_words(entry.reader)] if readers else []
    best = best_category(entry)
    cells += [
        badge(now.overall_response, now.status) if now and now.overall_response else _not_yet(now),
        badge(best, Status.PROVISIONAL if is_provisional(entry) else None) if best else "–",
        millimetres(now.sum_of_diameters_mm) if now else "–",
        signed_pct(now.change_from_baseline_pct) if now and now.overall_response else "–",
        signed_pct(now.change_from_nadir_pct) if now and now.overall_response else "–",
        now.date.isoformat() if now else "–",
        html.Span(
            [
                flag(_flag_words(name, words, entry), name)
                for name, (words, test) in FLAGS.items()
                if name != "provisional" and test(entry)
            ],
            className="flags",
        ),
    ]
    return cells


def _flag_words(name: str, words: str, entry: CohortEntry) -> str:
    return f"{words} · {count_review(entry.tracking)}" if name == "review" else words


def _not_yet(row: Assessment | None) -> Any:
    return html.Span("baseline only" if row else "not assessed", className="muted")


def _pager(count: int, page: int, place: Place) -> Any:
    pages = -(-count // ROWS_PER_PAGE)
    if pages < 2:
        return html.Div()
    return chips(
        "Page",
        [
            (str(n + 1), write_place(place, page=str(n) if n else ""), n == page)
            for n in range(pages)
        ],
    )


def _empty() -> Any:
    return notice(
        "No subjects yet",
        html.P("Scans come in by the command line, on the machine this runs on:"),
        html.Pre(
            "response run manifest.csv     # your scans and masks, listed in a CSV\n"
            "response run DICOM_FOLDER     # or a tree of DICOM files\n"
            "response demo                 # or the bundled patients, to look around"
        ),
        html.P("Then reload this page."),
    )

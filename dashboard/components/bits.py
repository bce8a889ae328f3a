"""Small parts that pages share: badges, links, chips, tables, notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dashboard.palette import category_colour, category_ink
from response.model import Reader, Reason
from response.terms import Status

MINUS = "−"


def attributes(**named: str) -> dict[str, Any]:
    """Return ``aria-…`` and ``data-…`` attributes, which Python cannot spell as keywords.

    Examples
    --------
    >>> attributes(aria_label="Pages", data_slot="now")
    {'aria-label': 'Pages', 'data-slot': 'now'}
    """
    return {name.replace("_", "-"): value for name, value in named.items()}


def badge(category: str, status: Status | None, *, big: bool = False) -> Any:
    """Return a category on its colour; *provisional* is hatched and written out."""
    provisional = status is Status.PROVISIONAL
    word = category or "–"
    return html.Span(
        [
            html.Span(
                word,
                className=f"badge{' big' if big else ''}{' hatched' if provisional else ''}",
                style={
                    "backgroundColor": category_colour(category),
                    "color": category_ink(category),
                },
            ),
            *([html.Span("provisional", className="provisional")] if provisional else []),
        ],
        className="badge-group",
    )


def link(text: Any, href: str, **more: Any) -> Any:
    """Return a link that does not reload the page."""
    return dcc.Link(text, href=href, **more)


def chips(label: str, choices: Sequence[tuple[str, str, bool]]) -> Any:
    """Return a row of links to choose between: (words, address, chosen)."""
    return html.Nav(
        [
            html.Span(label, className="chips-label"),
            *(
                link(words, href, className=f"chip{' chosen' if chosen else ''}")
                for words, href, chosen in choices
            ),
        ],
        className="chips",
        **attributes(aria_label=label),
    )


def notice(title: str, *content: Any, kind: str = "") -> Any:
    """Return a designed message: nothing here yet, something went wrong."""
    return html.Section([html.H2(title), *content], className=f"notice {kind}".strip())


def flag(words: str, kind: str = "") -> Any:
    """Return a small flag."""
    return html.Span(words, className=f"flag {kind}".strip())


def table(
    heads: Sequence[Any],
    rows: Sequence[Sequence[Any]],
    *,
    label: str,
    class_name: str = "",
    **more: Any,
) -> Any:
    """Return a plain table; the first cell of a row names the row."""
    return html.Table(
        [
            html.Caption(label, className="sr-only"),
            html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
            html.Tbody(
                [
                    html.Tr([html.Th(row[0], scope="row"), *(html.Td(cell) for cell in row[1:])])
                    for row in rows
                ]
            ),
        ],
        className=f"table {class_name}".strip(),
        **more,
    )


def reason_line(reason: Reason) -> Any:
    """Return a reason as a sentence with the id of its rule, small."""
    return html.Li([reason.text, " ", html.Span(reason.row_id, className="row-id")])


def reader_words(reader: Reader) -> str:
    """Return a reader's role and id as people say it.

    Examples
    --------
    >>> reader_words(Reader()), reader_words(Reader("INDEPENDENT ASSESSOR", "R1"))
    ('Investigator', 'Independent assessor R1')
    """
    return f"{reader.evaluator.capitalize()} {reader.evaluator_id}".strip()


def signed_pct(value: object) -> str:
    """Return a percentage with its sign, or a dash.

    Examples
    --------
    >>> signed_pct(-32.04), signed_pct(None)
    ('−32.0 %', '–')
    """
    return "–" if value is None else f"{float(str(value)):+.1f} %".replace("-", MINUS)


def counted(number: int, word: str) -> str:
    """Return a number with the word for what it counts.

    Examples
    --------
    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def millimetres(value: object) -> str:
    """Return a length with its unit as it was recorded, or a dash."""
    return "–" if value is None else f"{value} mm"


def graph(figure: dict[str, Any], label: str, **more: Any) -> Any:
    """Return a figure without Plotly's logo or buttons that make no sense here."""
    config: Any = {"displaylogo": False, "displayModeBar": False, "responsive": True}
    return html.Div(
        dcc.Graph(figure=figure, config=config, **more),
        role="img",
        className="graph",
        **attributes(aria_label=label),
    )

"""How a category came about, in sentences a person could put in a report. Pure.

Every sentence that a rule wrote ends with the id of its row in brackets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from response.certainty import Certainty
from response.endpoints import select_effective
from response.errors import InputError
from response.explain_best import explain_best
from response.explain_lesions import explain_changes
from response.insight import Insight
from response.model import Assessment, Reason
from response.outlook import describe_outlook
from response.terms import Category, NewLesion

PROVISIONAL_ROW = "PROVISIONAL"
"""The row id of reasons why no person stands behind a category yet."""


def explain_subject(insights: Sequence[Insight], time_point: str | None = None) -> tuple[str, ...]:
    """Return the derivation of every category of a subject, or of one time point.

    Raises
    ------
    InputError
        If nothing is assessed, or not at that time point.
    """
    lines: list[str] = []
    for insight in insights:
        told = list(_explain(insight, time_point))
        if told:
            lines += ["", *told] if lines else told
    if not lines:
        where = f" at {time_point}" if time_point else ""
        raise InputError(f"nothing is assessed{where}; 'response assess' derives categories")
    return tuple(lines)


def deciding_sentences(assessment: Assessment) -> list[str]:
    """Return the sentences that made a category: of targets, of what else overruled them.

    A category that new lesions or non-targets decided is not led by what the targets say.
    """
    said = assessment.overall_response
    texts = [reason.text for reason in assessment.reasons]
    if not said:
        return texts[:1]
    own = [text for text in texts if text.startswith(f"{said}:")]
    asked = assessment.new_lesion in (NewLesion.YES, NewLesion.EQUIVOCAL)
    progressed = assessment.non_target_response == Category.PD
    more = [
        reason.text
        for reason in assessment.reasons
        if (".NEW." in reason.row_id and asked) or (".NON_TARGET." in reason.row_id and progressed)
    ]
    return list(dict.fromkeys([*own[:1], *more])) or texts[:1]


def _explain(insight: Insight, time_point: str | None) -> Iterator[str]:
    result = insight.result
    standing = [
        row for row in select_effective(result.assessments) if time_point in (None, row.time_point)
    ]
    if not standing:
        return
    yield f"{result.summary.subject}: {_title(insight)}"
    for row in standing:
        yield ""
        yield from _time_point(insight, row)
    if time_point is None:
        yield ""
        yield from explain_best(insight)


def _title(insight: Insight) -> str:
    one = insight.result.summary
    reader = " ".join(word for word in (one.reader.evaluator, one.reader.evaluator_id) if word)
    line = f", line of therapy {one.line}" if one.line else ""
    return f"{one.criterion}, read by {reader}{line}"


def _time_point(insight: Insight, row: Assessment) -> Iterator[str]:
    former = [
        one
        for one in insight.result.assessments
        if one.time_point == row.time_point and one.as_of < row.as_of
    ]
    yield _heading(row)
    for sentence in (
        *(_superseded(one, row) for one in former),
        *(_rule(reason) for reason in row.reasons if reason.row_id != PROVISIONAL_ROW),
        *explain_changes(insight.course, row),
        *_how_sure(insight.certainty_of(row.time_point)),
        *_what_next(insight, row),
        *_provisional(row),
    ):
        yield f"  {sentence}"


def _heading(row: Assessment) -> str:
    said = row.overall_response or "baseline"
    late = f", as of {row.as_of}" if row.as_of != row.date else ""
    return f"{row.time_point}, {row.date}: {said}{late} ({row.status.value})."


def _superseded(former: Assessment, row: Assessment) -> str:
    was = former.overall_response or "baseline"
    now = row.overall_response or "baseline"
    why = "; ".join(deciding_sentences(former))
    return f"It was {was} until {row.as_of} ({why}), then {now}."


def _rule(reason: Reason) -> str:
    """A rule's words as a sentence, with the row that they come from.

    Examples
    --------
    >>> _rule(Reason("RECIST11.NEW.NO", "new lesion: none seen"))
    'New lesion: none seen. [RECIST11.NEW.NO]'
    """
    text = reason.text
    first = (
        text if text[:2].startswith("i") and text[1:2].isupper() else text[:1].upper() + text[1:]
    )
    return f"{first.rstrip('.')}. [{reason.row_id}]"


def _how_sure(found: Certainty | None) -> Iterable[str]:
    if found is None or found.overall_response == Category.NE:
        return
    yield describe_certainty(found)


def describe_certainty(found: Certainty) -> str:
    """Say in a sentence how sure a category is.

    Examples
    --------
    >>> import datetime as dt
    >>> describe_certainty(Certainty(
    ...     "W8", dt.date(2025, 2, 26), "PR", 0.874, "PR", 0.874, {"SD": 0.126}, True, False))
    'Measured again, the category would be the same in 87 of 100 cases; else SD (13). Borderline.'
    """
    others = ", ".join(
        f"{code} ({in_hundred(share)})" for code, share in found.alternatives.items()
    )
    other = f"; else {others}" if others else ""
    said = f"the category would be the same in {how_often(found)} of 100 cases"
    return f"Measured again, {said}{other}.{' Borderline.' if found.borderline else ''}"


def how_often(found: Certainty) -> str:
    """How many of a hundred times a category would be the same; what was drawn is never all."""
    return in_hundred(min(found.probability, 0.999) if found.simulated else found.probability)


def in_hundred(share: float) -> str:
    """How many of a hundred; never 100 or 0 where it is not.

    Examples
    --------
    >>> in_hundred(0.874), in_hundred(0.9999), in_hundred(0.002), in_hundred(1.0)
    ('87', 'more than 99', 'less than 1', '100')
    """
    if 0.995 <= share < 0.9999999:
        return "more than 99"
    if 0 < share < 0.01:
        return "less than 1"
    return f"{100 * share:.0f}"


def _what_next(insight: Insight, row: Assessment) -> Iterable[str]:
    outlook = insight.outlook_of(row.time_point)
    words = describe_outlook(outlook) if outlook else ()
    if words:
        yield f"What would change it: {'; '.join(words)}."


def _provisional(row: Assessment) -> Iterable[str]:
    doubts = [reason.text for reason in row.reasons if reason.row_id == PROVISIONAL_ROW]
    if doubts:
        yield f"Provisional: {'; '.join(doubts)}. [{PROVISIONAL_ROW}]"

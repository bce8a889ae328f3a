"""How a category came about, in sentences a person could put in a report. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from response.errors import InputError
from response.model import Assessment, SubjectResult
from response.terms import Category, NewLesion


def explain_subject(
    results: Sequence[SubjectResult], time_point: str | None = None
) -> tuple[str, ...]:
    """Return the derivation of every category of a subject, or of one time point.

    Raises
    ------
    InputError
        If nothing is assessed, or not at that time point.
    """
    lines: list[str] = []
    for result in results:
        reader = " ".join(w for w in (result.summary.reader.evaluator, _id(result)) if w)
        chosen = [a for a in result.assessments if time_point in (None, a.time_point)]
        if chosen:
            lines.append(f"{result.summary.subject}, {result.summary.criterion}, {reader}")
        for assessment in sorted(chosen, key=lambda a: (a.date, a.time_point, a.as_of)):
            lines += _explain(assessment)
        if chosen and time_point is None:
            lines += _best(result)
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


def _id(result: SubjectResult) -> str:
    return result.summary.reader.evaluator_id


def _explain(assessment: Assessment) -> Iterable[str]:
    category = assessment.overall_response or "baseline"
    superseded = (
        f", as of {assessment.as_of.isoformat()}" if assessment.as_of != assessment.date else ""
    )
    yield (
        f"{assessment.time_point} ({assessment.date.isoformat()}{superseded}): {category}, "
        f"{assessment.status.value}"
    )
    for reason in assessment.reasons:
        yield f"  {reason.text} [{reason.row_id}]"


def _best(result: SubjectResult) -> Iterable[str]:
    summary = result.summary
    yield (
        f"Best overall response {summary.best_overall_response or 'not derived'}; confirmed "
        f"{summary.confirmed_best_overall_response or 'not derived'}."
    )
    if summary.pfs_days is not None:
        what = "event" if summary.pfs_event else "censored"
        yield f"Progression-free survival {summary.pfs_days} days ({what}): {summary.pfs_reason}"
    elif summary.pfs_reason:
        yield f"Progression-free survival: {summary.pfs_reason}"

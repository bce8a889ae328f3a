"""What must come of planted alerts on given days, worked out without the program.

An alert is raised by the first evaluation that can know of its fact, and ends by the first that can
know that it has gone. What rests on the day alone waits, where the clock was set back, until the
clock has caught up. A mail tells of every opening and withdrawal once.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from year_calendar import KEPT, PERSONS, RECORDS, Calendar, Step
from year_patients import Planted, Spell

HIGH = (
    *("progression", "recurrence", "new_lesion", "first_lesion", "reappeared"),
    *("missed_follow_up", "date_to_come", "confirm_progression_closing"),
)
LOW = ("confirm_response",)
LASTING = ("progression", "recurrence", "new_lesion", "first_lesion", "reappeared")

ESCALATED_AFTER = dt.timedelta(hours=24)
WAITED_TOO_LONG = 8
"""More than a week, in days."""
SILENT_AFTER = dt.timedelta(hours=26)

Key = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Seen:
    """An evaluation that counts: its step, its place, and until which day records were written."""

    step: Step
    place: int
    written: int
    day: int


@dataclass(frozen=True)
class Happened:
    """Something that became of an alert."""

    change: str
    day: dt.date
    seen: Seen


def list_seen(calendar: Calendar) -> tuple[list[Seen], list[int]]:
    """List the evaluations that count, and the places at which persons answer."""
    seen, answers = [], []
    written = -1
    for place, step in enumerate(calendar.steps()):
        if step.what == RECORDS:
            written = calendar.day_of(step.true.astimezone(dt.UTC).date())
        elif step.what == PERSONS:
            answers.append(place)
        elif step.counts:
            day = calendar.day_of(step.clock_date)
            seen.append(Seen(step, place, written, day))
    return seen, answers


def expect_all(
    planted: Iterable[Planted], evaluations: Sequence[Seen]
) -> dict[Key, list[Happened]]:
    """Work out what becomes of alerts; those that nothing comes of are left out."""
    found: dict[Key, list[Happened]] = {}
    for one in sorted(planted, key=lambda one: bool(one.waits)):
        made = one
        if one.waits:
            first = next(
                (known[0] for key, known in found.items() if key[:2] == (one.subject, one.waits)),
                None,
            )
            if first is None:
                continue
            due = first.seen.day + WAITED_TOO_LONG
            made = replace(one, spells=tuple(replace(spell, due=due) for spell in one.spells))
        happened = expect(made, evaluations)
        if happened:
            found[one.key] = happened
    return found


def expect(planted: Planted, evaluations: Iterable[Seen]) -> list[Happened]:
    """Work out what becomes of an alert."""
    happened: list[Happened] = []
    standing: Spell | None = None
    last = -1
    for seen in evaluations:
        if happened and rests_on_day(planted) and seen.day < last:
            continue
        now = next((one for one in planted.spells if holds(one, seen)), None)
        change = ""
        if now is not None and standing is None:
            change = "reopened" if happened else "raised"
        elif now is None and standing is not None:
            change = _name_end(standing, seen)
        if change:
            happened.append(Happened(change, seen.step.clock_date, seen))
            last = seen.day
        standing = now
    return happened


def rests_on_day(planted: Planted) -> bool:
    """Whether an alert is a condition: it is left alone where the clock was set back."""
    return planted.passing or planted.rule not in LASTING


def holds(spell: Spell, seen: Seen) -> bool:
    """Whether an evaluation can know that a fact holds."""
    begun = seen.written >= spell.seen and (spell.due is None or seen.day >= spell.due)
    return begun and not _has_gone(spell, seen) and not _is_past(spell, seen)


def _has_gone(spell: Spell, seen: Seen) -> bool:
    return spell.gone is not None and seen.written >= spell.gone


def _is_past(spell: Spell, seen: Seen) -> bool:
    return spell.gone_due is not None and seen.day >= spell.gone_due


def _name_end(spell: Spell, seen: Seen) -> str:
    return spell.end if _has_gone(spell, seen) else spell.end_due


# ------------------------------------------------------------------------------------------ mails


def expect_ward(planted: Planted, happened: Sequence[Happened]) -> Counter[str]:
    """Count what the ward is told of an alert: it takes high and medium ones, at once."""
    told: Counter[str] = Counter()
    if planted.low or planted.rule in LOW:
        return told
    for one in happened:
        kind = {"raised": "open", "reopened": "open"}.get(one.change, one.change)
        if kind != "resolved":
            told[kind] += 1
    return told


def expect_chief(
    planted: Planted,
    happened: Sequence[Happened],
    evaluations: Sequence[Seen],
    answers: Sequence[int],
    *,
    answered: bool,
) -> Counter[str]:
    """Count what the chief is told: high alerts that stood for a day without an answer."""
    told: Counter[str] = Counter()
    if planted.rule not in HIGH:
        return told
    for number, one in enumerate(happened):
        if one.change not in ("raised", "reopened"):
            continue
        end = happened[number + 1].seen.place if number + 1 < len(happened) else None
        answer = next((place for place in answers if place > one.seen.place), None)
        until = min([place for place in (end, answer if answered else None) if place is not None],
                    default=None)  # fmt: skip
        if any(_escalates(one, seen, until) for seen in evaluations):
            told["escalated"] += 1
            if end is not None and happened[number + 1].change != "resolved":
                told[happened[number + 1].change] += 1
    return told


def _escalates(opened: Happened, seen: Seen, until: int | None) -> bool:
    in_time = seen.place > opened.seen.place and (until is None or seen.place < until)
    return in_time and seen.step.now - opened.seen.step.now >= ESCALATED_AFTER


# ----------------------------------------------------------------------------- the program itself


def expect_silences(calendar: Calendar) -> list[dt.date]:
    """List the days on which an evaluation finds that there was none for more than 26 hours."""
    found = []
    last: dt.datetime | None = None
    for step in calendar.steps():
        if not step.counts:
            continue
        if last is not None and step.now - last > SILENT_AFTER:
            found.append(step.clock_date)
        if step.kill != KEPT:
            last = step.now
    return found

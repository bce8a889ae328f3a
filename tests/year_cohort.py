"""Which patients a simulated year has: every kind of course, and a third where nothing happens."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import year_courses as of
from year_courses import FIVE, LAST, ONE
from year_patients import CLEAR, USUAL, Plan


@dataclass(frozen=True)
class Kind:
    """A kind of course, how it begins, and at which scans it may happen."""

    course: Callable[[Plan, int], None]
    baseline: str = "usual"
    criterion: str = "recist11"
    more: tuple[str, ...] = ()
    latest: int = 3


BASELINES = {"usual": USUAL, "clear": CLEAR, "one": ONE, "five": FIVE}

KINDS = (
    Kind(of.progression, latest=5),
    Kind(of.assessed_late, latest=5),
    Kind(of.response),
    Kind(of.response, criterion="irecist"),
    Kind(of.response_lost),
    Kind(of.complete_then_back),
    Kind(of.complete_then_back_confirmed, criterion="irecist", latest=2),
    Kind(of.surveillance, "clear"),
    Kind(of.first_lesion, "clear", latest=5),
    Kind(of.new_lesion, latest=5),
    Kind(of.doubtful_then_sure),
    Kind(of.doubtful_then_none),
    Kind(of.comes_again),
    Kind(of.overdue),
    Kind(of.missed),
    Kind(of.lost),
    Kind(of.death, latest=5),
    Kind(of.death_told_late),
    Kind(of.new_therapy),
    Kind(of.near_then_back, "one"),
    Kind(of.near_then_progression, "one"),
    Kind(of.near_and_early, "five"),
    Kind(of.early_then_back, "five"),
    Kind(of.early_then_progression, "five"),
    Kind(of.confirmed, criterion="irecist"),
    Kind(of.pseudoprogression, criterion="irecist"),
    Kind(of.confirmed_later, criterion="irecist"),
    Kind(of.by_both, more=("irecist",)),
    Kind(of.wrong_high),
    Kind(of.wrong_low),
    Kind(of.wavering),
    Kind(of.new_lesion_withdrawn),
    Kind(of.dated_early),
    Kind(of.dated_late),
)
QUIET = Kind(of.stable)
"""Of three patients one."""


def draw_patients(
    seed: int,
    begin: dt.date,
    number: int,
    *,
    kinds: Sequence[Kind] = KINDS,
    starts: range = range(80),
    latest: int = LAST,
) -> list[Plan]:
    """Draw patients; all kinds come, and every third is stable.

    Parameters
    ----------
    starts
        The days on which treatment may start; before the first: it is there when the year begins.
    latest
        No course turns at a later scan.
    """
    chance = random.Random(seed)
    plans = []
    for count in range(number):
        kind = QUIET if count % 3 == 2 else kinds[(count - count // 3) % len(kinds)]
        plan = Plan(
            f"P{count:03}",
            begin,
            chance.choice(starts),
            tuple(chance.randint(-3, 5) for _ in range(LAST + 1)),
            kind.criterion,
            answered=chance.random() < 0.7,
            kind=kind.course.__name__,
            baseline=BASELINES[kind.baseline],
            more_criteria=kind.more,
        )
        plan.open()
        kind.course(plan, chance.randint(1, min(kind.latest, latest)))
        plans.append(plan)
    return plans

"""The kinds of courses of a simulated year.

Each function writes one patient's scans and, by hand, the alerts that they must raise. ``k`` is the
number of the scan at which it happens. See :mod:`year_patients` for what is taken as given.
"""

from __future__ import annotations

from year_patients import (
    GONE,
    INTERVAL,
    LARGER,
    LARGEST,
    SMALLER,
    TOLERANCE,
    TWO_MISSED,
    USUAL,
    Plan,
    Spell,
)

LAST = 6
"""The number of the last scan of a year."""
ONE = {"T1": 50, "P1": "PRESENT"}
FIVE = {f"T{n}": 20 for n in range(1, 6)}
GROWN = {"T1": 23, "T2": 23, "T3": 23, "T4": 23, "T5": 22}
WITH_NEW = {**USUAL, "N1": ("UNEQUIVOCAL", 12)}
IN_DOUBT = {**USUAL, "N1": ("EQUIVOCAL", 7)}


def stable(p: Plan, k: int) -> None:
    """Nothing happens."""
    p.go_on(range(1, LAST + 1))


def surveillance(p: Plan, k: int) -> None:
    """No disease, and none comes."""
    p.go_on(range(1, LAST + 1))


def progression(p: Plan, k: int) -> None:
    """The sum grows by 40 %; follow-up ends."""
    p.go_on(range(1, k))
    p.plant("progression", k, Spell(p.scan(k, LARGER)))


def assessed_late(p: Plan, k: int) -> None:
    """Progression is read on one day, and assessed two days later."""
    p.go_on(range(1, k))
    made = p.scan(k, LARGER, assess=False)
    p.plant("progression", k, Spell(p.assess(made + 2)))


def response(p: Plan, k: int) -> None:
    """A response, confirmed by the next scan."""
    p.go_on(range(1, k))
    made = p.scan(k, SMALLER)
    p.plant_confirm_response(k, made, p.day(k + 1))
    p.go_on(range(k + 1, LAST + 1), SMALLER)


def response_lost(p: Plan, k: int) -> None:
    """A confirmed response, then growth of 40 % over its nadir."""
    p.go_on(range(1, k))
    made = p.scan(k, SMALLER)
    p.plant_confirm_response(k, made, p.scan(k + 1, SMALLER))
    p.plant("progression", k + 2, Spell(p.scan(k + 2, {"T1": 25, "T2": 17, "P1": "PRESENT"})))


def complete_then_back(p: Plan, k: int) -> None:
    """A confirmed complete response; then a target is there again."""
    p.go_on(range(1, k))
    made = p.scan(k, GONE)
    p.plant_confirm_response(k, made, p.scan(k + 1, GONE))
    back = p.scan(k + 2, {**GONE, "T1": 12})
    p.plant("recurrence", k + 2, Spell(back))
    p.plant_lesion("reappeared", k + 2, "T1", Spell(back))


def complete_then_back_confirmed(p: Plan, k: int) -> None:
    """The same by iRECIST, which has the next scan confirm it."""
    p.go_on(range(1, k))
    made = p.scan(k, GONE)
    p.plant_confirm_response(k, made, p.scan(k + 1, GONE))
    back = p.scan(k + 2, {**GONE, "T1": 12})
    p.plant_lesion("reappeared", k + 2, "T1", Spell(back))
    sure = p.scan(k + 3, {**GONE, "T1": 22})
    p.plant_unconfirmed(k + 2, back, sure, sure=True, rule="recurrence")
    p.plant_window(k + 2, back, sure)
    p.plant("recurrence", k + 3, Spell(sure))


def first_lesion(p: Plan, k: int) -> None:
    """No disease under surveillance, until a lesion is seen."""
    p.go_on(range(1, k))
    seen = p.scan(k, {"N1": ("UNEQUIVOCAL", 11)})
    p.plant("recurrence", k, Spell(seen))
    p.plant_lesion("first_lesion", k, "N1", Spell(seen))


def new_lesion(p: Plan, k: int) -> None:
    """A new lesion that nobody doubts."""
    p.go_on(range(1, k))
    seen = p.scan(k, WITH_NEW)
    p.plant("progression", k, Spell(seen))
    p.plant_lesion("new_lesion", k, "N1", Spell(seen))


def doubtful_then_sure(p: Plan, k: int) -> None:
    """A doubtful new lesion that the next scan confirms: progression dates from the first."""
    p.go_on(range(1, k))
    seen = p.scan(k, IN_DOUBT)
    p.plant_lesion("new_lesion", k, "N1", Spell(seen))
    sure = p.scan(k + 1, WITH_NEW)
    p.plant_waiting(seen, sure)
    p.plant("progression", k, Spell(sure))


def doubtful_then_none(p: Plan, k: int) -> None:
    """A doubtful new lesion that the next scan does not show: there was none."""
    p.go_on(range(1, k))
    seen = p.scan(k, IN_DOUBT)
    none = p.scan(k + 1, {**USUAL, "N1": "ABSENT"})
    p.plant_waiting(seen, none)
    p.plant_lesion("new_lesion", k, "N1", Spell(seen, gone=none, end="withdrawn"))
    p.go_on(range(k + 2, LAST + 1))


def comes_again(p: Plan, k: int) -> None:
    """A non-target lesion goes and comes again, without progression."""
    p.go_on(range(1, k))
    p.scan(k, {**USUAL, "P1": "ABSENT"})
    p.plant_lesion("reappeared", k + 1, "P1", Spell(p.scan(k + 1)))
    p.go_on(range(k + 2, LAST + 1))


def overdue(p: Plan, k: int) -> None:
    """A scan comes two weeks late."""
    p.go_on(range(1, k))
    late = p.due(k) + 15
    spell = Spell(p.start, p.falls_due(k) + TOLERANCE + 1, late)
    p.plant("scan_overdue", k - 1, spell, criterion=None)
    p.scan(k, day=late)
    p.go_on(range(k + 1, LAST + 1))


def _miss(p: Plan, k: int, until: int | None) -> None:
    """Two scans are missed, from the last one before ``k`` on."""
    last = p.start if k == 1 else p.day(k - 1)
    missed = last + TWO_MISSED + 1
    spell = Spell(p.start, p.falls_due(k) + TOLERANCE + 1, until, missed)
    p.plant("scan_overdue", k - 1, spell, criterion=None, heir="missed_follow_up")
    p.plant("missed_follow_up", k - 1, Spell(p.start, missed, until), criterion=None)


def missed(p: Plan, k: int) -> None:
    """Two scans are missed; the patient comes late, and goes on by the schedule."""
    p.go_on(range(1, k))
    back = p.due(k) + 72
    _miss(p, k, back)
    p.scan(k + 1, day=back)
    p.go_on(range(k + 2, LAST + 1))


def lost(p: Plan, k: int) -> None:
    """The patient never comes again."""
    p.go_on(range(1, k))
    _miss(p, k, None)


def death(p: Plan, k: int) -> None:
    """Death, written down before the next scan is overdue: nobody is reminded."""
    p.go_on(range(1, k))
    p.note(p.due(k) + 4, death_date=p.date(p.due(k) - 20))


def death_told_late(p: Plan, k: int) -> None:
    """Death, written down when the next scan is overdue already."""
    p.go_on(range(1, k))
    told = p.due(k) + 20
    p.plant(
        "scan_overdue", k - 1, Spell(p.start, p.falls_due(k) + TOLERANCE + 1, told), criterion=None
    )
    p.note(told, death_date=p.date(p.due(k) - 20))


def new_therapy(p: Plan, k: int) -> None:
    """A response, but another therapy begins before it can be confirmed: no reminder."""
    p.go_on(range(1, k))
    made = p.scan(k, SMALLER)
    p.note(made + 10, new_therapy_date=p.date(made + 8))


def near_then_back(p: Plan, k: int) -> None:
    """The sum is 16 % over its nadir once."""
    p.go_on(range(1, k))
    near = p.scan(k, {**ONE, "T1": 58})
    p.plant("near_progression", k, Spell(near, gone=p.day(k + 1)), low=True)
    p.go_on(range(k + 1, LAST + 1))


def near_then_progression(p: Plan, k: int) -> None:
    """The sum is 16 % over its nadir, then more than 30 %."""
    p.go_on(range(1, k))
    near = p.scan(k, {**ONE, "T1": 58})
    over = p.scan(k + 1, {**ONE, "T1": 66})
    spell = Spell(near, gone=over, end="superseded")
    p.plant("near_progression", k, spell, heir="progression", low=True)
    p.plant("progression", k + 1, Spell(over))


def near_and_early(p: Plan, k: int) -> None:
    """Five lesions grow by 17 % in all, then by 30 %."""
    p.go_on(range(1, k))
    grown = p.scan(k, dict.fromkeys(FIVE, 23) | {"T1": 25})
    over = p.scan(k + 1, dict.fromkeys(FIVE, 26))
    spell = Spell(grown, gone=over, end="superseded")
    p.plant("near_progression", k, spell, heir="progression")
    p.plant("early_growth", k, spell, heir="progression")
    p.plant("progression", k + 1, Spell(over))


def early_then_back(p: Plan, k: int) -> None:
    """Five lesions grow by 14 % in all, then are as before."""
    p.go_on(range(1, k))
    grown = p.scan(k, GROWN)
    p.plant("early_growth", k, Spell(grown, gone=p.day(k + 1)))
    p.go_on(range(k + 1, LAST + 1))


def early_then_progression(p: Plan, k: int) -> None:
    """Five lesions grow by 14 % in all, then by 30 %."""
    p.go_on(range(1, k))
    grown = p.scan(k, GROWN)
    over = p.scan(k + 1, dict.fromkeys(FIVE, 26))
    spell = Spell(grown, gone=over, end="superseded")
    p.plant("early_growth", k, spell, heir="progression")
    p.plant("progression", k + 1, Spell(over))


# ---------------------------------------------------------------------------------------- iRECIST


def confirmed(p: Plan, k: int) -> None:
    """Progression that the next scan confirms."""
    p.go_on(range(1, k))
    seen = p.scan(k, LARGER)
    sure = p.scan(k + 1, LARGEST)
    p.plant_unconfirmed(k, seen, sure, sure=True)
    p.plant_window(k, seen, sure)
    p.plant("progression", k + 1, Spell(sure))


def pseudoprogression(p: Plan, k: int) -> None:
    """Progression that the next scan does not show any more."""
    p.go_on(range(1, k))
    seen = p.scan(k, LARGER)
    p.plant_unconfirmed(k, seen, p.day(k + 1), sure=False)
    p.plant_window(k, seen, p.day(k + 1))
    p.go_on(range(k + 1, LAST + 1))


def confirmed_later(p: Plan, k: int) -> None:
    """Progression that the next scan leaves open, and the one after it confirms."""
    p.go_on(range(1, k))
    seen = p.scan(k, LARGER)
    again = p.scan(k + 1, {**LARGER, "T1": 44})
    p.plant_window(k, seen, again)
    sure = p.scan(k + 2, LARGEST)
    p.plant_unconfirmed(k, seen, sure, sure=True)
    p.plant_window(k + 1, again, sure)
    p.plant("progression", k + 2, Spell(sure))


def by_both(p: Plan, k: int) -> None:
    """Progression by RECIST 1.1, and by iRECIST, too, which the next scan confirms."""
    p.go_on(range(1, k))
    seen = p.scan(k, LARGER)
    p.plant("progression", k, Spell(seen), criterion="recist11")
    sure = p.scan(k + 1, LARGEST)
    p.plant_unconfirmed(k, seen, sure, sure=True)
    p.plant_window(k, seen, sure)
    p.plant("progression", k + 1, Spell(sure), criterion="irecist")


# ------------------------------------------------------------------------------------ corrections


def wrong_high(p: Plan, k: int) -> None:
    """A length is typed wrong, and corrected four days later: there was no progression."""
    p.go_on(range(1, k))
    wrong = p.scan(k, LARGER)
    right = p.correct(wrong + 4, k, USUAL)
    p.plant("progression", k, Spell(wrong, gone=right, end="withdrawn"))
    p.go_on(range(k + 1, LAST + 1))


def wrong_low(p: Plan, k: int) -> None:
    """A length is typed wrong, and corrected six days later: it is progression."""
    p.go_on(range(1, k))
    wrong = p.scan(k)
    p.plant("progression", k, Spell(p.correct(wrong + 6, k, LARGER)))


def wavering(p: Plan, k: int) -> None:
    """Progression is taken back by mistake, and put right again."""
    p.go_on(range(1, k))
    right = p.scan(k, LARGER)
    wrong = p.correct(right + 4, k, USUAL)
    again = p.correct(right + 9, k, LARGER)
    p.plant("progression", k, Spell(right, gone=wrong, end="withdrawn"), Spell(again))


def new_lesion_withdrawn(p: Plan, k: int) -> None:
    """A new lesion is called, and three days later taken back."""
    p.go_on(range(1, k))
    wrong = p.scan(k, WITH_NEW)
    right = p.correct(wrong + 3, k, USUAL)
    spell = Spell(wrong, gone=right, end="withdrawn")
    p.plant("progression", k, spell)
    p.plant_lesion("new_lesion", k, "N1", spell)
    p.go_on(range(k + 1, LAST + 1))


def dated_early(p: Plan, k: int) -> None:
    """A scan is dated a month too early, so that the next seems due; corrected 40 days later."""
    p.go_on(range(1, k))
    made = p.scan(k, day=p.due(k), dated=p.due(k) - 30)
    right = p.correct(made + 40, k, dated=made)
    spell = Spell(made, made - 30 + INTERVAL + TOLERANCE + 1, right)
    p.plant("scan_overdue", k, spell, criterion=None)
    p.go_on(range(k + 1, LAST + 1))


def dated_late(p: Plan, k: int) -> None:
    """A response is dated three weeks too late; corrected, it can be confirmed by its own date."""
    p.go_on(range(1, k))
    made = p.scan(k, SMALLER, dated=p.day(k) + 20)
    right = p.correct(made + 2, k, dated=made)
    p.plant("date_to_come", k, Spell(made, gone=right), criterion=None)
    p.plant_confirm_response(k, made, p.day(k + 1))
    p.go_on(range(k + 1, LAST + 1), SMALLER)

"""What holds of iRECIST whatever the course."""

from __future__ import annotations

from decimal import Decimal

from courses import reading
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from irecist_courses import assess_rows

from response.endpoints import select_effective
from response.terms import LesionState

MINIMUM_DAYS = 28
BREAKS = ("[irecist]\nne_breaks_block = true", "[irecist]\nicpd_max_days = 60", "")
few = settings(max_examples=150, deadline=None)

lengths = st.integers(0, 60).map(Decimal)
target_says = st.one_of(lengths, lengths, st.sampled_from(["ABSENT", "NOT_EVALUABLE", ""]))
non_target_says = st.sampled_from(
    ["PRESENT", "PRESENT", "ABSENT", "UNEQUIVOCAL_PROGRESSION", "NOT_EVALUABLE", ""]
)
new_says = st.sampled_from(
    ["", "", "EQUIVOCAL", "UNEQUIVOCAL", "UNEQUIVOCAL_PROGRESSION", "ABSENT"]
)


@st.composite
def courses(draw):
    """Rows of a target, a node, a non-target and two new lesions, one of them measured."""
    rows = [reading("D000", 0, name, draw(st.integers(15, 60))) for name in ("T1", "L1")]
    rows.append(reading("D000", 0, "P1", "PRESENT"))
    number = 0
    for gap in draw(st.lists(st.integers(7, 70), min_size=1, max_size=7)):
        number += gap
        name = f"D{number:03}"
        for lesion, says in (("T1", target_says), ("L1", target_says), ("P1", non_target_says)):
            said = draw(says)
            if said != "":
                rows.append(reading(name, number, lesion, said))
        for lesion in ("N1", "N2"):
            said = draw(new_says)
            if lesion == "N1" and said == "UNEQUIVOCAL":
                state = LesionState.UNEQUIVOCAL
                rows.append(reading(name, number, lesion, draw(lengths.filter(bool)), state=state))
            elif said:
                rows.append(reading(name, number, lesion, said))
    return rows


@given(rows=courses(), protocol=st.sampled_from(BREAKS))
@few
def test_progression_is_never_confirmed_without_an_iupd_long_enough_before(rows, protocol):
    """As assessed at the time: what a later scan says of an earlier one confirms nothing."""
    made = assess_rows(rows, protocol).assessments[1:]
    assessed = [row for row in made if row.as_of == row.date]
    codes = [row.overall_response for row in assessed]
    if "iCPD" not in codes:
        return
    number = codes.index("iCPD")
    block = []
    for row in reversed(assessed[:number]):
        if row.overall_response not in ("iUPD", "NE"):
            break
        block.append(row)
    days = [(assessed[number].date - r.date).days for r in block if r.overall_response == "iUPD"]
    assert days
    assert max(days) >= MINIMUM_DAYS


@given(rows=courses(), seed=st.randoms(use_true_random=False))
@few
def test_the_order_of_rows_never_matters(rows, seed):
    shuffled = list(rows)
    seed.shuffle(shuffled)
    assert assess_rows(shuffled) == assess_rows(rows)


@given(rows=courses())
@few
def test_a_later_scan_only_appends_rows(rows):
    last = max(row.date for row in rows)
    before = [row for row in rows if row.date < last]
    assume(before)
    whole = assess_rows(rows).assessments
    assert [row for row in whole if row.as_of < last] == list(assess_rows(before).assessments)


@given(rows=courses())
@few
def test_confirmed_progression_stays_and_only_an_ne_stands_beside_it(rows):
    codes = [row.overall_response for row in select_effective(assess_rows(rows).assessments[1:])]
    if "iCPD" in codes:
        assert set(codes[codes.index("iCPD") :]) <= {"iCPD", "NE"}


@given(rows=courses())
@few
def test_every_iupd_and_icpd_says_which_recist_category_stands_beside_it(rows):
    for row in assess_rows(rows).assessments[1:]:
        assert row.reasons[0].text.startswith(f"{row.overall_response}: ") or row.as_of > row.date
        assert any(reason.row_id == "IRECIST.RECIST11" for reason in row.reasons)

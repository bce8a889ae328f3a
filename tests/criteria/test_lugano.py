"""Lugano 2014 as tables: total, every row hit, exact at the printed limits."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from response.criteria import lugano
from response.criteria.lugano import Change, CtCase, Marrow, PetCase, TargetCase
from response.criteria.products import Product
from response.terms import NewLesion


def mm(text: object) -> Decimal:
    return Decimal(str(text))


def lesion(longest: object, short: object, node: bool = True) -> Product:
    return Product(mm(longest), mm(short), mm(longest) * mm(short), node)


# ------------------------------------------------------------------------------------ one lesion


@pytest.mark.parametrize(
    ("now", "before", "grown"),
    [
        # at least 50 % and, from a lesion of up to 20 mm, 5 mm in one diameter
        (lesion(25, 12), lesion(20, 10), True),
        (lesion("24.9", "12.1"), lesion(20, 10), False),
        (lesion(20, 15), lesion(20, 10), True),
        (lesion(20, "14.9"), lesion(20, 10), False),
        (lesion(25, "11.99"), lesion(20, 10), False),
        # from a lesion above 20 mm, 10 mm
        (lesion("30.1", 20), lesion("20.1", 15), True),
        (lesion(30, 20), lesion("20.1", 15), False),
        # it must be abnormal: longer than 15 mm
        (lesion(15, 12), lesion(10, 7), False),
        (lesion("15.1", 12), lesion(10, 7), True),
        # what was gone is no growth but regrowth
        (lesion(20, 20), lesion(0, 0), False),
    ],
)
def test_a_lesion_grows_by_half_its_product_and_by_millimetres(now, before, grown):
    assert lugano.has_grown(now, before) is grown


@pytest.mark.parametrize(
    ("now", "node", "regrown"),
    [
        ((15, 10), True, False),
        ((16, 10), True, True),
        ((4, 4), False, True),
        ((0, 0), False, False),
    ],
)
def test_a_lesion_that_was_gone_grows_again(now, node, regrown):
    assert lugano.has_regrown(lesion(*now, node), lesion(0, 0, node)) is regrown
    assert not lugano.has_regrown(lesion(*now, node), lesion(1, 1, node))


@pytest.mark.parametrize(
    ("now", "node", "normal"),
    [
        ((15, 15), True, True),
        (("15.1", 5), True, False),
        ((5, 5), False, False),
        ((0, 0), False, True),
    ],
)
def test_a_node_is_normal_up_to_15_mm_and_any_other_when_gone(now, node, normal):
    assert lugano.is_normal(lesion(*now, node)) is normal


# ------------------------------------------------------------------------------------ the tables

TARGET = TargetCase(mm(900), mm(1000))
TARGETS = {
    "LUGANO14.TARGET.PD": replace(TARGET, grown=True, missing=True),
    "LUGANO14.TARGET.PD.REGROWN": replace(TARGET, regrown=True),
    "LUGANO14.TARGET.NE": replace(TARGET, missing=True),
    "LUGANO14.TARGET.CR": replace(TARGET, all_normal=True),
    "LUGANO14.TARGET.PR": replace(TARGET, total=mm(500)),
    "LUGANO14.TARGET.SD": replace(TARGET, total=mm("500.01")),
}


@pytest.mark.parametrize(("row", "case"), TARGETS.items())
def test_every_target_row_is_hit(row, case):
    assert lugano.decide_target(case).id == row


def test_the_target_table_has_no_other_rows():
    assert [rule.id for rule in lugano.TARGET_RULES] == list(TARGETS)
    assert lugano.decide_target(replace(TARGET, baseline=None)).category == "NE"


@given(st.integers(1, 10**7), st.integers(0, 10**7))
def test_the_sum_responds_from_half_on(before, now):
    category = lugano.decide_target(TargetCase(mm(now), mm(before))).category
    assert category == ("PR" if 2 * now <= before else "SD")


CT = CtCase("SD", "NA", "NA", Marrow.NORMAL, NewLesion.NO)
CTS = [
    ("LUGANO14.CT.PD.NEW", replace(CT, new=NewLesion.YES)),
    ("LUGANO14.CT.PD.TARGET", replace(CT, target="PD", new=NewLesion.NE)),
    ("LUGANO14.CT.PD.NON_TARGET", replace(CT, non_target="PD")),
    ("LUGANO14.CT.PD.SPLEEN", replace(CT, spleen="PD")),
    ("LUGANO14.CT.PD.MARROW", replace(CT, marrow=Marrow.NEW)),
    ("LUGANO14.CT.NE.NEW", replace(CT, target="CR", new=NewLesion.NE)),
    ("LUGANO14.CT.NE.ASSESSED", replace(CT, target="NE")),
    ("LUGANO14.CT.NE.ASSESSED", replace(CT, target="PR", spleen="NE")),
    ("LUGANO14.CT.CR", replace(CT, target="CR", non_target="CR", spleen="CR")),
    ("LUGANO14.CT.CR", replace(CT, target="NA", non_target="CR")),
    ("LUGANO14.CT.CR", replace(CT, target="CR", new=NewLesion.EQUIVOCAL)),
    ("LUGANO14.CT.PR", replace(CT, target="PR", non_target="NON-CR/NON-PD")),
    ("LUGANO14.CT.PR", replace(CT, target="CR", non_target="NON-CR/NON-PD")),
    ("LUGANO14.CT.PR", replace(CT, target="CR", non_target="NE")),
    ("LUGANO14.CT.PR", replace(CT, target="CR", spleen="PR")),
    ("LUGANO14.CT.PR", replace(CT, target="CR", marrow=Marrow.UNKNOWN)),
    ("LUGANO14.CT.PR", replace(CT, target="CR", marrow=Marrow.UNCHANGED)),
    ("LUGANO14.CT.SD", replace(CT, target="PR", spleen="SD")),
    ("LUGANO14.CT.SD", CT),
    ("LUGANO14.CT.SD", replace(CT, spleen="NE")),
    ("LUGANO14.CT.SD", replace(CT, target="NA", non_target="NON-CR/NON-PD")),
    ("LUGANO14.CT.NE", replace(CT, target="NA", non_target="NE")),
    ("LUGANO14.CT.NE", replace(CT, target="NA", any_disease=False)),
]


@pytest.mark.parametrize(("row", "case"), CTS)
def test_a_row_of_the_ct_column_decides(row, case):
    assert lugano.decide_ct(case).id == row


def test_no_row_of_the_ct_column_is_without_a_case():
    assert {row for row, _ in CTS} == {rule.id for rule in lugano.CT_RULES}


PETS = [
    ("LUGANO14.PET.PMD.NEW", PetCase(2, new=NewLesion.YES)),
    ("LUGANO14.PET.PMD.MARROW", PetCase(3, marrow=Marrow.NEW)),
    ("LUGANO14.PET.PMD", PetCase(4, Change.INCREASED, new=NewLesion.NE)),
    ("LUGANO14.PET.NE.NEW", PetCase(1, new=NewLesion.NE)),
    ("LUGANO14.PET.NE", PetCase(5)),
    ("LUGANO14.PET.NMR.MARROW", PetCase(4, Change.REDUCED, Marrow.UNCHANGED)),
    ("LUGANO14.PET.NMR", PetCase(5, Change.UNCHANGED)),
    ("LUGANO14.PET.PMR", PetCase(5, Change.REDUCED)),
    ("LUGANO14.PET.PMR.MARROW", PetCase(2, marrow=Marrow.REDUCED)),
    ("LUGANO14.PET.CMR", PetCase(3, Change.INCREASED)),
    ("LUGANO14.PET.CMR", PetCase(1, new=NewLesion.EQUIVOCAL)),
]


@pytest.mark.parametrize(("row", "case"), PETS)
def test_a_row_of_the_pet_ct_column_decides(row, case):
    assert lugano.decide_pet(case).id == row


def test_no_row_of_the_pet_ct_column_is_without_a_case():
    assert {row for row, _ in PETS} == {rule.id for rule in lugano.PET_RULES}


def test_the_pet_ct_column_is_as_printed_without_marrow_or_new_foci():
    printed = {Change.REDUCED: "PMR", Change.UNCHANGED: "NMR", Change.INCREASED: "PMD"}
    for score, change in product(lugano.SCORES, printed):
        expected = "CMR" if score <= 3 else printed[change]
        assert lugano.decide_pet(PetCase(score, change)).category == expected


# ------------------------------------------------------------------------------- spleen, marrow


@pytest.mark.parametrize(
    ("baseline", "now", "lowest", "category"),
    [
        (None, None, None, "NA"),
        (None, 130, None, "NA"),
        (None, 131, None, "NE"),
        (120, None, 120, "NA"),
        (150, None, 150, "NE"),
        (150, 130, 150, "CR"),
        (150, "139.9", 150, "PR"),
        (150, 140, 150, "SD"),
        # the printed example: 15 cm must become more than 16 cm
        (150, 160, 150, "SD"),
        (150, "160.1", 150, "PD"),
        # never enlarged: 2 cm
        (120, 140, 120, "PD"),
        (120, "139.9", 120, "NA"),
        (100, 121, 100, "CR"),
        # of normal length to the millimetre
        (130, None, 130, "NA"),
        (130, 140, 130, "NA"),
        # enlarged, normal in between, enlarged again
        (150, 150, 130, "PD"),
        (150, 149, 130, "SD"),
    ],
)
def test_the_spleen(baseline, now, lowest, category):
    lengths = [None if value is None else mm(value) for value in (baseline, now, lowest)]
    assert lugano.judge_spleen(*lengths, mm(130)) == category


@pytest.mark.parametrize(
    ("said", "before", "marrow"),
    [
        (None, None, Marrow.NORMAL),
        (None, Marrow.NORMAL, Marrow.NORMAL),
        (None, Marrow.UNCHANGED, Marrow.UNKNOWN),
        (Marrow.UNCHANGED, Marrow.NORMAL, Marrow.NEW),
        (Marrow.UNCHANGED, Marrow.NEW, Marrow.NEW),
        (Marrow.UNCHANGED, None, Marrow.UNCHANGED),
        (Marrow.REDUCED, Marrow.UNCHANGED, Marrow.REDUCED),
    ],
)
def test_the_marrow(said, before, marrow):
    assert lugano.judge_marrow(said, before) is marrow


@pytest.mark.parametrize(
    ("before", "now", "change"), [(3, 2, "reduced"), (4, 4, "unchanged"), (4, 5, "increased")]
)
def test_scores_alone_tell_the_direction(before, now, change):
    assert lugano.compare_scores(before, now) == change

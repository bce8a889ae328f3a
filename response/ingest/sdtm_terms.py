"""The controlled terms of the tumour domains that are read, and what each means here.

Sources: SDTMIG 3.4, sections 6.3.9.3, 6.3.12.1 and 6.3.12.2; CDISC controlled terminology,
codelists C96784 (TUTESTCD), C123650 (identification results), TRTESTCD, TRPROPRS and ONCRSR. Sites
write some of them in other ways; those ways are listed beside them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from response.terms import LesionState, Role

IDENTIFIED = frozenset({"TUMIDENT", "LESIDENT"})
SPLIT, MERGE = "TUSPLIT", "TUMERGE"
TU_TESTS = (*sorted(IDENTIFIED), SPLIT, MERGE)
TU_PASSED_OVER = frozenset({"DRCRLTLC"})
"""Tests of TU that say nothing of a lesion's size or role; as are all indicators (``…IND``)."""

ROLES: Mapping[str, Role | None] = {
    "TARGET": Role.TARGET,
    "TARGET LESION": Role.TARGET,
    "NON-TARGET": Role.NON_TARGET,
    "NON TARGET": Role.NON_TARGET,
    "NONTARGET": Role.NON_TARGET,
    "NON-TARGET LESION": Role.NON_TARGET,
    "NEW": Role.NEW,
    "NEW LESION": Role.NEW,
    "NEW TARGET": Role.NEW,
    "NEW NON-TARGET": Role.NEW,
    "BENIGN ABNORMALITY": None,
    "LOCATION OF INTEREST": None,
}
"""What a lesion was identified as; ``None``: it counts for nothing."""

ROLE_WORDS = ("TARGET", "NON-TARGET", "NEW", "BENIGN ABNORMALITY", "LOCATION OF INTEREST")

LONG, SHORT, EITHER = "LDIAM", "LPERP", "DIAMETER"
"""Longest diameter; longest perpendicular (a node's short axis); the one that counts."""

STATES = frozenset({"TUMSTATE", "LNSTATE", "LESSTATE"})
VOLUME, ALL = "VOLUME", "TRALL"
SUM = "SUMDIAM"
TR_TESTS = (LONG, SHORT, EITHER, "TUMSTATE", "LNSTATE", VOLUME, SUM, ALL)

_DERIVED = re.compile(r"(SUM|AC[NB]|PC[NBH])\w+|\w+IND")
"""Sums, absolute and percent changes, indicators: derived, so never imported."""

_OTHER_PROPERTIES = frozenset(
    ["AREA", "PPD", "DENSITY", "SUVMAX", "SUVMEAN", "SUVPEAK", "MTV", "TLG", "LPERP2", "DEPTH"]
)

MM_PER_UNIT = {"mm": 1, "cm": 10}
MM3_PER_UNIT = {"mm3": 1, "cm3": 1000, "mL": 1000}

ABSENT_WORDS = ("ABSENT", "NOT PRESENT", "DISAPPEARED", "RESOLVED")
NORMAL_NODE_WORDS = ("NON-PATHOLOGICAL", "NONPATHOLOGICAL", "NON-PATHOLOGIC", "NORMAL")
PRESENT_WORDS = ("PRESENT", "PATHOLOGICAL", "PATHOLOGIC")
TOO_SMALL_WORDS = ("TOO SMALL TO MEASURE", "TOO SMALL", "BELOW MEASURABLE LIMIT", "TSTM")
NOT_EVALUABLE_WORDS = (
    "NOT EVALUABLE",
    "NE",
    "NOT ASSESSABLE",
    "NOT ASSESSED",
    "UNEVALUABLE",
    "UNABLE TO ASSESS",
    "UNABLE TO EVALUATE",
    "NOT DONE",
)
UNEQUIVOCAL_WORDS = ("UNEQUIVOCAL", "UNEQUIVOCAL PROGRESSION", "UNEQUIVOCAL INCREASE")
EQUIVOCAL_WORDS = ("EQUIVOCAL",)
MERGED_WORDS = ("MERGED", "COALESCED")


def _states(*tables: tuple[tuple[str, ...], LesionState | None]) -> dict[str, LesionState | None]:
    return {word: state for words, state in tables for word in words}


_COMMON = (
    ((*ABSENT_WORDS, *NORMAL_NODE_WORDS), LesionState.ABSENT),
    (NOT_EVALUABLE_WORDS, LesionState.NOT_EVALUABLE),
)

STATE_WORDS: Mapping[Role, Mapping[str, LesionState | None]] = {
    Role.TARGET: _states(
        *_COMMON,
        (TOO_SMALL_WORDS, LesionState.TOO_SMALL),
        (MERGED_WORDS, LesionState.MERGED),
        (PRESENT_WORDS, None),
    ),
    Role.NON_TARGET: _states(
        *_COMMON,
        ((*PRESENT_WORDS, *TOO_SMALL_WORDS), LesionState.PRESENT),
        (UNEQUIVOCAL_WORDS, LesionState.UNEQUIVOCAL_PROGRESSION),
    ),
    Role.NEW: _states(
        *_COMMON,
        ((*PRESENT_WORDS, *UNEQUIVOCAL_WORDS, *TOO_SMALL_WORDS), LesionState.UNEQUIVOCAL),
        (EQUIVOCAL_WORDS, LesionState.EQUIVOCAL),
    ),
}
"""What a word says of a lesion of each role; ``None``: nothing beside a measurement.

A new lesion that is ``PRESENT`` is unequivocal (SDTMIG 3.4, TU assumption 6). A target node that is
no longer pathological keeps its length where one is given.
"""

OVERALL, TARGET_TEST, NON_TARGET_TEST, BEST, NEW_IND = (
    "OVRLRESP",
    "TRGRESP",
    "NTRGRESP",
    "BESTRESP",
    "NEWLIND",
)
COMPARED = (OVERALL, TARGET_TEST, NON_TARGET_TEST, BEST, NEW_IND, SUM)
"""Tests of RS, and the sum of TR, that are compared with what is derived here."""

RESPONSE_CODES = frozenset(
    [
        *("CR", "PR", "SD", "PD", "NE", "NED", "ND", "NA", "NON-CR/NON-PD", "NON-PD"),
        *("iCR", "iPR", "iSD", "iUPD", "iCPD", "NON-iCR/NON-iUPD"),
        *("CMR", "PMR", "SMD", "NMR", "PMD", "CAR", "PAR", "SAD", "PAD"),
        *("PDu", "MR", "NR", "CRu", "uCR", "uPR", "uPD", "MISSING", "UNK", "UNKNOWN"),
    ]
)
"""Codes of the response codelist ONCRSR that the criteria read here use, and their absence."""

CATEGORIES: Mapping[str, str] = {
    "recist11": "RECIST 1.1",
    "irecist": "iRECIST",
    "percist10": "PERCIST",
    "eortc_pet": "EORTC PET",
    "mrecist": "mRECIST",
    "choi": "CHOI",
    "lugano": "LUGANO CLASSIFICATION",
    "rano2": "RANO 2.0",
    "pcwg3": "PCWG3",
}
"""RSCAT of each criterion (codelist ONCRSCAT where it has one)."""


def plain(text: str) -> str:
    """A word as the tables above write it: upper case, single spaces.

    Examples
    --------
    >>> plain(" too small  to measure ")
    'TOO SMALL TO MEASURE'
    """
    return " ".join(text.upper().split())


def is_passed_over(test: str) -> bool:
    """Whether a test of TR is derived from others, or measures what no criterion here reads.

    Examples
    --------
    >>> is_passed_over("PCBSD"), is_passed_over("SUMNLNLD"), is_passed_over("LONGEST")
    (True, True, False)
    """
    return test in _OTHER_PROPERTIES or _DERIVED.fullmatch(test) is not None


def fits_category(category: str, criterion: str) -> bool:
    """Whether the category of a site's response is that of a criterion; an unsaid one is.

    Examples
    --------
    >>> fits_category("RECIST1.1", "recist11"), fits_category("iRECIST", "recist11")
    (True, False)
    """
    return not category or _letters(category) in (
        _letters(CATEGORIES.get(criterion, criterion)),
        _letters(criterion),
    )


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())

"""iRECIST as values: codes, the one threshold of its own, and the table of time-point responses.

Seymour et al., Lancet Oncol 2017;18:e143-e152, with the clarifications of the RECIST working
group (EORTC). RECIST 1.1 decides until its PD is first met; that is iUPD, progression that waits
for confirmation. What a time point says then depends on whether an iUPD waits: the table below.

Examples
--------
>>> decide(State.WAITING, "PR", Finding.IMPROVED).id
'IRECIST.WAITING.RESET'
>>> decide(State.WAITING, "PD", Finding.FURTHER_EARLY).overall
'iUPD'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import product

from response.best_response import CR, NE, NED, NON_CR_NON_PD, PD, PR, SD
from response.criteria.recist11 import NA
from response.terms import LesionState, NewLesion

CITATION = "iRECIST: Seymour et al., Lancet Oncol 2017;18:e143-e152"

NAME = "irecist"

ICR, IPR, ISD, IUPD, ICPD = "iCR", "iPR", "iSD", "iUPD", "iCPD"
NON_ICR_NON_IUPD = "NON-iCR/NON-iUPD"

FURTHER_MM = Decimal(5)
"""Table 2: a sum at least this much above its value at the iUPD confirms it (I-04).

Table 2 prints "> 5 mm" in one row and ">= 5 mm" in the others: inclusive throughout.
"""

CODES: Mapping[str, str] = {
    CR: ICR,
    PR: IPR,
    SD: ISD,
    NON_CR_NON_PD: NON_ICR_NON_IUPD,
    PD: IUPD,
    NE: NE,
    NED: NED,
    NA: NA,
}
"""What a response of RECIST 1.1 is called in iRECIST, of targets, non-targets or overall (I-14)."""

MEANS: Mapping[str, str] = {code: word for word, code in CODES.items()} | {ICPD: PD}
"""What a code of iRECIST means in RECIST's words."""

STANDING: Mapping[str, int] = {CR: 3, PR: 2, SD: 1, NON_CR_NON_PD: 1, NED: 1, PD: 0}
"""How good a response of the baseline disease is: above its standing at iUPD it has improved."""

GROWTH_STATE = LesionState.UNEQUIVOCAL_PROGRESSION
"""Of a new non-target lesion: it grew. Any growth confirms, it need not be unequivocal (I-04)."""


class State(StrEnum):
    """What earlier time points leave: nothing, an iUPD that waits, or a confirmed progression."""

    FREE = "free"
    WAITING = "waiting"
    CONFIRMED = "confirmed"


class Finding(StrEnum):
    """What a time point adds to its response of the baseline disease.

    ``NEW_LESION``: a new lesion, or a known one that progressed anew (I-08). Where an iUPD waits:
    ``FURTHER`` progression as I-04 asks, ``FURTHER_EARLY`` or ``FURTHER_LATE`` where the scan is
    too near to the iUPD or too far from it to confirm it (I-03, A10); ``IMPROVED``: better than
    at the iUPD (I-07, I-08).
    """

    NONE = "none"
    NEW_LESION = "new lesion"
    IMPROVED = "improved"
    FURTHER = "further"
    FURTHER_EARLY = "further, early"
    FURTHER_LATE = "further, late"


FINDINGS: Mapping[State, tuple[Finding, ...]] = {
    State.FREE: (Finding.NONE, Finding.NEW_LESION),
    State.WAITING: (
        Finding.NONE,
        Finding.IMPROVED,
        Finding.FURTHER,
        Finding.FURTHER_EARLY,
        Finding.FURTHER_LATE,
    ),
    State.CONFIRMED: (Finding.NONE,),
}
"""What there can be to add, by what earlier time points leave."""

OWN = "own"
"""The overall response is that of the baseline disease, in iRECIST's code."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what was left, what the baseline disease and the time point say, what it gives."""

    id: str
    state: State
    base: tuple[str, ...]
    finding: tuple[Finding, ...]
    overall: str
    source: str

    def takes(self, state: State, base: str, finding: Finding) -> bool:
        """Whether this row speaks of the combination."""
        return state is self.state and base in self.base and finding in self.finding


_RESPONSE = (CR, PR, SD, NON_CR_NON_PD, NED)
_NOT_PD, _EVALUABLE = (*_RESPONSE, NE), (*_RESPONSE, PD)
BASES = (*_RESPONSE, PD, NE)
_FREE, _WAITING, _CONFIRMED = State
_UNCONFIRMED = (Finding.NONE, Finding.IMPROVED)

TABLE = (
    Row("IRECIST.FIRST.RESPONSE", _FREE, _RESPONSE, (Finding.NONE,), OWN, "Table 2, I-01, I-14"),
    Row("IRECIST.FIRST.NE", _FREE, (NE,), (Finding.NONE,), NE, "RECIST 1.1, I-01"),
    Row("IRECIST.FIRST.IUPD", _FREE, (PD,), FINDINGS[_FREE], IUPD, "Table 2, I-01"),
    Row("IRECIST.FIRST.NEW", _FREE, _NOT_PD, (Finding.NEW_LESION,), IUPD, "Table 2, I-01"),
    Row("IRECIST.WAITING.ICPD", _WAITING, BASES, (Finding.FURTHER,), ICPD, "Table 2, I-04"),
    Row("IRECIST.WAITING.EARLY", _WAITING, BASES, (Finding.FURTHER_EARLY,), IUPD, "FAQ, I-03"),
    Row("IRECIST.WAITING.LATE", _WAITING, BASES, (Finding.FURTHER_LATE,), IUPD, "ours, A10"),
    Row("IRECIST.WAITING.SAME", _WAITING, (PD,), _UNCONFIRMED, IUPD, "Table 2, I-02, I-06"),
    Row("IRECIST.WAITING.NE", _WAITING, (NE,), _UNCONFIRMED, NE, "Table 3, A11"),
    Row("IRECIST.WAITING.RESET", _WAITING, _RESPONSE, (Finding.IMPROVED,), OWN, "FAQ, I-07"),
    Row("IRECIST.WAITING.NEW", _WAITING, _RESPONSE, (Finding.NONE,), IUPD, "FAQ, I-08"),
    Row("IRECIST.CONFIRMED.NE", _CONFIRMED, (NE,), (Finding.NONE,), NE, "ours, I-10"),
    Row("IRECIST.CONFIRMED.ICPD", _CONFIRMED, _EVALUABLE, (Finding.NONE,), ICPD, "ours, I-10"),
)  # fmt: skip
"""The overall response. A row that neither the paper nor the committee prints says *ours*."""

ROWS: Mapping[tuple[State, str, Finding], Row] = {
    (state, base, finding): next(row for row in TABLE if row.takes(state, base, finding))
    for state in State
    for base, finding in product(BASES, FINDINGS[state])
}


def decide(state: State, base: str, finding: Finding) -> Row:
    """The row that decides the overall response.

    Parameters
    ----------
    state
        What earlier time points leave.
    base
        The response of the disease known at baseline, in RECIST's words, known new lesions left
        aside.
    finding
        What else the time point says; one of ``FINDINGS[state]``.
    """
    return ROWS[state, base, finding]


def name_overall(row: Row, base: str) -> str:
    """The code of the overall response that a row gives.

    Examples
    --------
    >>> name_overall(decide(State.FREE, "SD", Finding.NONE), "SD")
    'iSD'
    """
    return CODES[base] if row.overall == OWN else row.overall


def leave_new_aside(new: NewLesion, evaluable: bool) -> NewLesion:
    """What to ask Table 1 of RECIST 1.1 about the baseline disease by itself.

    A new lesion says nothing of it; one that could not be assessed leaves it open (``NE``).
    """
    return NewLesion.NE if new is NewLesion.NE or not evaluable else NewLesion.NO


def grown_mm(now: Mapping[str, Decimal], then: Mapping[str, Decimal]) -> Decimal:
    """By how much a sum grew, at the least, millimetres.

    A lesion of then that is not measured now counts as nothing: it can only add.

    Examples
    --------
    >>> grown_mm({"N1": Decimal("8.2")}, {"N1": Decimal("3.2")})
    Decimal('5.0')
    """
    return sum((now.get(lesion, Decimal(0)) - was for lesion, was in then.items()), Decimal(0))

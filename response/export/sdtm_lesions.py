"""TU and TR: what was identified and measured, one reader's word after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from response.criteria.lesions import TOO_SMALL_MM
from response.endpoints import select_effective
from response.export.datasets import Row, Value
from response.export.study import StudyStream, Visit, study_day
from response.model import LesionReading
from response.terms import LesionState, Role

GROUPS = {Role.TARGET: "TARGET", Role.NON_TARGET: "NON-TARGET", Role.NEW: "NEW"}
METHODS = {
    "CT": "CT SCAN",
    "MR": "MRI",
    "PT": "PET SCAN",
    "US": "ULTRASOUND",
    "CR": "X-RAY",
    "DX": "X-RAY",
}
"""Modality as DICOM names it, as the codelist METHOD does."""

TU_TESTS = {
    "TUMIDENT": "Tumor Identification",
    "TUSPLIT": "Tumor Split",
    "TUMERGE": "Tumor Merged",
}
TR_TESTS = {
    "LDIAM": "Longest Diameter",
    "LPERP": "Longest Perpendicular",
    "TUMSTATE": "Tumor State",
    "VOLUME": "Volume",
    "SUMDIAM": "Sum of Diameter",
    "TRALL": "Tumor/Lesion Assessments",
}
WORDS = {
    LesionState.PRESENT: "PRESENT",
    LesionState.ABSENT: "ABSENT",
    LesionState.UNEQUIVOCAL_PROGRESSION: "UNEQUIVOCAL",
    LesionState.UNEQUIVOCAL: "UNEQUIVOCAL",
    LesionState.EQUIVOCAL: "EQUIVOCAL",
}
STAND_FOR = {
    LesionState.ABSENT: ("ABSENT", Decimal(0)),
    LesionState.TOO_SMALL: ("TOO SMALL TO MEASURE", TOO_SMALL_MM),
}
"""A target's word, and the length it stands for in the sum of diameters (R1-21, R1-22)."""

LYMPH_NODE = "LYMPH NODE"


@dataclass(frozen=True, slots=True)
class Qualifier:
    """A supplemental qualifier of a row that has no sequence number yet."""

    name: str
    label: str
    value: str


@dataclass(slots=True)
class Rows:
    """The rows of a domain, each with its qualifiers."""

    rows: list[tuple[dict[str, Value], list[Qualifier]]] = field(default_factory=list)

    def add(self, row: dict[str, Value], qualifiers: Iterable[Qualifier] = ()) -> None:
        """Add a row."""
        self.rows.append((row, list(qualifiers)))


def describe_visit(stream: StudyStream, visit: Visit, domain: str) -> dict[str, Value]:
    """Whose word a row is and when it was said: the columns that all domains end with."""
    given = visit.given == visit.date.isoformat()
    return {
        "USUBJID": stream.subject.subject,
        f"{domain}EVAL": stream.reader.evaluator,
        f"{domain}EVALID": stream.reader.evaluator_id,
        "VISITNUM": visit.number,
        "VISIT": visit.name,
        f"{domain}DTC": visit.given,
        f"{domain}DY": study_day(visit.date, stream.subject.facts.treatment_start)
        if given
        else None,
    }


# ------------------------------------------------------------------------------------------- TU


def add_identifications(stream: StudyStream, into: Rows) -> None:
    """Add a row for every lesion where it was first seen, for every fragment, for every merger."""
    sides = {x.tracking_id: x.side for x in stream.tracking.lesions} if stream.tracking else {}
    seen: set[tuple[str, str]] = set()
    for reading in stream.readings:
        if not reading.lesion or reading.role is None:
            continue
        if (reading.lesion, "") not in seen:
            seen.add((reading.lesion, ""))
            into.add(*_identify(stream, reading, "TUMIDENT", sides.get(reading.lesion, "")))
        if reading.part and (reading.lesion, reading.part) not in seen:
            seen.add((reading.lesion, reading.part))
            into.add(*_identify(stream, reading, "TUSPLIT", sides.get(reading.lesion, "")))
        if reading.merged_into and (reading.lesion, ">") not in seen:
            seen.add((reading.lesion, ">"))
            into.add(*_identify(stream, reading, "TUMERGE", sides.get(reading.lesion, "")))


def _identify(
    stream: StudyStream, reading: LesionReading, test: str, side: str
) -> tuple[dict[str, Value], list[Qualifier]]:
    assert reading.role is not None
    role = GROUPS[reading.role]
    place, detail = _locate(reading)
    group = {"TUSPLIT": reading.lesion, "TUMERGE": reading.merged_into}.get(test, "")
    row: dict[str, Value] = {
        "DOMAIN": "TU",
        "TUGRPID": group,
        "TULNKID": link_id(reading) if test == "TUSPLIT" else reading.lesion,
        "TUTESTCD": test,
        "TUTEST": TU_TESTS[test],
        "TUORRES": role,
        "TUSTRESC": role,
        "TULOC": place,
        "TULAT": side.upper(),
        "TUMETHOD": METHODS.get(reading.method, reading.method.upper()),
        **describe_visit(stream, stream.visits[reading.time_point], "TU"),
    }
    qualifiers = [Qualifier("TULOCDTL", "Detailed Location Information", detail)] if detail else []
    return row, qualifiers


def _locate(reading: LesionReading) -> tuple[str, str]:
    """TULOC, in which a node is called one; and what it does not say of the place."""
    organ = reading.organ.upper()
    if reading.node and LYMPH_NODE not in organ:
        return LYMPH_NODE, reading.organ
    return organ, ""


def link_id(reading: LesionReading) -> str:
    """The link id of a lesion, or of a fragment of it (SDTMIG 3.4, TU assumption 2)."""
    return f"{reading.lesion}.{reading.part}" if reading.part else reading.lesion


# ------------------------------------------------------------------------------------------- TR


def add_results(stream: StudyStream, into: Rows) -> None:
    """Add what was measured or said at every visit, and the sum of diameters."""
    sums = _find_sums(stream)
    for visit in sorted(stream.visits.values(), key=lambda one: one.order):
        about = [
            Qualifier(number_name("TPPROV", place), "Time Point Provisional Because", text)
            for place, text in enumerate(visit.provisional)
        ]
        if visit.last_scan:
            about.append(Qualifier("TPLSTDTC", "Date of Last Scan of Time Point", visit.last_scan))
        made = list(_read_visit(stream, visit))
        for place, (row, qualifiers) in enumerate(made):
            into.add(row, [*qualifiers, *(about if place == 0 else ())])
        if visit.name in sums:
            into.add(_sum(stream, visit, sums[visit.name]))


def _read_visit(
    stream: StudyStream, visit: Visit
) -> Iterator[tuple[dict[str, Value], list[Qualifier]]]:
    there = [r for r in stream.readings if r.time_point == visit.name]
    if not there:
        yield _whole(stream, visit, LesionState.ABSENT, ""), []
    for reading in there:
        doubt = reading.provisional
        qualifiers = [Qualifier("TRPROV", "Provisional Because", doubt)] if doubt else []
        if not reading.lesion:
            state = reading.state or LesionState.NOT_EVALUABLE
            yield _whole(stream, visit, state, reading.reason), qualifiers
        elif reading.state is not LesionState.MERGED:
            for place, row in enumerate(_results(reading)):
                begun = _begin(stream, visit, reading, row)
                yield begun, qualifiers if place == 0 else []


def number_name(name: str, place: int) -> str:
    """The name of a qualifier of which a row has several.

    Examples
    --------
    >>> number_name("RSPROV", 0), number_name("RSPROV", 1)
    ('RSPROV', 'RSPROV1')
    """
    return f"{name}{place}" if place else name


def _begin(stream: StudyStream, visit: Visit, reading: LesionReading, row: Row) -> dict[str, Value]:
    assert reading.role is not None
    return {
        "DOMAIN": "TR",
        "TRGRPID": GROUPS[reading.role],
        "TRLNKID": link_id(reading),
        "TRLNKGRP": f"A{visit.order}",
        "TRMETHOD": METHODS.get(reading.method, reading.method.upper()),
        **describe_visit(stream, visit, "TR"),
        **row,
    }


def _whole(stream: StudyStream, visit: Visit, state: LesionState, reason: str) -> dict[str, Value]:
    """A row of no lesion: nothing was evaluable, or no disease is there."""
    shared: dict[str, Value] = {"DOMAIN": "TR", "TRLNKGRP": f"A{visit.order}"}
    shared |= describe_visit(stream, visit, "TR")
    if state is LesionState.ABSENT:
        return shared | _word("TUMSTATE", WORDS[state])
    return shared | _not_done("TRALL", reason)


def _results(reading: LesionReading) -> Iterator[dict[str, Value]]:
    """The rows of one reading: the one that counts first, then the other axis and the volume."""
    counted, other = ("LPERP", "LDIAM") if reading.node else ("LDIAM", "LPERP")
    state, length = reading.state, reading.diameter_mm
    if reading.role is Role.TARGET:
        if state in STAND_FOR and length in (None, STAND_FOR[state][1]):
            yield _stand_in(counted, *STAND_FOR[state])
        elif length is not None:
            yield _number(counted, length, "mm")
        else:
            yield _not_done(counted, reading.reason)
    else:
        if state in WORDS:
            yield _word("TUMSTATE", WORDS[state])
        elif state is not None or length is None:
            yield _not_done("TUMSTATE", reading.reason)
        if length is not None:
            yield _number(counted, length, "mm")
    axes = {"LDIAM": "longest_diameter_mm", "LPERP": "short_diameter_mm"}
    if axes[other] in reading.extra:
        yield _number(other, reading.extra[axes[other]], "mm")
    if "volume_mm3" in reading.extra:
        yield _number("VOLUME", reading.extra["volume_mm3"], "mm3")


def _number(test: str, number: Decimal, unit: str) -> dict[str, Value]:
    text = format(number, "f")
    return {
        "TRTESTCD": test,
        "TRTEST": TR_TESTS[test],
        "TRORRES": text,
        "TRORRESU": unit,
        "TRSTRESC": text,
        "TRSTRESN": number,
        "TRSTRESU": unit,
    }


def _stand_in(test: str, word: str, number: Decimal) -> dict[str, Value]:
    return _number(test, number, "mm") | {"TRORRES": word, "TRORRESU": ""}


def _word(test: str, word: str) -> dict[str, Value]:
    return {"TRTESTCD": test, "TRTEST": TR_TESTS[test], "TRORRES": word, "TRSTRESC": word}


def _not_done(test: str, reason: str) -> dict[str, Value]:
    why = reason or "NOT EVALUABLE"
    return {
        "TRTESTCD": test,
        "TRTEST": TR_TESTS[test],
        "TRSTAT": "NOT DONE",
        "TRREASND": why,
    }


def _find_sums(stream: StudyStream) -> dict[str, Decimal]:
    """The sums of diameters by visit, as the criterion that adds them has them."""
    for criterion in ("recist11", "irecist"):
        for result in stream.results:
            if result.summary.criterion == criterion:
                rows = select_effective(result.assessments)
                return {
                    row.time_point: row.sum_of_diameters_mm
                    for row in rows
                    if row.sum_of_diameters_mm is not None
                }
    return {}


def _sum(stream: StudyStream, visit: Visit, total: Decimal) -> dict[str, Value]:
    return {
        "DOMAIN": "TR",
        "TRGRPID": "TARGET",
        "TRLNKGRP": f"A{visit.order}",
        **describe_visit(stream, visit, "TR"),
        **_number("SUMDIAM", total, "mm"),
    }

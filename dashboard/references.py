"""How each PET scan was made and what reference tissue says, in SUL: pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.pet import find_pet
from dashboard.uptake import Tissue
from response.model import ReferenceRegion, Scan, TimePoint
from response.pet import find_sul_factor, why_no_suv
from response.terms import REFERENCE_ORGANS, Source

SOURCE_WORDS = {
    Source.READER: "marked by the reader",
    Source.PERSON: "placed by a person",
    Source.PROPOSED: "proposed by the program",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """Reference tissue at one time point: SUL where it can be had, and where the region lies.

    ``region`` is None where the value was given in a table.
    """

    organ: str
    mean_sul: float | None
    sd_sul: float | None
    region: ReferenceRegion | None = None
    no_sul: str = ""

    @property
    def proposed(self) -> bool:
        """Whether no person stands behind it."""
        return self.region is not None and self.region.source is Source.PROPOSED

    @property
    def stands_behind(self) -> str:
        """Who stands behind it, in words."""
        return SOURCE_WORDS[self.region.source] if self.region else "given in a table"


@dataclass(frozen=True, slots=True)
class Study:
    """A time point as a criterion of PET sees it: the scan, how it was made, reference tissue."""

    time_point: str
    date: dt.date
    pet: Scan | None
    facts: Mapping[str, str]
    references: tuple[Reference, ...]

    @property
    def refusal(self) -> str:
        """Why there is no SUV; empty where there is, or where there is no scan."""
        return why_no_suv(self.pet) if self.pet is not None else ""

    def reference(self, organ: str) -> Reference | None:
        """Return the reference tissue of an organ."""
        return next((r for r in self.references if r.organ == organ), None)


def read_studies(
    time_points: Sequence[TimePoint],
    regions: Sequence[ReferenceRegion],
    given: Mapping[str, tuple[dt.date, Mapping[str, str]]],
    formula: str,
) -> tuple[Study, ...]:
    """Return what is known of the PET scan of each time point, by date.

    Parameters
    ----------
    time_points
        With their scans; one without a PET scan is left out, unless a table speaks of it.
    regions
        Reference regions, in SUV.
    given
        Time point → date and facts, of a reader's tables; SUL as given.
    formula
        Of lean body mass, by which SUV becomes SUL.
    """
    studies = []
    known = {tp.time_point for tp in time_points}
    for tp in time_points:
        pet = find_pet(tp.scans)
        _, said = given.get(tp.time_point, (tp.date, {}))
        if pet is not None or _speaks_of_pet(said):
            own = [r for r in regions if r.time_point == tp.time_point]
            scans = {scan.scan_id: scan for scan in tp.scans}
            studies.append(_study(tp.time_point, tp.date, pet, scans, own, said, formula))
    for name, (day, said) in given.items():
        if name not in known and _speaks_of_pet(said):
            studies.append(_study(name, day, None, {}, [], said, formula))
    return tuple(sorted(studies, key=lambda s: (s.date, s.time_point)))


def list_tissues(studies: Sequence[Study]) -> tuple[Tissue, ...]:
    """Return the reference tissue that is known in SUL."""
    return tuple(
        Tissue(study.time_point, study.date, one.organ, one.mean_sul, one.sd_sul)
        for study in studies
        for one in study.references
        if one.mean_sul is not None
    )


def _speaks_of_pet(facts: Mapping[str, str]) -> bool:
    names = ("uptake_minutes", "injected_mbq", *(f"{organ}_mean" for organ in REFERENCE_ORGANS))
    return any(facts.get(name) for name in names)


def _study(
    name: str,
    day: dt.date,
    pet: Scan | None,
    scans: Mapping[str, Scan],
    regions: Sequence[ReferenceRegion],
    said: Mapping[str, str],
    formula: str,
) -> Study:
    found = [_from_region(region, scans.get(region.scan_id), formula) for region in regions]
    organs = {one.organ for one in found}
    for organ in REFERENCE_ORGANS:
        mean = _number(said.get(f"{organ}_mean", ""))
        if mean is not None and organ not in organs:
            found.append(Reference(organ, mean, _number(said.get(f"{organ}_sd", ""))))
    facts = {**(pet.facts if pet else {}), **{k: v for k, v in said.items() if v}}
    found.sort(key=lambda one: REFERENCE_ORGANS.index(one.organ))
    return Study(name, day, pet, facts, tuple(found))


def _from_region(region: ReferenceRegion, scan: Scan | None, formula: str) -> Reference:
    if scan is None:
        return Reference(region.organ, None, None, region, "its scan is not here")
    factor, why = find_sul_factor(scan.facts, formula)
    if factor is None:
        return Reference(region.organ, None, None, region, why)
    return Reference(region.organ, region.mean * factor, region.sd * factor, region)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None

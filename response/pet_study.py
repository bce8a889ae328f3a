"""The PET of one time point as one reader read it, in the facts that criteria read. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from response.criteria.percist10_comparable import NO_REFERENCE
from response.lesion_uptake import round_uptake
from response.model import ReferenceRegion, Scan

_STUDY_FACTS = ("uptake_minutes", "injected_mbq", "scanner", "reconstruction")


@dataclass(frozen=True, slots=True)
class PetStudy:
    """The PET of one time point, as one reader read it.

    ``unusable`` says why it gives no SUV (or that there is none); ``read`` whether the reader read
    it; ``complete`` is the reader's word that every avid lesion is marked on it.
    """

    scan: Scan | None
    unusable: str
    sul_factor: Decimal | None
    no_sul: str
    read: bool
    complete: bool
    references: Mapping[str, ReferenceRegion]

    def sul(self, suv: float) -> str:
        """Return SUV by weight as SUL, as the text of a fact."""
        assert self.sul_factor is not None
        return str(round_uptake(suv * float(self.sul_factor)))

    def facts(self) -> dict[str, str]:
        """What a criterion needs to know of the study."""
        if self.scan is None:
            return {}
        found = {name: self.scan.facts[name] for name in _STUDY_FACTS if self.scan.facts.get(name)}
        if self.sul_factor is not None:
            for organ, region in self.references.items():
                found[f"{organ}_mean"] = self.sul(region.mean)
                found[f"{organ}_sd"] = self.sul(region.sd)
        missing = self.unusable or self.no_sul or self._ask_for_reference(self.scan)
        return {**found, NO_REFERENCE: missing} if missing else found

    def _ask_for_reference(self, scan: Scan) -> str:
        if self.references:
            return ""
        place = shlex.join(["reference", scan.subject, scan.time_point, "liver"])
        return (
            "no liver or blood pool was marked, and none could be proposed; place one with "
            f"'response correct {place} --at=X,Y,Z' or mark one with role REFERENCE"
        )

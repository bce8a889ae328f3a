"""What a criterion's overall responses mean for best overall response and endpoints. A leaf.

Examples
--------
>>> PET.means["PMR"], PET.name("PR", ["PMR", "SMD"])
('PR', 'PMR')
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The codes of a criterion, by what each means in RECIST's words.

    ``means`` maps every code to CR, PR, SD, PD, NE, ND, NED or NON-CR/NON-PD. Of several codes that
    mean the same, the one named first is the better.
    """

    means: Mapping[str, str]

    def name(self, category: str, seen: Iterable[str] = ()) -> str:
        """The criterion's own code for a category: the best one seen, else the first there is."""
        codes = [code for code, meaning in self.means.items() if meaning == category]
        if len(codes) < 2:
            return codes[0] if codes else category
        seen = frozenset(seen)
        return next((code for code in codes if code in seen), codes[-1])


RECIST = Vocabulary(
    {code: code for code in ("CR", "PR", "SD", "NON-CR/NON-PD", "NED", "PD", "NE", "ND")}
)
PET = Vocabulary({"CMR": "CR", "PMR": "PR", "SMD": "SD", "PMD": "PD", "NE": "NE", "ND": "ND"})

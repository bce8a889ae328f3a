"""What a report measured, by its codes: in the words of what is measured here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from response.errors import InputError

LONGEST, SHORT = "longest_diameter", "short_axis"

LENGTHS = (LONGEST, SHORT)
"""What lesions are assessed by."""

_CODES = {
    ("SRT", "G-A22A"): LONGEST,
    ("SCT", "410668003"): LONGEST,
    ("SRT", "G-D7FE"): LONGEST,
    ("SRT", "G-A185"): LONGEST,
    ("SCT", "103339001"): LONGEST,
    ("SRT", "M-02550"): LONGEST,
    ("SCT", "81827009"): LONGEST,
    ("SRT", "G-A186"): SHORT,
    ("SCT", "103340004"): SHORT,
    ("IBSI", "L0JK"): "extent_3d",
    ("SRT", "G-D705"): "volume",
    ("SCT", "118565006"): "volume",
    ("DCM", "126401"): "suv",
    ("DCM", "126402"): "sul",
    ("DCM", "126403"): "suv_bsa",
    ("DCM", "126404"): "suv_ibw",
    ("DCM", "126405"): "sul_james",
    ("DCM", "126406"): "sul",
    ("DCM", "126033"): "tlg",
}
"""Length, long axis, diameter, short axis, volume (PS3.16, CID 7470 and 7474), SUV (CID 85)."""

_NAMES = {
    **dict.fromkeys(
        ("length", "line length", "linear measurement", "long axis", "longaxis", "diameter"),
        LONGEST,
    ),
    **dict.fromkeys(
        ("longest diameter", "longest axis", "long diameter", "maximum diameter", "major axis"),
        LONGEST,
    ),
    **dict.fromkeys(
        ("short axis", "shortaxis", "short diameter", "perpendicular diameter", "minor axis"), SHORT
    ),
    "volume": "volume",
    "metabolic tumor volume": "mtv",
    "metabolic tumour volume": "mtv",
    "metabolic volume": "mtv",
    "total lesion glycolysis": "tlg",
    "suvbw": "suv",
    "suvlbm": "sul",
}

_DERIVATIONS = {
    "maximum": "max",
    "minimum": "min",
    "average": "mean",
    "peak value within roi": "peak",
    "standard deviation": "sd",
}

_MILLIMETRES = {
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), Decimal(1)),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), Decimal(10)),
}

_WORDS = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"[+-]?\d{1,12}(\.\d{0,24})?([eE][+-]?\d{1,2})?")


def name_quantity(code: str, scheme: str, meanings: Sequence[str], derivation: str = "") -> str:
    """Name what was measured; what is not measured here keeps the report's own word for it.

    Examples
    --------
    >>> name_quantity("126401", "DCM", ["SUVbw"], "Peak Value Within ROI")
    'suv_peak'
    >>> name_quantity("G-A22A", "SRT", ["Length"]), name_quantity("X1", "99A", ["Entropy (3D)"])
    ('longest_diameter', 'entropy_3d')
    """
    plain = [" ".join(_WORDS.findall(meaning.lower())) for meaning in meanings if meaning]
    name = _CODES.get((scheme.upper(), code.upper())) or next(
        (_NAMES[word] for word in plain if word in _NAMES), "_".join((plain or [code])[0].split())
    )
    said = " ".join(_WORDS.findall(derivation.lower()))
    return f"{name}_{_DERIVATIONS.get(said, said).replace(' ', '_')}" if said else name


def parse_value(text: str) -> Decimal:
    """Read a number exactly as written.

    Raises
    ------
    InputError
        It is not a number, or has more digits than anything measured.
    """
    try:
        if not _NUMBER.fullmatch(text.strip()):
            raise InvalidOperation
        return Decimal(text.strip())
    except InvalidOperation:
        raise InputError(f"{text[:40]!r} is not a number") from None


def to_millimetres(value: Decimal, unit: str) -> Decimal:
    """Convert a length exactly.

    Raises
    ------
    InputError
        The unit is no length: a length in pixels says nothing.

    Examples
    --------
    >>> to_millimetres(Decimal("3.05"), "cm")
    Decimal('30.5')
    """
    factor = _MILLIMETRES.get(unit.strip().lower())
    if factor is None:
        raise InputError(f"a length in {unit.strip()[:20]!r}; it must be in mm or cm")
    return value if factor == 1 else (value * factor).normalize() + 0

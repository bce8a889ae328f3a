"""``protocol.toml``: every choice a trial or clinic makes, validated whole.

Every key is optional; an unknown key, a wrong type or a value out of range is an error, and all
errors are listed at once. The meaning of each choice stands beside it, with the ambiguity it
settles (``A01`` … are the named open questions of the response criteria).

Examples
--------
>>> parse_protocol("[targets]\\nmax_total = 3").targets.max_total
3
>>> parse_protocol("[targets]\\nmax_totl = 3")
Traceback (most recent call last):
    ...
response.errors.ProtocolError: protocol: targets.max_totl: unknown key
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from response.errors import ProtocolError

Days = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Millimetres = Annotated[Decimal, Field(strict=False, ge=0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CriterionChoice(_Section):
    """Which criterion ``assess`` uses unless told otherwise."""

    name: str = "recist11"


class Targets(_Section):
    """How targets are chosen at baseline and what a new finding counts as."""

    max_total: Annotated[int, Field(ge=1)] = 5
    max_per_organ: Annotated[int, Field(ge=1)] = 2
    nodes_one_organ: bool = True
    """A29: all lymph nodes together are one organ."""
    prior_local_therapy: Literal["allow_if_progressed", "exclude", "allow"] = "allow_if_progressed"
    recorded_precision_mm: Annotated[Decimal, Field(strict=False, gt=0)] = Decimal("0.1")
    new_lesion_calls: Literal["reader", "automatic"] = "reader"
    """A06: who says that a new finding is a new lesion."""


class Rules(_Section):
    """How the target and time-point rules settle what the papers leave open."""

    pr_persistence: Literal["literal", "eortc_carry_forward", "carry_after_confirmed"] = "literal"
    """A01: whether a response lasts while the sum is above 70 % of baseline but not PD."""
    node_cr_precedence: bool = True
    """A04: CR before PD where only nodes below 10 mm grew."""
    pd_from_partial: bool = True
    """A05: PD from an incomplete sum that already reaches it."""
    nadir_uses_incomplete: bool = False
    equivocal_backdate: bool = True
    """R1-51: PD by a confirmed equivocal lesion dates from the scan that first showed it."""
    cr_then_disease: Literal["pd", "warn", "recode_pr"] = "pd"
    """A07, from lesions."""
    pd_date: Literal["first_evidence", "last_scan_of_timepoint", "scheduled_visit"] = (
        "first_evidence"
    )
    same_date: Literal["worst"] = "worst"
    """A20."""
    partial_date: Literal["last_day"] = "last_day"
    """A21."""


class BestResponse(_Section):
    """The windows of the best overall response."""

    confirmation_min_days: Days = 28
    sd_min_days: Days = 42
    """A12: a date difference, inclusive."""
    confirm_max_ne: Count = 1
    """A02."""
    confirm_allow_sd: Annotated[int, Field(ge=0, le=1)] = 0
    """A03."""
    nd_breaks_confirmation: bool = False
    """A22."""
    missing_as_ne: bool = False
    """A23."""
    cr_then_disease: Literal["warn", "pd", "recode_pr"] = "warn"
    """A07, from given overall responses."""
    table3_strict: bool = False
    """A08, A09."""
    new_therapy_inclusive: bool = False
    """A14."""


class IRecist(_Section):
    """A10: when progression may be confirmed."""

    icpd_min_days: Days = 28
    icpd_max_days: Days = 0


class Pet(_Section):
    """A15, A18, A19."""

    lean_body_mass: Literal["janmahasatian", "james"] = "janmahasatian"
    blood_pool_plus_2sd: bool = True
    progression_inclusive: bool = False


class MRecist(_Section):
    """A17."""

    absolute_minimum_mm: Millimetres = Decimal(0)


class Endpoints(_Section):
    """How progression-free survival and response duration are censored and dated."""

    pfs_rule: Literal["fda", "ema", "admiralonco", "none"] = "fda"
    response_duration_from: Literal["first_response", "confirmation"] = "first_response"
    """A13."""
    assessment_interval_days: Annotated[int, Field(ge=1)] = 56
    """A24."""
    tolerance_days: Days = 7


class Protocol(_Section):
    """A whole ``protocol.toml``; ``Protocol()`` is the default of every choice."""

    criterion: CriterionChoice = CriterionChoice()
    targets: Targets = Targets()
    rules: Rules = Rules()
    best_response: BestResponse = BestResponse()
    irecist: IRecist = IRecist()
    pet: Pet = Pet()
    mrecist: MRecist = MRecist()
    endpoints: Endpoints = Endpoints()


def parse_protocol(text: str) -> Protocol:
    """Read a protocol from TOML text.

    Raises
    ------
    ProtocolError
        With every problem in ``problems``.
    """
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError(f"protocol: not TOML: {error}", [str(error)]) from None
    try:
        return Protocol.model_validate(raw)
    except ValidationError as error:
        problems = [_problem(e["loc"], e["type"], e["msg"], e["input"]) for e in error.errors()]
        raise ProtocolError("protocol: " + "; ".join(problems), problems) from None


def read_protocol(path: Path) -> Protocol:
    """Read ``protocol.toml``; a file that is not there is the default protocol."""
    if not path.exists():
        return Protocol()
    return parse_protocol(path.read_text(encoding="utf-8"))


def _problem(loc: tuple[int | str, ...], kind: str, message: str, value: object) -> str:
    where = ".".join(str(part) for part in loc)
    if kind == "extra_forbidden":
        return f"{where}: unknown key"
    return f"{where}: {message} (found {value!r})"

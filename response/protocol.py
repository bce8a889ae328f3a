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

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from response.alerts.settings import AlertSettings
from response.errors import ProtocolError

Days = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Millimetres = Annotated[Decimal, Field(strict=False, ge=0)]


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )


class CriterionChoice(_Section):
    """Which criterion ``assess`` uses unless told otherwise."""

    name: Literal[
        "recist11",
        "irecist",
        "percist10",
        "eortc_pet",
        "mrecist",
        "choi",
        "lugano",
        "rano2",
        "pcwg3",
    ] = "recist11"
    """The criterion of the trial."""


class Targets(_Section):
    """How targets are chosen at baseline and what a new finding counts as."""

    max_total: Annotated[int, Field(ge=1)] = 5
    """RECIST 1.1, section 4.2: at most five target lesions."""
    max_per_organ: Annotated[int, Field(ge=1)] = 2
    """RECIST 1.1, section 4.2: at most two in one organ; paired organs are one."""
    nodes_one_organ: bool = True
    """A29: all lymph nodes together are one organ (EORTC FAQ)."""
    prior_local_therapy: Literal["allow_if_progressed", "exclude", "allow"] = "allow_if_progressed"
    """RECIST 1.1, section 3.1.2: whether a lesion treated locally before may be a target."""
    recorded_precision_mm: Annotated[Decimal, Field(strict=False, gt=0)] = Decimal("0.1")
    """What the program measures is rounded to this once; what is imported keeps its digits."""
    new_lesion_calls: Literal["reader", "automatic"] = "reader"
    """A06: who says that a new finding is a new lesion. How large a new node must be is left to
    readers (EORTC FAQ: from 10 mm on pathological, small changes doubtful)."""


class Rules(_Section):
    """How the target and time-point rules settle what the papers leave open."""

    pr_persistence: Literal["literal", "eortc_carry_forward", "carry_after_confirmed"] = "literal"
    """A01: whether a response lasts while the sum is above 70 % of baseline but not PD. By the
    letter of the paper it is SD; the EORTC FAQ goes on with PR, once confirmed if need be."""
    node_cr_precedence: bool = True
    """A04: CR before PD where only nodes below 10 mm grew: they are normal (section 4.3.2)."""
    pd_from_partial: bool = True
    """A05: PD from an incomplete sum that already reaches it (section 4.4.2)."""
    nadir_uses_incomplete: bool = False
    """Whether the sum of a time point with a target missing may become the nadir; ours."""
    equivocal_backdate: bool = True
    """R1-51: PD by a confirmed equivocal lesion dates from the scan that first showed it."""
    cr_then_disease: Literal["pd", "warn", "recode_pr"] = "pd"
    """A07, from lesions: disease seen again after a complete response. PD where the CR was
    definite, else the CR was PR (footnote of Table 3, EORTC FAQ); admiralonco only warns."""
    cr_with_non_target_ne: Literal["PR", "NE"] = "PR"
    """A27: target CR where a non-target lesion was not assessed; Table 1 prints PR."""
    ne_with_non_target_ne: Literal["NE"] = "NE"
    """A28: neither targets nor non-targets evaluable; not printed."""
    too_small_node_is_normal: bool = True
    """A30: a node too small to measure counts as below 10 mm, so CR is possible."""
    treated_lesion: Literal["not_evaluable", "as_measured"] = "not_evaluable"
    """A target irradiated or resected on study says nothing of the drug from then on; ours."""
    pd_date: Literal["first_evidence", "last_scan_of_timepoint", "scheduled_visit"] = (
        "first_evidence"
    )
    """FDA 2007, appendix 2: when first seen (method 1) or the scheduled visit (method 2); or the
    day of the last scan of that time point (R1-84)."""
    same_date: Literal["worst"] = "worst"
    """A20: of two assessments on one date the worse counts (admiralonco)."""
    partial_date: Literal["last_day"] = "last_day"
    """A21: a date without a day is the last of its month (admiralonco); it is flagged."""


class BestResponse(_Section):
    """The windows of the best overall response."""

    confirmation_min_days: Days = 28
    """RECIST 1.1, section 4.4.3: a response is confirmed at least four weeks later."""
    sd_min_days: Days = 42
    """A12: how long stable disease must last; a date difference, inclusive (section 4.4.4: in
    general not less than 6 to 8 weeks)."""
    confirm_max_ne: Count = 1
    """A02: how many NE may lie between a response and its confirmation; the paper is silent,
    admiralonco allows one."""
    confirm_allow_sd: Annotated[int, Field(ge=0, le=1)] = 0
    """A03: whether one SD may lie between a PR and its confirmation; the paper is silent."""
    nd_breaks_confirmation: bool = False
    """A22: whether an assessment not done between the two breaks the confirmation (admiralonco:
    its older functions yes, its event functions no)."""
    missing_as_ne: bool = False
    """A23: a subject without any assessment is NE instead of MISSING."""
    cr_then_disease: Literal["warn", "pd", "recode_pr"] = "warn"
    """A07, from given overall responses: left and warned of, as admiralonco does."""
    table3_strict: bool = False
    """A08, A09: an early response that was not confirmed, as Table 3 prints it (CR then SD: PD;
    PR then SD: SD) instead of as admiralonco has it (NE)."""
    new_therapy_inclusive: bool = False
    """A14: whether an assessment on the day new therapy began still counts."""


class IRecist(_Section):
    """When progression may be confirmed (A10), and what an NE in between does (A11)."""

    icpd_min_days: Days = 28
    """A10: days from iUPD before which it cannot be confirmed (Seymour 2017: 4 to 8 weeks)."""
    icpd_max_days: Days = 0
    """A10: days after which it can no longer be confirmed; 0: no limit."""
    icpd_warn_days: Days = 56
    """A10: confirmation later than this is accepted with a warning."""
    ne_breaks_block: bool = False
    """A11: whether an NE after iUPD ends the block that a confirmation refers to."""
    ne_lowers_nadir: bool = False
    """A11: whether the sum of a time point that is NE may become the nadir."""
    icr_with_new_lesion: Literal["iPR", "iCR"] = "iPR"
    """What iCR of the baseline disease becomes while a known new lesion is still there: Table 2
    prints iCR only without new lesions; the committee's FAQ does not exclude it (I-07)."""
    non_target_pd_again: Literal["unchanged", "further"] = "unchanged"
    """Unequivocal progression of the same non-target lesion again, without a diameter: still what
    it was at iUPD, or grown further and so confirmed (I-04); ours."""

    @model_validator(mode="after")
    def _order_the_window(self) -> IRecist:
        if 0 < self.icpd_max_days < self.icpd_min_days:
            raise ValueError(
                f"icpd_max_days is {self.icpd_max_days}, below icpd_min_days {self.icpd_min_days}: "
                "nothing could be confirmed; 0 means no limit"
            )
        return self


def _check_mtv_threshold(value: object) -> object:
    text = value if isinstance(value, str) else ""
    number = text.removesuffix("%")
    if text in ("marked", "percist") or (
        re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", number)
        and 0 < Decimal(number) <= (100 if text.endswith("%") else 1000)
    ):
        return value
    raise ValueError(
        'allowed are "marked", "percist", an SUV above 0 as "2.5", or a share of the lesion\'s '
        'SUVmax as "41%", each in quotation marks'
    )


class Pet(_Section):
    """What PERCIST and EORTC leave open."""

    lean_body_mass: Literal["janmahasatian", "james"] = "janmahasatian"
    """A19: the formula of lean body mass that SUL of scans is computed by; SUL of a measurement
    table is read as given, and nothing of it is converted. PERCIST 1.0 prints none, EANM and IBSI
    prefer Janmahasatian, James turns over in the very obese (Tahari 2014)."""
    mtv_threshold: Annotated[str, BeforeValidator(_check_mtv_threshold)] = "marked"
    """Which voxels of a mark its metabolic volume (MTV) and TLG count: "marked", all of them; from
    an SUV by body weight on, as "2.5" or, in lymphoma, "4.0" (Barrington and Meignan 2019); from a
    share of the lesion's SUVmax on, "41%" (EANM: Boellaard 2015); "percist", from 1.5 x the liver's
    mean + 2 SD on, or 2.0 x the blood pool's + 2 SD where there is no liver (see
    blood_pool_plus_2sd): a scan without a reference region then has no MTV."""
    blood_pool_plus_2sd: bool = True
    """A15: the threshold from the blood pool is 2.0 x mean + 2 SD; text and table of Wahl 2009
    differ on the 2 SD."""
    progression_inclusive: bool = False
    """A18: PMD from exactly +30 % on; the paper prints more than 30 %."""
    eortc_cycles: Literal["one", "more_than_one"] = "more_than_one"
    """EORTC 1999: PMR from -15 % after one cycle of therapy, beyond -25 % after more."""
    eortc_gap: Literal["SMD", "PMR"] = "SMD"
    """A16: a decrease of 15 to 25 % after more than one cycle, which the paper leaves open."""


class MRecist(_Section):
    """mRECIST for hepatocellular carcinoma."""

    absolute_minimum_mm: Millimetres = Decimal(0)
    """A17: growth below this is no PD; Lencioni 2010 prints none, some programs use 5 mm."""


class Choi(_Section):
    """Choi 2007; the modified form asks of PR that size and density both fall."""

    modified: bool = False
    """Modified Choi: PR needs both the size and the density to fall."""
    minimum_baseline_hu: Annotated[Decimal, Field(strict=False, ge=0)] = Decimal(10)
    """A change in per cent from a baseline density up to this says nothing, as it is near that of
    water; ours."""


class Rano(_Section):
    """RANO 2.0: which component is followed, and how long progression needs confirmation."""

    component: Literal["enhancing", "non_enhancing", "mixed"] = "enhancing"
    """Which component is followed (Wen 2023): minor response is for non-enhancing disease."""
    confirmation_weeks_after_radiotherapy: Count = 12
    """Within so many weeks of radiotherapy progression needs confirmation (Wen 2023)."""
    confirmation_min_days: Days = 28
    """Days after which a repeated scan may confirm it."""
    physiological_steroid_dose: Annotated[Decimal, Field(strict=False, ge=0)] = Decimal(0)
    """A complete response admits replacement up to this, in the unit of ``steroid_dose``; ours."""


class Lugano(_Section):
    """Lugano 2014: what the paper leaves to the reader or the site."""

    uptake_change_pct: Annotated[Decimal, Field(strict=False, ge=0, le=100)] = Decimal(25)
    """Up to this change of SUVmax the uptake is unchanged; ours, after EORTC 1999."""
    spleen_normal_mm: Millimetres = Decimal(130)
    """A longer spleen is enlarged (Cheson 2014: more than 13 cm)."""


class Pcwg3(_Section):
    """PCWG3: when bone progression is confirmed, and what an unresolved one counts as."""

    confirmation_min_days: Days = 42
    """Bone progression is confirmed by a scan at least six weeks later (Scher 2016)."""
    flare_days: Days = 84
    """The first post-treatment scan within this many days of the start lies in the flare window."""
    unresolved_pdu: Literal["SD", "PD"] = "SD"
    """What progression that was never confirmed counts as in the best response (admiralonco)."""


class Repeatability(_Section):
    """How far a repeated measurement of the same lesion by the same reader scatters.

    Readers never mix in a stream, so what counts is one reader measuring again. A meta-analysis of
    manual measurements on CT (Yoon et al., Eur J Cancer 2016;53:5-15) pools 95 % limits of
    agreement of -17.8 % to +16.1 % for one reader and one diameter: half their width of 16.95 %,
    over 1.96 and the square root of 2, is a coefficient of variation of 6.1 %. For sums it gives
    -9.8 % to +13.1 %, what independent errors of two or three lesions amount to. Readings at two
    scans minutes apart agree with it: 84 % were within 10 % of each other (Oxnard et al., J Clin
    Oncol 2011;29:3114-3119), which is 5.0 %. Between two readers the limits are -22.1 % to +25.4 %
    (8.6 %); computer-aided contours repeat better (about 2.4 %: Zhao et al., Radiology
    2009;252:263-272): a trial that measures so may say so here.
    """

    within_lesion_cv_pct: Annotated[Decimal, Field(strict=False, gt=0, le=100)] = Decimal("6.1")
    """Coefficient of variation of one diameter measured again, per cent of its length."""
    minimum_sd_mm: Millimetres = Decimal("0.5")
    """No diameter repeats better than this (about half a pixel at each end); ours."""
    borderline_below: Annotated[Decimal, Field(strict=False, gt=0, le=1)] = Decimal("0.90")
    """A category less probable than this to be the same again is marked borderline; ours."""


class Endpoints(_Section):
    """How progression-free survival and response duration are censored and dated."""

    pfs_rule: Literal["fda", "ema", "admiralonco", "none"] = "fda"
    """FDA 2007, appendix 3, table A; EMA: no censoring by new therapy or missed visits;
    admiralonco: as its templates do; none: not derived."""
    response_duration_from: Literal["first_response", "confirmation"] = "first_response"
    """A13: RECIST 1.1, section 4.5: from the first response on."""
    assessment_interval_days: Annotated[int, Field(ge=1)] = 56
    """A24: the time between scheduled scans; FDA censors an event after two missed ones: a gap of
    more than twice this and the tolerance."""
    tolerance_days: Days = 7
    """How far from its day a scheduled scan may be."""
    new_therapy_on_pd_date: Literal["pd", "censor"] = "pd"
    """A25: new therapy begun on the day of progression: the progression stands."""
    death_without_progression: Literal["event", "censor"] = "event"
    """A26: death is an event of PFS (subject to A24); censored, it is time to progression."""
    clinical_progression: Literal["ignore", "event", "censor"] = "ignore"
    """Progression that no scan shows: FDA counts radiological progression only."""
    clinical_benefit_min_days: Days = 168
    """How long stable disease must last, without progression, to be clinical benefit: 24 weeks by
    convention; a date difference, inclusive."""
    days_per_month: Annotated[Decimal, Field(strict=False, gt=0)] = Decimal("30.4375")
    """A31: days in a month; a time in months counts one day more, as analysis data sets do."""


class Protocol(_Section):
    """A whole ``protocol.toml``; ``Protocol()`` is the default of every choice."""

    criterion: CriterionChoice = CriterionChoice()
    targets: Targets = Targets()
    rules: Rules = Rules()
    best_response: BestResponse = BestResponse()
    irecist: IRecist = IRecist()
    pet: Pet = Pet()
    mrecist: MRecist = MRecist()
    choi: Choi = Choi()
    rano2: Rano = Rano()
    lugano: Lugano = Lugano()
    pcwg3: Pcwg3 = Pcwg3()
    repeatability: Repeatability = Repeatability()
    endpoints: Endpoints = Endpoints()
    alerts: AlertSettings = AlertSettings()


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
    """Read ``protocol.toml``; a file that is not there is the default protocol.

    Raises
    ------
    ProtocolError
        Where it is not text in UTF-8, or holds what no protocol may.
    """
    if not path.exists():
        return Protocol()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        problem = f"{path.name} is not text in UTF-8; save it as UTF-8"
        raise ProtocolError(f"protocol: {problem}", [problem]) from None
    return parse_protocol(text)


def _problem(loc: tuple[int | str, ...], kind: str, message: str, value: object) -> str:
    where = ".".join(str(part) for part in loc)
    if kind == "extra_forbidden":
        return f"{where}: unknown key"
    if where.startswith("alerts") and not isinstance(value, int | float | bool):
        return f"{where}: {message}"  # an address, perhaps a secret: never shown
    return f"{where}: {message} (found {value!r})"

"""The trust gate: a registration is not believed, it is tested.

:func:`judge` is a pure function from figures to a verdict. Every limit is named with its reason.
Comparisons are written so that a figure that is not a number raises a doubt.
"""

from __future__ import annotations

from dataclasses import dataclass

from response.register.figures import Figures

START_LIMIT_MM = 2000.0
"""No scanner table travels two metres: a larger step means that a header is wrong."""
START_NOTE_MM = 100.0
"""A larger step than this between two studies is worth a word: the coordinates differ."""
ROTATION_LIMIT_DEG = 30.0
"""Nobody lies turned by this much in the same position: prone for supine, or a wrong header."""
LEAST_OVERLAP = 0.3
"""With less of the body in both scans there is too little to hold on to."""
LEAST_RIGID_SIMILARITY = 0.25
"""Pairs of one body 0.35 to 0.60 (phantoms, a trunk, two brains); other pairs −0.06 to 0.34."""
MOST_LOST = 0.02
"""A bend that makes scans less alike than before has gone wrong; a scan on itself loses a hair."""
MOST_FOLDED = 0.005
"""SyN does not fold; half a percent is the edge of the field, more is a failure."""
MOST_BEND_MM = 60.0
"""Organs move 20 to 40 mm with breath and posture; more is another anatomy."""
MOST_DISAGREEMENT_MM = 5.0
"""Median distance between two methods; differing by half a lesion, neither counts."""
MOST_BACK_RESIDUAL_MM = 1.0
MIRROR_MARGIN = 0.05
"""A flipped scan must fit better by this much before its header is doubted."""
DISAGREEMENT_FACTOR = 1.5
"""Times the 95th percentile between two methods: held for all of 715 phantom lesions."""
RIGID_ERROR_MM = 20.0
CENTRE_ERROR_MM = 60.0


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked of a kind of scan: the least correlation after bending, over the body and as
    the median of neighbourhoods; the correlation at which the rigid step is enough where bending
    gains less than ``least_gain``; and the least error to expect of a trusted result."""

    body: float
    local: float
    rigid: float
    least_gain: float
    least_error_mm: float


HOUNSFIELD = Demands(body=0.75, local=0.87, rigid=0.9, least_gain=0.0, least_error_mm=4.0)
"""Same body: 0.87 and 0.975 or more (15 phantom pairs, a real trunk); another one or a flipped
scan: 0.68 and 0.85 at most (7 phantom pairs). On the kindest phantoms 95 % of lesions lie within
4 mm. Where bending leaves scans no more alike than the rigid step, it only followed noise."""
NO_SCALE = Demands(body=0.45, local=0.75, rigid=0.45, least_gain=0.05, least_error_mm=8.0)
"""MR and the rest have no absolute scale and tumours change: two real brains 0.73 and 0.61 after
the rigid step, one on the other 0.01 at most. Bending by 12 mm gained those two 0.02 and 0.03: that
is the tumour and noise, not the brain."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``keep`` is the best step that may be used: ``deformable``, ``rigid`` or ``centre``."""

    keep: str
    trusted: bool
    reason: str
    expected_error_mm: float


def judge(figures: Figures, failure: str = "", demands: Demands = HOUNSFIELD) -> Verdict:
    """Trust a registration or say why not, and what to fall back on.

    ``failure`` is what an engine said that gave no field at all; ``demands`` what to ask of such
    scans.
    """
    pair = _doubt_pair(figures)
    rigid = _doubt_rigid(figures)
    bend = [failure] if failure else _doubt_bend(figures, demands)
    if rigid:
        return Verdict("centre", False, "; ".join(pair + rigid), CENTRE_ERROR_MM)
    error = max(demands.least_error_mm, DISAGREEMENT_FACTOR * figures.disagreement_p95_mm)
    gained = figures.similarity - figures.similarity_rigid
    suffices = figures.similarity_rigid >= demands.rigid and gained <= demands.least_gain
    if suffices and not pair and not failure:
        said = f"the rigid step fits best; correlation {figures.similarity_rigid:.2f}"
        return Verdict("rigid", True, said + _note_shift(figures), error)
    if bend:
        return Verdict("rigid", False, "; ".join(pair + bend), RIGID_ERROR_MM)
    if pair:
        return Verdict("deformable", False, "; ".join(pair), max(error, RIGID_ERROR_MM))
    said = f"all checks passed; correlation {figures.similarity:.2f}"
    return Verdict("deformable", True, said + _note_shift(figures), error)


def _note_shift(figures: Figures) -> str:
    if figures.start_shift_mm <= START_NOTE_MM:
        return ""
    return f"; the scans' coordinates differ by {figures.start_shift_mm:.0f} mm, followed"


def _doubt_pair(figures: Figures) -> list[str]:
    """Doubts about the two scans belonging together as their headers say."""
    doubts = []
    if not figures.start_shift_mm <= START_LIMIT_MM:
        doubts.append(f"the scans' coordinates lie {figures.start_shift_mm:.0f} mm apart")
    if not figures.mirror_gain <= MIRROR_MARGIN:
        doubts.append("a mirrored or turned scan fits better: check orientation and patient")
    if not figures.overlap >= LEAST_OVERLAP:
        doubts.append(f"the scans share {figures.overlap:.0%} of the body only")
    return doubts


def _doubt_rigid(figures: Figures) -> list[str]:
    """Doubts about the rigid step."""
    doubts = []
    if not figures.similarity_rigid >= LEAST_RIGID_SIMILARITY:
        doubts.append(f"correlation {figures.similarity_rigid:.2f} after the rigid step")
    if not figures.rotation_deg <= ROTATION_LIMIT_DEG:
        doubts.append(f"rotated by {figures.rotation_deg:.0f} degrees")
    return doubts


def _doubt_bend(figures: Figures, demands: Demands) -> list[str]:
    """Doubts about the non-rigid step."""
    doubts = []
    if not figures.folded_fraction <= MOST_FOLDED:
        doubts.append(f"the field folds in {figures.folded_fraction:.2%} of the body")
    gained = figures.similarity - figures.similarity_rigid
    if not (figures.similarity >= demands.body and gained >= -MOST_LOST):
        doubts.append(f"correlation {figures.similarity:.2f} after bending")
    if not figures.local_similarity >= demands.local:
        doubts.append(f"local correlation {figures.local_similarity:.2f}")
    if not figures.bend_p95_mm <= MOST_BEND_MM:
        doubts.append(f"bent by {figures.bend_p95_mm:.0f} mm")
    if not figures.disagreement_median_mm <= MOST_DISAGREEMENT_MM:
        doubts.append(f"two methods differ by {figures.disagreement_median_mm:.1f} mm")
    if not figures.back_residual_mm <= MOST_BACK_RESIDUAL_MM:
        doubts.append(f"there and back misses by {figures.back_residual_mm:.1f} mm")
    return doubts

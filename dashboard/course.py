"""From what is stored of a subject to its timeline: what pages of one subject begin with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from dashboard.data import SubjectView
from dashboard.references import Study, list_tissues, read_studies
from dashboard.timeline import Given, Timeline, build_timeline
from dashboard.uptake import QUANTITIES
from response.model import Readings
from response.protocol import Protocol

ADDED = ("mtv_ml", "tlg")


def lay_out(view: SubjectView, protocol: Protocol) -> tuple[Timeline, tuple[Study, ...]]:
    """Return a subject's timeline and what is known of its PET scans."""
    regions = view.tracking.references if view.tracking else ()
    studies = read_studies(
        view.time_points, regions, _given_facts(view.given), protocol.pet.lean_body_mass
    )
    timeline = build_timeline(
        [(tp.time_point, tp.date) for tp in view.time_points],
        view.result,
        view.tracking,
        protocol,
        _given_uptake(view.given),
        list_tissues(studies),
    )
    return timeline, studies


def _given_uptake(given: Readings | None) -> Given:
    """Return uptake as a reader's table gives it: over parts the highest, volumes and TLG added."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in given.readings if given else ():
        values = found.setdefault((row.lesion, row.time_point), {})
        for name in QUANTITIES:
            if name in row.extra:
                one, before = float(row.extra[name]), values.get(name, 0.0)
                values[name] = one + before if name in ADDED else max(one, before)
    return found


def _given_facts(given: Readings | None) -> Mapping[str, tuple[dt.date, Mapping[str, str]]]:
    return {p.time_point: (p.date, p.facts) for p in given.time_points} if given else {}

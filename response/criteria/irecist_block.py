"""An iUPD that waits: what it was, what would confirm it, and what would set it aside.

The first iUPD is the reference for everything that follows until progression is confirmed or a
response is assigned, so that increases add up across time points (I-05).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from response.criteria.irecist import FURTHER_MM, STANDING, Finding, grown_mm
from response.criteria.irecist_new import NewSeen
from response.criteria.lesions import NODE_NORMAL_BELOW_MM, ZERO
from response.criteria.sentences import length
from response.model import Reason
from response.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Point:
    """What iRECIST sees of a time point; lengths in millimetres.

    ``base`` is the response of the baseline disease in RECIST's words. ``target`` and
    ``non_target`` whether that kind progressed, or came back after a complete response;
    ``progressed`` the non-targets that did. ``new_lesions`` are new lesions that no response was
    assigned beside before; ``regrown`` what known ones did by themselves, in words.
    """

    time_point: str
    date: dt.date
    base: str
    target: bool
    non_target: bool
    sizes: Mapping[str, Decimal]
    other_sizes: Mapping[str, Decimal]
    progressed: frozenset[str]
    seen: NewSeen
    new_lesions: frozenset[str]
    regrown: tuple[str, ...]

    @property
    def new(self) -> bool:
        """Whether new lesions are progression here."""
        return bool(self.new_lesions) or bool(self.regrown)


@dataclass(slots=True)
class Block:
    """The first iUPD of a block, and the first lengths known of each lesion since."""

    first: Point
    standing: int
    targets: dict[str, Decimal]
    others: dict[str, Decimal]
    new: dict[str, Decimal]
    counts_equivocal: bool

    @property
    def known(self) -> frozenset[str]:
        """New lesions that the first iUPD showed; an equivocal one dates back to it (R1-51)."""
        seen = self.first.seen
        return seen.present | seen.equivocal if self.counts_equivocal else seen.present

    def learn(self, point: Point) -> None:
        """Take up lengths that are known for the first time since the block began."""
        self.targets = {**point.sizes, **self.targets}
        self.others = {**point.other_sizes, **self.others}
        self.new = {**point.seen.sizes, **self.new}


def open_block(point: Point, best_before: str, protocol: Protocol) -> Block:
    """Begin a block with its first iUPD.

    ``best_before`` is the last response of the baseline disease, for where this one is not known.
    """
    standing = STANDING[point.base if point.base in STANDING else best_before]
    backdates = protocol.rules.equivocal_backdate
    return Block(
        point,
        standing,
        dict(point.sizes),
        dict(point.other_sizes),
        dict(point.seen.sizes),
        backdates,
    )


# ---------------------------------------------------------------------------------- confirmation


def find_further(block: Block, point: Point, protocol: Protocol) -> list[Reason]:
    """All that confirms the iUPD, were the scan in time (I-04, Table 2)."""
    return [
        *_grown_targets(block, point, protocol),
        *_grown_non_targets(block, point, protocol.irecist.non_target_pd_again == "further"),
        *_grown_new(block, point, protocol),
    ]


def _grown_targets(block: Block, point: Point, protocol: Protocol) -> Iterable[Reason]:
    if not block.first.target:
        if point.target:
            yield Reason("IRECIST.FURTHER.OTHER_TARGET", "the targets progressed as well")
        return
    text = _grown_sum("targets", point.sizes, block.targets, protocol)
    if text:
        yield Reason("IRECIST.FURTHER.TARGET", text)


def _grown_sum(
    what: str, now: Mapping[str, Decimal], then: Mapping[str, Decimal], protocol: Protocol
) -> str:
    """That a sum grew by enough, in words; from a part of it only where A05 allows."""
    grown, missing = grown_mm(now, then), sorted(then.keys() - now.keys())
    if grown < FURTHER_MM or (missing and not protocol.rules.pd_from_partial):
        return ""
    without = f", without {', '.join(missing)}, which can only add" if missing else ""
    was = sum(then.values(), ZERO)
    return f"the sum of {what} grew by {length(grown)} mm from {length(was)} mm{without}"


def _grown_non_targets(block: Block, point: Point, again: bool) -> Iterable[Reason]:
    first = block.first
    if not first.non_target:
        if point.non_target:
            names = ", ".join(sorted(point.progressed))
            text = f"non-target disease progressed as well: {names}"
            yield Reason("IRECIST.FURTHER.OTHER_NON_TARGET", text)
        return
    more = point.progressed - first.progressed
    if more:
        text = f"further non-target progression: {', '.join(sorted(more))}"
        yield Reason("IRECIST.FURTHER.NON_TARGET", text)
    for name in sorted(first.progressed):
        now, was = point.other_sizes.get(name), block.others.get(name)
        if now is not None and was is not None:
            if now > was:
                text = f"non-target {name} grew from {length(was)} mm to {length(now)} mm"
                yield Reason("IRECIST.FURTHER.NON_TARGET", text)
        elif again and name in point.progressed:
            text = f"non-target {name} progressed unequivocally again (non_target_pd_again)"
            yield Reason("IRECIST.FURTHER.NON_TARGET", text)


def _grown_new(block: Block, point: Point, protocol: Protocol) -> Iterable[Reason]:
    first, seen = block.first, point.seen
    more = point.new_lesions - block.known
    if more:
        text = f"further new lesions: {', '.join(sorted(more))}"
        yield Reason("IRECIST.FURTHER.NEW_NUMBER", text)
    if not first.new and not (block.known & point.new_lesions):
        for words in point.regrown:
            yield Reason("IRECIST.FURTHER.OTHER_NEW", words)
        return
    text = _grown_sum("new targets", seen.sizes, _followed(block, point), protocol)
    if text:
        yield Reason("IRECIST.FURTHER.NEW_TARGET", text)
    for name in sorted(seen.present - seen.targets):
        now, then = seen.sizes.get(name), block.new.get(name)
        if now is not None and then is not None and now > then:
            text = f"new non-target {name} grew from {length(then)} mm to {length(now)} mm"
            yield Reason("IRECIST.FURTHER.NEW_NON_TARGET", text)
        elif name in seen.grown:
            yield Reason("IRECIST.FURTHER.NEW_NON_TARGET", f"new non-target {name} grew")


def time_further(block: Block, date: dt.date, protocol: Protocol) -> Finding:
    """Whether a scan is in time to confirm the iUPD (I-03, A10)."""
    days, options = (date - block.first.date).days, protocol.irecist
    if days < options.icpd_min_days:
        return Finding.FURTHER_EARLY
    if options.icpd_max_days and days > options.icpd_max_days:
        return Finding.FURTHER_LATE
    return Finding.FURTHER


# --------------------------------------------------------------------------------------- the reset


def find_improvement(block: Block, point: Point) -> list[Reason]:
    """What lets a response be assigned after the iUPD (I-07, I-08).

    The baseline disease is better than at the iUPD, or the new lesions are gone; or something
    shrank by at least as much as growth would have to be (ours: the committee says only that
    with *no change* it is iUPD again).
    """
    if point.base not in STANDING:
        return []
    reasons = []
    if STANDING[point.base] > block.standing:
        text = f"better than at the iUPD on {block.first.date}"
        reasons.append(Reason("IRECIST.RESET.BETTER", text))
    if block.first.new and not block.known & point.seen.present - _shrunk_nodes(block, point):
        text = "the new lesions are gone, or a node below 10 mm"
        reasons.append(Reason("IRECIST.RESET.GONE", text))
    for what, shrunk in (
        ("the sum of targets", _shrunk_mm(point.sizes, block.targets)),
        ("the sum of new targets", _shrunk_mm(point.seen.sizes, _followed(block, point))),
    ):
        if shrunk >= FURTHER_MM:
            text = f"{what} is {length(shrunk)} mm smaller than at the iUPD (ours)"
            reasons.append(Reason("IRECIST.RESET.SHRUNK", text))
    return reasons


def _shrunk_nodes(block: Block, point: Point) -> set[str]:
    """New nodes of normal size by now that were not at the iUPD (R1-55)."""
    return {name for name in point.seen.normal if block.new.get(name, ZERO) >= NODE_NORMAL_BELOW_MM}


def _followed(block: Block, point: Point) -> dict[str, Decimal]:
    return {name: mm for name, mm in block.new.items() if name in point.seen.targets}


def _shrunk_mm(now: Mapping[str, Decimal], then: Mapping[str, Decimal]) -> Decimal:
    """By how much a sum shrank, millimetres; nothing where a lesion is not measured now."""
    return -grown_mm(now, then) if then.keys() <= now.keys() else ZERO

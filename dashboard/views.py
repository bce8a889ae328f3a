"""What is shown of each time point: the CT or MR scan, the PET scan, or one over the other."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.data import SubjectView
from dashboard.drawing import ALL, CT, FUSED, PET
from dashboard.fusion import choose_opacity, choose_top
from dashboard.links import Place
from dashboard.pet import find_anatomy, find_pet, is_pet, is_suv, share_frame
from response.model import Scan

VIEWS: dict[str, tuple[str, ...]] = {
    ALL: (CT, PET, FUSED),
    CT: (CT,),
    PET: (PET,),
    FUSED: (FUSED,),
}
"""Name in an address → what is drawn of each time point, side by side."""


@dataclass(frozen=True, slots=True)
class Look:
    """What an address asks of the pictures; ``name`` is empty where there is nothing to choose."""

    name: str
    views: tuple[str, ...]
    top: int
    opacity: int
    in_suv: bool

    @property
    def shows_uptake(self) -> bool:
        """Whether a PET scan is drawn."""
        return self.name != CT

    @property
    def shows_colour(self) -> bool:
        """Whether uptake is drawn over another scan."""
        return FUSED in self.views


def choose_look(view: SubjectView, place: Place, usual: str) -> Look:
    """Return what to show: as asked, else ``usual``; one view where there are no two scans.

    ``usual`` is a name of ``VIEWS``. A subject without PET has the look of before: no choice.
    """
    pets = [pet for tp in view.time_points if (pet := find_pet(tp.scans)) is not None]
    pairs = any(find_pair(view, pet) is not None for pet in pets)
    wanted = place.query.get("view", "")
    name = wanted if wanted in VIEWS else usual
    if not pairs:
        name = PET if pets and not any(find_anatomy(tp.scans) for tp in view.time_points) else CT
    return Look(
        name=name,
        views=VIEWS[name],
        top=choose_top(place.query.get("suv", "")),
        opacity=choose_opacity(place.query.get("opacity", "")),
        in_suv=any(is_suv(pet) for pet in pets),
    )


def can_choose(view: SubjectView) -> bool:
    """Tell whether any time point has two scans that may be laid over each other."""
    pets = (find_pet(tp.scans) for tp in view.time_points)
    return any(pet is not None and find_pair(view, pet) is not None for pet in pets)


def find_pair(view: SubjectView, scan: Scan) -> Scan | None:
    """Return what a scan may be laid over, or under: PET's CT or MR, a CT or MR scan's PET."""
    point = view.time_point_of(scan)
    scans = point.scans if point else ()
    other = find_anatomy(scans, scan) if is_pet(scan) else find_pet(scans)
    return other if other is not None and share_frame(scan, other) else None


def choose_ground(view: SubjectView, scan: Scan) -> Scan:
    """Return the scan whose slices are shown: CT or MR where there is one in the same frame."""
    return (find_pair(view, scan) or scan) if is_pet(scan) else scan


def why_no_picture(view: SubjectView, ground: Scan, name: str) -> str:
    """Return why a view of a scan's slices cannot be drawn; empty where it can."""
    if name == CT or is_pet(ground):
        return "" if name != FUSED or not is_pet(ground) else _alone(view, ground)
    if find_pair(view, ground) is not None:
        return ""
    point = view.time_point_of(ground)
    if point is None or find_pet(point.scans) is None:
        return "There is no PET scan at this time point."
    return (
        "The PET scan and this one name different frames of reference: "
        "they are not laid over each other."
    )


def _alone(view: SubjectView, pet: Scan) -> str:
    point = view.time_point_of(pet)
    if point is None or find_anatomy(point.scans) is None:
        return "There is no CT or MR scan at this time point."
    return (
        "The PET scan and the CT or MR scan name different frames of reference: "
        "they are not laid over each other."
    )

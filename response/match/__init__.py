"""One reader's findings of successive time points, joined into lesions through time."""

from response.match.model import (
    Link,
    Mark,
    MarkedTimePoint,
    Step,
    TrackedEvent,
    TrackedLesion,
    Tracks,
)
from response.match.tracks import track

__all__ = [
    "Link",
    "Mark",
    "MarkedTimePoint",
    "Step",
    "TrackedEvent",
    "TrackedLesion",
    "Tracks",
    "track",
]

"""What is kept of the DICOM headers an image came from, to write results back with references.

Never the patient's name: a system that files what is written knows the patient by the identifier.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from response.errors import IntegrityError


@dataclass(frozen=True, slots=True)
class SourceImage:
    """One slice of a stored volume: the image it came from, and which frame of it (from 1).

    ``frame`` is ``None`` for single-frame images.
    """

    sop_class_uid: str
    sop_instance_uid: str
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """The headers behind a stored volume.

    ``header`` holds what all images of the series share (patient without name, study, series, frame
    of reference, equipment) in the DICOM JSON model (PS3.18 annex F); ``images`` the source of each
    slice, in the order of the volume's slices (ascending k).
    """

    header: Mapping[str, Any]
    images: tuple[SourceImage, ...]


def write_origin(header: Mapping[str, Any], images: Sequence[SourceImage]) -> str:
    """Write an origin as text; the same origin gives the same text.

    Examples
    --------
    >>> text = write_origin({}, [SourceImage("1.2", "1.2.3")])
    >>> read_origin(text).images[0].sop_instance_uid
    '1.2.3'
    """
    plain = {"header": dict(header), "images": [asdict(image) for image in images]}
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def read_origin(text: str) -> Origin:
    """Read what :func:`write_origin` wrote.

    Raises
    ------
    IntegrityError
        It is not whole.
    """
    try:
        plain = json.loads(text)
        images = tuple(SourceImage(**image) for image in plain["images"])
        return Origin(plain["header"], images)
    except (ValueError, TypeError, KeyError):
        raise IntegrityError("origin: damaged; ingest the scan again") from None

"""Enhanced multi-frame images (CT, MR, PET; legacy converted too): each frame as a slice.

What holds for all frames stands in the shared functional groups, what differs in each frame's own
(PS3.3 C.7.6.16). A frame's own group goes before the shared one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from response.errors import InputError
from response.ingest.dicom_file import DAMAGE, text_of, value_of
from response.ingest.headers import (
    Slice,
    describe_damage,
    find_instance_uid,
    is_lossy,
    list_told,
    make_printable,
    normalise,
    read_number,
    read_numbers,
    read_rescale,
)
from response.ingest.pet_header import read_pet_header
from response.measure.pet import PetHeader

MAX_FRAMES = 20_000

FUNCTIONAL_GROUPS = ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"]

_TOLD = {
    "FrameContentSequence": (
        ("StackID", "StackID"),
        ("TemporalPositionIndex", "TemporalPositionIdentifier"),
        ("FrameAcquisitionNumber", "AcquisitionNumber"),
        ("FrameAcquisitionDateTime", "AcquisitionTime"),
    ),
    "MREchoSequence": (("EffectiveEchoTime", "EchoTime"),),
    "MRDiffusionSequence": (("DiffusionBValue", "DiffusionBValue"),),
    "MRModifierSequence": (("InversionTimes", "InversionTime"),),
    "MRTimingAndRelatedParametersSequence": (("FlipAngle", "FlipAngle"),),
    "CardiacSynchronizationSequence": (
        ("NominalPercentageOfCardiacPhase", "NominalPercentageOfCardiacPhase"),
        ("NominalCardiacTriggerDelayTime", "TriggerTime"),
    ),
    "TemporalPositionSequence": (("TemporalPositionTimeOffset", "TemporalPositionIdentifier"),),
    "CTReconstructionSequence": (("ConvolutionKernel", "ConvolutionKernel"),),
    "CTXRayDetailsSequence": (("KVP", "KVP"),),
    "CTImageFrameTypeSequence": (("FrameType", "ImageType"),),
    "MRImageFrameTypeSequence": (
        ("FrameType", "ImageType"),
        ("ComplexImageComponent", "ComplexImageComponent"),
    ),
    "PETFrameTypeSequence": (("FrameType", "ImageType"),),
}
"""Where an enhanced image states what a classic one states in `TELLING`."""


def read_frames(path: Path, header: Any, modality: str) -> list[Slice]:
    """Read the header of each frame; what cannot be read of one is its ``problem``.

    Parameters
    ----------
    path
        The file.
    header
        All of its header but the pixels.
    modality
        CT, MR or PT.

    Raises
    ------
    InputError
        The number of frames is absurd.
    """
    count = int(header.get("NumberOfFrames") or 1)
    uid, instance = find_instance_uid(header), make_printable(text_of(header, "InstanceNumber"))
    if not 0 < count <= MAX_FRAMES:
        raise InputError(f"{path.name}: declares {count} frames")
    shared = (header.get("SharedFunctionalGroupsSequence") or [None])[0]
    frames = header.get("PerFrameFunctionalGroupsSequence") or ()
    if len(frames) != count:
        problem = "holds several frames without a place for each; save single-frame images"
        return [Slice(path, uid, instance, problem=problem)]
    whole = Slice(
        path,
        uid,
        instance,
        text_of(header, "SOPClassUID"),
        rows=int(header.get("Rows") or 0),
        columns=int(header.get("Columns") or 0),
        lossy=is_lossy(header),
        told=list_told(header),
        pet=_read_pet(header, modality),
    )
    return [
        _read_frame(replace(whole, frame=number), groups)
        for number, groups in enumerate(_pair(frames, shared), start=1)
    ]


def _read_pet(header: Any, modality: str) -> PetHeader | None:
    return read_pet_header(header) if modality == "PT" else None


def _pair(frames: Any, shared: Any) -> Iterator[tuple[Any, ...]]:
    for own in frames:
        yield (own,) if shared is None else (own, shared)


def _read_frame(whole: Slice, groups: tuple[Any, ...]) -> Slice:
    name = f"{whole.instance}, frame {whole.frame}".lstrip(", ")
    try:
        measures = _find(groups, "PixelMeasuresSequence", {})
        transformation = _find(groups, "PixelValueTransformationSequence")
        slope, intercept = (1.0, 0.0) if transformation is None else read_rescale(transformation)
        place = _find(groups, "PlanePositionSequence", {})
        turned = _find(groups, "PlaneOrientationSequence", {})
        return replace(
            whole,
            instance=name,
            position=read_numbers(place, "ImagePositionPatient", 3),
            orientation=read_numbers(turned, "ImageOrientationPatient", 6),
            pixel_spacing=read_numbers(measures, "PixelSpacing", 2),
            thickness_mm=read_number(measures, "SliceThickness"),
            slope=slope,
            intercept=intercept,
            told={**whole.told, **_list_told(groups)},
        )
    except (InputError, *DAMAGE) as error:
        return replace(whole, instance=name, problem=describe_damage(error))


def _find(groups: tuple[Any, ...], sequence: str, absent: Any = None) -> Any:
    for group in groups:
        items = value_of(group, sequence)
        if items:
            return items[0]
    return absent


def _list_told(groups: tuple[Any, ...]) -> dict[str, str]:
    told: dict[str, str] = {}
    for sequence, names in _TOLD.items():
        said = _find(groups, sequence)
        for theirs, ours in names if said is not None else ():
            value = value_of(said, theirs)
            if value is not None and value != "":
                told[ours] = normalise(value)[:200]
    diffusion = _find(groups, "MRDiffusionSequence")
    if diffusion is not None:
        for gradient in diffusion.get("DiffusionGradientDirectionSequence") or ():
            told["DiffusionGradientOrientation"] = normalise(
                gradient.get("DiffusionGradientOrientation") or ""
            )
    converted = _find(groups, "UnassignedPerFrameConvertedAttributesSequence")
    return told if converted is None else {**list_told(converted), **told}

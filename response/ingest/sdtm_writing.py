"""Taking a folder of SDTM tables into the store: all of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from response.errors import ManifestError
from response.ingest.sdtm import SdtmStudy, read_sdtm
from response.model import SiteResponse
from response.store import Store, describe_both


@dataclass(frozen=True, slots=True)
class SdtmReport:
    """What an import did. ``written`` and ``unchanged`` count readers' streams."""

    study: str
    subjects: tuple[str, ...]
    written: int
    unchanged: int
    notes: tuple[str, ...] = field(default=())


def import_sdtm(folder: Path, store: Store, *, actor: str) -> SdtmReport:
    """Read a folder of SDTM tables into the store.

    What differs from an earlier import supersedes it, what is the same is left alone.

    Raises
    ------
    ManifestError
        Any row was refused, a reader has marks on images of a subject, or nothing that is given
        is of a subject with measurements; nothing is written.
    """
    stored = {one.subject: one.facts for one in store.read_subjects()}
    study = read_sdtm(folder, known=stored)
    _refuse_marked(study, store)
    measured = {stream.subject for stream in study.streams}
    if not measured and not _is_of_stored(study, set(stored)):
        raise ManifestError(
            f"{folder.name}: nothing to import: there are no measurements, and no subject of RS or "
            "DM is known here; add the TU and TR tables"
        )
    dated = [
        facts
        for name, facts in study.facts.items()
        if (name in measured or name in stored) and facts != stored.get(name)
    ]
    for facts in dated:
        store.write_subject_facts(facts, actor=actor)
    written = 0
    for stream in study.streams:
        written += store.write_readings(
            stream.subject,
            stream.reader,
            stream.readings,
            stream.time_points,
            actor=actor,
            study=study.study,
        )
    kept: dict[str, list[SiteResponse]] = {}
    for said in study.responses:
        if said.subject in measured or said.subject in stored:
            kept.setdefault(said.subject, []).append(said)
    for subject, responses in kept.items():
        store.write_site_responses(subject, responses, actor=actor)
    return SdtmReport(
        study.study,
        tuple(sorted(measured | kept.keys() | {facts.subject for facts in dated})),
        written,
        len(study.streams) - written,
        (*study.notes, *_note_unmeasured(study, measured, set(kept))),
    )


def _is_of_stored(study: SdtmStudy, stored: set[str]) -> bool:
    return bool(stored & (study.dated | {said.subject for said in study.responses}))


def _refuse_marked(study: SdtmStudy, store: Store) -> None:
    marking = {
        name: store.read_marking_readers(name) for name in {s.subject for s in study.streams}
    }
    problems = [
        describe_both(stream.subject, stream.reader)
        for stream in study.streams
        if stream.reader in marking[stream.subject]
    ]
    if problems:
        raise ManifestError(f"{len(problems)} readers have marks on images already", problems)


def _note_unmeasured(study: SdtmStudy, measured: set[str], kept: set[str]) -> list[str]:
    notes = []
    strangers = {said.subject for said in study.responses} - measured - kept
    if strangers:
        notes.append(f"responses of {len(strangers)} subjects without measurements were not kept")
    only_dates = {name for name in study.dated if name not in measured | kept}
    if study.streams and only_dates:
        notes.append(f"{len(only_dates)} subjects of DM have no measurements")
    return notes

"""Exported tumour domains say what the store says, and read again they are assessed the same."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyreadstat
import pytest
from click.testing import CliRunner
from study_home import Home

from response.cli import main
from response.export.sdtm import export_sdtm
from response.ingest.sdtm_writing import import_sdtm
from response.model import AssessedTimePoint, LesionReading, Reader, SubjectFacts
from response.noted import LAST_SCAN_DATE, PARTIAL_DATE
from response.pipeline import assess_all
from response.terms import LesionState, Role

DAYS = {"BASELINE": dt.date(2025, 1, 6), "WEEK 8": dt.date(2025, 3, 3)}
DAYS |= {"WEEK 16": dt.date(2025, 4, 28), "WEEK 24": dt.date(2025, 6, 23)}
T, NT, NEW = Role.TARGET, Role.NON_TARGET, Role.NEW
Rows = list[dict[str, str]]


def row(
    visit: str,
    lesion: str,
    role: Role | None,
    mm: str | None = None,
    state: LesionState | None = None,
    **more: Any,
) -> LesionReading:
    length = Decimal(mm) if mm else None
    more = {"organ": "LIVER", "method": "CT"} | more
    return LesionReading(visit, DAYS[visit], lesion, role, diameter_mm=length, state=state, **more)


def node(visit: str, mm: str) -> LesionReading:
    extra = {"longest_diameter_mm": Decimal("20.5"), "volume_mm3": Decimal("1234.5")}
    return row(visit, "T2", T, mm, node=True, organ="mediastinum", extra=extra)


RICH: Sequence[LesionReading] = [
    row("BASELINE", "T1", T, "30.50"),
    node("BASELINE", "16.25"),
    row("BASELINE", "T3", T, "12"),
    row("BASELINE", "T4", T, "14"),
    row("BASELINE", "NT1", NT, state=LesionState.PRESENT),
    row("WEEK 8", "T1", T, "12", part="1"),
    row("WEEK 8", "T1", T, "9.1", part="2"),
    node("WEEK 8", "9.9"),
    row("WEEK 8", "T3", T, state=LesionState.TOO_SMALL),
    row("WEEK 8", "T4", T, state=LesionState.MERGED, merged_into="T1"),
    row("WEEK 8", "NT1", NT, state=LesionState.ABSENT),
    row("WEEK 16", "T1", T, "11"),
    row("WEEK 16", "T2", T, node=True, organ="mediastinum", state=LesionState.NOT_EVALUABLE),
    row("WEEK 16", "T3", T, state=LesionState.ABSENT),
    row("WEEK 16", "T4", T, state=LesionState.MERGED, merged_into="T1"),
    row("WEEK 16", "NT1", NT, state=LesionState.UNEQUIVOCAL_PROGRESSION),
    row("WEEK 16", "N1", NEW, "7", state=LesionState.EQUIVOCAL, organ="LUNG"),
    row("WEEK 24", "", None, state=LesionState.NOT_EVALUABLE, reason="scanner was down"),
]


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Path]:
    """A subject with everything that can happen, and where it was exported to."""
    point = AssessedTimePoint("WEEK 8", DAYS["WEEK 8"], facts={LAST_SCAN_DATE: "2025-03-05"})
    made = Home(tmp_path_factory.mktemp("rich") / "home").write(RICH, [point])
    out = made.workspace.home.parent / "out"
    export_sdtm(made.study(), out)
    return made, out


@pytest.fixture(scope="module")
def rich(exported: tuple[Home, Path]) -> Mapping[str, Rows]:
    """The tables of that subject by domain."""
    return {path.stem: read(path) for path in exported[1].glob("*.csv")}


def find(rows: Rows, **given: str) -> list[dict[str, str]]:
    return [r for r in rows if all(r[name] == value for name, value in given.items())]


def test_every_lesion_is_identified_once(rich: Mapping[str, Rows]) -> None:
    said = [(r["TULNKID"], r["TUTESTCD"], r["TUORRES"], r["VISIT"]) for r in rich["tu"]]
    assert sorted(said) == [
        ("N1", "TUMIDENT", "NEW", "WEEK 16"),
        ("NT1", "TUMIDENT", "NON-TARGET", "BASELINE"),
        ("T1", "TUMIDENT", "TARGET", "BASELINE"),
        ("T1.1", "TUSPLIT", "TARGET", "WEEK 8"),
        ("T1.2", "TUSPLIT", "TARGET", "WEEK 8"),
        ("T2", "TUMIDENT", "TARGET", "BASELINE"),
        ("T3", "TUMIDENT", "TARGET", "BASELINE"),
        ("T4", "TUMERGE", "TARGET", "WEEK 8"),
        ("T4", "TUMIDENT", "TARGET", "BASELINE"),
    ]
    (merge,) = find(rich["tu"], TUTESTCD="TUMERGE")
    assert merge["TUGRPID"] == "T1"


def test_a_node_is_called_one_and_its_short_axis_counts(rich: Mapping[str, Rows]) -> None:
    (identified,) = find(rich["tu"], TULNKID="T2")
    assert (identified["TULOC"], identified["TUMETHOD"]) == ("LYMPH NODE", "CT SCAN")
    (detail,) = find(rich["supptu"], IDVARVAL=identified["TUSEQ"])
    assert (detail["QNAM"], detail["QVAL"]) == ("TULOCDTL", "mediastinum")
    found = find(rich["tr"], TRLNKID="T2", VISIT="BASELINE")
    assert [(r["TRTESTCD"], r["TRORRES"], r["TRORRESU"]) for r in found] == [
        ("LPERP", "16.25", "mm"),
        ("LDIAM", "20.5", "mm"),
        ("VOLUME", "1234.5", "mm3"),
    ]


def test_numbers_keep_their_digits(rich: Mapping[str, Rows]) -> None:
    (found,) = find(rich["tr"], TRLNKID="T1", VISIT="BASELINE")
    assert (found["TRORRES"], found["TRSTRESC"], found["TRSTRESN"]) == ("30.50",) * 3


def test_words_of_targets_stand_for_lengths(rich: Mapping[str, Rows]) -> None:
    (small,) = find(rich["tr"], TRLNKID="T3", VISIT="WEEK 8")
    assert (small["TRORRES"], small["TRSTRESC"]) == ("TOO SMALL TO MEASURE", "5")
    (gone,) = find(rich["tr"], TRLNKID="T3", VISIT="WEEK 16")
    assert (gone["TRORRES"], gone["TRSTRESN"], gone["TRSTRESU"]) == ("ABSENT", "0", "mm")


def test_states_of_other_lesions_are_tumour_states(rich: Mapping[str, Rows]) -> None:
    states = find(rich["tr"], TRTESTCD="TUMSTATE")
    assert [(r["TRLNKID"], r["TRSTRESC"]) for r in states] == [
        ("NT1", "PRESENT"),
        ("NT1", "ABSENT"),
        ("NT1", "UNEQUIVOCAL"),
        ("N1", "EQUIVOCAL"),
    ]


def test_what_was_not_evaluable_was_not_done(rich: Mapping[str, Rows]) -> None:
    (lost,) = find(rich["tr"], TRLNKID="T2", VISIT="WEEK 16")
    assert (lost["TRSTAT"], lost["TRREASND"]) == ("NOT DONE", "NOT EVALUABLE")
    (all_lost,) = find(rich["tr"], VISIT="WEEK 24")
    assert (all_lost["TRTESTCD"], all_lost["TRREASND"]) == ("TRALL", "scanner was down")


def test_sums_are_those_of_the_store(rich: Mapping[str, Rows]) -> None:
    sums = {r["VISIT"]: r["TRORRES"] for r in find(rich["tr"], TRTESTCD="SUMDIAM")}
    assert sums == {"BASELINE": "72.75", "WEEK 8": "36.0"}


def test_responses_stand_with_their_criterion(rich: Mapping[str, Rows]) -> None:
    said = [(r["VISIT"], r["RSTESTCD"], r["RSSTRESC"]) for r in rich["rs"]]
    assert said[:4] == [
        ("WEEK 8", "TRGRESP", "PR"),
        ("WEEK 8", "NTRGRESP", "CR"),
        ("WEEK 8", "NEWLIND", "N"),
        ("WEEK 8", "OVRLRESP", "PR"),
    ]
    assert ("WEEK 16", "OVRLRESP", "PD") in said
    assert said[-1] == ("", "BESTRESP", "PR")
    assert {r["RSCAT"] for r in rich["rs"]} == {"RECIST 1.1"}
    assert {r["RSDRVFL"] for r in rich["rs"]} == {"Y"}


def test_study_days_have_no_day_zero(rich: Mapping[str, Rows]) -> None:
    days = {r["VISIT"]: (r["TRDTC"], r["TRDY"], r["VISITNUM"]) for r in rich["tr"]}
    assert days["BASELINE"] == ("2025-01-06", "-4", "1")
    assert days["WEEK 8"] == ("2025-03-03", "53", "2")


def test_sequence_numbers_are_unique_within_a_subject(rich: Mapping[str, Rows]) -> None:
    for domain in ("tu", "tr", "rs"):
        numbers = [int(r[f"{domain.upper()}SEQ"]) for r in rich[domain]]
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_date_without_a_day_stays_one(home: Callable[..., Any], tmp_path: Path) -> None:
    late = AssessedTimePoint("WEEK 8", DAYS["WEEK 8"], facts={PARTIAL_DATE: "2025-03"})
    rows = [row("BASELINE", "T1", T, "20"), row("WEEK 8", "T1", T, "18")]
    export_sdtm(home().write(rows, [late]).study(), tmp_path / "out")
    (_, second) = find(read(tmp_path / "out" / "tr.csv"), TRTESTCD="LDIAM")
    assert (second["TRDTC"], second["TRDY"]) == ("2025-03", "")


@pytest.mark.parametrize("kind", ["csv", "xpt"])
def test_read_again_everything_is_assessed_the_same(
    home: Callable[..., Any], tmp_path: Path, exported: tuple[Home, Path], kind: str
) -> None:
    made, out = exported
    folder = tmp_path / "again"
    folder.mkdir()
    for path in out.iterdir():
        if path.suffix == f".{kind}" or path.name == "dm_reference.csv":
            shutil.copy(path, folder)
    other = home("other")
    import_sdtm(folder, other.store, actor="bert")
    assess_all(other.workspace, other.store, other.store.read_subjects(), actor="bert")
    assert other.assessments() == made.assessments()
    assert other.store.read_results()[0].summary == made.store.read_results()[0].summary


def test_what_is_provisional_has_a_category_of_its_own_and_stays_so(
    home: Callable[..., Any], tmp_path: Path
) -> None:
    doubt = "lesions were matched by the program"
    point = AssessedTimePoint("WEEK 8", DAYS["WEEK 8"], (doubt, "another doubt"))
    new = row("WEEK 8", "N1", NEW, state=LesionState.EQUIVOCAL, provisional="waits for a call")
    rows = [row("BASELINE", "T1", T, "20"), row("WEEK 8", "T1", T, "10"), new]
    made = home().write(rows, [point])
    done = export_sdtm(made.study(), tmp_path / "out")
    assert "1 of 1 responses are provisional" in done.notes[0]
    said = read(tmp_path / "out" / "rs.csv")
    assert {r["RSCAT"] for r in said} == {"RECIST 1.1 PROVISIONAL"}
    why = find(read(tmp_path / "out" / "supprs.csv"), IDVARVAL="1")
    assert doubt in " ".join(r["QVAL"] for r in why)
    other = home("other")
    import_sdtm(tmp_path / "out", other.store, actor="bert")
    assess_all(other.workspace, other.store, other.store.read_subjects(), actor="bert")
    assert other.assessments() == made.assessments()


def test_transport_files_hold_what_the_csv_files_do(exported: tuple[Home, Path]) -> None:
    for path in exported[1].glob("*.xpt"):
        frame, about = pyreadstat.read_xport(path)
        table = read(path.with_suffix(".csv"))
        assert about.table_name == path.stem.upper()
        assert list(frame.columns) == list(table[0])
        assert all(len(name) <= 8 for name in about.column_names)
        assert all(label and len(label) <= 40 for label in about.column_labels)
        for name in frame.columns:
            for there, here in zip(frame[name], (r[name] for r in table), strict=True):
                if about.readstat_variable_types[name] == "string":
                    assert there == here
                else:
                    assert (there != there) if here == "" else float(here) == there


def test_variables_are_described(rich: Mapping[str, Rows]) -> None:
    described = {(r["DATASET"], r["VARIABLE"]): r for r in rich["define"]}
    assert described["TR", "TRSTRESN"]["TYPE"] == "Num"
    assert described["TU", "USUBJID"]["LENGTH"] == "2"
    assert described["RS", "RSTEST"]["LABEL"] == "Assessment Name"


def test_readers_keep_apart(home: Callable[..., Any], tmp_path: Path) -> None:
    made = home().write([row("BASELINE", "T1", T, "20"), row("WEEK 8", "T1", T, "18")])
    other = Reader("INDEPENDENT ASSESSOR", "RADIOLOGIST 1")
    made.write([row("BASELINE", "T1", T, "30"), row("WEEK 8", "T1", T, "15")], reader=other)
    export_sdtm(made.study(), tmp_path / "out")
    said = find(read(tmp_path / "out" / "rs.csv"), RSTESTCD="OVRLRESP")
    assert [(r["RSEVAL"], r["RSEVALID"], r["RSSTRESC"]) for r in said] == [
        ("INDEPENDENT ASSESSOR", "RADIOLOGIST 1", "PR"),
        ("INVESTIGATOR", "", "SD"),
    ]


def test_the_study_is_named_by_the_option_the_tables_or_the_folder(
    home: Callable[..., Any], tmp_path: Path
) -> None:
    made = home("trial7").write([row("BASELINE", "T1", T, "20"), row("WEEK 8", "T1", T, "18")])

    def export(*words: str) -> str:
        out = tmp_path / "out"
        where = ["--home", str(made.workspace.home), "--out", str(out)]
        done = CliRunner().invoke(main, ["export", "sdtm", *where, *words])
        assert done.exit_code == 0, done.output
        return read(out / "tr.csv")[0]["STUDYID"]

    assert export("--study", "XYZ") == "XYZ"
    assert export() == "TRIAL7"


def test_no_start_of_treatment_leaves_study_days_empty(
    home: Callable[..., Any], tmp_path: Path
) -> None:
    rows = [row("BASELINE", "T1", T, "20"), row("WEEK 8", "T1", T, "18")]
    done = export_sdtm(home().write(rows, facts=SubjectFacts("P1")).study(), tmp_path / "out")
    assert {r["TRDY"] for r in read(tmp_path / "out" / "tr.csv")} == {""}
    assert any("start of treatment is not known" in note for note in done.notes)


def test_the_public_set_is_assessed_the_same_when_it_is_read_again(
    home: Callable[..., Any], tmp_path: Path, shared_data: Path
) -> None:
    folder = shared_data / "table_sdtm_recist"
    if not folder.is_dir():
        pytest.skip("the public SDTM tables are not here")
    made, other = home("one"), home("two")
    import_sdtm(folder, made.store, actor="anna")
    assess_all(made.workspace, made.store, made.store.read_subjects(), actor="anna")
    export_sdtm(made.study(), tmp_path / "out")
    import_sdtm(tmp_path / "out", other.store, actor="bert")
    assess_all(other.workspace, other.store, other.store.read_subjects(), actor="bert")
    assert len(made.assessments()) == 90
    assert other.assessments() == made.assessments()

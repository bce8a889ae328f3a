"""SDTM tables become readings; whatever cannot be read is told, by file and row."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from response.errors import ManifestError
from response.ingest.sdtm import SdtmStudy, read_sdtm
from response.model import LesionReading, Reader
from response.terms import LesionState, Role

TODAY = dt.date(2026, 1, 1)
INVESTIGATOR = Reader()
Rows = Sequence[dict[str, Any]]


def tu(link: str, role: str = "TARGET", **more: Any) -> dict[str, Any]:
    row = {"DOMAIN": "TU", "STUDYID": "S", "USUBJID": "P1", "TULNKID": link, "TULOC": "LIVER"}
    row |= {"TUTESTCD": "TUMIDENT", "TUORRES": role, "VISIT": "SCREENING", "TUDTC": "2025-01-06"}
    return row | more


def tr(link: str, result: Any, visit: str = "SCREENING", **more: Any) -> dict[str, Any]:
    date = {"SCREENING": "2025-01-06", "WEEK 8": "2025-03-03", "WEEK 16": "2025-04-28"}[visit]
    word = not str(result).replace(".", "").isdigit()
    row = {"DOMAIN": "TR", "STUDYID": "S", "USUBJID": "P1", "TRLNKID": link, "TRTESTCD": "LDIAM"}
    row |= {"TRORRES": result, "TRORRESU": "" if word else "mm", "VISIT": visit, "TRDTC": date}
    return row | more


def write(path: Path, rows: Rows) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


Read = Callable[..., SdtmStudy]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_rows(tus: Rows, trs: Rows, **others: Rows) -> SdtmStudy:
        for name, rows in {"a": tus, "b": trs, **others}.items():
            if rows:
                write(tmp_path / f"{name}.csv", rows)
        return read_sdtm(tmp_path, today=TODAY)

    return read_rows


def problems(read: Read, tus: Rows, trs: Rows, **others: Rows) -> tuple[str, ...]:
    with pytest.raises(ManifestError) as caught:
        read(tus, trs, **others)
    return caught.value.problems


def one(study: SdtmStudy, visit: str, lesion: str) -> LesionReading:
    (stream,) = study.streams
    (found,) = [r for r in stream.readings if (r.time_point, r.lesion) == (visit, lesion)]
    return found


TARGET = [tu("T1")]
MEASURED = [tr("T1", "20"), tr("T1", "14", "WEEK 8")]


def test_a_target_is_read_with_its_place_and_length(read: Read) -> None:
    study = read(TARGET, MEASURED)
    row = one(study, "WEEK 8", "T1")
    assert (row.role, row.organ, row.node) == (Role.TARGET, "LIVER", False)
    assert (row.diameter_mm, row.date, row.state) == (Decimal(14), dt.date(2025, 3, 3), None)
    assert (study.study, study.streams[0].subject) == ("S", "P1")
    assert study.streams[0].reader == INVESTIGATOR


def test_lengths_keep_their_digits_and_centimetres_are_tenfold(read: Read) -> None:
    rows = [tr("T1", "2.05", TRORRESU="cm"), tr("T1", "14.50", "WEEK 8")]
    study = read(TARGET, rows)
    assert str(one(study, "SCREENING", "T1").diameter_mm) == "20.50"
    assert str(one(study, "WEEK 8", "T1").diameter_mm) == "14.50"


def test_of_a_node_the_short_axis_counts(read: Read) -> None:
    node = [tu("T1", TULOC="CERVICAL LYMPH NODE")]
    rows = [tr("T1", "24"), tr("T1", "16", TRTESTCD="LPERP")]
    row = one(read(node, rows), "SCREENING", "T1")
    assert (row.node, row.diameter_mm) == (True, Decimal(16))
    assert row.extra == {"longest_diameter_mm": Decimal(24), "short_diameter_mm": Decimal(16)}


def test_of_any_other_lesion_the_longest_diameter_counts(read: Read) -> None:
    rows = [tr("T1", "24"), tr("T1", "16", TRTESTCD="LPERP")]
    assert one(read(TARGET, rows), "SCREENING", "T1").diameter_mm == Decimal(24)


def test_the_diameter_that_counts_may_be_given_by_that_name(read: Read) -> None:
    node = [tu("T1", TULOC="LYMPH NODE")]
    row = one(read(node, [tr("T1", "16", TRTESTCD="DIAMETER")]), "SCREENING", "T1")
    assert row.diameter_mm == Decimal(16)


def test_a_node_without_its_short_axis_is_refused(read: Read) -> None:
    (told,) = problems(read, [tu("T1", TULOC="LYMPH NODE")], [tr("T1", "24")])
    assert told.startswith("b.csv row 2: subject P1, time point SCREENING, lesion T1: ")
    assert "its short axis (LPERP) counts, but only LDIAM is given: add LPERP" in told


@pytest.mark.parametrize(
    ("role", "word", "state"),
    [
        ("TARGET", "TOO SMALL TO MEASURE", LesionState.TOO_SMALL),
        ("TARGET", "ABSENT", LesionState.ABSENT),
        ("TARGET", "Not  Evaluable", LesionState.NOT_EVALUABLE),
        ("NON-TARGET", "PRESENT", LesionState.PRESENT),
        ("NON-TARGET", "ABSENT", LesionState.ABSENT),
        ("NON-TARGET", "UNEQUIVOCAL", LesionState.UNEQUIVOCAL_PROGRESSION),
        ("NON-TARGET", "UNEQUIVOCAL PROGRESSION", LesionState.UNEQUIVOCAL_PROGRESSION),
        ("NON-TARGET", "NOT EVALUABLE", LesionState.NOT_EVALUABLE),
        ("NEW", "EQUIVOCAL", LesionState.EQUIVOCAL),
        ("NEW", "UNEQUIVOCAL", LesionState.UNEQUIVOCAL),
        ("NEW", "PRESENT", LesionState.UNEQUIVOCAL),
    ],
)
def test_a_word_says_the_state_of_its_role(
    read: Read, role: str, word: str, state: LesionState
) -> None:
    base = [tu("T1"), tu("X", role, VISIT="WEEK 8" if role == "NEW" else "SCREENING", TUDTC="")]
    rows = [tr("T1", "20"), tr("T1", "20", "WEEK 8"), tr("X", word, "WEEK 8", TRTESTCD="TUMSTATE")]
    if role == "TARGET":
        rows.append(tr("X", "15"))
    assert one(read(base, rows), "WEEK 8", "X").state is state


def test_too_small_may_be_standardised_to_five(read: Read) -> None:
    word = tr("T1", "TOO SMALL TO MEASURE", "WEEK 8", TRSTRESC="5", TRSTRESN="5", TRSTRESU="mm")
    assert one(read(TARGET, [MEASURED[0], word]), "WEEK 8", "T1").state is LesionState.TOO_SMALL


def test_what_was_not_done_is_not_evaluable_with_its_reason(read: Read) -> None:
    done = tr("T1", "", "WEEK 8", TRSTAT="NOT DONE", TRREASND="SCAN NOT PERFORMED")
    row = one(read(TARGET, [MEASURED[0], done]), "WEEK 8", "T1")
    assert (row.state, row.reason) == (LesionState.NOT_EVALUABLE, "SCAN NOT PERFORMED")
    assert row.diameter_mm is None


def test_a_whole_time_point_may_be_not_done(read: Read) -> None:
    done = tr("", "", "WEEK 8", TRTESTCD="TRALL", TRSTAT="NOT DONE", TRREASND="MISSED")
    row = one(read(TARGET, [MEASURED[0], done]), "WEEK 8", "")
    assert (row.state, row.reason) == (LesionState.NOT_EVALUABLE, "MISSED")


def test_fragments_keep_the_name_of_the_lesion_that_split(read: Read) -> None:
    splits = [tu(f"T1.{n}", TUTESTCD="TUSPLIT", TUGRPID="T1", VISIT="WEEK 8") for n in (1, 2)]
    rows = [MEASURED[0], tr("T1.1", "6", "WEEK 8"), tr("T1.2", "7", "WEEK 8")]
    (stream,) = read([*TARGET, *splits], rows).streams
    parts = {(r.lesion, r.part): r.diameter_mm for r in stream.readings if r.part}
    assert parts == {("T1", "1"): Decimal(6), ("T1", "2"): Decimal(7)}


def test_letters_name_fragments_too(read: Read) -> None:
    rows = [MEASURED[0], tr("T1a", "6", "WEEK 8"), tr("T1b", "7", "WEEK 8")]
    (stream,) = read(TARGET, rows).streams
    assert [(r.lesion, r.part) for r in stream.readings] == [("T1", ""), ("T1", "a"), ("T1", "b")]


@pytest.mark.parametrize("link", ["T2", "T1/T2"])
def test_of_lesions_that_merged_one_is_measured_on(read: Read, link: str) -> None:
    group = "T1" if link == "T2" else ""
    merge = tu(link, TUTESTCD="TUMERGE", TUGRPID=group, VISIT="WEEK 8", TUDTC="2025-03-03")
    carried = "T1" if link == "T2" else link
    rows = [tr("T1", "20"), tr("T2", "15"), tr(carried, "33", "WEEK 8")]
    study = read([tu("T1"), tu("T2"), merge], rows)
    assert one(study, "WEEK 8", "T1").diameter_mm == Decimal(33)
    merged = one(study, "WEEK 8", "T2")
    assert (merged.state, merged.merged_into) == (LesionState.MERGED, "T1")


def test_what_only_tu_says_is_there(read: Read) -> None:
    more = [tu("NT1", "NON-TARGET"), tu("NEW1", "NEW", VISIT="WEEK 8", TUDTC="2025-03-03")]
    study = read([*TARGET, *more], MEASURED)
    assert one(study, "SCREENING", "NT1").state is LesionState.PRESENT
    assert one(study, "WEEK 8", "NEW1").state is LesionState.UNEQUIVOCAL


def test_a_new_lesion_that_is_only_measured_is_one(read: Read) -> None:
    lesion = tu("NEW1", "NEW", VISIT="WEEK 8", TUDTC="2025-03-03")
    rows = [
        *MEASURED,
        tr("NEW1", "7", "WEEK 8"),
        tr("NEW1", "9", "WEEK 16"),
        tr("T1", "9", "WEEK 16"),
    ]
    study = read([*TARGET, lesion], rows)
    first, second = one(study, "WEEK 8", "NEW1"), one(study, "WEEK 16", "NEW1")
    assert (first.state, first.diameter_mm) == (LesionState.UNEQUIVOCAL, Decimal(7))
    assert (second.state, second.diameter_mm) == (None, Decimal(9))


def test_a_node_no_longer_pathological_keeps_its_length(read: Read) -> None:
    node = [tu("T1", TULOC="LYMPH NODE")]
    size = {"TRTESTCD": "LPERP"}
    word = tr("T1", "NON-PATHOLOGICAL", "WEEK 8", TRTESTCD="LNSTATE")
    row = one(
        read(node, [tr("T1", "16", **size), tr("T1", "8", "WEEK 8", **size), word]), "WEEK 8", "T1"
    )
    assert (row.diameter_mm, row.state) == (Decimal(8), None)


def test_a_benign_abnormality_counts_for_nothing(read: Read) -> None:
    study = read([*TARGET, tu("B1", "BENIGN ABNORMALITY")], [*MEASURED, tr("B1", "30")])
    assert {r.lesion for r in study.streams[0].readings} == {"T1"}


def test_readers_and_their_lesions_keep_apart(read: Read) -> None:
    who = {"TUEVAL": "Independent Assessor", "TUEVALID": "RADIOLOGIST 1"}
    theirs = {"TREVAL": "INDEPENDENT ASSESSOR", "TREVALID": "RADIOLOGIST 1"}
    study = read([*TARGET, tu("T1", TULOC="LUNG", **who)], [*MEASURED, tr("T1", "30", **theirs)])
    assert {s.reader: s.readings[0].organ for s in study.streams} == {
        INVESTIGATOR: "LIVER",
        Reader("INDEPENDENT ASSESSOR", "RADIOLOGIST 1"): "LUNG",
    }


def test_a_visit_is_dated_by_its_first_scan_and_keeps_the_last(read: Read) -> None:
    rows = [tr("T1", "20"), tr("T2", "15", TRDTC="2025-01-09T10:30")]
    (stream,) = read([tu("T1", TUDTC=""), tu("T2", TUDTC="")], rows).streams
    (point,) = stream.time_points
    assert point.date == dt.date(2025, 1, 6)
    assert point.facts["last_scan_date"] == "2025-01-09"
    assert {r.date for r in stream.readings} == {dt.date(2025, 1, 6)}


def test_a_scan_not_performed_takes_the_date_of_its_visit(read: Read) -> None:
    not_done = tr("T2", "", "WEEK 8", TRDTC="", TRSTAT="NOT DONE")
    rows = [tr("T1", "20"), tr("T2", "15"), tr("T1", "14", "WEEK 8"), not_done]
    assert one(read([tu("T1"), tu("T2")], rows), "WEEK 8", "T2").date == dt.date(2025, 3, 3)


def test_a_month_without_a_day_is_its_last_day_and_says_so(read: Read) -> None:
    (stream,) = read(TARGET, [tr("T1", "20"), tr("T1", "14", "WEEK 8", TRDTC="2025-02")]).streams
    point = stream.time_points[1]
    assert (point.date, point.facts["partial_date"]) == (dt.date(2025, 2, 28), "2025-02")


def test_visits_of_one_name_and_two_numbers_are_two(read: Read) -> None:
    early = tr("T1", "18", "WEEK 8", VISIT="UNSCHEDULED", VISITNUM="2.1", TRDTC="2025-02-03")
    late = tr("T1", "14", "WEEK 8", VISIT="UNSCHEDULED", VISITNUM="2.2", TRDTC="2025-03-03")
    (stream,) = read(TARGET, [tr("T1", "20", VISITNUM="1.0"), early, late]).streams
    assert [p.time_point for p in stream.time_points] == [
        "SCREENING",
        "UNSCHEDULED (2.1)",
        "UNSCHEDULED (2.2)",
    ]


def test_without_a_visit_name_its_number_or_date_is_the_name(read: Read) -> None:
    rows = [tr("T1", "20", VISIT="", VISITNUM="1.0"), tr("T1", "14", "WEEK 8", VISIT="")]
    (stream,) = read([tu("T1", VISIT="", VISITNUM="1")], rows).streams
    assert [p.time_point for p in stream.time_points] == ["1", "2025-03-03"]


def test_scans_weeks_apart_are_no_one_time_point(read: Read) -> None:
    rows = [tr("T1", "20"), tr("T2", "15", TRDTC="2025-02-09")]
    assert "over 28 days are no one time point" in problems(read, [tu("T1"), tu("T2")], rows)[0]


def test_dm_says_when_treatment_began_and_death(read: Read) -> None:
    dm = {"DOMAIN": "DM", "USUBJID": "P1", "RFSTDTC": "2025-01-01", "RFXSTDTC": "2025-01-13T08:00"}
    study = read(TARGET, MEASURED, c=[dm | {"DTHDTC": "2025-06-30"}])
    facts = study.streams[0].facts
    assert facts.treatment_start == dt.date(2025, 1, 13)
    assert facts.death_date == dt.date(2025, 6, 30)


def test_responses_of_every_category_are_kept(read: Read) -> None:
    rs = {"DOMAIN": "RS", "USUBJID": "P1", "RSTESTCD": "OVRLRESP", "VISIT": "WEEK 8"}
    rows = [rs | {"RSORRES": "pr"}, rs | {"RSSTRESC": "iUPD", "RSCAT": "iRECIST"}]
    sums = [tr("", "20", TRTESTCD="SUMDIAM"), tr("", "-50", TRTESTCD="PCBSD", TRORRESU="%")]
    study = read(TARGET, [*MEASURED, *sums], c=rows)
    assert [(r.category, r.test, r.value) for r in study.responses] == [
        ("", "OVRLRESP", "PR"),
        ("iRECIST", "OVRLRESP", "iUPD"),
        ("", "SUMDIAM", "20"),
    ]


def test_files_are_told_apart_by_their_rows(read: Read, tmp_path: Path) -> None:
    write(tmp_path / "tr_rest.csv", [tr("T1", "12", "WEEK 16")])
    write(tmp_path / "ae.csv", [{"DOMAIN": "AE", "USUBJID": "P1"}])
    write(tmp_path / "adtr.csv", [{"DOMAIN": "TR", "USUBJID": "P1", "PARAMCD": "SDIAM"}])
    write(tmp_path / "list.csv", [{"USUBJID": "P1"}])
    study = read(TARGET, MEASURED)
    assert len(study.streams[0].readings) == 3
    assert study.notes == (
        "adtr.csv: an analysis data set (it has PARAMCD), not a source",
        "ae.csv: 1 rows of domain AE",
        "list.csv: no DOMAIN column",
    )


def test_what_is_passed_over_is_told(read: Read) -> None:
    rows = [*MEASURED, tr("", "-30", "WEEK 8", TRTESTCD="PCBSD", TRORRESU="%")]
    rs = {"DOMAIN": "RS", "USUBJID": "P1", "RSTESTCD": "MRKRRESP", "RSORRES": "NORMAL"}
    benign = tu("B1", "BENIGN ABNORMALITY")
    assert read([*TARGET, benign], rows, c=[rs]).notes == (
        "tests of TR that are not read: PCBSD (1)",
        "responses that are kept and not compared: MRKRRESP (1)",
        "1 lesions are benign or locations of interest: they count for nothing",
    )


def test_repeated_rows_count_once_and_are_told(read: Read) -> None:
    study = read(TARGET, [*MEASURED, MEASURED[1]])
    assert len(study.streams[0].readings) == 2
    assert study.notes == ("1 rows say again what another row says (first: b.csv row 4)",)


@pytest.mark.parametrize(
    ("tus", "trs", "told"),
    [
        (TARGET, [tr("T1", "20", TRORRESU="")], "TRORRESU is empty: give the length's unit"),
        (TARGET, [tr("T1", "20", TRORRESU="in")], "TRORRESU is 'in': give the length's unit"),
        (TARGET, [tr("T1", "HUGE")], "TRORRES is 'HUGE': a number, or one of"),
        (TARGET, [tr("T1", "2000")], "no lesion is longer than 1000 mm"),
        (TARGET, [tr("T1", "20", TRTESTCD="LENGTH")], "TRTESTCD is 'LENGTH': one of LDIAM"),
        (TARGET, [tr("T1", "20", TRSTRESN="2", TRSTRESU="mm")], "the same length"),
        (TARGET, [tr("T1", "20", TRSTAT="DONE")], "TRSTAT is 'DONE'"),
        (TARGET, [tr("T1", "20", TRDTC="06JAN2025", VISIT="V1")], "TRDTC"),
        (TARGET, [tr("T1", "20"), tr("T1", "21")], "LDIAM is another in b.csv row 2"),
        (TARGET, [tr("T9", "20")], "TU does not identify for INVESTIGATOR: add its TU row"),
        ([tu("T1", "MAIN")], [tr("T1", "20")], "TUORRES is 'MAIN': one of TARGET, NON-TARGET"),
        ([tu("T1", TUTESTCD="X")], [tr("T1", "20")], "TUTESTCD is 'X': one of"),
        ([tu("T1"), tu("T1", "NON-TARGET")], MEASURED, "one lesion, one role and place"),
        ([tu("T1"), tu("Q.1", TUTESTCD="TUSPLIT")], MEASURED, "name it in TUGRPID"),
        ([tu("T1"), tu("T7", TUTESTCD="TUMERGE")], MEASURED, "TUMERGE does not say which"),
        ([], MEASURED, "TR is here without TU"),
        ([tu("T1"), tu("T2")], MEASURED, "identified as a target, but TR has no row of it"),
        (TARGET, [tr("T1", "20"), tr("T1", "5", "WEEK 8", USUBJID="")], "USUBJID is empty"),
    ],
)
def test_what_cannot_be_read_is_told(read: Read, tus: Rows, trs: Rows, told: str) -> None:
    assert any(told in text for text in problems(read, tus, trs))


def test_a_wrong_date_is_told_by_the_column_it_stands_in(read: Read) -> None:
    told = problems(read, TARGET, [tr("T1", "20", TRDTC="2014-13-01")])
    assert told == ("b.csv row 2: subject P1: TRDTC: '2014-13-01' is not a day; "
                    "write it as 2025-03-31",)  # fmt: skip


def test_all_problems_of_all_files_are_told_at_once(read: Read) -> None:
    rs = {"DOMAIN": "RS", "USUBJID": "P1", "RSTESTCD": "OVRLRESP", "RSORRES": "BETTER"}
    rows = [tr("T1", "20"), tr("T1", "LONG", "WEEK 8"), tr("T2", "5", "WEEK 8")]
    told = problems(read, TARGET, rows, c=[rs])
    assert [text.split(":")[0] for text in told] == ["b.csv row 4", "b.csv row 3", "c.csv row 2"]


def test_a_missing_column_is_named(read: Read) -> None:
    rows = [{k: v for k, v in row.items() if k != "TRDTC"} for row in MEASURED]
    assert problems(read, TARGET, rows) == ("b.csv: column 'TRDTC' of domain TR is missing",)


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        read_sdtm(tmp_path)
    assert "no table of TU, TR, RS or DM is here" in caught.value.problems[0]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'DOMAIN,"A\nTU,1', b"DOMAIN;A\nTU;1\n"])
def test_what_is_no_csv_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(ManifestError, match=r"1 problems"):
        read_sdtm(tmp_path)


def test_transport_files_say_the_same_as_csv(read: Read, tmp_path: Path) -> None:
    import pandas as pd
    import pyreadstat

    from_csv = read(TARGET, [row | {"TRSTRESN": ""} for row in MEASURED])
    folder = tmp_path / "xpt"
    folder.mkdir()
    for name, rows in (("TU", TARGET), ("TR", [r | {"TRSTRESN": 1.0} for r in MEASURED])):
        frame = pd.DataFrame(list(rows))
        if name == "TR":
            frame["TRSTRESN"] = frame["TRORRES"].astype(float)
        path = folder / f"{name.lower()}.xpt"
        pyreadstat.write_xport(frame, path, table_name=name, file_format_version=5)
    assert read_sdtm(folder, today=TODAY).streams == from_csv.streams


def test_what_is_no_transport_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tu.xpt").write_text("hello")
    with pytest.raises(ManifestError) as caught:
        read_sdtm(tmp_path)
    assert "tu.xpt: not a SAS transport file" in caught.value.problems[0]

"""Analysis data sets: known courses by hand, and another implementation's results."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyreadstat
import pytest
from study_home import Home

from response.export.adam import export_adam
from response.ingest.sdtm_writing import import_sdtm
from response.model import AssessedTimePoint, LesionReading, SubjectFacts
from response.pipeline import assess_all
from response.terms import Role

START = dt.date(2025, 1, 10)
DAYS = {"BASELINE": dt.date(2025, 1, 6), "WEEK 8": dt.date(2025, 3, 3)}
DAYS |= {"WEEK 16": dt.date(2025, 4, 28), "WEEK 24": dt.date(2025, 6, 23)}
Row = dict[str, str]


def course(*lengths: str) -> list[LesionReading]:
    """One target, measured at one visit after the other."""
    return [
        LesionReading(visit, day, "T1", Role.TARGET, diameter_mm=Decimal(mm))
        for (visit, day), mm in zip(DAYS.items(), lengths, strict=False)
    ]


def facts(**more: dt.date) -> SubjectFacts:
    return SubjectFacts("P1", treatment_start=START, **more)


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def export(home: Any, out: Path) -> dict[str, list[Row]]:
    export_adam(home.study(), home.workspace.protocol(), out)
    return {path.stem: read(path) for path in out.glob("ad*.csv")}


def parameter(rows: list[Row], code: str) -> Row:
    (found,) = [row for row in rows if row["PARAMCD"] == code]
    return found


Make = Callable[..., Any]


def test_a_response_that_is_confirmed_and_then_ends(home: Make, tmp_path: Path) -> None:
    """20, 14 (−30 %), 14, 20 (+42.86 % and +6 mm over the nadir)."""
    tables = export(home().write(course("20", "14", "14", "20"), facts=facts()), tmp_path / "out")
    adrs, adtte = tables["adrs"], tables["adtte"]
    overall = [r for r in adrs if r["PARAMCD"] == "OVR"]
    assert [(r["AVALC"], r["AVAL"]) for r in overall] == [("PR", "2"), ("PR", "2"), ("PD", "5")]
    said = {
        code: (parameter(adrs, code)["AVALC"], parameter(adrs, code)["ADT"])
        for code in ("PD", "RSP", "CRSP", "CB", "BOR", "CBOR", "BCP", "CBCP", "LSTA", "DEATH")
    }
    assert said == {
        "PD": ("Y", "2025-06-23"),
        "RSP": ("Y", "2025-03-03"),
        "CRSP": ("Y", "2025-03-03"),
        "CB": ("Y", "2025-03-03"),
        "BOR": ("PR", "2025-03-03"),
        "CBOR": ("PR", "2025-03-03"),
        "BCP": ("Y", "2025-03-03"),
        "CBCP": ("Y", "2025-03-03"),
        "LSTA": ("PD", "2025-06-23"),
        "DEATH": ("N", ""),
    }
    times = {r["PARAMCD"]: (r["STARTDT"], r["ADT"], r["AVAL"], r["CNSR"]) for r in adtte}
    assert times == {
        "PFS": ("2025-01-10", "2025-06-23", "165", "0"),
        "RSD": ("2025-03-03", "2025-06-23", "113", "0"),
        "TTR": ("2025-01-10", "2025-03-03", "53", "0"),
    }
    pfs = parameter(adtte, "PFS")
    assert (pfs["EVNTDESC"], pfs["SRCDOM"], pfs["SRCVAR"]) == ("Disease progression", "ADRS", "ADT")
    assert pfs["SRCSEQ"] == parameter(adrs, "PD")["ASEQ"]


@pytest.mark.parametrize(
    ("lengths", "more", "expected"),
    [
        (("20", "19"), {}, ("2025-03-03", "53", "1", "No event")),
        (("20",), {}, ("2025-01-10", "1", "4", "No adequate post-baseline assessment")),
        (("20", "19"), {"death_date": dt.date(2025, 4, 1)}, ("2025-04-01", "82", "0", "Death")),
        (
            ("20", "19", "30"),
            {"new_therapy_date": dt.date(2025, 3, 10)},
            ("2025-03-03", "53", "2", "New anti-cancer therapy"),
        ),
        (
            ("20", "19"),
            {"death_date": dt.date(2025, 12, 1)},
            ("2025-03-03", "53", "3", "Event after missed assessments"),
        ),
    ],
)
def test_how_progression_free_survival_ends(
    home: Make,
    tmp_path: Path,
    lengths: tuple[str, ...],
    more: dict[str, dt.date],
    expected: tuple[str, ...],
) -> None:
    tables = export(home().write(course(*lengths), facts=facts(**more)), tmp_path / "out")
    pfs = parameter(tables["adtte"], "PFS")
    assert (pfs["ADT"], pfs["AVAL"], pfs["CNSR"], pfs["EVNTDESC"]) == expected


def test_overall_survival_counts_to_death_or_last_contact(home: Make, tmp_path: Path) -> None:
    alive = facts(last_contact_date=dt.date(2025, 5, 1))
    tables = export(home().write(course("20", "19"), facts=alive), tmp_path / "out")
    survival = parameter(tables["adtte"], "OS")
    assert (survival["AVAL"], survival["CNSR"], survival["CNSDTDSC"]) == (
        "112",
        "1",
        "Last contact",
    )
    died = facts(death_date=dt.date(2025, 5, 1))
    tables = export(home("two").write(course("20", "19"), facts=died), tmp_path / "two-out")
    assert parameter(tables["adtte"], "OS")["CNSR"] == "0"
    assert parameter(tables["adrs"], "DEATH")["ADT"] == "2025-05-01"


def test_sums_and_changes_are_the_stored_ones(home: Make, tmp_path: Path) -> None:
    tables = export(home().write(course("20.0", "14", "19"), facts=facts()), tmp_path / "out")
    sums = [r for r in tables["adtr"] if r["PARAMCD"] == "SDIAM"]
    names = ("AVAL", "BASE", "CHG", "PCHG", "NADIR", "CHGNAD", "PCHGNAD", "ABLFL")
    assert [tuple(r[name] for name in names) for r in sums] == [
        ("20.0", "20.0", "0.0", "", "", "", "", "Y"),
        ("14", "20.0", "-6.0", "-30.00", "20.0", "-6.0", "-30.00", ""),
        ("19", "20.0", "-1.0", "-5.00", "14", "5", "35.71", ""),
    ]
    lesions = [r for r in tables["adtr"] if r["PARAMCD"] == "LDIAM1"]
    assert [(r["TRLNKID"], r["AVAL"], r["CHG"]) for r in lesions][1] == ("T1", "14", "-6.0")


def test_what_is_provisional_is_flagged_and_not_analysed(home: Make, tmp_path: Path) -> None:
    point = AssessedTimePoint("WEEK 8", DAYS["WEEK 8"], ("matched by the program",))
    made = home().write(course("20", "14"), [point], facts())
    done = export_adam(made.study(), made.workspace.protocol(), tmp_path / "out")
    assert "1 of 1 courses are provisional" in done.notes[0]
    for row in read(tmp_path / "out" / "adrs.csv"):
        if row["PARAMCD"] not in ("DEATH", "MDIS"):
            assert (row["PROVFL"], row["ANL01FL"]) == ("Y", "")
    assert {r["PROVFL"] for r in read(tmp_path / "out" / "adtte.csv")} == {"Y"}


def test_no_dated_start_leaves_no_time_to_event(home: Make, tmp_path: Path) -> None:
    made = home().write(course("20", "14"), facts=SubjectFacts("P1"))
    done = export_adam(made.study(), made.workspace.protocol(), tmp_path / "out")
    assert read(tmp_path / "out" / "adtte.csv") == []
    assert any("neither randomisation nor treatment is dated" in note for note in done.notes)


def test_dates_are_sas_dates_in_transport_files(home: Make, tmp_path: Path) -> None:
    export(home().write(course("20", "14"), facts=facts()), tmp_path / "out")
    frame, about = pyreadstat.read_xport(tmp_path / "out" / "adrs.xpt")
    first = frame[frame["PARAMCD"] == "OVR"].iloc[0]
    assert (first["ADT"], first["TRTSDT"]) == (DAYS["WEEK 8"], START)
    assert (first["AVAL"], first["ADY"]) == (2.0, 53.0)
    assert about.column_names_to_labels["AVALC"] == "Analysis Value (C)"
    assert about.original_variable_types["ADT"].startswith("DATE")


# ------------------------------------------------------------- another implementation's results


@pytest.fixture(scope="module")
def published(shared_data: Path) -> Path:
    folder = shared_data / "table_sdtm_recist"
    if not folder.is_dir():
        pytest.skip("the public analysis data sets are not here")
    return folder


@pytest.fixture(scope="module")
def public(published: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    """What is exported of the public tables, with the dates that the published sets refer to."""
    folder = tmp_path_factory.mktemp("public")
    for name in ("tu", "tr", "rs"):
        shutil.copy(published / f"{name}_onco_recist.csv", folder)
    starts = {r["USUBJID"]: r for r in read(published / "adrs_onco.csv")}
    lines = [
        f"DM,{name},{r['RFSTDTC']},{r['RFXSTDTC']},{r['DTHDTC']}" for name, r in starts.items()
    ]
    header = "DOMAIN,USUBJID,RFSTDTC,RFXSTDTC,DTHDTC"
    (folder / "dm.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    protocol = '[rules]\ncr_then_disease = "warn"\n[endpoints]\npfs_rule = "admiralonco"\n'
    made = Home(folder / "home", protocol)
    import_sdtm(folder, made.store, actor="anna")
    assess_all(made.workspace, made.store, made.store.read_subjects(), actor="anna")
    return export(made, folder / "out")


def by_investigator(rows: list[Row], *codes: str) -> dict[tuple[str, str], Row]:
    return {
        (r["USUBJID"], r["PARAMCD"]): r
        for r in rows
        if r["PARAMCD"] in codes and r.get("PARQUAL", "INVESTIGATOR") in ("INVESTIGATOR", "")
    }


def test_best_responses_and_flags_agree_with_published_ones(
    public: dict[str, list[Row]], published: Path
) -> None:
    """87 of 88, with their dates; the published CBCP is N beside a CBOR of PR."""
    codes = ("BOR", "CBOR", "RSP", "CRSP", "CB", "CCB", "BCP", "CBCP", "PD", "LSTA", "DEATH")
    ours = by_investigator(public["adrs"], *codes)
    theirs = by_investigator(read(published / "adrs_onco.csv"), *codes)
    assert len(ours) == 88
    differ = {
        key: row["AVALC"]
        for key, row in ours.items()
        if (row["AVALC"], row["ADT"]) != (theirs[key]["AVALC"], theirs[key]["ADT"])
    }
    assert differ == {("01-701-1118", "CBCP"): "Y"}
    assert theirs["01-701-1118", "CBOR"]["AVALC"] == "PR"


def test_overall_responses_agree_with_published_ones(
    public: dict[str, list[Row]], published: Path
) -> None:
    def overall(rows: list[Row]) -> set[tuple[str, ...]]:
        names = ("USUBJID", "AVISIT", "AVALC", "AVAL")
        return {
            tuple(r[name].removesuffix(".0") for name in names)
            for r in rows
            if r["PARAMCD"] == "OVR" and r.get("PARQUAL", "INVESTIGATOR") == "INVESTIGATOR"
        }

    assert overall(public["adrs"]) == overall(read(published / "adrs_onco.csv"))


def test_progression_free_survival_ends_where_progression_was_published(
    public: dict[str, list[Row]], published: Path
) -> None:
    """Days are ADT − TRTSDT + 1, to progression or else to the last assessment."""
    theirs = by_investigator(read(published / "adrs_onco.csv"), "PD", "LSTA")
    ours = by_investigator(public["adtte"], "PFS")
    assert len(ours) == 8
    for (subject, _code), row in ours.items():
        progressed = theirs[subject, "PD"]["AVALC"] == "Y"
        end = dt.date.fromisoformat(theirs[subject, "PD" if progressed else "LSTA"]["ADT"])
        start = dt.date.fromisoformat(theirs[subject, "PD"]["TRTSDT"])
        assert row["CNSR"] == ("0" if progressed else "1")
        assert (row["ADT"], row["AVAL"]) == (end.isoformat(), str((end - start).days + 1))


def test_sums_and_nadirs_agree_with_published_ones(
    public: dict[str, list[Row]], published: Path
) -> None:
    """Every sum of a visit with all targets; an incomplete one is no sum here."""
    ours = {
        (r["USUBJID"], r["AVISIT"].replace("SCREENING", "BASELINE")): r
        for r in public["adtr"]
        if r["PARAMCD"] == "SDIAM" and r["PARQUAL"] == "INVESTIGATOR"
    }
    theirs = [r for r in read(published / "adtr_onco.csv") if r["PARAMCD"] == "SDIAM"]
    complete = [r for r in theirs if r["LSEXP"] == r["LSASS"]]
    assert (len(theirs), len(complete)) == (25, 22)
    for row in complete:
        here = ours[row["USUBJID"], row["AVISIT"]]
        for name in ("AVAL", "BASE", "CHG"):
            assert Decimal(here[name]) == Decimal(row[name])
        if row["ABLFL"] != "Y":
            assert Decimal(here["NADIR"]) == Decimal(row["NADIR"])
            assert Decimal(here["CHGNAD"]) == Decimal(row["CHGNAD"])
            assert abs(Decimal(here["PCHG"]) - Decimal(row["PCHG"])) < Decimal("0.01")

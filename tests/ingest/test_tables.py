"""subjects.csv and lesions.csv: what is said of whom, and what cannot be."""

from __future__ import annotations

import pytest

from response.errors import ManifestError

BAD_LESIONS = [
    ("label", "P1,T0,7,,,", "label: 7 is not in the mask (labels there: 1)"),
    ("label text", "P1,T0,one,,,", "label: 'one'"),
    ("role", "P1,T0,1,CHIEF,,", "role: 'CHIEF' is not one of TARGET, NON_TARGET, NEW"),
    ("state", "P1,T0,1,TARGET,GONE,", "state: 'GONE'"),
    (
        "state of role",
        "P1,T0,1,TARGET,PRESENT,",
        "state: PRESENT is not for a lesion of role TARGET",
    ),
    ("new at first", "P1,T0,1,NEW,,", "role: NEW at the first time point"),
    ("node", "P1,T0,1,,,maybe", "node: 'maybe'"),
    ("twice", "P1,T0,1,,,\nP1,T0,1,,,", "label: 1 is there twice"),
]


@pytest.mark.parametrize(("row", "reason"), [case[1:] for case in BAD_LESIONS])
def test_a_bad_row_on_a_lesion_refuses_its_time_point(clinic, row, reason):
    clinic.add()
    clinic.add(time_point="T1", date="2025-03-01")
    clinic.add_table("lesions.csv", f"subject,time_point,label,role,state,node\n{row}\n")
    report = clinic.ingest()
    assert report.taken == (("P1", "T1"),)
    assert reason in report.refused[0].reason
    assert "lesions.csv row" in report.refused[0].reason


def test_a_new_lesion_at_a_later_time_point_is_taken(clinic):
    clinic.add()
    clinic.add(time_point="T1", date="2025-03-01")
    clinic.add_table(
        "lesions.csv", "subject,time_point,label,role,state\nP1,T1,1,NEW,UNEQUIVOCAL\n"
    )
    assert not clinic.ingest().refused


def test_the_first_time_point_is_known_though_it_was_refused(clinic):
    clinic.add(image="missing.nii.gz")
    clinic.add(time_point="T1", date="2025-03-01")
    clinic.add_table("lesions.csv", "subject,time_point,label,role\nP1,T1,1,NEW\n")
    clinic.ingest()
    assert clinic.store.read_time_points("P1")[0].lesion_facts[0].role == "NEW"


def test_a_lesion_of_an_unknown_time_point_is_refused(clinic):
    clinic.add()
    clinic.add_table("lesions.csv", "subject,time_point,label\nP1,T9,1\n")
    report = clinic.ingest()
    assert report.taken == (("P1", "T0"),)
    assert (report.refused[0].time_point, "no scan" in report.refused[0].reason) == ("T9", True)


def test_rows_find_their_reader_by_id(clinic):
    first = clinic.add(evaluator_id="R1")
    other = clinic.save(clinic.make_mask((5, 6, 6, 4)), "other.nii.gz")
    clinic.add(evaluator_id="R2", image=first["image"], mask=other)
    clinic.add_table(
        "lesions.csv",
        "subject,time_point,label,evaluator_id,organ\nP1,T0,5,R2,lung\nP1,T0,1,R1,bone\n",
    )
    clinic.ingest()
    facts = clinic.store.read_time_points("P1")[0].lesion_facts
    assert {(f.reader.evaluator_id, f.label, f.organ) for f in facts} == {
        ("R1", 1, "bone"),
        ("R2", 5, "lung"),
    }


def test_a_row_that_could_be_of_two_readers_is_refused(clinic):
    first = clinic.add(evaluator_id="R1")
    clinic.add(evaluator_id="R2", image=first["image"])
    clinic.add_table("lesions.csv", "subject,time_point,label\nP1,T0,1\n")
    assert "evaluator_id: several readers" in clinic.ingest().refused[0].reason


def test_a_row_of_a_reader_without_marks_is_refused(clinic):
    clinic.add(evaluator_id="R1")
    clinic.add_table("lesions.csv", "subject,time_point,label,evaluator_id\nP1,T0,1,R3\n")
    assert "evaluator: R3 has no marks" in clinic.ingest().refused[0].reason


@pytest.mark.parametrize("name", ["lesions.csv", "subjects.csv"])
def test_an_unknown_column_refuses_everything(clinic, name):
    clinic.add()
    clinic.add_table(name, "subject,time_point,label,colour\nP1,T0,1,red\n")
    with pytest.raises(ManifestError, match="unknown column 'colour'"):
        clinic.ingest()
    assert not clinic.store.read_subjects()


@pytest.mark.parametrize("day", ["2025-13-01", "2025-06", "2999-01-01"])
def test_a_bad_date_of_a_subject_refuses_the_subject(clinic, day):
    clinic.add()
    clinic.add(subject="P2")
    clinic.add_table("subjects.csv", f"subject,death_date\nP1,{day}\n")
    report = clinic.ingest()
    assert report.taken == (("P2", "T0"),)
    assert "death_date" in report.refused[0].reason


def test_a_death_before_the_treatment_refuses_the_subject(clinic):
    clinic.add()
    clinic.ingest()
    clinic.add_table(
        "subjects.csv", "subject,treatment_start,death_date\nP1,2025-01-20,2024-06-01\n"
    )
    (refusal,) = clinic.ingest().refused
    assert "death_date: 2024-06-01 is before treatment_start 2025-01-20" in refusal.reason
    assert clinic.store.read_subject("P1").facts.death_date is None


def test_two_words_on_the_treatment_start_refuse_the_subject(clinic):
    clinic.add(treatment_start="2025-01-20")
    clinic.add_table("subjects.csv", "subject,treatment_start\nP1,2025-01-21\n")
    assert "treatment_start" in clinic.ingest().refused[0].reason


def test_named_tables_take_the_place_of_those_beside(clinic):
    clinic.add()
    clinic.add_table("subjects.csv", "subject,death_date\nP1,2025-06-01\n")
    named = clinic.add_table("other.csv", "subject,death_date\nP1,2025-06-02\n")
    clinic.ingest(subjects_csv=named)
    assert str(clinic.store.read_subject("P1").facts.death_date) == "2025-06-02"


def test_dates_given_later_join_those_known(clinic):
    clinic.add(treatment_start="2025-01-20")
    clinic.ingest()
    clinic.add_table("subjects.csv", "subject,death_date\nP1,2025-06-01\n")
    clinic.rows[0].pop("treatment_start")
    clinic.ingest()
    facts = clinic.store.read_subject("P1").facts
    assert (str(facts.treatment_start), str(facts.death_date)) == ("2025-01-20", "2025-06-01")


def test_a_subject_without_scans_is_only_warned_of(clinic):
    clinic.add()
    clinic.add_table("subjects.csv", "subject,death_date\nP9,2025-06-01\n")
    report = clinic.ingest()
    assert not report.refused
    assert "P9" in report.warnings[0]

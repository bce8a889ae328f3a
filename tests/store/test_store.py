"""What is written is read; writing it again does nothing; what is new supersedes, never erases."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from response.errors import InputError, IntegrityError
from response.model import Account, Reader, SubjectFacts
from response.store import Store
from response.terms import AccountRole
from response.workspace import Workspace

READER = Reader()


def test_a_time_point_is_read_as_written(store: Store, make: Any) -> None:
    written = make.time_point(facts=(make.fact(1), make.fact(2)))
    assert store.write_time_point(written, actor="anna")
    assert store.read_time_points("P1") == (written,)
    assert store.read_time_points() == (written,)


def test_time_points_are_read_by_date(store: Store, make: Any) -> None:
    later = make.time_point(scans=(), mark_sets=())
    earlier = dataclasses.replace(later, time_point="zero", date=dt.date(2024, 1, 1))
    store.write_time_point(later, actor="anna")
    store.write_time_point(earlier, actor="anna")
    assert store.read_time_points("P1") == (earlier, later)


def test_each_kind_is_written_once(store: Store, make: Any) -> None:
    facts = SubjectFacts("P1", treatment_start=dt.date(2025, 1, 1))
    account = Account("anna", AccountRole.READER, "scrypt$…")
    stream = ("P1", "recist11", READER)
    writes = [
        lambda: store.write_time_point(make.time_point(), actor="anna"),
        lambda: store.write_subject_facts(facts, actor="anna"),
        lambda: store.write_registration(make.registration(), actor="anna"),
        lambda: store.write_tracking(make.tracking(), actor="anna"),
        lambda: store.write_assessments(*stream, "key", make.result(), actor="anna"),
        lambda: store.write_decision(make.decision()),
        lambda: store.write_account(account, actor="anna"),
    ]
    assert [write() for write in writes] == [True] * 7
    entries = store.read_audit()
    assert [write() for write in writes] == [False] * 7
    assert store.read_audit() == entries
    assert store.read_accounts() == (account,)
    assert store.read_decisions("P1") == (make.decision(),)
    assert store.read_subject("P1").facts == facts  # type: ignore[union-attr]


def test_a_subject_is_found_by_an_opaque_key(store: Store, make: Any) -> None:
    store.write_time_point(make.time_point(), actor="anna")
    (subject,) = store.read_subjects()
    assert subject.facts == SubjectFacts("P1")
    assert "P1" not in subject.key
    assert subject.key.isalnum()
    assert len(subject.key) == 16
    assert store.read_subject_by_key(subject.key) == subject
    assert store.read_subject_by_key("P1") is None
    assert store.read_subject("P2") is None


def test_another_workspace_gives_another_key(store: Store, make: Any, tmp_path: Any) -> None:
    other = Store(Workspace.open(tmp_path / "other"))
    for each in (store, other):
        each.write_time_point(make.time_point(), actor="anna")
    assert store.read_subjects()[0].key != other.read_subjects()[0].key


def test_new_dates_supersede_the_old_ones(store: Store) -> None:
    store.write_subject_facts(SubjectFacts("P1", death_date=dt.date(2025, 1, 1)), actor="anna")
    store.write_subject_facts(SubjectFacts("P1"), actor="anna")
    assert store.read_subjects()[0].facts == SubjectFacts("P1")


def test_a_registration_is_found_by_its_inputs(store: Store, make: Any) -> None:
    first, second = make.registration("one"), make.registration("two", trusted=False)
    store.write_registration(first, actor="anna")
    store.write_registration(second, actor="anna")
    assert [r.content_key for r in store.read_registrations("P1")] == ["two"]
    assert repr(store.find_registration("one")) == repr(first)
    assert store.find_registration("three") is None


def test_a_tracking_supersedes_the_earlier_one_whole(store: Store, make: Any) -> None:
    store.write_tracking(make.tracking("one", ("a", "b", "c")), actor="anna")
    store.write_tracking(make.tracking("two", ("a",)), actor="anna")
    assert store.read_trackings() == (make.tracking("two", ("a",)),)


def test_readers_never_mix(store: Store, make: Any) -> None:
    mine = make.tracking()
    other = Reader("INDEPENDENT ASSESSOR", "2")
    theirs = dataclasses.replace(
        make.tracking("key-2", ("other",)),
        reader=other,
        lesions=tuple(
            dataclasses.replace(lesion, reader=other) for lesion in make.tracking().lesions
        ),
        findings=(),
    )
    store.write_tracking(mine, actor="anna")
    store.write_tracking(theirs, actor="anna")
    assert set(store.read_trackings("P1")) == {mine, theirs}
    assert store.read_known_tracking_uids("P1", other) == {}


def test_a_label_keeps_the_lesion_it_ever_was(store: Store, make: Any) -> None:
    store.write_time_point(make.time_point(), actor="anna")
    store.write_tracking(make.tracking("one", ("a", "b")), actor="anna")
    redrawn = make.time_point(mark_sets=(make.marks("marks-2", mask="bb22"),))
    store.write_time_point(redrawn, actor="anna")
    store.write_tracking(make.tracking("two", ("c",)), actor="anna")
    assert store.read_known_tracking_uids("P1", READER) == {
        ("marks-1", 1): "a",
        ("marks-1", 2): "b",
        ("marks-2", 1): "c",
    }


def test_marks_redrawn_meanwhile_do_not_take_the_labels(store: Store, make: Any) -> None:
    redrawn = make.time_point(mark_sets=(make.marks("marks-2", mask="bb22"),))
    store.write_time_point(redrawn, actor="anna")
    store.write_tracking(make.tracking("one", ("a",), mark_set_id="marks-1"), actor="anna")
    assert store.read_known_tracking_uids("P1", READER) == {("marks-1", 1): "a"}


def test_a_category_is_superseded_and_stays_readable(store: Store, make: Any) -> None:
    stream = ("P1", "recist11", READER)
    first, second = make.result("PR"), make.result("PD", as_of=dt.date(2025, 4, 1))
    store.write_assessments(*stream, "one", first, actor="anna")
    store.write_assessments(*stream, "two", second, actor="anna")
    assert store.read_results("P1", "recist11") == (second,)
    assert store.find_assessment_key(*stream) == "two"
    assert store.read_assessment_history("P1") == first.assessments + second.assessments


def test_an_undone_decision_brings_the_earlier_category_back(store: Store, make: Any) -> None:
    stream = ("P1", "recist11", READER)
    for key, category in (("one", "PR"), ("two", "PD"), ("one", "PR")):
        assert store.write_assessments(*stream, key, make.result(category), actor="anna")
    assert store.read_results() == (make.result("PR"),)


def test_the_history_says_the_same_only_once(store: Store, make: Any) -> None:
    for key in ("one", "two"):
        store.write_assessments("P1", "recist11", READER, key, make.result(), actor="anna")
    assert store.read_assessment_history("P1") == make.result().assessments


def test_a_sum_keeps_its_digits(store: Store, make: Any) -> None:
    store.write_assessments("P1", "recist11", READER, "key", make.result(), actor="anna")
    (assessment,) = store.read_results()[0].assessments
    assert str(assessment.sum_of_diameters_mm) == "43.50"
    assert assessment.change_from_baseline_pct == Decimal("24.28571428571428571428571429")


def test_a_result_of_another_subject_is_refused(store: Store, make: Any) -> None:
    with pytest.raises(InputError, match="another subject"):
        store.write_assessments("P2", "recist11", READER, "key", make.result(), actor="anna")
    assert store.read_subjects() == ()


def test_a_decision_is_never_rewritten(store: Store, make: Any) -> None:
    store.write_decision(make.decision())
    with pytest.raises(IntegrityError, match="already another one"):
        store.write_decision(make.decision(value="LUNG"))
    assert store.read_decisions() == (make.decision(),)


def test_a_refused_write_leaves_no_trace(store: Store, make: Any) -> None:
    astray = make.time_point(scans=(dataclasses.replace(make.scan(), image_path="../../x"),))
    with pytest.raises(InputError, match="leaves the workspace"):
        store.write_time_point(astray, actor="anna")
    assert store.read_time_points() == ()
    assert store.read_audit() == ()

"""The chain shows what was changed behind its back: edits, deletions, shortening, re-chaining."""

from __future__ import annotations

import dataclasses
import datetime as dt
import fcntl
import os
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from response.errors import IntegrityError
from response.model import SubjectFacts
from response.store import Store
from response.store.audit import Head, Note, make_link
from response.store.change import insert
from response.store.layout import lay_out
from response.workspace import Workspace

KEY = b"k" * 32


@pytest.fixture
def written(store: Store, make: Any) -> Store:
    """A store with four entries and rows of several kinds."""
    store.write_subject_facts(SubjectFacts("P1", death_date=dt.date(2025, 5, 1)), actor="anna")
    store.write_tracking(make.tracking(), actor="anna")
    store.write_decision(make.decision())
    store.append_audit("login", actor="anna", detail={"address": "local"})
    return store


@pytest.fixture
def tamper(workspace: Workspace, written: Store) -> Callable[..., None]:
    """Change the database as somebody who owns the file could."""

    def run(*statements: str) -> None:
        written.close()
        with duckdb.connect(str(workspace.database)) as connection:
            for statement in statements:
                connection.execute(statement)

    return run


def test_who_did_what_is_told_without_identifiers(written: Store) -> None:
    entries = written.read_audit()
    assert [(e.number, e.action) for e in entries] == [
        (4, "login"),
        (3, "decide_organ"),
        (2, "write_tracking"),
        (1, "write_subject_facts"),
    ]
    assert entries[2].detail == {"lesions": "2", "findings": "3"}
    assert entries[2].subject_key == written.read_subjects()[0].key
    assert "P1" not in repr(entries)
    assert all(dt.datetime.now(dt.UTC) - e.at < dt.timedelta(minutes=5) for e in entries)


def test_entries_are_read_in_pages(written: Store) -> None:
    assert [entry.number for entry in written.read_audit(2, 1)] == [3, 2]


def test_an_untouched_workspace_has_no_problems(written: Store) -> None:
    assert written.check() == ()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE number = 2", "entry 2 is not as it was"),
        ("UPDATE audit SET detail = '{}' WHERE number = 4", "entry 4 is not as it was"),
        ("DELETE FROM audit WHERE number = 3", "entries 3 to 3 are missing"),
        ("DELETE FROM audit WHERE number = 1", "entries 1 to 1 are missing"),
        ("DELETE FROM audit WHERE number > 2", "ends at 2, but entry 4 was written"),
        ("UPDATE subject_facts SET death_date = NULL", "what entry 1 wrote"),
        ("UPDATE finding SET longest_diameter_mm_digits = '9.9'", "what entry 2 wrote"),
        ("DELETE FROM finding WHERE label = 2", "what entry 2 wrote"),
        ("INSERT INTO decision SELECT * FROM decision", "what entry 3 wrote"),
        ("UPDATE decision SET revision = 9", "what entry 9 wrote"),
        ("UPDATE subject SET key = 'other'", "what entry 1 wrote"),
    ],
)
def test_a_change_from_outside_shows(
    tamper: Callable[..., None], written: Store, statement: str, problem: str
) -> None:
    tamper(statement)
    assert any(problem in found for found in written.check())


def test_a_chain_made_anew_with_another_key_shows(
    workspace: Workspace, tamper: Callable[..., None], written: Store
) -> None:
    note = Note.now("login", "eve")
    link = make_link(KEY, Head(), note, "")
    tamper("DELETE FROM audit", "DELETE FROM subject_facts", "DELETE FROM subject")
    with duckdb.connect(str(workspace.database)) as connection:
        insert(connection, lay_out(link))
    assert any("entry 1 is not as it was" in found for found in written.check())


def test_a_chain_shortened_with_its_remembered_head_shows_against_an_exported_one(
    workspace: Workspace, tamper: Callable[..., None], written: Store
) -> None:
    exported = written.export_audit_head()
    chain = written.read_audit(1, 1)[0].chain
    tamper("DELETE FROM audit WHERE number = 4")
    (workspace.home / "audit-head").write_text(f"3:{chain}")
    assert written.check() == ()
    assert any("entry 4 was written" in found for found in written.check(exported))


def test_a_chain_that_grew_since_the_export_is_whole(written: Store) -> None:
    exported = written.export_audit_head()
    written.append_audit("logout", actor="anna")
    assert written.check(exported) == ()


def test_a_kill_before_the_head_was_remembered_is_no_alarm(
    workspace: Workspace, written: Store
) -> None:
    head = workspace.home / "audit-head"
    before = head.read_text()
    written.append_audit("logout", actor="anna")
    head.write_text(before)
    assert written.check() == ()


def test_a_lost_database_shows(workspace: Workspace, written: Store) -> None:
    written.close()
    workspace.database.unlink()
    assert any("ends at 0, but entry 4" in found for found in written.check())


def test_another_key_is_refused_before_it_spoils_the_chain(
    workspace: Workspace, written: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESPONSE_AUDIT_KEY", "another")
    with pytest.raises(IntegrityError, match="RESPONSE_AUDIT_KEY"):
        Store(workspace).append_audit("login", actor="anna")
    monkeypatch.delenv("RESPONSE_AUDIT_KEY")
    assert written.check() == ()


def test_a_view_is_noted_at_once_and_enters_the_chain(workspace: Workspace, written: Store) -> None:
    written.note_view("view_subject", actor="anna", subject_key="abc", detail={"page": "timeline"})
    assert b"view_subject" in (workspace.home / "audit-journal.jsonl").read_bytes()
    newest = written.read_audit(1)[0]
    assert (newest.action, newest.subject_key) == ("view_subject", "abc")
    assert newest.detail == {"page": "timeline"}
    assert (workspace.home / "audit-journal.jsonl").stat().st_size == 0
    assert written.check() == ()


def test_a_view_does_not_wait_for_the_database(workspace: Workspace, written: Store) -> None:
    written.close()
    handle = os.open(workspace.database.with_suffix(".locks") / "turn", os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_EX)
    written.note_view("view_subject", actor="anna")
    os.close(handle)
    assert written.read_audit(1)[0].action == "view_subject"


def test_a_view_is_entered_once_though_the_emptying_was_killed(
    workspace: Workspace, written: Store
) -> None:
    journal = workspace.home / "audit-journal.jsonl"
    written.note_view("view_subject", actor="anna")
    lines = journal.read_bytes()
    written.read_audit()
    journal.write_bytes(lines)
    assert [e.action for e in written.read_audit()].count("view_subject") == 1


def test_a_torn_or_edited_view_is_told(workspace: Workspace, written: Store) -> None:
    journal = workspace.home / "audit-journal.jsonl"
    written.note_view("view_subject", actor="anna")
    journal.write_bytes(journal.read_bytes().replace(b"anna", b"evan") + b"\nabc 12")
    newest = written.read_audit(1)[0]
    assert (newest.action, newest.detail) == ("journal_damaged", {"lines": "2"})


def test_a_view_goes_in_with_the_next_write(written: Store) -> None:
    written.note_view("view_subject", actor="anna")
    written.append_audit("logout", actor="anna")
    written.close()
    actions = [entry.action for entry in written.read_audit(2)]
    assert actions == ["logout", "view_subject"]


def test_each_part_of_an_entry_is_sealed() -> None:
    note = Note.now("login", "anna", "abc", {"a": "b"})
    link = make_link(KEY, Head(), note, "seal")
    later = note.at + dt.timedelta(microseconds=1)
    for change in (
        {"action": "x"},
        {"actor": "x"},
        {"subject_key": "x"},
        {"detail": {"a": "c"}},
        {"entry_id": "x"},
        {"at": later},
    ):
        assert make_link(KEY, Head(), dataclasses.replace(note, **change), "seal") != link
        changed = make_link(KEY, Head(), dataclasses.replace(note, **change), "seal")
        assert changed.chain != link.chain
    assert make_link(KEY, Head(), note, "other").chain != link.chain
    assert make_link(KEY, Head(0, "x"), note, "seal").chain != link.chain
    assert make_link(b"other", Head(), note, "seal").chain != link.chain


def test_a_head_that_is_none_is_refused() -> None:
    with pytest.raises(IntegrityError, match="not one"):
        Head.parse("abc")

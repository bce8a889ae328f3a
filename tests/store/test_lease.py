"""Processes and threads take turns, and whoever keeps the database gives it up when asked."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from response.errors import StoreBusyError, StoreError
from response.store import Store, lease
from response.workspace import Workspace

READ = "import sys; from pathlib import Path; from response.store import Store; "
READ += "from response.workspace import Workspace; "
READ += "print(len(Store(Workspace.open(Path(sys.argv[1]))).read_audit()))"


def read_elsewhere(workspace: Workspace) -> str:
    command = [sys.executable, "-c", READ, str(workspace.home)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def is_open(store: Store) -> bool:
    return store._units._lease._connection is not None


def test_a_short_unit_gives_the_database_back(workspace: Workspace) -> None:
    store = Store(workspace)
    store.append_audit("login", actor="anna")
    assert not is_open(store)
    with duckdb.connect(str(workspace.database)):
        pass


def test_a_kept_connection_is_given_up_when_asked_and_taken_back(
    workspace: Workspace, store: Store
) -> None:
    store.append_audit("login", actor="anna")
    assert is_open(store)
    assert read_elsewhere(workspace) == "1"
    assert not is_open(store)
    store.append_audit("logout", actor="anna")
    assert is_open(store)


def test_a_kept_connection_is_given_up_when_idle(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "IDLE_S", 0.05)
    store.read_subjects()
    deadline = time.monotonic() + 10
    while is_open(store) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_open(store)


def test_closing_one_keeper_leaves_the_other(workspace: Workspace, store: Store) -> None:
    other = Store(workspace, keep=True)
    store.read_subjects()
    other.close()
    other.close()
    assert is_open(store)
    store.close()
    assert not is_open(store)


def test_threads_share_the_connection(workspace: Workspace, store: Store) -> None:
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for number in range(5):
                store.append_audit(f"{name}-{number}", actor=name)
                store.read_subjects()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(store.read_audit()) == 30
    assert store.check() == ()


def test_a_busy_process_drains_for_another(workspace: Workspace, store: Store) -> None:
    stop = threading.Event()

    def keep_reading() -> None:
        while not stop.is_set():
            store.read_subjects()

    threads = [threading.Thread(target=keep_reading) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        assert read_elsewhere(workspace) == "0"
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_waiting_too_long_is_told_not_hidden(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.read_subjects()
    store.close()
    monkeypatch.setattr(lease, "WAIT_S", 0.1)
    handle = os.open(workspace.database.with_suffix(".locks") / "turn", os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(StoreBusyError, match="try again"):
        store.read_subjects()
    os.close(handle)
    assert store.read_subjects() == ()


def test_another_program_in_the_file_is_waited_for(
    workspace: Workspace, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.read_subjects()
    store.close()
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    command = [sys.executable, "-c", hold, str(workspace.database)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        monkeypatch.setattr(lease, "WAIT_S", 0.2)
        with pytest.raises(StoreBusyError, match="another program"):
            store.read_subjects()
        monkeypatch.undo()
        threading.Timer(0.3, process.kill).start()
        assert store.read_subjects() == ()


def append_in_child(store: Store) -> str:
    """Append an entry in a forked process; returns the error it met, if any."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def work() -> None:
        try:
            store.append_audit("in the child", actor="anna")
            theirs.send("")
        except StoreError as error:
            theirs.send(str(error))

    child = context.Process(target=work)
    child.start()
    child.join(60)
    assert child.exitcode == 0
    return str(ours.recv())


def test_a_forked_child_never_touches_an_open_database(store: Store) -> None:
    store.append_audit("before", actor="anna")
    assert "forked" in append_in_child(store)
    assert [entry.action for entry in store.read_audit()] == ["before"]
    assert store.check() == ()


def test_a_forked_child_may_open_a_closed_database(store: Store) -> None:
    store.append_audit("before", actor="anna")
    store.close()
    assert append_in_child(store) == ""
    assert [entry.action for entry in store.read_audit()] == ["in the child", "before"]
    assert store.check() == ()


def test_a_folder_replaced_underneath_is_noticed(
    workspace: Workspace, store: Store, tmp_path: Path, make: Any
) -> None:
    store.append_audit("first", actor="anna")
    store.close()
    shutil.copytree(workspace.home, tmp_path / "copy")
    store.append_audit("second", actor="anna")
    shutil.rmtree(workspace.home)
    shutil.copytree(tmp_path / "copy", workspace.home)
    time.sleep(lease.SLICE_S)
    assert [entry.action for entry in store.read_audit()] == ["first"]


def test_a_workspace_that_is_gone_is_told(workspace: Workspace) -> None:
    store = Store(workspace)
    shutil.rmtree(workspace.home)
    with pytest.raises(StoreError, match="cannot be used"):
        store.read_subjects()

"""One process of the soak: a writer or a reader, telling each unit of work as a line of JSON."""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from pathlib import Path

from response.model import SubjectFacts
from response.store import Store
from response.workspace import Workspace


def tell(**said: object) -> None:
    os.write(1, (json.dumps(said) + "\n").encode())  # one write: whole or not at all


def write(store: Store, name: str) -> None:
    """Commit a subject every 100 ms; a line says that it was acknowledged."""
    for number in itertools.count():
        subject = f"{name}-{number}"
        began = time.monotonic()
        store.write_subject_facts(SubjectFacts(subject), actor=name)
        tell(wrote=subject, began=began, ended=time.monotonic())
        time.sleep(max(0.0, 0.1 - (time.monotonic() - began)))


def read(store: Store) -> None:
    """Read all subjects again and again."""
    while True:
        began = time.monotonic()
        found = [subject.subject for subject in store.read_subjects()]
        tell(read=len(found), began=began, ended=time.monotonic())
        time.sleep(0.02)


def main(role: str, home: str, name: str) -> None:
    store = Store(Workspace.open(Path(home)), keep=role == "keeping-reader")
    store.read_accounts()
    tell(ready=name)
    if role == "writer":
        write(store, name)
    else:
        read(store)


if __name__ == "__main__":
    main(*sys.argv[1:])

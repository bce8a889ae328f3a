"""Files of DICOM objects: all of them put in place, or none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from response.errors import InputError
from response.export.dicom_marks import MarkedScan


@dataclass(slots=True)
class Folder:
    """Files made in a private folder beside their place, by name."""

    out: Path
    private: Path
    names: dict[str, None] = field(default_factory=dict)

    def add(self, kind: str, one: MarkedScan, dataset: Any) -> None:
        """Write an object under a name that says nothing of the patient.

        The name is its kind, the subject's opaque key, the scan's date, and the end of its UID.
        """
        uid = str(dataset.SOPInstanceUID)
        day = one.scan.date.strftime("%Y%m%d")
        name = f"{kind}-{one.known.subject.key}-{day}-{uid[-12:]}.dcm"
        dataset.save_as(self.private / name, enforce_file_format=True)
        self.names[name] = None

    def put_in_place(self) -> tuple[Path, ...]:
        """Move every file to its place.

        Raises
        ------
        InputError
            There are files of other results of a subject: a viewer would show both.
        """
        begins = {tuple(name.split("-")[:2]) for name in self.names}
        others = [
            path.name
            for path in sorted(self.out.glob("*-*.dcm"))
            if tuple(path.name.split("-")[:2]) in begins and path.name not in self.names
        ]
        if others:
            raise InputError(
                f"out: {self.out} holds other results of the same subjects ({others[0]}); name a "
                "new folder, or take them away"
            )
        for name in self.names:
            (self.private / name).replace(self.out / name)
        return tuple(self.out / name for name in sorted(self.names))


@contextmanager
def open_folder(out: Path) -> Iterator[Folder]:
    """Lend a folder for files to come; what is not put in place is gone afterwards."""
    existed = out.exists()
    out.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=out, prefix=".partial-") as private:
            yield Folder(out, Path(private))
    finally:
        if not existed and not any(out.iterdir()):
            out.rmdir()

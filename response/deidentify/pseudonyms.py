"""Pseudonyms, identifiers and shifts of dates, all derived from one key: nothing is remembered.

Whoever holds the key finds a patient again by deriving the pseudonym from the patient's number;
nobody finds the number from the pseudonym. The same key gives the same values in every run and on
every machine, so that files which refer to each other still do.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
from dataclasses import dataclass, field

from response.errors import InputError
from response.workspace import Workspace

KEY_NAME = "PSEUDONYM_KEY"
MIN_KEY_BYTES = 16
MAX_SHIFT_DAYS = 3650

_SUBJECT = re.compile(r"P-[A-Z2-7]{12}")


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """What stands for identities, by a secret key.

    Examples
    --------
    >>> names = Pseudonyms(b"a key of sixteen bytes or more")
    >>> names.subject("12345") == names.subject(" 12345 ") != names.subject("12346")
    True
    >>> names.shift(dt.date(2025, 3, 1), "12345") - names.shift(dt.date(2025, 1, 1), "12345")
    datetime.timedelta(days=59)
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) < MIN_KEY_BYTES:
            raise InputError(
                f"RESPONSE_{KEY_NAME}: at least {MIN_KEY_BYTES} bytes are needed; a short key can "
                "be guessed"
            )

    def subject(self, patient_id: str) -> str:
        """Derive what a patient is called: 60 bits of the keyed hash of the PatientID.

        What is a pseudonym already stays, with its dates: files that were written from this
        workspace may come back.
        """
        if is_pseudonym(patient_id):
            return patient_id.strip()
        return "P-" + self._letters("subject", patient_id.strip(), 12)

    def reader(self, name: str) -> str:
        """Derive what a person who reads, draws or measures is called."""
        return "R-" + self._letters("reader", name.strip().casefold(), 8)

    def text(self, text: str) -> str:
        """Derive what stands for a text that may identify, but must stay told apart."""
        return "T-" + self._letters("text", text.strip(), 8)

    def uid(self, uid: str) -> str:
        """Derive the UID that stands for another (PS3.5 B.2: 2.25 and a 128-bit number)."""
        return f"2.25.{int.from_bytes(self._digest('uid', uid)[:16], 'big')}"

    def birth_date(self, date: str, patient_id: str) -> str:
        """Derive a date (DICOM) that stands for a birth date: other for other dates and people."""
        number = int.from_bytes(self._digest("birth", f"{patient_id.strip()}\0{date}")[:8], "big")
        return f"{dt.date(1900, 1, 1) + dt.timedelta(days=number % 36525):%Y%m%d}"

    def days(self, patient_id: str) -> int:
        """Derive by how many days a patient's dates lie back: 1 to 3650; 0 for a pseudonym."""
        if is_pseudonym(patient_id):
            return 0
        number = int.from_bytes(self._digest("days", patient_id.strip())[:8], "big")
        return 1 + number % MAX_SHIFT_DAYS

    def shift(self, date: dt.date, patient_id: str) -> dt.date:
        """Move a date back by the patient's days; intervals stay what they are.

        Raises
        ------
        OverflowError
            The date is of the first ten years of the calendar.
        """
        return date - dt.timedelta(days=self.days(patient_id))

    def _digest(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self.key, f"{purpose}\0{text}".encode(), hashlib.sha256)

    def _letters(self, purpose: str, text: str, count: int) -> str:
        return base64.b32encode(self._digest(purpose, text)).decode()[:count]


def is_pseudonym(patient_id: str) -> bool:
    """Whether this is a patient's pseudonym already.

    Examples
    --------
    >>> is_pseudonym("P-ABCDEFGH2345"), is_pseudonym("P-01")
    (True, False)
    """
    return _SUBJECT.fullmatch(patient_id.strip()) is not None


def read_pseudonyms(workspace: Workspace) -> Pseudonyms:
    """Take the key from ``$RESPONSE_PSEUDONYM_KEY``, else the workspace's own (made on first use).

    Raises
    ------
    InputError
        The key is too short.
    """
    return Pseudonyms(workspace.secret(KEY_NAME))

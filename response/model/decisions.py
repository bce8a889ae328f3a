"""What people decided and did: decisions, the audit trail, accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from response.model.people import Reader
from response.terms import AccountRole


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided. It outlives re-runs; undone only by a later ``undo`` of its id.

    ``kind`` is one of ``role, organ, node, state, link, unlink, merge, split, reference, confirm,
    undo``.
    ``tracking_uids`` are the lesions, ``labels`` the marks at ``time_point`` it speaks of;
    ``value`` is the role, organ, flag or state, the organ and place of a reference region
    (``liver X,Y,Z``, LPS mm), of a link the modality whose mask the labels are in (empty: the only
    one), or the id of the decision undone. A ``confirm``
    holds in ``value`` the ``content_key`` of the tracking that was confirmed.
    """

    decision_id: str
    at: dt.datetime
    actor: str
    kind: str
    subject: str
    reader: Reader
    time_point: str = ""
    tracking_uids: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()
    value: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of the audit chain. ``detail`` never holds an identifier, only keys and counts."""

    number: int
    at: dt.datetime
    actor: str
    action: str
    subject_key: str
    detail: Mapping[str, str]
    chain: str


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may log in. ``password_hash`` is a salted scrypt hash."""

    name: str
    role: AccountRole
    password_hash: str
    disabled: bool = False

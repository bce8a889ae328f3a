"""The errors this program raises on purpose, drawn as a tree.

::

    ResponseError
    ├── InputError (also a ValueError)   what came from outside is not what it should be
    │   ├── GeometryError                image and mask do not share a place; no usable geometry
    │   ├── UptakeError                  SUV cannot be computed from what the header says
    │   ├── ManifestError                a manifest or table cannot be used as a whole
    │   └── ProtocolError                protocol.toml is not valid
    ├── RegistrationError                carries the quality figures
    ├── MatchError                       links that contradict each other
    ├── StoreError
    │   ├── StoreBusyError               somebody else held the database for too long
    │   ├── MigrationError               the database is of another version
    │   └── IntegrityError               what is stored is not what was written
    ├── ReviewError
    │   ├── BlindedError
    │   └── LockedError
    └── AlertError

Every message names what was wrong and the way out; messages never carry a patient's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class ResponseError(Exception):
    """The root: whatever this program refuses, it refuses with one of these."""


class InputError(ResponseError, ValueError):
    """Something given from outside is not what it should be."""


class GeometryError(InputError):
    """An image or mask has no usable place in physical space, or the two do not share one."""


class UptakeError(InputError):
    """A standardised uptake value cannot be computed from the header."""


class ManifestError(InputError):
    """A manifest or table cannot be used; ``problems`` lists everything wrong with it at once."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class ProtocolError(InputError):
    """``protocol.toml`` is not valid; ``problems`` lists every error at once."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class RegistrationError(ResponseError):
    """A registration could not be made; ``quality`` holds whatever figures there are."""

    def __init__(self, message: str, quality: Mapping[str, float] | None = None) -> None:
        super().__init__(message)
        self.quality = dict(quality or {})


class MatchError(ResponseError):
    """Links between lesions contradict each other."""


class StoreError(ResponseError):
    """The database could not do what was asked."""


class StoreBusyError(StoreError):
    """Another process kept the database for longer than a caller waits."""


class MigrationError(StoreError):
    """The database is of a version this program cannot read."""


class IntegrityError(StoreError):
    """What is stored differs from what was written."""


class ReviewError(ResponseError):
    """A read or adjudication was refused."""


class BlindedError(ReviewError):
    """What was asked for is hidden from this reader."""


class LockedError(ReviewError):
    """What was to be changed is locked."""


class AlertError(ResponseError):
    """An alert could not be evaluated or delivered."""

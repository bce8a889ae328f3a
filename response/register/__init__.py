"""The registration port: register two scans, then carry points, images and masks between them.

Points are LPS millimetres; a transform maps the *fixed* (earlier) scan's space into the *moving*
(later) one's. The work is done in a child process of its own (:mod:`response.register.process`) by
an engine behind the port (ANTs, :mod:`response.register.ants_engine`); what comes out is tested,
not trusted (:mod:`response.register.quality`).
"""

from __future__ import annotations

from response.register.files import read_points, register_files, write_points
from response.register.port import (
    RegistrationResult,
    engine_key,
    read_result,
    register,
)
from response.register.process import stop_workers
from response.register.transform import Transform

__all__ = [
    "RegistrationResult",
    "Transform",
    "engine_key",
    "read_points",
    "read_result",
    "register",
    "register_files",
    "stop_workers",
    "write_points",
]

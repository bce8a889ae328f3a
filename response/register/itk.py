"""SimpleITK as a type checker should see it: its half-annotated wrappers tell less than nothing."""

from __future__ import annotations

from typing import Any, TypeAlias

import SimpleITK

sitk: Any = SimpleITK

Image: TypeAlias = Any
"""A ``SimpleITK.Image``."""

RigidTransform: TypeAlias = Any
"""A ``SimpleITK.Euler3DTransform``, fixed points → moving points."""

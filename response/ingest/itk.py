"""SimpleITK as one name without types: its own annotations are incomplete."""

from __future__ import annotations

from typing import Any

import SimpleITK

sitk: Any = SimpleITK

Image = Any
"""A ``SimpleITK.Image``."""

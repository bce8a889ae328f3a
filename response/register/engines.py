"""The engines that can stand behind the port."""

from __future__ import annotations

from response.register import ants_engine, coarse
from response.register.align import Engine

ENGINES: dict[str, Engine] = {
    "ants": ants_engine.align,
    "demons": coarse.align_as_engine,
}

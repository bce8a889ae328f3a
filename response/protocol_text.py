"""``protocol.toml`` written out: every choice with its default, its meaning and its source.

Examples
--------
>>> from response.protocol import parse_protocol
>>> parse_protocol(write_template()) == Protocol()
True
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from response.protocol import Protocol

WIDTH = 100


def write_template(protocol: Protocol | None = None) -> str:
    """Write a protocol as TOML, each choice under a comment that says what it means."""
    lines = ["# What a trial or clinic chooses. Every key may be left out; these are the values."]
    for name, section in protocol or Protocol():
        lines += ["", *_write_section(name, section)]
    return "\n".join(lines) + "\n"


def _write_section(name: str, section: BaseModel) -> Iterator[str]:
    yield f"[{name}]"
    for key, field in type(section).model_fields.items():
        yield from _comment(field.description or "")
        allowed = _choices(field.annotation)
        others = f"  # {' | '.join(allowed)}" if allowed else ""
        yield f"{key} = {_write_value(getattr(section, key))}{others}"


def _comment(text: str) -> list[str]:
    plain = " ".join(text.replace("``", "").split())
    return textwrap.wrap(plain, WIDTH, initial_indent="# ", subsequent_indent="# ")


def _choices(hint: Any) -> tuple[str, ...]:
    return get_args(hint) if get_origin(hint) is Literal else ()


def _write_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return str(value)
    return f'"{value}"'

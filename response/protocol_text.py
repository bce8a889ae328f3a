"""``protocol.toml`` written out: every choice with its default, its meaning and its source.

Examples
--------
>>> from response.protocol import parse_protocol
>>> parse_protocol(write_template()) == Protocol()
True
"""

from __future__ import annotations

import textwrap
from collections.abc import Container, Iterator
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from response.protocol import Protocol

WIDTH = 100
Lines = Iterator[str]


def write_template(protocol: Protocol | None = None) -> str:
    """Write a protocol as TOML, each choice under a comment that says what it means."""
    lines = ["# What a trial or clinic chooses. Every key may be left out; these are the values."]
    for name, section in protocol or Protocol():
        lines += ["", *_write_section(name, section)]
    return "\n".join(lines) + "\n"


def _write_section(name: str, section: BaseModel) -> Iterator[str]:
    """Write the plain keys, then what is a table of its own: TOML wants them in this order."""
    fields = type(section).model_fields
    tables = [key for key, field in fields.items() if _find_part(field.annotation)]
    yield f"[{name}]"
    yield from _write_keys(section, tables)
    for key in tables:
        value = getattr(section, key)
        if isinstance(value, BaseModel):
            yield from ["", *_write_section(f"{name}.{key}", value)]
        else:
            yield from ["", *_comment(fields[key].description or "")]
            yield from _write_list(f"{name}.{key}", _find_part(fields[key].annotation), value)


def _write_list(name: str, kind: type[BaseModel] | None, parts: tuple[BaseModel, ...]) -> Lines:
    """Write a list of tables; where there is none, what one would be, as a comment."""
    for part in parts:
        yield from [f"[[{name}]]", *_write_keys(part, ())]
    if not parts and kind is not None:
        yield f"# [[{name}]]"
        for key, field in kind.model_fields.items():
            said = " ".join((field.description or "").replace("``", "").split())
            example = "..." if field.is_required() else _write_value(field.default)
            yield f"# {key} = {example}  # {said}"


def _write_keys(section: BaseModel, left_out: Container[str]) -> Lines:
    for key, field in type(section).model_fields.items():
        if key in left_out:
            continue
        yield from _comment(field.description or "")
        allowed = _choices(field.annotation)
        others = f"  # {' | '.join(allowed)}" if allowed else ""
        yield f"{key} = {_write_value(getattr(section, key))}{others}"


def _find_part(hint: Any) -> type[BaseModel] | None:
    """Return the section that a key is, or is a list of; ``None`` for plain values."""
    arms = get_args(hint) if get_origin(hint) is tuple else (hint,)
    return next((a for a in arms if isinstance(a, type) and issubclass(a, BaseModel)), None)


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
    if isinstance(value, tuple):
        return "[" + ", ".join(_write_value(one) for one in value) + "]"
    return f'"{value}"'

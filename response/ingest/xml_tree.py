"""XML from outside, read into a plain tree: no document types, no entities, bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from response.errors import InputError

MAX_BYTES = 20_000_000
MAX_ELEMENTS = 200_000
MAX_DEPTH = 100
_TEXT_KEPT = 1000


@dataclass(slots=True)
class Element:
    """An element by its local name, with its attributes by theirs."""

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def walk(self) -> Iterator[Element]:
        """Give this element and all below it, in order."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += reversed(element.children)


def read_xml(path: Path, roots: frozenset[str]) -> Element | None:
    """Read an XML file whose outermost element is one of `roots`; ``None`` where it is another.

    Raises
    ------
    InputError
        Too large or deep, not well formed, or with a document type: those declare entities, which
        may grow without bound or name other files.
    """
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path.name}: an XML file of over {MAX_BYTES // 1_000_000} MB")
    reader = _Reader(path.name, roots)
    try:
        # All at once: in small pieces a long attribute is looked at again for each.
        reader.parser.Parse(path.read_bytes(), True)
    except _OtherRootError:
        return None
    except InputError:
        raise
    except (expat.ExpatError, ValueError, LookupError):
        if reader.root is None:
            return None
        raise InputError(f"{path.name}: not well-formed XML; export it again") from None
    return reader.root


class _OtherRootError(Exception):
    """The file is of another kind: it is not read further."""


class _Reader:
    def __init__(self, name: str, roots: frozenset[str]) -> None:
        self.root: Element | None = None
        self._name, self._roots = name, roots
        self._open: list[Element] = []
        self._count = 0
        self._typed = False
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._add_text
        self.parser.StartDoctypeDeclHandler = self._note_type
        self.parser.EntityDeclHandler = self._refuse_type

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = {key.rpartition("}")[2]: value for key, value in attributes.items()}
        element = Element(name.rpartition("}")[2], local)
        if self.root is None:
            if element.name not in self._roots:
                raise _OtherRootError
            self.root = element
            if self._typed:
                self._refuse_type()
        self._count += 1
        if self._count > MAX_ELEMENTS or len(self._open) >= MAX_DEPTH:
            raise InputError(f"{self._name}: more elements, or deeper ones, than any annotation")
        if self._open:
            self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _add_text(self, text: str) -> None:
        held = self._open[-1]
        held.text = (held.text + text)[:_TEXT_KEPT]

    def _note_type(self, *_declared: object) -> None:
        self._typed = True

    def _refuse_type(self, *_declared: object) -> None:
        raise InputError(f"{self._name}: declares a document type; save it as plain XML without")

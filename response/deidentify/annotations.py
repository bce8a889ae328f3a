"""De-identified copies of annotations (AIM, XML): written anew from what is known to be needed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from response.deidentify.pseudonyms import Pseudonyms
from response.deidentify.words import clean_words, is_clean
from response.ingest.xml_tree import Element, read_xml

ROOTS = frozenset({"ImageAnnotation", "ImageAnnotationCollection"})

_PERSONS, _READERS = frozenset({"person"}), frozenset({"user"})
_CODES = frozenset({"codevalue", "code", "codingschemedesignator", "codesystemname"})
_UNITS = frozenset({"unitofmeasure"})
_UID = re.compile(r"[0-2](\.\d+){3,}")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(T[0-9:.+\-Z]*|\d{6}(\.\d+)?)?")
_CODE = re.compile(r"[A-Za-z]{1,8}|[A-Za-z]{0,6}[-.]?\d[0-9A-Za-z\-.]{0,20}")
_UNIT = re.compile(r"[A-Za-z0-9%/\[\]{}.*^]{1,16}")


def copy_annotation(path: Path, target: Path, names: Pseudonyms, owners: Mapping[str, str]) -> bool:
    """Write the de-identified copy of an annotation; whether the file was one.

    Parameters
    ----------
    path, target
        From where, to where.
    names
        Give pseudonyms, UIDs and the shift of dates.
    owners
        The patient of each study met so far, by its UID: annotations need not name one.

    Raises
    ------
    InputError
        It is damaged.
    """
    root = read_xml(path, ROOTS)
    if root is None:
        return False
    writer = _Writer(names, _find_patient(root, owners))
    tree = ElementTree.ElementTree(writer.rewrite(root, ""))
    tree.write(target, encoding="utf-8", xml_declaration=True)
    return True


def _find_patient(root: Element, owners: Mapping[str, str]) -> str:
    for element in root.walk():
        for value in _values(element):
            if value in owners:
                return owners[value]
    for element in root.walk():
        if element.name.lower() in _PERSONS:
            for key, value in _said(element):
                if key.lower() == "id" and value:
                    return value
    return ""


def _values(element: Element) -> list[str]:
    return [element.text.strip(), *(value.strip() for value in element.attributes.values())]


def _said(element: Element) -> list[tuple[str, str]]:
    """What an element says by name: its attributes, and its children's values (AIM 4)."""
    said = list(element.attributes.items())
    for child in element.children:
        value = next((child.attributes[k] for k in ("value", "root") if k in child.attributes), "")
        said.append((child.name, value))
    return [(key, value.strip()) for key, value in said]


class _Writer:
    """Rewrites the tree of one file; the patient gives the shift of its dates."""

    def __init__(self, names: Pseudonyms, patient: str) -> None:
        self._names = names
        self._patient = patient

    def rewrite(self, element: Element, within: str) -> ElementTree.Element:
        """Rewrite an element and all below; `within` is the person or user that it is of."""
        lower = element.name.lower()
        inside = lower if lower in _PERSONS | _READERS else within
        made = ElementTree.Element(element.name)
        for key, value in element.attributes.items():
            name = lower if key in ("value", "root") else key.lower()
            made.set(key, self._clean(name, value.strip(), inside))
        made.text = self._clean(lower, element.text.strip(), inside)
        made.extend(self.rewrite(child, inside) for child in element.children)
        return made

    def _clean(self, name: str, text: str, within: str) -> str:
        if not text:
            return ""
        if within in _PERSONS:
            return self._names.subject(text) if name in ("id", "name") else ""
        if within in _READERS:
            return self._names.reader(text) if name in ("name", "loginname") else ""
        if _UID.fullmatch(text):
            return text if text.startswith("1.2.840.10008.") else self._names.uid(text)
        if _DATE.fullmatch(text) and ("date" in name or "time" in name):
            return self._shift(text)
        if _NUMBER.fullmatch(text) and name != "name":
            return text
        if name in _CODES:
            return text if _CODE.fullmatch(text) else ""
        if name in _UNITS:
            return text if _UNIT.fullmatch(text) else ""
        if name == "name":
            return text if is_clean(text) else self._names.text(text)
        return clean_words(text)

    def _shift(self, text: str) -> str:
        found = _DATE.fullmatch(text)
        if found is None or not self._patient:
            return ""
        try:
            day = dt.date(*(int(part) for part in found.groups()[:3]))
            moved = self._names.shift(day, self._patient)
        except (ValueError, OverflowError):
            return ""
        rest = found.group(4) or ""
        return f"{moved}{rest}" if "-" in text[:8] else f"{moved:%Y%m%d}{rest}"

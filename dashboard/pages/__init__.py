"""From an address to a page: reads what it needs, writes down who looked, lays it out."""

from __future__ import annotations

from typing import Any

from dashboard.auth import Visitor
from dashboard.components.alerts import alert_line, watch_banner
from dashboard.components.shell import frame
from dashboard.data import AUDIT_PAGE, Data, SubjectView
from dashboard.inbox import Standing
from dashboard.links import Place
from dashboard.pages import alerts, audit, cohort, lesion, quality, subject
from dashboard.pages.errors import ForbiddenError, NotFoundError


def show_page(data: Data, visitor: Visitor, place: Place) -> Any:
    """Return the page of a place for a visitor, inside the frame.

    Raises
    ------
    NotFoundError
        No such subject, lesion or page.
    ForbiddenError
        The visitor's role does not reach there.
    """
    if place.page == "audit" and not visitor.is_admin:
        raise ForbiddenError
    standing = data.inbox.read_standing()
    content = _content(data, visitor, place, standing)
    key = place.key or data.inbox.find_subject_key(place.query.get("alert", ""))
    data.note("view", actor=visitor.name, subject_key=key, page=place.page)
    return frame(visitor, place.page, content, standing.count())


def _content(data: Data, visitor: Visitor, place: Place, standing: Standing) -> Any:
    if place.page == "cohort":
        found = cohort.layout(data.read_cohort(place.query.get("criterion", "")), place)
        return [
            *watch_banner(data.inbox.read_watch()),
            *(found if isinstance(found, list) else [found]),
        ]
    if place.page == "alerts":
        return alerts.layout(data.inbox.read(place.query, visitor.name), place, visitor)
    if place.page == "quality":
        return quality.layout(*data.read_quality())
    if place.page == "audit":
        return audit.layout(data.read_audit(audit.page_number(place)), place, AUDIT_PAGE)
    view = data.read_subject(
        place.key, place.query.get("reader", ""), place.query.get("criterion", "")
    )
    if view is None:
        raise NotFoundError
    page = subject if place.page == "subject" else lesion
    head, *rest = page.layout(data, view, place)
    return [head, *_line_of_alerts(standing, view, place), *rest]


def _line_of_alerts(standing: Standing, view: SubjectView, place: Place) -> list[Any]:
    """Return the line of the alerts that stand: of a subject, or of one lesion of a reader."""
    records = standing.of_subject(place.key)
    if place.page == "lesion":
        readers = (None, view.reader)
        records = tuple(
            one
            for one in records
            if one.alert.tracking_id == place.tracking_id and one.alert.reader in readers
        )
    return alert_line(records, standing.today)

"""What persons decide: corrections of lesions, and accounts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from response.accounts import hash_password
from response.cli.alert_hook import look_at_alerts
from response.cli.common import (
    DONE,
    IN_PART,
    actor,
    choose_subjects,
    home_option,
    open_workspace,
    plain_errors,
    report_refusals,
)
from response.decide import Correction, decide
from response.errors import InputError
from response.model import Account, Reader
from response.store import Store
from response.terms import MODALITIES, REFERENCE_ORGANS, AccountRole


@click.group(
    epilog="Example: response correct state P05 L04 2025-06-02 UNEQUIVOCAL --home ./clinic"
)
def correct() -> None:
    """Say what a lesion is: audited, undoable, kept through every later run."""


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--note", default="", help="Why, for the audit trail."),
        click.option("--evaluator-id", default="", help="Whose reading, where several read."),
        click.option("--evaluator", default="INVESTIGATOR", show_default=True),
        home_option,
    ):
        function = option(function)
    return function


modality_option = click.option(
    "--modality",
    default="",
    type=click.Choice(["", *sorted(set(MODALITIES.values()))]),
    help="Whose mask the label is in, where PET and CT number theirs apart.",
)


def _apply(
    subject: str,
    correction: Correction,
    home: Path | None,
    evaluator: str,
    evaluator_id: str,
) -> None:
    with plain_errors():
        workspace, store = open_workspace(home, create=False)
        found = choose_subjects(store, subject)[0]
        reader = Reader(evaluator, evaluator_id)
        decision, report = decide(workspace, store, found, reader, correction, actor=actor())
        report_refusals(report.refused, report.warnings)
        click.echo(f"decision {decision.decision_id} taken; undo it with 'response correct undo'")
        look_at_alerts(workspace, store)
    sys.exit(IN_PART if report.refused else DONE)


def _lesion_value(kind: str, metavar: str, text: str) -> click.Command:
    @click.command(kind, help=text, epilog=f"Example: response correct {kind} P01 L02 {metavar}")
    @click.argument("subject")
    @click.argument("lesion")
    @click.argument("value", metavar=metavar)
    @_options
    def command(subject: str, lesion: str, value: str, note: str, **where: Any) -> None:
        _apply(subject, Correction(kind, (lesion,), value=value, note=note), **where)

    return command


correct.add_command(_lesion_value("role", "TARGET", "Make a lesion TARGET, NON_TARGET or NEW."))
correct.add_command(_lesion_value("organ", "liver", "Name the organ of a lesion."))
correct.add_command(_lesion_value("node", "true", "Say whether a lesion is a lymph node."))


@correct.command(epilog="Example: response correct state P05 L04 2025-06-02 UNEQUIVOCAL")
@click.argument("subject")
@click.argument("lesion")
@click.argument("time_point")
@click.argument("value", metavar="STATE")
@_options
def state(subject: str, lesion: str, time_point: str, value: str, note: str, **where: Any) -> None:
    """Say a lesion's state at a time point: UNEQUIVOCAL, ABSENT, NOT_EVALUABLE …"""
    made = Correction("state", (lesion,), time_point=time_point, value=value, note=note)
    _apply(subject, made, **where)


@correct.command(epilog="Example: response correct link P01 2025-06-02 3 L02")
@click.argument("subject")
@click.argument("time_point")
@click.argument("label", type=int)
@click.argument("lesion")
@modality_option
@_options
def link(
    subject: str,
    time_point: str,
    label: int,
    lesion: str,
    modality: str,
    note: str,
    **where: Any,
) -> None:
    """Say that a mark is this lesion."""
    _apply(subject, Correction("link", (lesion,), (label,), time_point, modality, note), **where)


@correct.command(epilog="Example: response correct unlink P01 2025-06-02 3 L02")
@click.argument("subject")
@click.argument("time_point")
@click.argument("label", type=int)
@click.argument("lesion")
@modality_option
@_options
def unlink(
    subject: str,
    time_point: str,
    label: int,
    lesion: str,
    modality: str,
    note: str,
    **where: Any,
) -> None:
    """Say that a mark is not this lesion."""
    _apply(subject, Correction("unlink", (lesion,), (label,), time_point, modality, note), **where)


@correct.command(epilog="Example: response correct merge P07 2025-06-02 3 L02 L04")
@click.argument("subject")
@click.argument("time_point")
@click.argument("label", type=int)
@click.argument("lesions", nargs=-1, required=True)
@modality_option
@_options
def merge(
    subject: str,
    time_point: str,
    label: int,
    lesions: tuple[str, ...],
    modality: str,
    note: str,
    **where: Any,
) -> None:
    """Say that several lesions became one mark."""
    _apply(subject, Correction("merge", lesions, (label,), time_point, modality, note), **where)


@correct.command(epilog="Example: response correct split P07 2025-06-02 L02 3 5")
@click.argument("subject")
@click.argument("time_point")
@click.argument("lesion")
@click.argument("labels", nargs=-1, required=True, type=int)
@modality_option
@_options
def split(
    subject: str,
    time_point: str,
    lesion: str,
    labels: tuple[int, ...],
    modality: str,
    note: str,
    **where: Any,
) -> None:
    """Say that one lesion fell apart into several marks."""
    _apply(subject, Correction("split", (lesion,), labels, time_point, modality, note), **where)


@correct.command(epilog="Example: response correct reference P09 T1 liver --at=-78.0,2.0,-40.0")
@click.argument("subject")
@click.argument("time_point")
@click.argument("organ", type=click.Choice(REFERENCE_ORGANS))
@click.option("--at", "place", required=True, metavar="X,Y,Z", help="Its centre, LPS mm.")
@_options
def reference(
    subject: str, time_point: str, organ: str, place: str, note: str, **where: Any
) -> None:
    """Place a reference region of PET: 3 cm of liver, or the blood pool of the aorta."""
    made = Correction("reference", time_point=time_point, value=f"{organ} {place}", note=note)
    _apply(subject, made, **where)


@correct.command(epilog="Example: response correct confirm P01 2025-06-02")
@click.argument("subject")
@click.argument("time_point")
@_options
def confirm(subject: str, time_point: str, note: str, **where: Any) -> None:
    """Stand behind targets, matches and new-lesion calls up to a time point."""
    _apply(subject, Correction("confirm", time_point=time_point, note=note), **where)


@correct.command(epilog="Example: response correct undo P01 3f2a9c01b7de")
@click.argument("subject")
@click.argument("decision")
@_options
def undo(subject: str, decision: str, note: str, **where: Any) -> None:
    """Take a decision back."""
    _apply(subject, Correction("undo", value=decision, note=note), **where)


@correct.command("list", epilog="Example: response correct list P01")
@click.argument("subject")
@home_option
def list_decisions(subject: str, home: Path | None) -> None:
    """List the decisions on a subject."""
    with plain_errors():
        _workspace, store = open_workspace(home, create=False)
        choose_subjects(store, subject)
        ids = {
            x.tracking_uid: x.tracking_id for t in store.read_trackings(subject) for x in t.lesions
        }
        for d in store.read_decisions(subject):
            lesions = " ".join(ids.get(uid, "(gone)") for uid in d.tracking_uids)
            labels = ",".join(str(label) for label in d.labels)
            words = (d.decision_id, d.at.isoformat(timespec="seconds"), d.actor, d.kind, lesions)
            said = (d.time_point, labels, "" if d.kind == "confirm" else d.value, d.note)
            click.echo(" ".join(word for word in (*words, *said) if word))


@click.group(epilog="Example: response user add clinician --role reader --home ./clinic")
def user() -> None:
    """Accounts of the dashboard and their roles."""


@user.command("add", epilog="Example: response user add clinician --role reader")
@click.argument("name")
@click.option("--role", type=click.Choice([r.value for r in AccountRole]), default="reader")
@click.password_option(help="Asked for where it is not given.")
@home_option
def add_user(name: str, role: str, password: str, home: Path | None) -> None:
    """Add an account, or give one a new password and role."""
    with plain_errors():
        if not name.strip():
            raise InputError("an account needs a name")
        _workspace, store = open_workspace(home)
        account = Account(name, AccountRole(role), hash_password(password))
        store.write_account(account, actor=actor())
        click.echo(f"{name}: {role}")


@user.command("list", epilog="Example: response user list")
@home_option
def list_users(home: Path | None) -> None:
    """List the accounts."""
    with plain_errors():
        _workspace, store = open_workspace(home, create=False)
        for account in store.read_accounts():
            click.echo(f"{account.name} {account.role}{' disabled' if account.disabled else ''}")


@user.command("disable", epilog="Example: response user disable clinician")
@click.argument("name")
@home_option
def disable_user(name: str, home: Path | None) -> None:
    """Shut an account out; what it did stays in the audit trail."""
    with plain_errors():
        _workspace, store = open_workspace(home, create=False)
        account = _account(store, name)
        shut = Account(name, account.role, account.password_hash, disabled=True)
        store.write_account(shut, actor=actor())
        click.echo(f"{name}: disabled")


def _account(store: Store, name: str) -> Account:
    for account in store.read_accounts():
        if account.name == name:
            return account
    raise InputError(f"no account {name}; 'response user list' shows them")

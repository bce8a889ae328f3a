"""De-identification: the option of ``ingest`` and ``run``, and the way back for who has the key."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from response.cli.common import home_option, open_workspace, plain_errors
from response.errors import InputError

if TYPE_CHECKING:
    from response.ingest.sources import IngestReport

deidentify_option = click.option(
    "--deidentify",
    is_flag=True,
    help="Take in no identity: pseudonyms, moved dates, cleaned headers (PS3.15); "
    "RESPONSE_PSEUDONYM_KEY holds the key.",
)


def choose_ingest(options: Mapping[str, Any]) -> Callable[..., IngestReport]:
    """Choose how paths are read: as they are, or without identity."""
    from response.deidentify.job import ingest_deidentified, ingest_identified

    return ingest_deidentified if options.get("deidentify") else ingest_identified


@click.command(epilog="Example: response pseudonym 12345 --home ./clinic")
@click.argument("patient_id")
@home_option
def pseudonym(patient_id: str, home: Path | None) -> None:
    """Print the pseudonym of a PatientID, for who holds the key.

    The key is RESPONSE_PSEUDONYM_KEY, else the workspace's own. '-' reads the PatientID from
    standard input, which keeps it out of the shell's history.
    """
    from response.deidentify.pseudonyms import KEY_NAME, read_pseudonyms

    with plain_errors():
        workspace, _store = open_workspace(home, create=False)
        if not workspace.has_secret(KEY_NAME):
            raise InputError("there is no key: set RESPONSE_PSEUDONYM_KEY, or name the workspace")
        given = sys.stdin.readline() if patient_id == "-" else patient_id
        if not given.strip():
            raise InputError("PATIENT_ID: is empty")
        click.echo(read_pseudonyms(workspace).subject(given))

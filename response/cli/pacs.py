"""Talking to a PACS: the options of fetching, listening, sending back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from response.cli.common import existing
from response.errors import InputError
from response.ingest.sources import IngestReport
from response.workspace import Workspace

if TYPE_CHECKING:
    from response.pacs.retrieve import Fetched

FETCH = ("patient", "accession", "study", "modality", "since")
WEB = ("token_env", "ca", "cert", "key", "insecure_http")


def web_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every connection to a DICOMweb server."""
    for option in (
        click.option("--insecure-http", is_flag=True, help="Permit http to another machine."),
        click.option("--key", type=existing(dir_okay=False), help="The key of --cert (PEM)."),
        click.option("--cert", type=existing(dir_okay=False), help="Our own certificate (PEM)."),
        click.option(
            "--ca", type=existing(dir_okay=False), help="Authorities to trust (PEM), for TLS."
        ),
        click.option(
            "--token-env",
            metavar="VAR",
            default="",
            help="Environment variable with a bearer token; else RESPONSE_DICOMWEB_USER and "
            "RESPONSE_DICOMWEB_PASSWORD.",
        ),
    ):
        function = option(function)
    return function


def fetch_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that fetch scans from a DICOMweb server."""
    function = web_options(function)
    for option in (
        click.option(
            "--since",
            type=click.DateTime(["%Y-%m-%d"]),
            metavar="DATE",
            help="Only studies of that day and later.",
        ),
        click.option(
            "--modality",
            multiple=True,
            help="Only these, each named once  [default: CT, MR, PT, SEG, RTSTRUCT, SR]",
        ),
        click.option("--study", default="", metavar="UID", help="Fetch this study."),
        click.option("--accession", default="", metavar="NUMBER", help="Fetch its studies."),
        click.option("--patient", default="", metavar="ID", help="Fetch this patient's studies."),
        click.option("--dicomweb", default="", metavar="URL", help="Fetch from this server."),
    ):
        function = option(function)
    return function


@contextmanager
def fetch_scans(
    workspace: Workspace, options: Mapping[str, Any], progress: Callable[[str, int, int], None]
) -> Iterator[Fetched | None]:
    """Fetch what the options ask for into the spool; nothing where they name no server."""
    if not options.get("dicomweb"):
        if any(options.get(name) for name in (*FETCH, *WEB)):
            raise InputError("name the server with --dicomweb URL")
        yield None
        return
    from response.pacs.query import MODALITIES, Query
    from response.pacs.retrieve import fetch
    from response.pacs.spool import Spool

    since: dt.datetime | None = options["since"]
    query = Query(
        patient=options["patient"],
        accession=options["accession"],
        study=options["study"],
        modalities=tuple(m.upper() for m in options["modality"]) or MODALITIES,
        since=since.date() if since else None,
    )
    server = open_server(options["dicomweb"], options)
    with fetch(server, query, Spool.of(workspace), progress) as fetched:
        say_fetched(fetched)
        yield fetched


def open_server(url: str, options: Mapping[str, Any]) -> Any:
    """Prepare a connection to a DICOMweb server from the options."""
    from response.pacs.tls import make_client_context
    from response.pacs.web import connect

    return connect(
        url,
        context=make_client_context(options["ca"], options["cert"], options["key"]),
        token_variable=options["token_env"],
        insecure_http=options["insecure_http"],
    )


def say_fetched(fetched: Fetched) -> None:
    """Say how much came, and what was left aside."""
    listing = fetched.listing
    click.echo(
        f"{fetched.instances} instances of {listing.studies} studies fetched, "
        f"{fetched.instances - fetched.new} of them before",
        err=True,
    )
    for modality, count in sorted(listing.left_aside.items()):
        click.echo(f"left aside: {count} series of modality {modality}", err=True)


def settle(fetched: Fetched, report: IngestReport) -> None:
    """Remove the spooled files once the store has them; keep them where something was refused."""
    if (report.taken or report.unchanged) and not report.refused:
        fetched.forget()
        return
    click.echo(
        f"the files fetched are kept in {fetched.folder.parent}: the same command does not fetch "
        "them again; delete the folder when it is of no more use",
        err=True,
    )

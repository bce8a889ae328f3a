"""Talking to a PACS: the options of fetching, listening, sending back."""

from __future__ import annotations

import datetime as dt
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from response.cli.common import (
    DONE,
    IN_PART,
    REFUSED,
    actor,
    existing,
    home_option,
    plain_errors,
    progress_bar,
)
from response.cli.deidentify import deidentify_option
from response.errors import InputError

if TYPE_CHECKING:
    from response.ingest.sources import IngestReport
    from response.pacs.retrieve import Fetched
    from response.workspace import Workspace

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
        f"the files fetched, which hold the patients' identities, are kept in "
        f"{fetched.folder.parent}: the same command does not fetch them again; delete the folder "
        "when it is of no more use",
        err=True,
    )


@click.command(epilog="Example: response listen --home ./clinic --allow ORTHANC=10.0.0.5")
@home_option
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0: every network.")
@click.option("--port", type=click.IntRange(0, 65535), default=11112, show_default=True)
@click.option("--ae-title", default="RESPONSE", show_default=True, help="What we are called.")
@click.option(
    "--allow", multiple=True, metavar="AE[=HOST]", help="Who may send, and from where; repeatable."
)
@click.option("--allow-any", is_flag=True, help="Anybody may send: only on a closed network.")
@click.option("--tls-cert", type=existing(dir_okay=False), help="Our certificate (PEM): use TLS.")
@click.option("--tls-key", type=existing(dir_okay=False), help="Its key (PEM).")
@click.option(
    "--tls-ca",
    type=existing(dir_okay=False),
    help="Senders need a certificate signed by one of these (PEM).",
)
@click.option(
    "--idle-seconds",
    type=click.FloatRange(0.1),
    default=60.0,
    show_default=True,
    help="A study is complete when nothing of it came for so long.",
)
@click.option(
    "--keep-days",
    type=click.FloatRange(0),
    default=None,
    show_default="7; 0 with --deidentify",
    help="Keep files of a study that was taken for what comes late.",
)
@click.option(
    "--max-object-mb", type=click.IntRange(1), default=2048, show_default=True, help="Per object."
)
@click.option(
    "--reserve-mb",
    type=click.IntRange(0),
    default=1024,
    show_default=True,
    help="Refuse objects (A700) when less of the disk is free.",
)
@click.option("--max-associations", type=click.IntRange(1, 64), default=8, show_default=True)
@click.option("--marks-complete", is_flag=True, help="Vouch that drawings hold every lesion.")
@click.option("--subjects", type=existing(dir_okay=False), help="Dates of subjects (CSV).")
@deidentify_option
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True)
def listen(home: Path | None, **options: Any) -> None:
    """Take what a PACS sends (C-STORE), and run the main job when a study is complete.

    Runs until it is told to end (SIGTERM, Ctrl-C). What was acknowledged is on disk, and is gone
    on with at the next start.
    """
    with plain_errors():
        listening = _read_listening(options)
        from response.pacs.jobs import JobOptions
        from response.pacs.listen import Listener
        from response.workspace import Workspace

        subjects = options["subjects"]
        how = JobOptions(
            actor=actor(),
            workers=options["workers"],
            marks_complete=options["marks_complete"],
            deidentify=options["deidentify"],
            subjects=str(subjects.resolve()) if subjects else "",
        )
        workspace = Workspace.open(home)
        workspace.protocol()
        Listener(workspace, listening, how, _log).run(_stop_on_signals())


def _read_listening(options: Mapping[str, Any]) -> Any:
    from response.pacs.listen import Listening
    from response.pacs.peers import check_title, read_peer
    from response.pacs.tls import make_server_context

    if not options["allow"] and not options["allow_any"]:
        raise InputError("listen: name who may send with --allow AE[=HOST], or say --allow-any")
    if options["allow"] and options["allow_any"]:
        raise InputError("listen: --allow names who may send, --allow-any lets everybody: choose")
    tls = None
    if options["tls_cert"]:
        tls = make_server_context(options["tls_cert"], options["tls_key"], options["tls_ca"])
    elif options["tls_key"] or options["tls_ca"]:
        raise InputError("listen: TLS needs --tls-cert")
    return Listening(
        host=options["host"],
        port=options["port"],
        title=check_title(options["ae_title"]),
        peers=tuple(read_peer(text) for text in options["allow"]),
        idle_s=options["idle_seconds"],
        tls=tls,
        keep_s=_find_keep_days(options) * 86400,
        max_object_bytes=options["max_object_mb"] * 2**20,
        reserve_bytes=options["reserve_mb"] * 2**20,
        max_associations=options["max_associations"],
    )


def _find_keep_days(options: Mapping[str, Any]) -> float:
    """Without identity nothing that holds one is kept longer than it takes, unless it is told."""
    if options["keep_days"] is not None:
        return float(options["keep_days"])
    return 0.0 if options["deidentify"] else 7.0


def _log(line: str) -> None:
    """Write a line, with the time, to standard error."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    click.echo(f"{now} {line}", err=True)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop


@click.command(epilog="Example: response send ./seg --dicomweb https://pacs.example/dicom-web")
@click.argument("folder", type=existing(file_okay=False))
@click.option("--dicomweb", default="", metavar="URL", help="Store by STOW-RS.")
@click.option("--to", default="", metavar="AE@HOST:PORT", help="Store by C-STORE.")
@click.option("--ae-title", default="RESPONSE", show_default=True, help="What we are called.")
@click.option("--tls", is_flag=True, help="With --to: TLS, with --ca, --cert and --key.")
@web_options
def send(folder: Path, **options: Any) -> None:
    """Send the DICOM files of a folder, as 'response export' writes them, to a PACS."""
    from response.pacs.send import find_outgoing, read_target, send_dimse, send_web
    from response.pacs.tls import make_client_context

    with plain_errors():
        if bool(options["dicomweb"]) == bool(options["to"]):
            raise InputError("send: name the PACS with one of --dicomweb and --to")
        objects = find_outgoing(folder)
        with progress_bar() as progress:
            if options["dicomweb"]:
                server = open_server(options["dicomweb"], options)
                refused = send_web(server, objects, progress)
            else:
                own = (options["ca"], options["cert"], options["key"])
                tls = make_client_context(*own) if options["tls"] else None
                target = read_target(options["to"], options["ae_title"], tls)
                refused = send_dimse(target, objects, progress)
    for line in refused:
        click.echo(f"refused: {line}", err=True)
    click.echo(f"{len(objects) - len(refused)} objects sent, {len(refused)} refused")
    sys.exit(DONE if not refused else REFUSED if len(refused) == len(objects) else IN_PART)

"""What the commands share: the workspace option, exit statuses, progress, errors in one line.

Imaging libraries and the database are imported by the commands that need them: tables do not.
"""

from __future__ import annotations

import getpass
import json
import os
import select
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from response.errors import InputError, ManifestError, ProtocolError, ResponseError
from response.model import Refusal, Subject

if TYPE_CHECKING:
    from response.store import Store
    from response.workspace import Workspace

DONE, IN_PART, REFUSED = 0, 1, 2
"""Exit statuses."""

Function = TypeVar("Function", bound=Callable[..., Any])

home_option = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="The workspace; else $RESPONSE_HOME, else ./response-home.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
subject_option = click.option("--subject", help="Only this subject.")


def existing(**more: Any) -> click.Path:
    """Return the type of a path that must be there."""
    return click.Path(path_type=Path, exists=True, **more)


def actor() -> str:
    """Return who runs the command, for the audit trail."""
    try:
        return os.environ.get("RESPONSE_ACTOR") or getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def open_workspace(home: Path | None, *, create: bool = True) -> tuple[Workspace, Store]:
    """Open the workspace and its store, or end with status 2."""
    from response.store import Store
    from response.workspace import Workspace

    workspace = Workspace.open(home, create=create)
    workspace.protocol()
    return workspace, Store(workspace, keep=True)


@contextmanager
def workspace_for_input(home: Path | None) -> Iterator[tuple[Workspace, Store, list[int]]]:
    """Open a workspace for new scans; one that was made for input refused whole is removed again.

    It stays where something was taken, and where files of a PACS are kept in it, for the next try.
    Yields the workspace, its store, and a list to which the exit status is appended.
    """
    place = home or Path(os.environ.get("RESPONSE_HOME", "response-home"))
    existed = place.exists()
    workspace, store = open_workspace(home)
    statuses: list[int] = []
    try:
        yield workspace, store, statuses
    except InputError:
        statuses.append(REFUSED)
        raise
    finally:
        if REFUSED in statuses and not existed and not _holds_anything(workspace, store):
            store.close()
            shutil.rmtree(workspace.home, ignore_errors=True)


def _holds_anything(workspace: Workspace, store: Store) -> bool:
    spooled = (workspace.home / "spool").exists()
    return spooled or bool(store.read_time_points() or store.read_readings())


def choose_subjects(store: Store, name: str | None) -> list[Subject]:
    """Return the subjects a command works on; an unknown one is a usage error."""
    if not name:
        return list(store.read_subjects())
    subject = store.read_subject(name)
    if subject is None:
        raise InputError(f"subject {name}: not in this workspace; 'response ingest' adds scans")
    return [subject]


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar on a terminal, plain lines elsewhere (on standard error)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain_progress()
        return
    columns = (
        TextColumn("{task.description:<18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield show


def _plain_progress() -> Callable[[str, int, int], None]:
    said: set[tuple[str, int, int]] = set()

    def show(what: str, done: int, total: int) -> None:
        if total and (what, done, total) not in said:
            said.add((what, done, total))
            click.echo(f"{what}: {done}/{total}", err=True)

    return show


def report_refusals(refused: Iterable[Refusal], warnings: Iterable[str] = ()) -> None:
    """Print refusals and warnings, one line each, on standard error."""
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    for refusal in refused:
        click.echo(f"refused: {refusal}", err=True)


def print_json(rows: Iterable[object]) -> None:
    """Print one JSON object per line."""
    for row in rows:
        click.echo(json.dumps(row, default=str, ensure_ascii=False))


def _is_closed(stream: TextIO) -> bool:
    """Whether nobody reads what is written to a stream any more (``| head``)."""
    if not hasattr(select, "poll"):
        return False
    asked = select.poll()
    try:
        asked.register(stream.fileno(), select.POLLOUT)
    except (OSError, ValueError):
        return False
    return any(event & (select.POLLERR | select.POLLHUP) for _file, event in asked.poll(0))


@contextmanager
def plain_errors() -> Iterator[None]:
    """End with status 2 and a line per problem instead of a traceback."""
    try:
        yield
    except (ManifestError, ProtocolError) as error:
        problems = error.problems or (str(error),)
        click.echo(f"error: {str(error).splitlines()[0]}", err=True)
        if len(problems) > 1 or str(problems[0]) not in str(error):
            for problem in problems:
                click.echo(f"  {problem}", err=True)
        sys.exit(REFUSED)
    except ResponseError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(REFUSED)
    except OSError as error:
        if isinstance(error, BrokenPipeError) and _is_closed(sys.stdout):
            raise  # click ends quietly then, with status 1: the output was taken in part
        click.echo(f"error: {error.filename or 'a file'}: {error.strerror or error}", err=True)
        sys.exit(REFUSED)
    except KeyboardInterrupt:
        click.echo("interrupted; what was done is kept, run the command again to go on", err=True)
        sys.exit(130)

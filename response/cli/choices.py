"""The protocol, written out to be changed."""

from __future__ import annotations

from pathlib import Path

import click

from response.cli.common import existing, plain_errors
from response.protocol import Protocol, read_protocol
from response.protocol_text import write_template


@click.command(epilog="Example: response protocol > ./clinic/protocol.toml")
@click.option("--protocol", "path", type=existing(dir_okay=False), help="Write out this one.")
def protocol(path: Path | None) -> None:
    """Write out protocol.toml: every choice, its default, meaning and source."""
    with plain_errors():
        click.echo(write_template(read_protocol(path) if path else Protocol()), nl=False)

"""The program ``response``: its commands in the order a user meets them."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module

import click

from response import __version__

PLACES = {
    "demo": "job:demo",
    "run": "job:run",
    "ingest": "job:ingest",
    "listen": "pacs:listen",
    "send": "pacs:send",
    "import-sdtm": "exchange:import_sdtm_command",
    "track": "job:track",
    "assess": "job:assess",
    "explain": "look:explain",
    "serve": "look:serve",
    "export": "look:export",
    "check": "look:check",
    "correct": "people:correct",
    "pseudonym": "deidentify:pseudonym",
    "user": "people:user",
    "alerts": "watch:alerts",
    "assess-table": "tools:assess_table",
    "best-response": "tools:best_response",
    "endpoints": "cohort:endpoints",
    "protocol": "choices:protocol",
    "measure": "tools:measure",
    "suv": "tools:suv",
    "register": "tools:register",
}
"""Each command's name, its module in this package, and its function there."""


class _Commands(MutableMapping[str, click.Command]):
    """Commands by name, imported when they are asked for: a table needs no imaging library."""

    def __init__(self, places: dict[str, str]) -> None:
        self._places = places
        self._added: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._added:
            module, function = self._places[name].split(":")
            self._added[name] = getattr(import_module(f"response.cli.{module}"), function)
        return self._added[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._added[name] = command

    def __delitem__(self, name: str) -> None:
        del self._added[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._places, **self._added})

    def __len__(self) -> int:
        return len({**self._places, **self._added})


@click.group(
    commands=_Commands(PLACES),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Not for diagnosis without a physician. 'response COMMAND --help' shows an example.",
)
@click.version_option(__version__, prog_name="response")
def main() -> None:
    """Track lesions through a patient's scans and derive response categories, with reasons."""

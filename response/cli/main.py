"""The program ``response``: its commands in the order a user meets them."""

from __future__ import annotations

import click

from response import __version__
from response.cli import job, look, people, tools, watch


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Not for diagnosis without a physician. 'response COMMAND --help' shows an example.",
)
@click.version_option(__version__, prog_name="response")
def main() -> None:
    """Track lesions through a patient's scans and derive response categories, with reasons."""


for command in (
    job.demo,
    job.run,
    job.ingest,
    job.track,
    job.assess,
    look.explain,
    look.serve,
    look.export,
    look.check,
    people.correct,
    people.user,
    watch.alerts,
    tools.assess_table,
    tools.best_response,
    tools.measure,
    tools.register,
):
    main.add_command(command)

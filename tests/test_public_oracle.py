"""The whole chain from a public data set's tables to categories, against its own answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from response.cli import main


def import_public_set(shared_data: Path, home: Path, protocol: str) -> list[dict[str, object]]:
    """Import the public set under a protocol; what the command prints, line by line."""
    home.mkdir()
    (home / "protocol.toml").write_text(protocol, encoding="utf-8")
    folder = shared_data / "table_sdtm_recist"
    if not folder.is_dir():
        pytest.skip("the public SDTM tables are not here")
    done = CliRunner().invoke(main, ["import-sdtm", str(folder), "--home", str(home), "--json"])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_overall_responses_agree_with_all_that_are_published(
    shared_data: Path, tmp_path: Path
) -> None:
    """The data set leaves disease after a complete response as it is."""
    protocol = '[rules]\ncr_then_disease = "warn"\n'
    (report,) = import_public_set(shared_data, tmp_path / "home", protocol)
    assert (report["subjects"], report["streams_taken"]) == (8, 24)
    assert (report["compared"], report["differences"]) == (66, 0)


def test_disease_after_a_complete_response_is_the_only_difference(
    shared_data: Path, tmp_path: Path
) -> None:
    """One lesion of 4.95 mm where the scan before was a complete response: here it is PD."""
    report, differs = import_public_set(shared_data, tmp_path / "home", "")
    assert (report["compared"], report["differences"]) == (66, 1)
    named = ("subject", "evaluator", "evaluator_id", "time_point", "theirs", "ours")
    assert [differs[name] for name in named] == [
        "01-701-1133",
        "INDEPENDENT ASSESSOR",
        "RADIOLOGIST 2",
        "WEEK 9",
        "PR",
        "PD",
    ]
    assert "came back after the complete response" in str(differs["reason"])

"""The way back from a patient's number to the pseudonym."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from response.cli import main
from response.deidentify.pseudonyms import Pseudonyms
from response.workspace import Workspace

KEY = "a key that only the clinic holds"


@pytest.fixture
def home(tmp_path):
    return Workspace.open(tmp_path / "home").home


def test_who_holds_the_key_finds_a_patient(home, monkeypatch):
    monkeypatch.setenv("RESPONSE_PSEUDONYM_KEY", KEY)
    done = CliRunner().invoke(main, ["pseudonym", "-", "--home", str(home)], input="0815\n")
    assert done.exit_code == 0
    assert done.stdout.strip() == Pseudonyms(KEY.encode()).subject("0815")


def test_without_a_key_none_is_made_up(home):
    done = CliRunner().invoke(main, ["pseudonym", "0815", "--home", str(home)])
    assert done.exit_code == 2
    assert "RESPONSE_PSEUDONYM_KEY" in done.stderr
    assert not (home / "secrets" / "pseudonym_key").exists()

"""The command line: thin. Every command parses, calls, prints."""

from __future__ import annotations

from response.cli.main import main

__all__ = ["main"]

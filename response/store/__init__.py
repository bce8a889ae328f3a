"""What the workspace knows, kept; the only room that opens the database."""

from __future__ import annotations

from response.store.store import Store, describe_both

__all__ = ["Store", "describe_both"]

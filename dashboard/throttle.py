"""Slows down whoever guesses passwords."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

FREE_FAILURES = 5
LONGEST_WAIT_S = 300.0
FORGET_S = 900.0
KEYS_KEPT = 10_000


class Throttle:
    """Counts failures per key (an account, an address) and says how long to wait.

    Examples
    --------
    >>> throttle = Throttle(clock=lambda: 0.0)
    >>> for _ in range(5): throttle.fail("anna")
    >>> throttle.wait_s("anna"), throttle.wait_s("berta")
    (2.0, 0.0)
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def wait_s(self, *keys: str) -> float:
        """Return the seconds until any of the keys may try again; 0 if at once."""
        with self._lock:
            return max(self._wait(key) for key in keys)

    def fail(self, *keys: str) -> None:
        """Note a failure."""
        now = self._clock()
        with self._lock:
            for key in keys:
                count, last = self._failures.pop(key, (0, now))
                self._failures[key] = (1 if now - last > FORGET_S else count + 1, now)
            while len(self._failures) > KEYS_KEPT:
                self._failures.pop(next(iter(self._failures)))

    def forget(self, *keys: str) -> None:
        """Forget the failures of keys that succeeded."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _wait(self, key: str) -> float:
        count, last = self._failures.get(key, (0, 0.0))
        passed = self._clock() - last
        if count < FREE_FAILURES or passed > FORGET_S:
            return 0.0
        return max(0.0, min(2.0 ** (count - FREE_FAILURES + 1), LONGEST_WAIT_S) - passed)

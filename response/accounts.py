"""Passwords of accounts: salted scrypt hashes, compared in constant time.

Examples
--------
>>> stored = hash_password("correct horse battery staple")
>>> verify_password("correct horse battery staple", stored), verify_password("guess", stored)
(True, False)
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from response.errors import InputError

MIN_LENGTH = 10
"""Characters a password must have at least."""

LOG2_COST = 15
BLOCK_SIZE = 8
PARALLEL = 1
KEY_BYTES = 32


def hash_password(password: str) -> str:
    """Return ``scrypt$log2n$r$p$salt$key`` (salt and key in hex) for a password.

    Raises
    ------
    InputError
        The password is shorter than ``MIN_LENGTH`` characters.
    """
    if len(password) < MIN_LENGTH:
        raise InputError(f"the password is too short: use at least {MIN_LENGTH} characters")
    salt = secrets.token_bytes(16)
    key = _derive(password, salt, LOG2_COST, BLOCK_SIZE, PARALLEL)
    return f"scrypt${LOG2_COST}${BLOCK_SIZE}${PARALLEL}${salt.hex()}${key.hex()}"


def verify_password(password: str, stored: str) -> bool:
    """Tell whether a password is the one that was hashed; a hash that cannot be read is nobody's.

    An unknown account should be checked against :func:`decoy_hash`, so that it takes as long.
    """
    try:
        name, cost, block, parallel, salt, key = stored.split("$")
        if name != "scrypt":
            return False
        found = _derive(password, bytes.fromhex(salt), int(cost), int(block), int(parallel))
        return hmac.compare_digest(found, bytes.fromhex(key))
    except ValueError:
        return False


def decoy_hash() -> str:
    """Return the hash of a password that nobody knows."""
    return hash_password(secrets.token_urlsafe(32))


def _derive(password: str, salt: bytes, log2_cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(
        password.encode(),
        salt=salt,
        n=1 << log2_cost,
        r=block,
        p=parallel,
        maxmem=256 * 1024 * 1024,
        dklen=KEY_BYTES,
    )

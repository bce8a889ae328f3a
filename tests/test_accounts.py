"""Password hashes."""

from __future__ import annotations

import pytest

from response.accounts import decoy_hash, hash_password, verify_password
from response.errors import InputError


def test_the_same_password_is_hashed_with_another_salt():
    assert hash_password("ten letters") != hash_password("ten letters")


def test_only_the_right_password_is_taken():
    stored = hash_password("ten letters")
    assert verify_password("ten letters", stored)
    assert not verify_password("Ten letters", stored)


@pytest.mark.parametrize("stored", ["", "!", "scrypt$15$8$1$zz$00", "md5$1$1$1$00$00"])
def test_a_hash_that_cannot_be_read_is_nobodys(stored):
    assert not verify_password("anything at all", stored)


def test_a_short_password_is_refused():
    with pytest.raises(InputError, match="at least 10"):
        hash_password("short")


def test_a_decoy_is_a_real_hash():
    assert decoy_hash().startswith("scrypt$15$8$1$")

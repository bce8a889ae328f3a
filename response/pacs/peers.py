"""Who may send: application entity titles, each with the host it must come from, or any."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from response.errors import InputError


@dataclass(frozen=True, slots=True)
class Peer:
    """An application entity that may send; ``addresses`` empty: from any host."""

    title: str
    addresses: frozenset[str] = frozenset()


def check_title(title: str) -> str:
    """Give an AE title as it is compared: 1 to 16 characters (PS3.5, 6.2), no blanks around it.

    Examples
    --------
    >>> check_title(" ORTHANC ")
    'ORTHANC'
    """
    bare = title.strip(" ")
    if not 1 <= len(bare) <= 16 or "\\" in bare or not (bare.isascii() and bare.isprintable()):
        raise InputError(f"AE title {title!r}: 1 to 16 printable ASCII characters, no backslash")
    return bare


def read_peer(text: str) -> Peer:
    """Read ``AE`` or ``AE=HOST``; a host's name is looked up once, now.

    Examples
    --------
    >>> read_peer("ORTHANC=127.0.0.1")
    Peer(title='ORTHANC', addresses=frozenset({'127.0.0.1'}))

    Raises
    ------
    InputError
        No AE title, or the host is not known.
    """
    title, _equals, host = text.partition("=")
    if not _equals:
        return Peer(check_title(title))
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InputError(f"{text}: the host is not known") from None
    return Peer(check_title(title), frozenset(str(place[4][0]) for place in found))


def may_send(peers: tuple[Peer, ...], title: str, address: str) -> bool:
    """Tell whether an AE title may send from an address.

    Examples
    --------
    >>> peers = (Peer("CT1"), Peer("PACS", frozenset({"10.0.0.5"})))
    >>> may_send(peers, "CT1", "10.9.9.9"), may_send(peers, "PACS", "10.9.9.9")
    (True, False)
    """
    plain = address.removeprefix("::ffff:")
    return any(
        peer.title == title.strip(" ") and (not peer.addresses or plain in peer.addresses)
        for peer in peers
    )

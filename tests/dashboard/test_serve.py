"""Where the server listens, and what it prints."""

from __future__ import annotations

import socket

import pytest

from dashboard import app as dashboard_app
from dashboard.app import serve
from response.errors import InputError


@pytest.fixture
def printed(trial, monkeypatch, capsys):
    """Serve without serving; return what was printed and the host names that are answered to."""

    def run(host, port):
        names = []

        def end(server, sockets, **_):
            names.extend(server.config["TRUSTED_HOSTS"])
            sockets[0].close()

        monkeypatch.setattr(dashboard_app.waitress, "serve", end)
        serve(trial, host, port)
        return capsys.readouterr().out, names

    return run


def test_the_link_is_printed(printed):
    words, names = printed("127.0.0.1", 0)
    assert "http://127.0.0.1:" in words
    assert "/login?token=" in words
    assert names == ["localhost", "127.0.0.1", "[::1]", "127.0.0.1"]


def test_a_taken_port_is_said_and_the_next_one_used(printed):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        words, _ = printed("127.0.0.1", port)
    assert f"Port {port} is taken; using " in words
    assert f"http://127.0.0.1:{port}/" not in words


def test_opening_to_the_network_is_warned_of(printed):
    words, names = printed("0.0.0.0", 0)
    assert "plain http can be read on the way" in words
    assert socket.gethostname() in names


def test_a_foreign_address_is_refused(trial):
    with pytest.raises(InputError, match="--host"):
        serve(trial, "203.0.113.7", 0)

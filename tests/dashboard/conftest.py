"""One made-up trial for all tests of the pages, and clients that are logged in to it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from dashboard.app import create_app
from response.accounts import hash_password
from response.model import Account
from response.terms import AccountRole
from response.workspace import Workspace


def load_synthetic():
    """Return the module beside this file that makes the trial up."""
    if "synthetic_trial" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "synthetic_trial", Path(__file__).with_name("synthetic.py")
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules["synthetic_trial"] = module
        spec.loader.exec_module(module)
    return sys.modules["synthetic_trial"]


@pytest.fixture(scope="session")
def synthetic():
    return load_synthetic()


@pytest.fixture(scope="session")
def trial(tmp_path_factory, synthetic):
    """A workspace with the made-up trial; tests only read it."""
    workspace = Workspace.open(tmp_path_factory.mktemp("trial") / "home")
    store = synthetic.fill(workspace)
    for name, role in (("anna", "admin"), ("rita", "reader"), ("vera", "viewer")):
        account = Account(name, AccountRole(role), hash_password(f"{name}-secret-word"))
        store.write_account(account, actor="test")
    store.close()
    return workspace


@pytest.fixture(scope="session")
def app(trial):
    return create_app(trial)


@pytest.fixture
def visitor(app):
    """A client that nobody knows."""
    return app.server.test_client()


@pytest.fixture
def client(app):
    """A client that came by the one-time link."""
    token = app.server.extensions["doorkeeper"].make_token()
    client = app.server.test_client()
    client.get(f"/login?token={token}")
    return client


@pytest.fixture
def login(app):
    """Log a person in by password; returns the client."""

    def enter(name):
        client = app.server.test_client()
        client.post("/login", data={"name": name, "password": f"{name}-secret-word"})
        return client

    return enter


@pytest.fixture(scope="session")
def subject_key(app):
    store = app.server.extensions["store"]
    return lambda name: store.read_subject(name).key


@pytest.fixture(scope="session")
def view_of(app, subject_key):
    """Return a subject's view as the pages get it."""
    data = app.server.extensions["data"]
    return lambda name, reader="": data.read_subject(subject_key(name), reader)


@pytest.fixture(scope="session")
def data(app):
    return app.server.extensions["data"]

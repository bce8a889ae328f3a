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


def load_synthetic(name="synthetic_trial", file="synthetic.py"):
    """Return a module beside this file that makes a trial up."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(file))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def synthetic():
    return load_synthetic()


@pytest.fixture(scope="session")
def synthetic_pet(synthetic):
    return load_synthetic("synthetic_pet_course", "synthetic_pet.py")


@pytest.fixture(scope="session")
def synthetic_alerts():
    return load_synthetic("synthetic_alerts", "synthetic_alerts.py")


@pytest.fixture(scope="session")
def pet_app(tmp_path_factory, synthetic_pet):
    """The dashboard of a workspace with made-up PET/CT, PET alone, and PET without SUV."""
    workspace = Workspace.open(tmp_path_factory.mktemp("pet") / "home")
    store = synthetic_pet.fill(workspace)
    store.close()
    return create_app(workspace)


@pytest.fixture(scope="session")
def pet_data(pet_app):
    return pet_app.server.extensions["data"]


@pytest.fixture
def pet_client(pet_app):
    """A client that came by the one-time link."""
    token = pet_app.server.extensions["doorkeeper"].make_token()
    client = pet_app.server.test_client()
    client.get(f"/login?token={token}")
    return client


@pytest.fixture(scope="session")
def pet_view(pet_data, pet_app):
    """Return a subject's view of the made-up PET/CT as the pages get it."""
    store = pet_app.server.extensions["store"]
    return lambda name, criterion="percist10": pet_data.read_subject(
        store.read_subject(name).key, "", criterion
    )


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

"""A running dashboard and a real browser."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from response.accounts import hash_password
from response.model import Account
from response.terms import AccountRole
from response.workspace import Workspace

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SERVE = (
    "import sys; from pathlib import Path; from response.workspace import Workspace; "
    "from dashboard.app import serve; serve(Workspace.open(Path(sys.argv[1])), port=8050)"
)


def _load(name):
    path = Path(__file__).parents[1] / "dashboard" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"browser_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def trial_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("browser") / "home"
    store = _load("synthetic").fill(Workspace.open(home))
    account = Account("rita", AccountRole.READER, hash_password("rita-secret-word"))
    store.write_account(account, actor="test")
    _load("synthetic_alerts").fill_alerts(store)
    store.close()
    return home


@pytest.fixture(scope="session")
def chromium():
    api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def served(home):
    """Serve a workspace; gives the one-time link."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(home)], stdout=subprocess.PIPE, text=True
    )
    try:
        found = (re.search(r"http\S+/login\?token=\S+", line) for line in server.stdout)
        yield next(match.group(0) for match in found if match)
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


@pytest.fixture(scope="session")
def link(trial_home):
    """The one-time link of a running server."""
    with served(trial_home) as found:
        yield found


@pytest.fixture(scope="session")
def visit(chromium, link):
    """The cookies of somebody who came by the link."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(link)
    page.wait_for_selector(".cohort-table")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(chromium, link, visit):
    """The cohort of somebody who is logged in; it writes down what should not be."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, storage_state=visit)
    page = context.new_page()
    base = link.split("/login")[0]
    page.base, page.complaints = base, []
    page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: page.complaints.append(str(e)))
    page.on(
        "request",
        lambda r: (
            None
            if r.url.startswith((base, "data:", "blob:"))
            else page.complaints.append(f"asks elsewhere: {r.url}")
        ),
    )
    page.goto(base)
    page.wait_for_selector(".cohort-table")
    yield page
    context.close()


@pytest.fixture
def pet_page(tmp_path, chromium):
    """The cohort of a workspace with PET/CT, for somebody who came by the link."""
    home = tmp_path / "home"
    synthetic = _load("synthetic_pet")
    store = synthetic.base.Store(Workspace.open(home), keep=True)
    synthetic.write_pet_subject(Workspace.open(home), store)
    store.close()
    with served(home) as found:
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.set_default_timeout(90_000)
        page.complaints = []
        page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: page.complaints.append(str(e)))
        page.goto(found)
        page.wait_for_selector(".cohort-table")
        yield page
        context.close()

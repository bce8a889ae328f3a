"""Nobody sees anything before they have logged in, and no foreign page acts for them."""

from __future__ import annotations

import re

import pytest

from dashboard.app import create_app
from dashboard.auth import PUBLIC_PATHS, safe_next
from dashboard.throttle import Throttle
from response.accounts import hash_password
from response.model import Account
from response.store import Store
from response.terms import AccountRole
from response.workspace import Workspace

CALLBACK = {
    "output": "page.children",
    "outputs": {"id": "page", "property": "children"},
    "inputs": [
        {"id": "url", "property": "pathname", "value": "/"},
        {"id": "url", "property": "search", "value": ""},
    ],
    "changedPropIds": ["url.pathname"],
}


def addresses(app):
    """Return one address for every rule of the server, with its methods."""
    for rule in app.server.url_map.iter_rules():
        path = re.sub(r"<int:\w+>", "1", rule.rule)
        path = re.sub(r"<(?:\w+:)?\w+>", "x", path)
        for method in rule.methods - {"OPTIONS"}:
            yield method, path


def test_every_route_turns_strangers_away(app, visitor):
    asked = [(m, p) for m, p in addresses(app) if p not in PUBLIC_PATHS]
    assert len(asked) > 12
    for method, path in asked:
        answer = visitor.open(path, method=method)
        turned = answer.status_code == 401 or (
            answer.status_code == 302 and answer.location.startswith("/login")
        )
        assert turned, (method, path, answer.status_code)
        assert b"ONC-" not in answer.data


def test_callbacks_turn_strangers_away(visitor):
    answer = visitor.post("/_dash-update-component", json=CALLBACK)
    assert answer.status_code == 401


def test_callbacks_answer_who_is_logged_in(client):
    answer = client.post("/_dash-update-component", json=CALLBACK)
    assert answer.status_code == 200
    assert b"ONC-001" in answer.data


def test_health_needs_no_login_and_tells_nothing(visitor):
    answer = visitor.get("/healthz")
    assert (answer.status_code, answer.data) == (200, b"ok\n")


def test_only_the_login_page_its_style_and_health_are_public():
    assert {"/login", "/healthz", "/assets/style.css"} == PUBLIC_PATHS


def test_a_link_works_once(app):
    token = app.server.extensions["doorkeeper"].make_token()
    first, second = app.server.test_client(), app.server.test_client()
    assert first.get(f"/login?token={token}").status_code == 302
    assert second.get(f"/login?token={token}").status_code == 403
    assert first.get("/").status_code == 200
    assert second.get("/").status_code == 302


@pytest.mark.parametrize("headers", [{"Sec-Purpose": "prefetch"}])
def test_a_link_looked_at_ahead_is_not_used_up(app, headers):
    token = app.server.extensions["doorkeeper"].make_token()
    client = app.server.test_client()
    client.get(f"/login?token={token}", headers=headers)
    client.head(f"/login?token={token}")
    assert client.get(f"/login?token={token}").status_code == 302


def test_a_guessed_link_is_refused(visitor):
    assert visitor.get("/login?token=guess").status_code == 403


def test_a_session_of_a_link_ends_with_the_server(trial, app):
    token = app.server.extensions["doorkeeper"].make_token()
    client = app.server.test_client()
    client.get(f"/login?token={token}")
    cookie = client.get_cookie(app.server.config["SESSION_COOKIE_NAME"])
    other = create_app(trial).server.test_client()
    other.set_cookie(cookie.key, cookie.value)
    assert other.get("/").status_code == 302


def test_a_right_password_lets_in(login):
    assert login("rita").get("/").status_code == 200


def test_after_login_the_wanted_page_is_shown(app):
    client = app.server.test_client()
    wanted = client.get("/subject/abc?tp=2", headers={"Accept": "text/html"})
    assert wanted.location == "/login?next=/subject/abc?tp%3D2"
    form = {"name": "rita", "password": "rita-secret-word", "next": "/subject/abc?tp=2"}
    assert client.post("/login", data=form).location == "/subject/abc?tp=2"


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "", "/a\nb"],
)
def test_a_login_leads_nowhere_else(address):
    assert safe_next(address) == "/"


def test_guessing_is_slowed_down(trial):
    client = create_app(trial).server.test_client()
    codes = [
        client.post("/login", data={"name": "rita", "password": "guess"}).status_code
        for _ in range(6)
    ]
    assert codes == [401] * 4 + [429] * 2
    right = {"name": "rita", "password": "rita-secret-word"}
    assert client.post("/login", data=right).status_code == 429


def test_waiting_doubles_and_is_forgotten():
    now = [0.0]
    throttle = Throttle(clock=lambda: now[0])
    waits = []
    for _ in range(8):
        throttle.fail("anna")
        waits.append(throttle.wait_s("anna"))
    assert waits == [0, 0, 0, 0, 2, 4, 8, 16]
    now[0] = 1000.0
    assert throttle.wait_s("anna") == 0


@pytest.fixture
def own_trial(tmp_path):
    workspace = Workspace.open(tmp_path / "home")
    store = Store(workspace)
    account = Account("ida", AccountRole.READER, hash_password("ida-secret-word"))
    store.write_account(account, actor="test")
    return workspace, store, account


def enter(app):
    client = app.server.test_client()
    client.post("/login", data={"name": "ida", "password": "ida-secret-word"})
    return client


@pytest.mark.parametrize(
    "change",
    [
        lambda a: Account(a.name, a.role, a.password_hash, disabled=True),
        lambda a: Account(a.name, a.role, hash_password("another-secret")),
    ],
)
def test_disabling_or_a_new_password_ends_the_session(own_trial, change, monkeypatch):
    monkeypatch.setattr("dashboard.auth.ACCOUNT_CACHE_S", 0.0)
    workspace, store, account = own_trial
    client = enter(create_app(workspace))
    assert client.get("/").status_code == 200
    store.write_account(change(account), actor="test")
    assert client.get("/").status_code == 302


def test_a_session_ends_after_a_shift(own_trial, monkeypatch):
    client = enter(create_app(own_trial[0]))
    monkeypatch.setattr("dashboard.auth.SESSION_HOURS", 0)
    assert client.get("/").status_code == 302


def test_logging_out_ends_the_session_and_every_copy_of_its_cookie(app, login):
    client = login("rita")
    cookie = client.get_cookie(app.server.config["SESSION_COOKIE_NAME"])
    assert client.post("/logout").location == "/login"
    assert client.get("/").status_code == 302
    client.set_cookie(cookie.key, cookie.value)
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_foreign_page_cannot_act_for_a_visitor(client, headers):
    answer = client.post("/_dash-update-component", json=CALLBACK, headers=headers)
    assert answer.status_code == 403
    assert client.post("/logout", headers=headers).status_code == 403


def test_our_own_page_can(client):
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    answer = client.post("/_dash-update-component", json=CALLBACK, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/", "/login", "/healthz", "/_dash-layout"])
def test_another_host_name_is_refused(client, path):
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 400


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app):
    token = app.server.extensions["doorkeeper"].make_token()
    cookie = app.server.test_client().get(f"/login?token={token}").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_answers_forbid_what_browsers_should_not_do(client):
    headers = client.get("/").headers
    policy = headers["Content-Security-Policy"]
    assert "http" not in policy
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("name", "code"), [("anna", 200), ("rita", 403), ("vera", 403)])
def test_the_audit_page_is_for_administrators(login, name, code):
    client = login(name)
    assert client.get("/audit").status_code == code
    asked = {
        **CALLBACK,
        "inputs": [{**CALLBACK["inputs"][0], "value": "/audit"}, CALLBACK["inputs"][1]],
    }
    answer = client.post("/_dash-update-component", json=asked)
    assert (b"Audit trail" in answer.data) == (code == 200)


def test_there_is_no_second_door(app):
    rules = {rule.rule for rule in app.server.url_map.iter_rules()}
    assert not any("mcp" in rule for rule in rules)

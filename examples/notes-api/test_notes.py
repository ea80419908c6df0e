"""Tests of the API for notes, without a server: `pytest`."""

from collections.abc import Iterator
from pathlib import Path

import notes
import pytest
from fastapi.testclient import TestClient

from auth_api_sdk.testing import TestIssuer


@pytest.fixture
def client(auth_issuer: TestIssuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A client of the API, which trusts the tokens of the test."""
    monkeypatch.setenv("NOTES_DB", str(tmp_path / "notes.db"))
    auth_issuer.serve(notes.verifier)
    with TestClient(notes.app) as client:
        yield client


def test_user_sees_own_notes_only(client: TestClient, auth_issuer: TestIssuer) -> None:
    ada, bob = auth_issuer.headers("1"), auth_issuer.headers("2")

    client.post("/notes", json={"text": "Buy milk"}, headers=ada)

    assert client.get("/notes", headers=ada).json() == [{"id": 1, "text": "Buy milk"}]
    assert client.get("/notes", headers=bob).json() == []


def test_request_without_a_token_is_refused(client: TestClient) -> None:
    assert client.get("/notes").json()["error_code"] == "AUTHENTICATION_REQUIRED"


def test_deletion_needs_a_recent_login(client: TestClient, auth_issuer: TestIssuer) -> None:
    late = client.delete("/notes", headers=auth_issuer.headers(age=301))

    assert (late.status_code, late.json()["error_code"]) == (403, "STEP_UP_REQUIRED")
    assert client.delete("/notes", headers=auth_issuer.headers(age=200)).status_code == 204

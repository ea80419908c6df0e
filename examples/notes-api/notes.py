"""An API for notes. Each user of auth_api sees only their own: `uvicorn notes:app --port 9000`."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel, Field

from auth_api_sdk import AsyncTokenVerifier
from auth_api_sdk.fastapi import Principal, TokenAuth

verifier = AsyncTokenVerifier(
    issuer=os.environ.get("AUTH_URL", "http://localhost:8000"),
    audience="auth_api",
    service_key=os.environ.get("AUTH_SERVICE_KEY"),
)
auth = TokenAuth(verifier)
app = FastAPI(title="Notes")
auth.install(app)

User = Annotated[Principal, Depends(auth.requires())]
JustLoggedIn = Annotated[Principal, Depends(auth.requires(max_age=300))]


class NewNote(BaseModel):
    """What a client sends."""

    text: str = Field(min_length=1, max_length=1000)


class Note(NewNote):
    """What a client gets."""

    id: int


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """Open the database, and commit what the block has changed."""
    connection = sqlite3.connect(os.environ.get("NOTES_DB", "notes.db"))
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, owner TEXT, text TEXT)")
        with connection:
            yield connection
    finally:
        connection.close()


@app.get("/notes")
def show_notes(user: User) -> list[Note]:
    """Return the notes of the user."""
    with database() as connection:
        rows = connection.execute("SELECT id, text FROM notes WHERE owner = ? ORDER BY id", [user.subject])
        return [Note(id=number, text=text) for number, text in rows]


@app.post("/notes", status_code=201)
def add_note(note: NewNote, user: User) -> Note:
    """Store a note."""
    with database() as connection:
        added = connection.execute("INSERT INTO notes (owner, text) VALUES (?, ?)", [user.subject, note.text])
        return Note(id=added.lastrowid or 0, text=note.text)


@app.delete("/notes", status_code=204)
def delete_notes(user: JustLoggedIn) -> None:
    """Delete all notes of the user, who must have logged in within the last five minutes."""
    with database() as connection:
        connection.execute("DELETE FROM notes WHERE owner = ?", [user.subject])

import { type FormEvent, useCallback, useEffect, useState } from "react";
import { auth, sentence } from "./auth";

interface Note {
  readonly id: number;
  readonly text: string;
}

/** Shows the notes of the person, which come from the application's own API. */
export function Notes() {
  const [notes, setNotes] = useState<readonly Note[]>();
  const [message, setMessage] = useState("");
  const load = useCallback(async () => {
    const response = await auth.fetch("/notes");
    if (response.ok) setNotes((await response.json()) as Note[]);
    setMessage(response.ok ? "" : `The notes cannot be loaded (${response.status}).`);
  }, []);
  useEffect(() => void load().catch((error: unknown) => setMessage(sentence(error))), [load]);

  async function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const body = JSON.stringify({ text: new FormData(form).get("text") });
    const response = await auth.fetch("/notes", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (response.ok) form.reset();
    await load();
  }

  return (
    <main className="card">
      {notes?.length === 0 && <p>You have no notes yet.</p>}
      <ul>{notes?.map(({ id, text }) => <li key={id}>{text}</li>)}</ul>
      <form onSubmit={(event) => void add(event).catch((error: unknown) => setMessage(sentence(error)))}>
        <label>
          New note
          <input name="text" maxLength={1000} required />
        </label>
        <button>Add</button>
      </form>
      {message && <p role="alert">{message}</p>}
    </main>
  );
}

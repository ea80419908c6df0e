import type { components } from "auth-api-sdk";
import { useCallback, useEffect, useState } from "react";
import { auth, AUTH_URL, sentence } from "./auth";

type Session = components["schemas"]["SessionResponse"];

/** Shows where the person is logged in, and adds a passkey. */
export function Account() {
  const [sessions, setSessions] = useState<readonly Session[]>([]);
  const [message, setMessage] = useState<{ role: "alert" | "status"; text: string } | null>(null);
  const [codes, setCodes] = useState<readonly string[]>([]);
  const load = useCallback(async () => setSessions((await auth.api.GET("/api/user/sessions")).items), []);
  const attempt = useCallback((work: () => Promise<unknown>) => {
    setMessage(null);
    void work().catch((error: unknown) => setMessage({ role: "alert", text: sentence(error) }));
  }, []);
  useEffect(() => attempt(load), [attempt, load]);

  async function addPasskey() {
    const added = await auth.addPasskey();
    setCodes(added.recovery_codes ?? []);
    setMessage({ role: "status", text: "The passkey was added." });
  }

  async function end(id: string) {
    await auth.api.DELETE("/api/user/sessions/{session_id}", { path: { session_id: id } });
    await load();
  }

  return (
    <section className="card">
      <h2>Your devices</h2>
      <ul>
        {sessions.map((session) => (
          <li key={session.id}>
            {session.current ? "This browser" : (session.user_agent ?? "Unknown device")}
            {!session.current && <button onClick={() => attempt(() => end(session.id))}>Log out</button>}
          </li>
        ))}
      </ul>
      <button className="second" onClick={() => attempt(addPasskey)}>
        Add a passkey
      </button>
      {message && <p role={message.role}>{message.text}</p>}
      {codes.length > 0 && (
        <p>
          Keep these recovery codes: <code>{codes.join(" ")}</code>
        </p>
      )}
      <a href={`${AUTH_URL}/account`}>All settings of your account</a>
    </section>
  );
}

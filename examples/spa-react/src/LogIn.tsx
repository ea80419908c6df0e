import { AuthError } from "auth-api-sdk";
import { type FormEvent, useEffect, useState } from "react";
import { auth, cameBack, sentence } from "./auth";

/** Logs in by a password and perhaps a code, by a passkey, or on the pages of auth_api. */
export function LogIn() {
  const [message, setMessage] = useState("");
  const [mfaToken, setMfaToken] = useState<string>();
  useEffect(() => void cameBack.catch((error: unknown) => setMessage(sentence(error))), []);

  async function attempt(work: () => Promise<unknown>) {
    setMessage("");
    await work().catch((error: unknown) => {
      if (error instanceof AuthError && error.code === "MFA_REQUIRED") setMfaToken(String(error.problem?.mfa_token));
      else setMessage(sentence(error));
    });
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const field = (name: string) => String(new FormData(event.currentTarget).get(name));
    const [username, password, code] = ["username", "password", "code"].map(field) as [string, string, string];
    void attempt(() => (mfaToken ? auth.mfa({ mfaToken, method: "totp", code }) : auth.login({ username, password })));
  }

  return (
    <main className="card">
      <h1>Notes</h1>
      <form onSubmit={submit}>
        {mfaToken ? (
          <label>
            Code of your authenticator app
            <input name="code" inputMode="numeric" autoComplete="one-time-code" autoFocus required />
          </label>
        ) : (
          <>
            <label>
              Username
              <input name="username" autoComplete="username webauthn" required />
            </label>
            <label>
              Password
              <input name="password" type="password" autoComplete="current-password" required />
            </label>
          </>
        )}
        <button>Log in</button>
      </form>
      {message && <p role="alert">{message}</p>}
      <hr />
      <button className="second" onClick={() => void attempt(() => auth.passkeyLogin())}>
        Log in with a passkey
      </button>
      <button className="second" onClick={() => void auth.signIn()}>
        Other ways to log in, or register
      </button>
    </main>
  );
}

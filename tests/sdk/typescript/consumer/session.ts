// What a strict project does with the installed package: a whole session against the server whose URL is its argument.

import { AuthError, type AuthState, createAuthClient, type LoggedIn, type User } from "auth-api-sdk";
import { useAuth } from "auth-api-sdk/react";

declare const process: { argv: string[] };

function expect(what: string, found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
  }
}

/** Returns the error of a request that must be refused. */
async function refusal(work: Promise<unknown>): Promise<AuthError> {
  return work.then(
    () => Promise.reject(new Error("the request was not refused")),
    (error: unknown) => (error instanceof AuthError ? error : Promise.reject(error)),
  );
}

const baseUrl = process.argv[2] ?? "http://localhost:8000";
const auth = createAuthClient({ baseUrl, mode: "token", storage: "memory" });
const states: AuthState["status"][] = [];
expect("the state before the first use", auth.state.status, "loading");
const unsubscribe = auth.subscribe(() => states.push(auth.state.status));
expect("the first state", (await auth.ready).status, "signed-out");

const person = { email: "ada@example.com", username: "ada", password: "Tr0ub4dor&3-horse" };
const weak = await refusal(auth.register({ ...person, password: "Ada-1" }));
expect("a weak password", [weak.code, weak.status, weak.errors[0]?.field, typeof weak.requestId], ["WEAK_PASSWORD", 400, "password", "string"]);

await auth.register(person);
const registered: User | null = auth.state.user;
expect("the user after the registration", [auth.state.status, registered?.username], ["signed-in", "ada"]);
expect("tokens in the user", Object.keys(registered ?? {}).filter((name) => name.includes("token")), []);

const wrong = await refusal(auth.login({ username: "ada", password: "Wrong-Horse-7-Staple" }));
expect("a wrong password", [wrong.code, wrong.status, auth.state.status], ["INVALID_CREDENTIALS", 401, "signed-in"]);
const loggedIn: LoggedIn = await auth.login({ username: "ada", password: person.password });
expect("the login", loggedIn.user.email, person.email);

const { items, next_cursor } = await auth.api.GET("/api/user/sessions", { query: { limit: 1 } });
expect("a page of sessions", [items.length, typeof next_cursor, items[0]?.current], [1, "string", true]);
const profile = await auth.fetch(`${baseUrl}/api/user/profile`);
expect("the profile by fetch", [profile.status, ((await profile.json()) as User).username], [200, "ada"]);

const before = await auth.accessToken();
const refreshed = await auth.accessToken({ minSeconds: 100_000 });
expect("a token for a longer time", before !== refreshed, true);
const changed = { current_password: person.password, new_password: "N3w-Tr0ub4dor&3-horse" };
await auth.api.POST("/api/user/password", { body: changed });
expect("the profile after the new tokens", (await auth.api.GET("/api/user/profile")).username, "ada");

await auth.logoutAll();
expect("after logging out everywhere", [auth.state.status, auth.state.reason], ["signed-out", "logged-out"]);
expect("a request afterwards", (await refusal(auth.api.GET("/api/user/profile"))).code, "AUTHENTICATION_REQUIRED");
expect("a token afterwards", (await refusal(auth.accessToken())).code, "AUTHENTICATION_REQUIRED");
await auth.logout();
unsubscribe();
expect("the states", [...new Set(states)], ["signed-out", "signed-in"]);
expect("the hook", typeof useAuth, "function");
console.log("The installed client registered, logged in, refreshed, listed sessions and logged out.");

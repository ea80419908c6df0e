// A complete session with the generated client. `make client` compiles it strictly and runs it against a server.

import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./api.js";

type Json = "application/json" | "application/problem+json"; // /errors also has HTML pages, which a program never asks for
type KnownErrorCode = components["schemas"]["KnownErrorCode"];
type Problem = components["schemas"]["Problem"];
type TokenPair = components["schemas"]["TokenPair"];
type Result<T> = { data?: T | undefined; error?: Problem | undefined };

declare const process: { argv: string[] };

// A later version may return codes that this client does not know; the compiler checks the known ones.
const REFRESHABLE: ReadonlySet<string> = new Set<KnownErrorCode>(["TOKEN_EXPIRED"]);

class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.error_code}: ${problem.detail}`);
  }
}

/** Returns the document of a successful response, or throws its problem document. */
function unwrap<T>(result: Result<T>): T {
  if (result.error) throw new Refused(result.error);
  return result.data as T;
}

/** Sends the access token with each request, and refreshes it once it has expired. */
class Session {
  constructor(private readonly api: Client<paths, Json>, private tokens: TokenPair) {}

  onRequest({ request }: { request: Request }): void {
    request.headers.set("Authorization", `Bearer ${this.tokens.access_token}`);
  }

  async refresh(): Promise<void> {
    const refresh_token = this.tokens.refresh_token!; // only in cookie mode, the token is not in the body
    this.tokens = unwrap(await this.api.POST("/api/auth/refresh", { body: { refresh_token } }));
  }

  /** Calls an operation, and once more with a new access token if it has expired. */
  async withRefresh<T>(call: () => Promise<Result<T>>): Promise<T> {
    const first = await call();
    if (!first.error || !REFRESHABLE.has(first.error.error_code)) return unwrap(first);
    await this.refresh();
    return unwrap(await call());
  }
}

/** Returns the sentences to show in a form. */
function messages(problem: Problem): string[] {
  switch (problem.error_code) {
    case "VALIDATION_ERROR":
    case "WEAK_PASSWORD":
      return (problem.errors ?? []).map(({ field, message }) => `${field}: ${message}`);
    case "DUPLICATE_EMAIL":
    case "DUPLICATE_USERNAME":
      return ["It is taken. Choose another one."];
    default:
      return [problem.detail];
  }
}

function expect(what: string, found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
  }
}

const baseUrl = process.argv[2] ?? "http://127.0.0.1:8000";
const api = createClient<paths, Json>({ baseUrl });
const person = { email: "ada@example.com", username: "ada", password: "Tr0ub4dor&3-horse" };

const weak = await api.POST("/api/auth/register", { body: { ...person, password: "Ada-1" } });
expect("a weak password", weak.error && messages(weak.error).length > 0, true);

const registered = unwrap(await api.POST("/api/auth/register", { body: person }));
expect("the new account", "username" in registered && registered.username, "ada");

const loggedIn = unwrap(await api.POST("/api/auth/login", { body: { username: "ada", password: person.password } }));
expect("the user of the login", loggedIn.user.email, person.email);

const session = new Session(api, loggedIn);
api.use(session);
await session.refresh();
const profile = await session.withRefresh(() => api.GET("/api/user/profile"));
expect("the last login", typeof profile.last_login, "string");

const { items, next_cursor } = await session.withRefresh(() =>
  api.GET("/api/user/sessions", { params: { query: { limit: 1 } } }),
);
expect("a page of sessions", [items.length, typeof next_cursor, items[0]?.current], [1, "string", true]);

const ended = unwrap(await api.POST("/api/auth/logout-all", { body: {} }));
expect("the number of ended sessions", ended.sessions_ended, 2);

const afterwards = await api.GET("/api/user/profile");
expect("after logging out", afterwards.error?.error_code, "TOKEN_REVOKED");
expect("the status after logging out", afterwards.response.status, 401);

const description = unwrap(await api.GET("/errors/{error_code}", { params: { path: { error_code: "TOKEN_REVOKED" } } }));
expect("the described error", description.error_code, "TOKEN_REVOKED");
console.log("The generated client registered, logged in, refreshed, listed sessions and logged out.");

import type { components } from "./api.js";

export type User = components["schemas"]["UserResponse"];

/** Why there is no session, or another one than before. */
export type Reason = "logged-out" | "expired" | "revoked" | "reused" | "account-changed";

/** What the application shows. It is frozen; each change is a new object. */
export interface AuthState {
  readonly status: "loading" | "signed-in" | "signed-out";
  readonly user: User | null;
  /** Whether the server could not be reached at the last attempt, so that `user` may be out of date. */
  readonly stale: boolean;
  readonly reason?: Reason;
}

export interface AuthClientOptions {
  /** `PUBLIC_URL` of auth_api. */
  readonly baseUrl: string;
  /** Where the refresh token lives: in an HttpOnly cookie (recommended), or in `storage`. */
  readonly mode: "token" | "cookie";
  /** Where the tokens are kept in token mode. A tab that is duplicated copies those of `session`, which ends the session. */
  readonly storage?: "local" | "session" | "memory";
  /** The origins to which `fetch` sends the access token. Default: those of `baseUrl` and of the page. */
  readonly tokenOrigins?: readonly string[];
  /** What sends requests, instead of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/** What one request to auth_api contains. */
export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Whether the access token is sent if there is one (default), or never. */
  readonly anonymous?: boolean;
}

/**
 * Sends a request to auth_api and returns the document of its response.
 *
 * Refreshes and repeats if the access token is refused; adopts each response that contains an `access_token`. Throws `AuthError`.
 */
export type Call = (method: string, path: string, options?: CallOptions) => Promise<unknown>;

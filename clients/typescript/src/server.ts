import type { Environment } from "./environment.js";
import { AuthError } from "./errors.js";
import { addressOf, documentOf, offline } from "./http.js";
import type { Tokens } from "./tokens.js";
import type { AuthClientOptions, CallOptions } from "./types.js";

const TIMEOUT_MS = 10_000;

/** What of a request differs from the usual. */
export interface RequestDetails extends Pick<CallOptions, "query" | "body"> {
  readonly signal?: AbortSignal | undefined;
  readonly keepalive?: boolean;
  readonly credentials?: RequestCredentials;
}

/** Sends requests to auth_api in the mode of the client. */
export class Server {
  readonly isCookieMode: boolean;
  readonly #environment: Environment;
  readonly #baseUrl: string;

  constructor(environment: Environment, { baseUrl, mode }: AuthClientOptions) {
    this.#environment = environment;
    this.#baseUrl = baseUrl;
    this.isCookieMode = mode === "cookie";
  }

  /** Sends a request and returns the document of its response; throws `AuthError`. */
  async send(
    method: string,
    path: string,
    tokens: Tokens | null,
    { query, body, signal, ...init }: RequestDetails,
  ): Promise<unknown> {
    signal?.throwIfAborted();
    const aborter = new AbortController();
    const abort = () => aborter.abort(signal?.reason);
    const timer = this.#environment.setTimeout(abort, TIMEOUT_MS);
    signal?.addEventListener("abort", abort);
    try {
      // The dot keeps the token on this server, should a path begin without a slash.
      const response = await this.#environment.fetch(addressOf(`${this.#baseUrl}/.${path}`, query), {
        method,
        credentials: this.isCookieMode ? "include" : "omit",
        ...init,
        headers: {
          ...(body !== undefined && { "Content-Type": "application/json" }),
          ...(this.isCookieMode && { "Token-Transport": "cookie" }),
          ...(tokens && { Authorization: `Bearer ${tokens.access}` }),
        },
        body: JSON.stringify(body), // undefined without a body
        redirect: "manual",
        signal: aborter.signal,
      });
      return await documentOf(response);
    } catch (cause) {
      if (cause instanceof AuthError || signal?.aborted) throw cause;
      throw aborter.signal.aborted ? new AuthError("TIMEOUT", 0, "The server did not respond.", { cause }) : offline(cause);
    } finally {
      this.#environment.clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Ends the session of tokens and of the cookie, as far as the server can be reached; without credentials, only the first. */
  async logOut(tokens: Tokens | null, details: RequestDetails = {}): Promise<void> {
    const body = tokens?.refresh ? { refresh_token: tokens.refresh } : undefined;
    await this.send("POST", "/api/auth/logout", tokens, { body, keepalive: true, ...details }).catch(() => undefined);
  }
}

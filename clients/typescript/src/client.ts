import { authorizedFetch } from "./authorized_fetch.js";
import { type Environment, ownEnvironment } from "./environment.js";
import { loggedOut, Session } from "./session.js";
import type { AuthClientOptions, AuthState, Call } from "./types.js";

/** The session of the people who use an application, and requests that belong to it. */
export class AuthClient {
  readonly #session: Session;

  constructor(options: AuthClientOptions, environment: Environment) {
    this.#session = new Session(environment, { ...options, baseUrl: options.baseUrl.replace(/\/+$/, "") });
    if (environment.origin !== undefined) queueMicrotask(() => void this.#session.start());
  }

  /** Who is logged in. */
  get state(): AuthState {
    return this.#session.state;
  }

  /** The first state that is not `loading`. */
  get ready(): Promise<AuthState> {
    void this.#session.start();
    return this.#session.ready;
  }

  /** Calls a function after each change of the state, until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => this.#session.subscribe(listener);

  /** Sends a request to auth_api; see `Call`. */
  readonly call: Call = (method, path, options) => this.#session.call(method, path, options);

  /** Calls the API of the application with the access token; see `authorizedFetch`. */
  readonly fetch: typeof globalThis.fetch = (input, init) => authorizedFetch(this.#session, input, init);

  /** Returns an access token that is valid for some seconds, 30 by default; throws `AuthError` if nobody is logged in. */
  async accessToken({ minSeconds = 30 }: { minSeconds?: number } = {}): Promise<string> {
    const tokens = await this.#session.usableTokens(minSeconds);
    if (!tokens) throw loggedOut();
    return tokens.access;
  }

  /** Logs out in all tabs. It never fails: without a connection, the session of the server ends when its tokens expire. */
  logout(): Promise<void> {
    return this.#session.logout();
  }

  /** Logs out on all devices, or on all others. */
  async logoutAll({ keepCurrent = false }: { keepCurrent?: boolean } = {}): Promise<void> {
    await this.call("POST", "/api/auth/logout-all", { body: { keep_current: keepCurrent } });
    if (!keepCurrent) this.#session.forget();
  }
}

/** Returns a client. Nothing is read or connected before the next turn of the event loop, and nothing at all on a server. */
export function createAuthClient(options: AuthClientOptions): AuthClient {
  return new AuthClient(options, ownEnvironment(options.fetch));
}

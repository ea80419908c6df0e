import { authorizedFetch } from "./authorized_fetch.js";
import type { components } from "./api.js";
import { type Environment, ownEnvironment } from "./environment.js";
import { handleRedirect, leaveHosted, type RedirectResult, signIn, type SignInOptions } from "./hosted.js";
import { Session } from "./session.js";
import { loggedOut } from "./session_ends.js";
import { addPasskey, type LoggedIn, passkeyLogin, type Proof, type SecondFactor, secondFactor, stepUp } from "./sign_in.js";
import { type Api, typedApi } from "./typed_api.js";
import type { AuthClientOptions, AuthState, Call } from "./types.js";

type Schemas = components["schemas"];

/** The session of the people who use an application, and requests that belong to it. */
export class AuthClient {
  /** All operations of auth_api. Responses that contain tokens are adopted, so that they need no method of their own. */
  readonly api: Api;
  readonly #session: Session;

  constructor(options: AuthClientOptions, environment: Environment) {
    this.#session = new Session(environment, { ...options, baseUrl: new URL(options.baseUrl).href.replace(/\/+$/, "") });
    this.api = typedApi(this.call);
    if (environment.origin) queueMicrotask(() => this.#session.start());
  }

  /** Who is logged in. */
  get state(): AuthState {
    return this.#session.shown.current;
  }

  /** The first state that is not `loading`. */
  get ready(): Promise<AuthState> {
    this.#session.start();
    return this.#session.shown.ready;
  }

  /** Calls a function after each change of the state, until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => this.#session.shown.subscribe(listener);

  /** Sends a request to auth_api, as `api` does, without types. */
  readonly call: Call = (method, path, options) => this.#session.call(method, path, options);

  /** Calls the API of the application with the access token, which only origins of `tokenOrigins` get. Refreshes and repeats. */
  readonly fetch: typeof globalThis.fetch = (input, init) => authorizedFetch(this.#session, input, init);

  /** Returns an access token that is valid for some seconds, 30 by default; throws `AuthError` if nobody is logged in. */
  async accessToken({ minSeconds = 30 }: { minSeconds?: number } = {}): Promise<string> {
    const tokens = await this.#session.usableTokens(minSeconds);
    if (!tokens) throw loggedOut();
    return tokens.access;
  }

  /** Creates an account. The response has tokens unless the server wants the e-mail address to be verified first. */
  register(body: Schemas["RegisterRequest"]): Promise<unknown> {
    return this.#anonymous("/api/auth/register", body);
  }

  /** Logs in by a password. Throws `AuthError` with the code `MFA_REQUIRED` if `mfa` must follow. */
  login(body: Schemas["LoginRequest"]): Promise<LoggedIn> {
    return this.#anonymous("/api/auth/login", body) as Promise<LoggedIn>;
  }

  /** Completes a login that needs a second factor. */
  mfa(factor: SecondFactor): Promise<LoggedIn> {
    return secondFactor(this.call, factor) as Promise<LoggedIn>;
  }

  /** Logs in by a passkey; `conditional` offers it in the list of an input with `autocomplete="username webauthn"`. */
  passkeyLogin(options: { conditional?: boolean; signal?: AbortSignal } = {}): Promise<LoggedIn> {
    return passkeyLogin(this.call, options) as Promise<LoggedIn>;
  }

  /** Creates a passkey on this device and adds it to the account. The first factor's response has `recovery_codes`. */
  addPasskey(options: { name?: string; mfaToken?: string } = {}): Promise<Schemas["AddedPasskeyResponse"] | LoggedIn> {
    return addPasskey(this.call, options) as Promise<Schemas["AddedPasskeyResponse"] | LoggedIn>;
  }

  /** Proves the identity again after `STEP_UP_REQUIRED`; then the request can be repeated. */
  async stepUp(proof: Proof): Promise<void> {
    await stepUp(this.call, proof);
  }

  /** Sends the browser to the pages of auth_api, or to a provider, to log in. It comes back to `returnTo`. */
  signIn(options: SignInOptions = {}): Promise<void> {
    return signIn(this.#session.options.baseUrl, options);
  }

  /** Finishes what `signIn` began; call it when the page loads. Removes the code from the address first. */
  handleRedirect(): Promise<RedirectResult> {
    return handleRedirect(this.#session.options.baseUrl, this.call);
  }

  /**
   * Logs out in all tabs. It never fails: without a connection, the session of the server ends when its tokens expire.
   *
   * With `hosted`, the browser then goes to the page on which the person ends the session with the pages of auth_api, too.
   */
  async logout({ hosted }: { hosted?: { readonly returnTo: string } } = {}): Promise<void> {
    await this.#session.logout();
    if (hosted) leaveHosted(this.#session.options.baseUrl, hosted.returnTo);
  }

  /** Logs out on all devices, or on all others. */
  async logoutAll({ keepCurrent = false }: { keepCurrent?: boolean } = {}): Promise<void> {
    await this.call("POST", "/api/auth/logout-all", { body: { keep_current: keepCurrent } });
    if (!keepCurrent) this.#session.forget();
  }

  #anonymous(path: string, body: unknown): Promise<unknown> {
    return this.call("POST", path, { body, anonymous: true });
  }
}

/** Returns a client. Nothing is read or connected before the next turn of the event loop, and nothing at all on a server. */
export function createAuthClient(options: AuthClientOptions): AuthClient {
  return new AuthClient(options, ownEnvironment(options.fetch));
}

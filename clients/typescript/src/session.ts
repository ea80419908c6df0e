import type { Environment } from "./environment.js";
import { AuthError } from "./errors.js";
import { addressOf, type RequestDetails, send } from "./http.js";
import { Retry } from "./retry.js";
import { endOf, isTemporary, isTokenRefused, loggedOut } from "./session_ends.js";
import { ShownState } from "./shown_state.js";
import { Store } from "./store.js";
import { Tabs } from "./tabs.js";
import { claim, isSameSession, type Tokens, tokensOf } from "./tokens.js";
import type { AuthClientOptions, CallOptions, Reason, User } from "./types.js";

/** What a refresh found out while other tabs had to wait. Without tokens and error, there was nothing to send. */
interface Outcome {
  readonly stamp: string | null;
  readonly tokens?: Tokens;
  /** Whether the tokens are stored; otherwise the session was changed meanwhile. */
  readonly isStored?: boolean;
  readonly error?: AuthError;
}

/** The session of this origin: its tokens, its state, and the one refresh at a time. */
export class Session {
  readonly environment: Environment;
  readonly options: AuthClientOptions;
  readonly shown = new ShownState();
  readonly #isCookieMode: boolean;
  readonly #store: Store;
  readonly #retry: Retry;
  #tabs: Tabs | undefined;
  #tokens: Tokens | null = null;
  #receivedAt = 0;
  /** What was stored when this tab read or wrote it last; null without a session. */
  #stamp: string | null = null;
  #refreshing: Promise<Tokens> | undefined;

  constructor(environment: Environment, options: AuthClientOptions) {
    this.environment = environment;
    this.options = options;
    this.#isCookieMode = options.mode === "cookie";
    this.#store = new Store(environment, options);
    this.#retry = new Retry(environment, () => this.#refreshQuietly());
  }

  /** Reads what is stored, once. */
  start(): void {
    if (this.#tabs) return;
    this.#tabs = new Tabs(this.environment, this.options.baseUrl, () => this.#readAgain());
    for (const event of ["online", "visibilitychange", "pageshow"] as const) {
      this.environment.listen(event, () => {
        this.#readAgain(); // a frozen page gets no messages
        if (this.shown.current.stale) this.#refreshQuietly();
      });
    }
    const { stamp, tokens } = this.#store.read();
    this.#stamp = stamp;
    if (stamp === null) return this.shown.set("signed-out", null);
    if (!tokens) return this.#refreshQuietly();
    this.#keep(tokens);
    if (tokens.user) this.#show(tokens.user);
    void this.#loadUser();
  }

  /** Sends a request to auth_api and adopts the tokens of its response. */
  async call(method: string, path: string, { query, body, signal, anonymous }: CallOptions = {}): Promise<unknown> {
    this.start();
    const before = anonymous ? null : await this.usableTokens(30);
    const document = await this.#sendAs(before, method, path, { query, body, signal });
    const tokens = tokensOf(document, before && this.#tokens, this.environment);
    const isLate = before && !isSameSession(before, this.#tokens); // logged out meanwhile, or logged in again
    if (tokens && isLate) void this.#endOnServer(tokens, { credentials: "omit" });
    else if (tokens) await this.#adopt(tokens);
    return document;
  }

  /** Returns tokens that are valid for some seconds; null if nobody is signed in. */
  async usableTokens(minSeconds: number): Promise<Tokens | null> {
    this.start();
    const tokens = this.#tokens;
    if (this.shown.isSignedOut) return null;
    if (tokens && this.#secondsLeft(tokens) >= minSeconds) return tokens;
    return this.refresh(tokens).catch((error: unknown) => {
      if (tokens && tokens === this.#tokens && this.#secondsLeft(tokens) > 0) return tokens;
      throw error;
    });
  }

  /** Returns new tokens in place of some that have expired or were refused; throws `AuthError`. */
  refresh(spent: Tokens | null): Promise<Tokens> {
    if (this.#tokens && this.#tokens.access !== spent?.access) return Promise.resolve(this.#tokens);
    return (this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined)));
  }

  /** Ends the session here and in the other tabs at once, then on the server, as far as that can be reached. */
  async logout(): Promise<void> {
    this.start();
    const tokens = this.#tokens;
    this.forget();
    if (tokens || this.#isCookieMode) await this.#endOnServer(tokens);
  }

  /** Ends the session here and in the other tabs. */
  forget(): void {
    this.#store.write(null);
    this.#end("logged-out");
  }

  /** Reads the profile; without an answer, the state stays and is stale. */
  async #loadUser(): Promise<void> {
    try {
      const user = (await this.#sendAs(this.#tokens, "GET", "/api/user/profile", {})) as User;
      if (!this.#tokens || claim(this.#tokens.access, "sub") !== String(user.id)) return; // changed meanwhile
      this.#keep({ ...this.#tokens, user });
      this.#store.replace(this.#stamp, this.#tokens);
      this.#show(user, this.shown.current.reason);
    } catch (error) {
      this.#retryLater(error as AuthError);
    }
  }

  async #refresh(): Promise<Tokens> {
    const spent = this.#tokens;
    const { stamp, tokens, isStored, error } = await this.#tabs!.exclusively(() => this.#spend(spent));
    if (tokens && isStored) {
      this.#keepAndShow(tokens, tokens.refresh ?? stamp);
      if (!this.#isCookieMode) this.#tabs!.announce();
      return tokens;
    }
    if (error && stamp === this.#stamp) {
      const reason = endOf(error, this.#isCookieMode);
      if (!reason) this.#retryLater(error);
      else if (this.#store.replace(stamp, null)) this.#end(reason);
      if (!reason || this.shown.isSignedOut) throw error;
    }
    if (tokens) this.#endIfForgotten(tokens);
    this.#readAgain();
    if (this.#tokens) return this.#tokens;
    if (this.#stamp === null) throw loggedOut();
    return this.#refresh(); // another tab has logged in meanwhile
  }

  /** Sends the refresh, unless another tab was faster. No other code runs meanwhile. */
  async #spend(spent: Tokens | null): Promise<Outcome> {
    const { stamp, tokens: stored } = this.#store.read();
    if (stamp === null || stored?.refresh !== spent?.refresh) return { stamp };
    try {
      const body = this.#isCookieMode ? undefined : { refresh_token: stamp };
      const document = await this.#send("POST", "/api/auth/refresh", null, { body, keepalive: true });
      const tokens = tokensOf(document, spent, this.environment);
      if (!tokens) throw new AuthError("HTTP_ERROR", 200, "The response has no tokens.");
      return { stamp, tokens, isStored: this.#store.replace(stamp, tokens) };
    } catch (error) {
      return { stamp, error: error as AuthError };
    }
  }

  /** Takes over what another tab has changed. */
  #readAgain(): void {
    const { stamp, tokens } = this.#store.read();
    if (stamp === this.#stamp) return;
    if (stamp === null) return this.#end("logged-out");
    if (tokens) return this.#keepAndShow(tokens, stamp);
    this.#stamp = stamp;
    this.#tokens = null; // in cookie mode, each tab has its own access token
    this.#refreshQuietly();
  }

  #refreshQuietly(): void {
    this.refresh(this.#tokens).catch(() => undefined);
  }

  async #adopt(tokens: Tokens): Promise<void> {
    this.#keep(tokens);
    this.#store.write(tokens);
    this.#stamp = this.#store.read().stamp;
    this.#tabs!.announce();
    if (tokens.user) this.#show(tokens.user);
    else await this.#loadUser();
  }

  /** Keeps tokens, and shows the account that they belong to. */
  #keepAndShow(tokens: Tokens, stamp: string | null): void {
    const { user } = this.shown.current;
    const isOther = user !== null && claim(tokens.access, "sub") !== String(user.id);
    const shown = tokens.user ?? (isOther ? null : user);
    this.#stamp = stamp;
    this.#keep(tokens);
    if (isOther || shown) this.#show(shown, isOther ? "account-changed" : undefined);
    if (!shown) void this.#loadUser();
  }

  #keep(tokens: Tokens | null): void {
    if (tokens?.access !== this.#tokens?.access) this.#receivedAt = this.environment.monotonic();
    this.#tokens = tokens;
  }

  #end(reason: Reason): void {
    this.#stamp = this.#tokens = null;
    this.#retry.stop();
    this.#tabs!.announce();
    if (!this.shown.isSignedOut) this.shown.set("signed-out", null, reason);
  }

  /** Seconds that an access token is still valid. The device may have slept, and then only one of its clocks went on. */
  #secondsLeft({ expiresIn, receivedAt }: Tokens): number {
    const { monotonic, wall } = this.environment;
    return expiresIn - Math.max(monotonic() - this.#receivedAt, wall() - receivedAt) / 1000;
  }

  #show(user: User | null, reason?: Reason): void {
    this.#retry.stop();
    this.shown.set("signed-in", user, reason);
  }

  #retryLater(error: AuthError): void {
    if (this.shown.isSignedOut) return;
    this.shown.setStale();
    if (isTemporary(error)) this.#retry.later(error.retryAfter);
  }

  /** Ends the session of tokens that came after a log-out. */
  #endIfForgotten(late: Tokens): void {
    const { stamp, tokens } = this.#store.read();
    if (stamp === null || (tokens && !isSameSession(tokens, late))) void this.#endOnServer(late, { credentials: "omit" });
  }

  /** Ends the session of tokens, as far as the server can be reached; without credentials, no later one that has the cookie. */
  async #endOnServer(tokens: Tokens | null, rest: RequestDetails = {}): Promise<void> {
    const body = tokens?.refresh ? { refresh_token: tokens.refresh } : undefined;
    await this.#send("POST", "/api/auth/logout", tokens, { body, keepalive: true, ...rest }).catch(() => undefined);
  }

  /** Sends a request with an access token; refreshes and sends it again if the token is refused. */
  async #sendAs(tokens: Tokens | null, method: string, path: string, rest: RequestDetails): Promise<unknown> {
    try {
      return await this.#send(method, path, tokens, rest);
    } catch (error) {
      if (!tokens || !(error instanceof AuthError && error.status === 401 && isTokenRefused(error.code))) throw error;
      return this.#send(method, path, await this.refresh(tokens), rest);
    }
  }

  #send(method: string, path: string, tokens: Tokens | null, { query, ...rest }: RequestDetails): Promise<unknown> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (this.#isCookieMode) headers["Token-Transport"] = "cookie";
    if (tokens) headers["Authorization"] = `Bearer ${tokens.access}`;
    const url = addressOf(this.options.baseUrl + path, query);
    const credentials = this.#isCookieMode ? "include" : "omit";
    return send(this.environment, { method, url, headers, credentials, ...rest });
  }
}

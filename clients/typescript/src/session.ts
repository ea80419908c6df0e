import type { Environment, Timer } from "./environment.js";
import { AuthError } from "./errors.js";
import { send, TEMPORARY } from "./http.js";
import { Store } from "./store.js";
import { Tabs } from "./tabs.js";
import { claim, type Tokens, tokensOf } from "./tokens.js";
import type { AuthClientOptions, AuthState, CallOptions, Reason, User } from "./types.js";

/** Well within the two minutes in which a refresh whose response was lost can be repeated. */
const MAX_RETRY_SECONDS = 15;

/** The only answers to a refresh that end a session. */
const ENDS: Readonly<Record<string, Reason>> = {
  TOKEN_EXPIRED: "expired",
  TOKEN_REVOKED: "revoked",
  TOKEN_INVALID: "revoked",
  REFRESH_TOKEN_REUSED: "reused",
};

/** What a refresh found out while other tabs had to wait. */
type Outcome =
  | { kind: "gone" }
  | { kind: "changed" | "new" | "late"; tokens: Tokens }
  | { kind: "failed"; error: unknown; stamp: string };

/** The session of this origin: its tokens, its state, and the one refresh at a time. */
export class Session {
  readonly environment: Environment;
  readonly options: AuthClientOptions;
  readonly ready: Promise<AuthState>;
  readonly #store: Store;
  readonly #listeners = new Set<() => void>();
  #tabs: Tabs | undefined;
  #state: AuthState = Object.freeze({ status: "loading", user: null, stale: false });
  #tokens: Tokens | null = null;
  #receivedAt = 0;
  #started: Promise<void> | undefined;
  #stamp: string | null = null;
  #refreshing: Promise<Tokens> | undefined;
  #generation = 0;
  #retry: Timer | undefined;
  #failures = 0;
  #becomeReady!: (state: AuthState) => void;

  constructor(environment: Environment, options: AuthClientOptions) {
    this.environment = environment;
    this.options = options;
    this.#store = new Store(environment, options);
    this.ready = new Promise((resolve) => (this.#becomeReady = resolve));
  }

  get state(): AuthState {
    return this.#state;
  }

  get isCookieMode(): boolean {
    return this.options.mode === "cookie";
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads what is stored, once. */
  start(): Promise<void> {
    return (this.#started ??= this.#load());
  }

  /** Sends a request to auth_api and adopts the tokens of its response. */
  async call(method: string, path: string, { query, body, signal, anonymous }: CallOptions = {}): Promise<unknown> {
    await this.start();
    const parameters = Object.entries(query ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
    const target = parameters.length ? `${path}?${new URLSearchParams(parameters)}` : path;
    const before = anonymous ? null : await this.usableTokens(30);
    const attempt = (tokens: Tokens | null) => this.#send(method, target, { body, signal, tokens });
    const generation = this.#generation;
    const document = await attempt(before).catch(async (error: unknown) => {
      const code = error instanceof AuthError && error.status === 401 ? error.code : "";
      if (before === null || !(code in ENDS)) throw error;
      return attempt(await this.refresh(before));
    });
    const tokens = tokensOf(document, before && this.#tokens, this.environment);
    if (tokens && before && generation !== this.#generation) await this.#endOnServer(tokens); // logged out meanwhile
    else if (tokens) await this.#adopt(tokens);
    return document;
  }

  /** Returns tokens that are valid for some seconds; null if nobody is signed in. */
  async usableTokens(minSeconds: number): Promise<Tokens | null> {
    await this.start();
    const tokens = this.#tokens;
    if (this.#state.status === "signed-out") return null;
    if (tokens && this.#secondsLeft(tokens) >= minSeconds) return tokens;
    try {
      return await this.refresh(tokens);
    } catch (error) {
      if (tokens && tokens === this.#tokens && this.#secondsLeft(tokens) > 0) return tokens;
      throw error;
    }
  }

  /** Returns new tokens in place of some that have expired or were refused; throws `AuthError`. */
  refresh(spent: Tokens | null): Promise<Tokens> {
    if (this.#tokens && this.#tokens.access !== spent?.access) return Promise.resolve(this.#tokens);
    return (this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined)));
  }

  /** Ends the session here and in the other tabs at once, then on the server, as far as that can be reached. */
  async logout(): Promise<void> {
    await this.start();
    const tokens = this.#tokens;
    this.forget();
    if (!tokens && !this.isCookieMode) return;
    const body = tokens?.refresh ? { refresh_token: tokens.refresh } : undefined;
    await this.#send("POST", "/api/auth/logout", { body, tokens, keepalive: true }).catch(() => undefined);
  }

  /** Ends the session here and in the other tabs. */
  forget(): void {
    this.#store.write(null);
    this.#end("logged-out");
    this.#tabs!.announce();
  }

  async #load(): Promise<void> {
    this.#tabs = new Tabs(this.environment, this.options.baseUrl, () => void this.#readAgain());
    for (const event of ["online", "visibilitychange", "pageshow"] as const) {
      this.environment.listen(event, () => this.#retryNow());
    }
    this.#stamp = this.#store.stamp();
    if (this.#stamp === null) return this.#set({ status: "signed-out", user: null, stale: false });
    this.#keep(this.#store.read());
    if (this.#tokens?.user) this.#set({ status: "signed-in", user: this.#tokens.user, stale: false });
    const loaded = this.#loadUser();
    if (this.#state.status === "loading") await loaded;
  }

  /** Reads the profile; without an answer, the state stays and is stale. */
  async #loadUser(reason?: Reason): Promise<void> {
    const generation = this.#generation;
    try {
      const tokens = this.#tokens ?? (await this.refresh(null));
      const get = (used: Tokens) => this.#send("GET", "/api/user/profile", { tokens: used });
      const user = (await get(tokens).catch(async (error: unknown) => {
        if (!(error instanceof AuthError && error.status === 401 && error.code in ENDS)) throw error;
        return get(await this.refresh(tokens));
      })) as User;
      if (generation !== this.#generation || !this.#tokens) return;
      this.#keep({ ...this.#tokens, user });
      if (!this.isCookieMode) this.#store.replace(this.#store.stamp(), this.#tokens);
      this.#set({ status: "signed-in", user, stale: false, ...(reason && { reason }) });
    } catch (error) {
      if (generation === this.#generation) this.#retryLater(error);
    }
  }

  async #refresh(): Promise<Tokens> {
    const generation = this.#generation;
    const spent = this.#tokens;
    const outcome = await this.#tabs!.exclusively(() => this.#spend(spent));
    const isOutdated = generation !== this.#generation;
    if (outcome.kind === "late" || (outcome.kind === "new" && isOutdated)) return this.#drop(outcome.tokens);
    if (isOutdated) return this.#current();
    if (outcome.kind === "failed") return this.#fail(outcome.error, outcome.stamp);
    if (outcome.kind === "gone") this.#end("logged-out");
    else this.#keepAndShow(outcome.tokens);
    if (outcome.kind === "new" && !this.isCookieMode) this.#tabs!.announce();
    return this.#current();
  }

  /** Sends the refresh, unless another tab was faster. No other code runs meanwhile. */
  async #spend(spent: Tokens | null): Promise<Outcome> {
    const stamp = this.#store.stamp();
    if (stamp === null) return { kind: "gone" };
    const stored = this.#store.read();
    if (stored && stored.refresh !== spent?.refresh) return { kind: "changed", tokens: stored };
    try {
      const body = this.isCookieMode ? undefined : { refresh_token: stamp };
      const document = await this.#send("POST", "/api/auth/refresh", { body, tokens: null, keepalive: true });
      const tokens = tokensOf(document, spent, this.environment);
      if (!tokens) throw new AuthError("HTTP_ERROR", 200, "The response is not that of auth_api.");
      return { kind: this.#store.replace(stamp, tokens) ? "new" : "late", tokens };
    } catch (error) {
      return { kind: "failed", error, stamp };
    }
  }

  /** Ends the session if the answer to a refresh says so; otherwise tries again later. Throws the error. */
  async #fail(error: unknown, stamp: string): Promise<Tokens> {
    const isRefused = error instanceof AuthError && error.status === 401;
    let reason = isRefused ? ENDS[error.code] : undefined;
    if (isRefused && this.isCookieMode && error.code === "AUTHENTICATION_REQUIRED") reason = "expired";
    if (reason === undefined) {
      this.#retryLater(error);
      throw error;
    }
    if (!this.#store.replace(stamp, null)) {
      await this.#readAgain(); // another tab has logged in or out meanwhile
      return this.#current();
    }
    this.#end(reason);
    this.#tabs!.announce();
    throw error;
  }

  /** Forgets tokens that came after a log-out, and ends their session; returns those of a later login. */
  async #drop(late: Tokens): Promise<Tokens> {
    const stored = this.#tokens ?? this.#store.read();
    if (!stored || claim(stored.access, "sid") !== claim(late.access, "sid")) await this.#endOnServer(late);
    await this.#readAgain();
    return this.#current();
  }

  #current(): Tokens {
    if (this.#tokens) return this.#tokens;
    throw loggedOut();
  }

  /** Takes over what another tab has changed. */
  async #readAgain(): Promise<void> {
    const stamp = this.#store.stamp();
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    if (stamp === null) return this.#end("logged-out");
    const stored = this.#store.read();
    if (stored) this.#keepAndShow(stored);
    else await this.#replaceTokens();
  }

  /** Gets the access token of the account to which another tab has logged in (cookie mode). */
  async #replaceTokens(): Promise<void> {
    this.#generation += 1;
    this.#tokens = null;
    await this.refresh(null).catch(() => undefined);
  }

  async #adopt(tokens: Tokens): Promise<void> {
    this.#generation += 1;
    this.#keep(tokens);
    this.#store.write(tokens);
    this.#stamp = this.#store.stamp();
    if (tokens.user) this.#set({ status: "signed-in", user: tokens.user, stale: false });
    else await this.#loadUser();
    this.#tabs!.announce();
  }

  /** Keeps tokens, and shows the account that they belong to. */
  #keepAndShow(tokens: Tokens): void {
    const { user } = this.#state;
    const isOther = user !== null && claim(tokens.access, "sub") !== String(user.id);
    const shown = isOther ? tokens.user : (user ?? tokens.user);
    const reason = isOther ? ({ reason: "account-changed" } as const) : {};
    this.#stamp = this.#store.stamp();
    this.#keep(tokens);
    if (shown) this.#set({ status: "signed-in", user: shown, stale: false, ...reason });
    else void this.#loadUser(reason.reason);
  }

  #keep(tokens: Tokens | null): void {
    if (tokens?.access !== this.#tokens?.access) this.#receivedAt = this.environment.monotonic();
    this.#tokens = tokens;
    this.#failures = 0;
    this.#stopRetrying();
  }

  #end(reason: Reason): void {
    this.#generation += 1;
    this.#stamp = null;
    this.#keep(null);
    this.#set({ status: "signed-out", user: null, stale: false, reason });
  }

  /** Seconds that an access token is still valid. The device may have slept, and then only one of its clocks went on. */
  #secondsLeft({ expiresIn, receivedAt }: Tokens): number {
    const { monotonic, wall } = this.environment;
    return expiresIn - Math.max(monotonic() - this.#receivedAt, wall() - receivedAt) / 1000;
  }

  #retryLater(error: unknown): void {
    if (this.#state.status === "signed-out") return;
    this.#set({ status: "signed-in", user: this.#state.user, stale: true });
    this.#stopRetrying();
    if (!(error instanceof AuthError) || !isTemporary(error)) return;
    const seconds = error.retryAfter ?? Math.min(2 ** this.#failures, MAX_RETRY_SECONDS) * (0.8 + 0.4 * this.environment.random());
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#retry = this.environment.setTimeout(() => this.#retryNow(), seconds * 1000);
  }

  #retryNow(): void {
    if (!this.#state.stale) return;
    this.#stopRetrying();
    void this.refresh(this.#tokens)
      .then(() => (this.#state.user ? undefined : this.#loadUser()))
      .catch(() => undefined);
  }

  #stopRetrying(): void {
    if (this.#retry !== undefined) this.environment.clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  /** Ends the session of tokens, and no other: the cookie may belong to a later login. */
  async #endOnServer(tokens: Tokens): Promise<void> {
    const headers = { Authorization: `Bearer ${tokens.access}` };
    const url = `${this.options.baseUrl}/api/auth/logout`;
    const body = tokens.refresh ? { refresh_token: tokens.refresh } : undefined;
    const request = { method: "POST", url, headers, body, credentials: "omit", keepalive: true } as const;
    await send(this.environment, request).catch(() => undefined);
  }

  #send(
    method: string,
    path: string,
    { tokens, ...rest }: { tokens: Tokens | null; body?: unknown; signal?: AbortSignal | undefined; keepalive?: boolean },
  ): Promise<unknown> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (this.isCookieMode) headers["Token-Transport"] = "cookie";
    if (tokens) headers["Authorization"] = `Bearer ${tokens.access}`;
    const credentials = this.isCookieMode ? "include" : "omit";
    return send(this.environment, { method, url: this.options.baseUrl + path, headers, credentials, ...rest });
  }

  #set(state: AuthState): void {
    this.#state = Object.freeze(state);
    if (state.status !== "loading") this.#becomeReady(this.#state);
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Whether the same request may succeed later. */
export function isTemporary({ code, status }: AuthError): boolean {
  return status === 0 || status >= 500 || TEMPORARY.has(status) || (code === "HTTP_ERROR" && status === 200);
}

export function loggedOut(): AuthError {
  return new AuthError("AUTHENTICATION_REQUIRED", 401, "Nobody is logged in.");
}

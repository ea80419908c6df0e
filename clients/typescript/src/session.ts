import type { Environment } from "./environment.js";
import { AuthError } from "./errors.js";
import { Retry } from "./retry.js";
import { type RequestDetails, Server } from "./server.js";
import { endOf, isTemporary, isTokenRefused, loggedOut } from "./session_ends.js";
import { ShownState } from "./shown_state.js";
import { Store } from "./store.js";
import { TabLock } from "./tab_lock.js";
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

/** Leaves the cookie as it is, which may belong to a later login. */
const OMIT = { credentials: "omit" } as const;

/** The session of this origin: its tokens, its state, and the one refresh at a time. */
export class Session {
  readonly environment: Environment;
  readonly options: AuthClientOptions;
  readonly shown = new ShownState();
  readonly #server: Server;
  readonly #store: Store;
  readonly #retry: Retry;
  readonly #lock: TabLock;
  #isStarted = false;
  #tokens: Tokens | null = null;
  #receivedAt = 0;
  /** What was stored when this tab read or wrote it last; null without a session. */
  #stamp: string | null = null;
  #refreshing: Promise<Tokens> | undefined;

  constructor(environment: Environment, options: AuthClientOptions) {
    this.environment = environment;
    this.options = options;
    this.#server = new Server(environment, options);
    this.#store = new Store(environment, options);
    this.#lock = new TabLock(environment, options.baseUrl);
    this.#retry = new Retry(environment, () => this.#refreshQuietly());
  }

  /** Reads what is stored, once. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    for (const event of ["storage", "online", "visibilitychange", "pageshow"] as const) {
      this.environment.listen(event, () => {
        this.#readAgain(); // a frozen page gets no events of storage
        if (event !== "storage" && this.shown.current.stale) this.#refreshQuietly();
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
    const [document, used] = await this.#sendAs(before, method, path, { query, body, signal });
    const tokens = tokensOf(document, used && this.#tokens, this.environment);
    const isOver = used && !isSameSession(used, this.#tokens);
    if (!tokens || (isOver && isSameSession(used, tokens))) return document;
    // A new password ends the session and brings another one, which is taken unless the person has logged out or in meanwhile.
    if (isOver && (this.#tokens || this.shown.current.reason === "logged-out")) void this.#server.logOut(tokens, OMIT);
    else await this.#adopt(tokens);
    return document;
  }

  /** Returns tokens that are valid for some seconds; null if nobody is signed in. */
  async usableTokens(minSeconds: number): Promise<Tokens | null> {
    this.start();
    const tokens = this.#tokens;
    if (this.shown.isSignedOut) return null;
    if (tokens && this.#secondsLeft(tokens) >= minSeconds) return tokens;
    return this.#renew(tokens).catch((error: unknown) => {
      if (tokens && tokens === this.#tokens && this.#secondsLeft(tokens) > 0) return tokens;
      throw error;
    });
  }

  /** Returns new tokens in place of refused ones; null if another account has logged in, for which the request was not meant. */
  async renew(refused: Tokens): Promise<Tokens | null> {
    const tokens = await this.#renew(refused);
    return claim(tokens.access, "sub") === claim(refused.access, "sub") ? tokens : null;
  }

  /** Returns new tokens in place of some that have expired or were refused; throws `AuthError`. */
  #renew(spent: Tokens | null): Promise<Tokens> {
    if (this.#tokens && this.#tokens.access !== spent?.access) return Promise.resolve(this.#tokens);
    return (this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined)));
  }

  /** Ends the session here and in the other tabs at once, then on the server, as far as that can be reached. */
  async logout(): Promise<void> {
    this.start();
    const tokens = this.#tokens;
    this.forget();
    if (tokens || this.#server.isCookieMode) await this.#server.logOut(tokens);
  }

  /** Ends the session here and in the other tabs. */
  forget(): void {
    this.#store.write(null);
    this.#end("logged-out");
  }

  /** Reads the profile; without an answer, the state stays and is stale. */
  async #loadUser(): Promise<void> {
    const tokens = this.#tokens!;
    try {
      const [user] = (await this.#sendAs(tokens, "GET", "/api/user/profile", {})) as [User, Tokens];
      if (!this.#tokens || claim(this.#tokens.access, "sub") !== String(user.id)) return; // changed meanwhile
      this.#keep({ ...this.#tokens, user });
      this.#store.replace(this.#stamp, this.#tokens);
      this.#show(user, this.shown.current.reason);
    } catch (error) {
      if (isSameSession(tokens, this.#tokens)) this.#retryLater(error as AuthError);
    }
  }

  async #refresh(): Promise<Tokens> {
    const spent = this.#tokens;
    const spending = this.#lock.exclusively(() => this.#spend(spent), (outcome) => outcome.tokens?.refresh);
    const { stamp, tokens, isStored, error } = await spending;
    if (tokens && isStored) {
      this.#keepAndShow(tokens, tokens.refresh ?? stamp);
      return tokens;
    }
    if (error && stamp === this.#stamp) {
      const reason = endOf(error, this.#server.isCookieMode);
      if (!reason) this.#retryLater(error);
      else if (this.#store.replace(stamp, null)) this.#end(reason);
      if (!reason || this.shown.isSignedOut) throw error;
    }
    const stored = this.#store.read();
    const isForgotten = stored.stamp === null || (stored.tokens && !isSameSession(stored.tokens, tokens));
    if (tokens && isForgotten) void this.#server.logOut(tokens, OMIT); // they came after a log-out
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
      const body = this.#server.isCookieMode ? undefined : { refresh_token: stamp };
      const document = await this.#server.send("POST", "/api/auth/refresh", null, { body, keepalive: true });
      const tokens = tokensOf(document, spent, this.environment);
      if (!tokens) throw new AuthError("HTTP_ERROR", 200, "No tokens.");
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
    this.#renew(this.#tokens).catch(() => undefined);
  }

  async #adopt(tokens: Tokens): Promise<void> {
    const isSame = isSameSession(tokens, this.#tokens);
    this.#keep(tokens);
    if (isSame) this.#store.replace(this.#stamp, tokens);
    else this.#stamp = this.#store.write(tokens);
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
    this.shown.setStale();
    if (isTemporary(error)) this.#retry.later(error.retryAfter || undefined); // 0 s would be a loop
  }

  /** Sends a request with an access token; if that is refused, with a new one. Returns the document and the tokens. */
  async #sendAs(tokens: Tokens | null, method: string, path: string, rest: RequestDetails): Promise<[unknown, Tokens | null]> {
    try {
      return [await this.#send(method, path, tokens, rest), tokens];
    } catch (error) {
      const isRefused = error instanceof AuthError && error.status === 401 && isTokenRefused(error.code);
      const renewed = isRefused && tokens && (await this.renew(tokens));
      if (!renewed) throw error;
      return [await this.#send(method, path, renewed, rest), renewed];
    }
  }

  /** Sends a request. In cookie mode, one that may set a cookie waits for a refresh, whose late response would replace it. */
  #send(method: string, path: string, tokens: Tokens | null, rest: RequestDetails): Promise<unknown> {
    const send = () => this.#server.send(method, path, tokens, rest);
    return method === "GET" || !this.#server.isCookieMode ? send() : this.#lock.exclusively(send);
  }
}

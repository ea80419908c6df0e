import { AuthClient } from "../src/client.js";
import type { Environment } from "../src/environment.js";
import type { AuthClientOptions, AuthState } from "../src/types.js";
import { FakeStorage } from "./fake_storage.js";
import { type ModelServer, type ModelSession, problem } from "./model_server.js";
import type { VirtualTime } from "./virtual_time.js";

export const AUTH = "https://auth.example.com";
export const APP = "https://app.example.com";

/**
 * What happens to requests. `lost`: the server handles them, but the response never arrives. `slow`: they take several
 * seconds.
 */
export type Network = "good" | "slow" | "offline" | "lost" | "503" | "429" | "html" | "portal";

/** A request that a tab sent. */
export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  readonly init: RequestInit;
  /** What `auth.fetch` sends. */
  readonly request: Request | undefined;
  /** Milliseconds since the start of the test. */
  readonly at: number;
}

/** What a test answers in place of the network; a request with `hang` is never answered. */
export type Answer = (sent: Sent) => Response | "offline" | "hang" | undefined;

/** A browser whose tabs share storage, cookies and locks. */
export class Browser {
  readonly storage = new FakeStorage();
  readonly tabs: Tab[] = [];
  /** What happened, for the message of a failed test. */
  readonly trace: string[] = [];
  network: Network = "good";
  answer: Answer = () => undefined;
  /** What the response to a request waits for on its way back. */
  delayed: (sent: Sent) => Promise<void> | undefined = () => undefined;
  /** Milliseconds by which the clock of the device is ahead of the one that stands still while it sleeps. */
  slept = 0;
  readonly #waiting: { tab: Tab | null; run: () => Promise<void>; isAborted: boolean }[] = [];
  #holder: Tab | "stuck" | null = null;

  constructor(
    readonly time: VirtualTime,
    readonly server: ModelServer,
    readonly random: () => number,
  ) {}

  open(options: Partial<AuthClientOptions> & { mode: "token" | "cookie" }, changes: Partial<Environment> = {}): Tab {
    const tab = new Tab(this, options, changes);
    this.tabs.push(tab);
    return tab;
  }

  get openTabs(): Tab[] {
    return this.tabs.filter((tab) => tab.isOpen);
  }

  note(text: string): void {
    this.trace.push(`${(this.time.now / 1000).toFixed(1)} s ${text}`);
  }

  /** Returns the storage as a tab uses it: what it changes is an event in the other tabs. */
  storageOf(tab: Tab): Storage {
    const change = (key: string, value: string | null) => {
      if (this.storage.getItem(key) === value) return;
      if (value === null) this.storage.removeItem(key);
      else this.storage.setItem(key, value);
      for (const other of this.openTabs) {
        if (other !== tab && !other.isDeaf) this.time.setTimeout(() => other.fire("storage"), 1);
      }
    };
    return {
      getItem: (key: string) => this.storage.getItem(key),
      setItem: (key: string, value: string) => change(key, value),
      removeItem: (key: string) => change(key, null),
    } as Storage;
  }

  /** Makes the lock hang, as a frozen tab does. */
  hangLock(milliseconds: number): void {
    if (this.#holder !== null) return;
    this.#holder = "stuck";
    this.time.setTimeout(() => this.#release("stuck"), milliseconds);
  }

  close(tab: Tab): void {
    tab.isOpen = false;
    this.#release(tab);
  }

  lock(tab: Tab, signal: AbortSignal, work: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const entry = {
        tab,
        isAborted: false,
        run: async () => {
          try {
            resolve(await work());
          } catch (error) {
            reject(error as Error);
          } finally {
            this.#release(tab);
          }
        },
      };
      signal.addEventListener("abort", () => {
        if (!this.#waiting.includes(entry)) return; // it is granted: its signal has no effect (Web Locks §5.2)
        entry.isAborted = true;
        reject(signal.reason as Error);
      });
      this.#waiting.push(entry);
      this.#next();
    });
  }

  #release(holder: Tab | "stuck"): void {
    if (this.#holder !== holder) return;
    this.#holder = null;
    this.#next();
  }

  #next(): void {
    while (this.#holder === null && this.#waiting.length) {
      const entry = this.#waiting.shift()!;
      if (entry.isAborted || !entry.tab?.isOpen) continue;
      this.#holder = entry.tab;
      void entry.run();
    }
  }
}

/** A tab with a client in it. */
export class Tab {
  isOpen = true;
  /** Whether it gets no events of storage, as a frozen page. */
  isDeaf = false;
  /** All states, with the session whose refresh was the last one at that time. */
  readonly states: { state: AuthState; session: ModelSession | undefined }[] = [];
  readonly requests: Sent[] = [];
  readonly sessionStorage = new FakeStorage();
  /** The refresh token, or the cookie, that it sent last. */
  spent: string | undefined;
  readonly client: AuthClient;
  readonly #listeners = new Map<string, (() => void)[]>();

  constructor(
    readonly browser: Browser,
    options: Partial<AuthClientOptions> & { mode: "token" | "cookie" },
    changes: Partial<Environment>,
  ) {
    const { time } = browser;
    const request = (_: string, { signal }: { signal: AbortSignal }, work: () => Promise<unknown>) =>
      browser.lock(this, signal, work);
    this.client = new AuthClient(
      { baseUrl: AUTH, ...options },
      {
        fetch: (input, init) => this.#fetch(input, init),
        monotonic: () => time.now,
        wall: () => time.now + browser.slept,
        random: browser.random,
        setTimeout: (work, milliseconds) => time.setTimeout(() => this.isOpen && work(), milliseconds),
        clearTimeout: time.clearTimeout,
        storage: (kind) => (kind === "local" ? browser.storageOf(this) : this.sessionStorage),
        locks: { request } as unknown as LockManager,
        listen: (event, listener) => this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]),
        origin: APP,
        ...changes,
      },
    );
    this.client.subscribe(() => {
      const session = this.spent === undefined ? undefined : browser.server.byRefresh(this.spent);
      this.states.push({ state: this.client.state, session });
      browser.note(`tab ${browser.tabs.indexOf(this)}: ${JSON.stringify(this.client.state)}`);
    });
  }

  fire(event: "online" | "visibilitychange" | "pageshow" | "storage"): void {
    if (this.isOpen) for (const listener of this.#listeners.get(event) ?? []) listener();
  }

  async #fetch(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    const { time, server, random } = this.browser;
    const url = input instanceof Request ? input.url : String(input);
    const headers = new Headers(input instanceof Request ? input.headers : init.headers);
    const signal = input instanceof Request ? input.signal : init.signal;
    const method = input instanceof Request ? input.method : (init.method ?? "GET");
    const body = (typeof init.body === "string" ? JSON.parse(init.body) : {}) as Record<string, unknown>;
    const path = new URL(url).pathname;
    const request = input instanceof Request ? input : undefined;
    const sent: Sent = { method, url, path, headers, body, init, request, at: time.now };
    this.requests.push(sent);
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    });
    const answered = (async () => {
      const delay = () => time.sleep(1 + random() * (this.browser.network === "slow" ? 4_900 : 200));
      await delay();
      const { network } = this.browser;
      this.browser.note(`tab ${this.browser.tabs.indexOf(this)}: ${method} ${path} ${network}`);
      const answer = this.browser.answer(sent);
      if (answer === "hang") return new Promise<never>(() => undefined);
      if (network === "offline" || answer === "offline") throw new TypeError("Failed to fetch");
      if (answer) return answer;
      if (network === "503") return respond(503, problem(503, "SERVER_OVERLOADED").body, { "Retry-After": "1" });
      if (network === "429") return respond(429, problem(429, "RATE_LIMITED").body, { "Retry-After": "2" });
      if (network === "html") return respond(random() < 0.5 ? 200 : 401, "<html>");
      if (network === "portal") return respond(302, "<html>");
      const hasCookies = init.credentials !== "omit";
      const spent = headers.has("Token-Transport") ? server.cookie : String(body["refresh_token"]);
      if (path === "/api/auth/refresh") this.spent = spent;
      const result = server.handle(method, path, headers, body, hasCookies ? server.cookie : undefined);
      this.browser.note(`→ ${JSON.stringify(result)}`);
      if (network === "lost") throw new TypeError("Failed to fetch");
      await delay();
      await this.browser.delayed(sent);
      if (!this.isOpen) return new Promise<never>(() => undefined);
      if (hasCookies && result.cookie !== undefined) server.cookie = result.cookie ?? undefined;
      return respond(result.status, result.body);
    })();
    answered.catch(() => undefined);
    return Promise.race([answered, aborted]);
  }
}

/** Returns a response whose body is read without waiting for a macrotask. */
export function respond(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = {
    status,
    ok: status >= 200 && status < 300,
    type: "basic",
    headers: new Headers(headers),
    text: () => Promise.resolve(text),
    json: () => Promise.resolve(text).then((each) => JSON.parse(each) as unknown),
    clone: () => response,
  };
  return response as unknown as Response;
}

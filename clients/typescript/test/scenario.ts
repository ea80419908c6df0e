import assert from "node:assert/strict";
import { AuthError } from "../src/errors.js";
import type { Environment } from "../src/environment.js";
import type { AuthClientOptions } from "../src/types.js";
import { AUTH, Browser, respond, type Sent, type Tab } from "./browser.js";
import { ModelServer } from "./model_server.js";
import { VirtualTime } from "./virtual_time.js";

export const REFRESH = "/api/auth/refresh";
export const PROFILE = "/api/user/profile";
export const LOGIN = "/api/auth/login";
export const LOGOUT = "/api/auth/logout";
/** Where the session of the applications is stored. */
export const KEY = `auth_api:${AUTH}`;
export const MODES = ["token", "cookie"] as const;

type Mode = (typeof MODES)[number];

/** A browser and a server, whose clock goes on while a test waits for something. */
export class Scenario {
  readonly time = new VirtualTime();
  readonly server = new ModelServer(this.time);
  readonly browser: Browser;

  constructor(random: () => number = () => 0.5) {
    let last = 0;
    // The values differ, so that each login has another mark in storage.
    this.browser = new Browser(this.time, this.server, () => random() + (last += 1e-9));
  }

  /** Opens a tab in which nobody has logged in, or in which the person is logged in already. */
  async open(mode: Mode, options: Partial<AuthClientOptions> = {}, changes: Partial<Environment> = {}): Promise<Tab> {
    const tab = this.browser.open({ mode, ...options }, changes);
    await this.wait(tab.client.ready);
    return tab;
  }

  async signedIn(mode: Mode, options: Partial<AuthClientOptions> = {}, changes: Partial<Environment> = {}): Promise<Tab> {
    const tab = await this.open(mode, options, changes);
    await this.login(tab);
    return tab;
  }

  async login(tab: Tab, user = 1): Promise<void> {
    await this.wait(tab.client.call("POST", LOGIN, { body: { user }, anonymous: true }));
    await this.time.advance(10); // the other tabs read the message
  }

  /** Answers requests with a path by a response, and all others as the server does. */
  answer(path: string, answer: Response | "offline" | "hang"): void {
    this.browser.answer = (sent) => (sent.path === path ? answer : undefined);
  }

  /** Lets time pass until a promise is settled. */
  async wait<T>(promise: Promise<T>, limit = 40_000): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => (isSettled = true));
    settled.catch(() => undefined);
    for (const end = this.time.now + limit; !isSettled && this.time.now < end; ) await this.time.advance(10);
    assert.ok(isSettled, `nothing happened for ${limit / 1000} s`);
    return settled;
  }

  /** Returns the code of the error with which a promise is rejected. */
  async codeOf(promise: Promise<unknown>): Promise<string> {
    try {
      await this.wait(promise);
    } catch (error) {
      assert.ok(error instanceof AuthError, String(error));
      return error.code;
    }
    return "none";
  }
}

export function refused(status: number, code: string, headers: Record<string, string> = {}): Response {
  return respond(status, { error_code: code, detail: code }, headers);
}

export function refreshes(...tabs: readonly Tab[]): Sent[] {
  return tabs.flatMap(({ requests }) => requests.filter(({ path }) => path === REFRESH));
}

export function bearers(requests: readonly Sent[]): (string | null)[] {
  return requests.map(({ headers }) => headers.get("Authorization"));
}

/** Returns the state of a tab, with the id of the user only. */
export function shown({ client: { state } }: Tab): { status: string; user: number | null; stale: boolean; reason?: string } {
  return { ...state, user: state.user && state.user.id };
}

import assert from "node:assert/strict";
import { type Answer, APP, AUTH, Browser, type Network, type Tab } from "./browser.js";
import { ModelServer } from "./model_server.js";
import { VirtualTime } from "./virtual_time.js";

export const OTHER = "https://other.example.com";
const OUTAGES: readonly Network[] = ["slow", "offline", "lost", "503", "429", "html", "portal"];

/** A rule that a schedule breaks, to prove that the model finds faults. */
export interface Fault {
  /** Seconds for which the server takes a spent token. */
  readonly graceSeconds?: number;
  readonly maxOutageSeconds?: number;
  readonly tokenOrigins?: readonly string[];
  /** How the server answers all requests of an outage. */
  readonly outage?: Answer;
}

/** One person, one browser, several tabs, and what can go wrong between them and the server. */
export class Schedule {
  readonly time = new VirtualTime();
  readonly server = new ModelServer(this.time);
  readonly browser: Browser;
  #pending: Promise<unknown>[] = [];
  /** Whom the person has logged in as; null after a log-out; undefined while that is not known. */
  #expected: number | null | undefined = null;

  constructor(
    readonly random: () => number,
    readonly mode: "token" | "cookie",
    readonly fault: Fault = {},
  ) {
    this.browser = new Browser(this.time, this.server, random);
    this.server.graceSeconds = fault.graceSeconds ?? 120;
  }

  async run(): Promise<void> {
    this.#open();
    await this.#login();
    for (let step = 0; step < 25; step += 1) await this.#step();
    await this.#recover();
  }

  #open(): void {
    const { tokenOrigins } = this.fault;
    if (this.browser.openTabs.length < 4) this.browser.open({ mode: this.mode, ...(tokenOrigins && { tokenOrigins }) });
  }

  #tab(): Tab {
    const tabs = this.browser.openTabs;
    return tabs[Math.floor(this.random() * tabs.length)]!;
  }

  async #step(): Promise<void> {
    const choice = this.random();
    if (choice < 0.4) this.#call(this.#tab());
    else if (choice < 0.45) this.#stepUp(this.#tab());
    else if (choice < 0.6) await this.#outage();
    else if (choice < 0.7) this.#open();
    else if (choice < 0.75) await this.#close();
    else if (choice < 0.8) this.browser.hangLock(20_000);
    else if (choice < 0.84) this.#tab().isDeaf = true;
    else if (choice < 0.86) await this.#sleep();
    else if (choice < 0.88) await this.#changePassword();
    else if (choice < 0.92) await this.#logout();
    else if (choice < 0.96) await this.#login();
    else this.#endOnServer();
    if (this.random() < 0.7) await this.time.advance(this.random() * 90_000);
  }

  #call(tab: Tab): void {
    const url = this.random() < 0.9 ? `${APP}/notes` : `${OTHER}/picture`;
    this.#pending.push(tab.client.fetch(url).catch(() => undefined));
  }

  #stepUp(tab: Tab): void {
    this.#pending.push(tab.client.call("POST", "/api/auth/step-up", { body: {} }).catch(() => undefined));
  }

  /** Two kinds of outages, for at most 100 s together. */
  async #outage(): Promise<void> {
    this.browser.note("outage");
    if (this.fault.outage) this.browser.answer = this.fault.outage;
    const maxSeconds = this.fault.maxOutageSeconds ?? 100;
    for (let part = 0; part < 2; part += 1) {
      this.browser.network = OUTAGES[Math.floor(this.random() * OUTAGES.length)]!;
      if (this.random() < 0.6) this.#call(this.#tab());
      await this.time.advance(this.random() * (maxSeconds / 2) * 1000);
    }
    this.browser.network = "good";
    this.browser.answer = () => undefined;
    if (this.random() < 0.5) for (const tab of this.browser.openTabs) tab.fire("online");
    await this.time.advance(18_000); // the next retry comes within 15 s ± 20 %
  }

  async #close(): Promise<void> {
    this.browser.note("close");
    if (this.browser.openTabs.length < 2) return;
    this.browser.close(this.#tab());
    this.#tab().isDeaf = false;
    this.#tab().fire("visibilitychange"); // the browser shows another tab instead
    // A refresh of the closed tab can be repeated for two minutes.
    this.#pending.push(this.#tab().client.accessToken({ minSeconds: 1_000 }).catch(() => undefined));
    await this.time.advance(5_000);
  }

  /** The device sleeps when nothing is going on: a response that is lost before a long sleep can end a session. */
  async #sleep(): Promise<void> {
    this.browser.note("sleep");
    await this.#calm();
    this.browser.slept += this.random() * 3_600_000;
    for (const tab of this.browser.openTabs) tab.fire("pageshow");
  }

  async #logout(): Promise<void> {
    this.browser.note("logout");
    for (const session of this.server.sessions) session.mayEnd = true;
    this.#expected = null;
    const tab = this.#tab();
    await Promise.race([tab.client.logout(), this.time.advance(15_000)]);
    assert.equal(tab.client.state.status, "signed-out");
    await this.time.advance(15_000);
  }

  async #login(): Promise<void> {
    this.browser.note("login");
    if (this.random() < 0.6) await this.#calm();
    const user = 1 + Math.floor(this.random() * 2);
    for (const session of this.server.sessions) session.mayEnd = true;
    const login = this.#tab().client.call("POST", "/api/auth/login", { body: { user }, anonymous: true });
    await Promise.all([login, this.time.advance(15_000)]);
    this.#expected = user;
  }

  async #changePassword(): Promise<void> {
    this.browser.note("changePassword");
    const { client } = this.#tab();
    if (this.random() < 0.5) this.#call(this.#tab());
    const { user } = client.state;
    const ended = this.server.sessions.filter(({ userId }) => !user || userId === user.id); // a new tab shows no user yet
    for (const session of ended) session.mayEnd = true;
    const changed = client.call("POST", "/api/user/password", { body: {} });
    const isChanged = Promise.race([changed.then(() => true, () => false), this.time.sleep(15_000)]);
    await this.time.advance(15_000);
    if (user && (await isChanged) === true && this.#expected !== undefined) this.#expected = user.id;
  }

  #endOnServer(): void {
    this.browser.note("endOnServer");
    for (const session of this.server.sessions) {
      session.mayEnd = true;
      session.isAlive = false;
    }
    this.#expected = undefined;
  }

  async #calm(): Promise<void> {
    this.browser.network = "good";
    for (const tab of this.browser.openTabs) {
      tab.isDeaf = false;
      tab.fire("visibilitychange");
    }
    await this.time.advance(60_000);
  }

  async #recover(): Promise<void> {
    await this.#calm();
    await this.time.advance(60_000);
    const [first, ...others] = this.browser.openTabs;
    for (const tab of this.browser.openTabs) {
      this.#pending.push(tab.client.fetch(`${APP}/notes`).catch(() => undefined));
      await this.time.advance(10_000);
    }
    const settled = Promise.all(this.#pending);
    await Promise.race([settled, this.time.advance(60_000)]);
    for (const tab of this.browser.tabs) this.#check(tab);
    const shown = ({ client: { state } }: Tab) => `${state.status} ${state.user?.id ?? ""} ${state.stale ? "stale" : ""}`;
    for (const tab of others) assert.equal(shown(tab), shown(first!), "the tabs disagree");
    if (this.#expected === null) assert.equal(shown(first!), "signed-out  ", "a log-out was undone");
    if (typeof this.#expected === "number") {
      assert.equal(shown(first!), `signed-in ${this.#expected} `, "wrong sign-out or account");
    }
  }

  #check(tab: Tab): void {
    for (const { url, headers } of tab.requests) {
      const isOther = ![AUTH, APP].includes(new URL(url).origin);
      assert.ok(!isOther || !headers.has("Authorization"), "a token was sent to another origin");
    }
    for (const { state, session } of tab.states) {
      const { status, reason } = state;
      if (status !== "signed-out" || reason === undefined || reason === "logged-out") continue;
      const mayEnd = session?.mayEnd ?? this.server.sessions.every((each) => each.mayEnd);
      assert.ok(mayEnd, `wrong sign-out: ${reason}`);
    }
    for (const session of this.server.sessions) assert.ok(session.isAlive || session.mayEnd, "a live session was ended");
  }
}

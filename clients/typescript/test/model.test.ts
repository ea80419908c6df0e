import assert from "node:assert/strict";
import { test } from "node:test";
import { APP, AUTH, Browser, type Network, type Tab } from "./browser.js";
import { ModelServer } from "./model_server.js";
import { settle, VirtualTime } from "./virtual_time.js";

const SCHEDULES = Number(process.env["MODEL_SCHEDULES"] ?? 400);
const MAX_TRACE = Number(process.env["MODEL_TRACE"] ?? 40);
const OUTAGES: readonly Network[] = ["offline", "lost", "503", "429", "html", "portal"];

/** A pseudo-random generator (mulberry32), so that each schedule can be repeated by its number. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One person, one browser, several tabs, and what can go wrong between them and the server. */
class Schedule {
  readonly time = new VirtualTime();
  readonly server = new ModelServer(this.time);
  readonly browser: Browser;
  #pending: Promise<unknown>[] = [];
  /** Whom the person has logged in as; null after a log-out; undefined while that is not known. */
  #expected: number | null | undefined = null;

  constructor(
    readonly random: () => number,
    readonly mode: "token" | "cookie",
  ) {
    this.browser = new Browser(this.time, this.server, random);
  }

  async run(): Promise<void> {
    this.#open();
    await this.#login();
    for (let step = 0; step < 25; step += 1) await this.#step();
    await this.#recover();
  }

  #open(): void {
    if (this.browser.openTabs.length < 4) this.browser.open({ mode: this.mode });
  }

  #tab(): Tab {
    const tabs = this.browser.openTabs;
    return tabs[Math.floor(this.random() * tabs.length)]!;
  }

  async #step(): Promise<void> {
    const choice = this.random();
    if (choice < 0.45) this.#call(this.#tab());
    else if (choice < 0.6) await this.#outage();
    else if (choice < 0.7) this.#open();
    else if (choice < 0.75) await this.#close();
    else if (choice < 0.8) this.browser.hangLock(20_000);
    else if (choice < 0.84) this.#tab().isVisible = !this.#tab().isVisible;
    else if (choice < 0.88) await this.#sleep();
    else if (choice < 0.92) await this.#logout();
    else if (choice < 0.96) await this.#login();
    else this.#endOnServer();
    if (this.random() < 0.7) await this.time.advance(this.random() * 90_000);
  }

  #call(tab: Tab): void {
    const url = this.random() < 0.9 ? `${APP}/notes` : "https://other.example.com/picture";
    this.#pending.push(tab.client.fetch(url).catch(() => undefined));
  }

  async #outage(): Promise<void> {
    this.browser.note("outage");
    this.browser.network = OUTAGES[Math.floor(this.random() * OUTAGES.length)]!;
    if (this.random() < 0.8) this.#call(this.#tab());
    await this.time.advance(this.random() * 100_000);
    this.browser.network = "good";
    if (this.random() < 0.5) for (const tab of this.browser.openTabs) tab.fire("online");
    await this.time.advance(10_000); // the first retries come within a few seconds
  }

  async #close(): Promise<void> {
    this.browser.note("close");
    if (this.browser.openTabs.length < 2) return;
    this.browser.close(this.#tab());
    this.#call(this.#tab()); // a refresh of the closed tab can be repeated for two minutes
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
    await this.#calm();
    const user = 1 + Math.floor(this.random() * 2);
    for (const session of this.server.sessions) session.mayEnd = true;
    const login = this.#tab().client.call("POST", "/api/auth/login", { body: { user }, anonymous: true });
    await Promise.all([login, this.time.advance(15_000)]);
    this.#expected = user;
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
      tab.isVisible = true;
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
    const shown = ({ client: { state } }: Tab) => `${state.status} ${state.user?.id ?? ""} ${state.stale ? "stale" : ""}`;
    for (const tab of others) assert.equal(shown(tab), shown(first!), "the tabs disagree");
    if (this.#expected === null) assert.equal(shown(first!), "signed-out  ");
    if (typeof this.#expected === "number") assert.equal(shown(first!), `signed-in ${this.#expected} `);
    for (const tab of this.browser.tabs) this.#check(tab);
  }

  #check(tab: Tab): void {
    for (const { url, headers } of tab.requests) {
      if (![AUTH, APP].includes(new URL(url).origin)) assert.ok(!headers.has("Authorization"), "a token was sent to another origin");
    }
    for (const { state, session } of tab.states) {
      const { status, reason } = state;
      if (status !== "signed-out" || reason === undefined || reason === "logged-out") continue;
      assert.ok(session?.mayEnd ?? this.server.sessions.every(({ mayEnd }) => mayEnd), `wrong sign-out: ${reason}`);
    }
    for (const session of this.server.sessions) assert.ok(session.isAlive || session.mayEnd, "a live session was ended");
  }
}

for (const mode of ["token", "cookie"] as const) {
  test(`no schedule signs a person out wrongly (${mode} mode)`, async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown) => rejections.push(reason);
    process.on("unhandledRejection", note);
    for (let seed = 0; seed < SCHEDULES / 2; seed += 1) {
      const schedule = new Schedule(generator(seed), mode);
      try {
        await schedule.run();
        await settle();
        assert.deepEqual(rejections, []);
      } catch (error) {
        const trace = schedule.browser.trace.slice(-MAX_TRACE).join("\n");
        throw new Error(`schedule ${seed}: ${String(error)}\n${trace}`, { cause: error });
      }
    }
    process.off("unhandledRejection", note);
  });
}

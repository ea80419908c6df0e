import type { Channel, Environment } from "./environment.js";
import type { Tokens } from "./tokens.js";
import type { Reason } from "./types.js";

const MAX_LOCK_WAIT_MS = 3_000;
const STORAGE_DELAY_MS = 100;

/** What the tabs of an origin do together: one refresh at a time, and telling each other that the session has changed. */
export class Tabs {
  readonly #environment: Environment;
  readonly #name: string;
  readonly #channel: Channel | undefined;

  constructor(environment: Environment, baseUrl: string, changed: (reason?: Reason) => void) {
    this.#environment = environment;
    this.#name = `auth_api:${baseUrl}`;
    this.#channel = environment.channel(this.#name);
    let reason: Reason | undefined;
    if (this.#channel) this.#channel.onmessage = ({ data }) => changed((reason = data as Reason | undefined));
    environment.listen("storage", () => changed(reason)); // a message may arrive before this tab can read what it is about
  }

  /** Tells the other tabs that a person has logged in, or that the session has ended for a reason. */
  announce(reason?: Reason): void {
    this.#channel?.postMessage(reason);
  }

  /**
   * Runs work, which never throws, while no other tab does, or after 3 s in spite of it.
   *
   * The lock only saves requests: two refreshes with the same token get the same successor. After new tokens were stored, it
   * is held a little longer, as browsers need some milliseconds to show one tab what another has stored.
   */
  exclusively<T extends { readonly tokens?: Pick<Tokens, "refresh"> }>(work: () => Promise<T>): Promise<T> {
    const { locks, setTimeout, clearTimeout } = this.#environment;
    if (!locks) return work();
    const aborter = new AbortController();
    const timer = setTimeout(() => aborter.abort(), MAX_LOCK_WAIT_MS);
    return new Promise((resolve) => {
      const workAndHold = async () => {
        clearTimeout(timer);
        const result = await work();
        resolve(result);
        if (result.tokens?.refresh) await new Promise<void>((release) => setTimeout(release, STORAGE_DELAY_MS));
      };
      // A lock that is not granted in time, or is forbidden here, is not waited for.
      locks.request(this.#name, { signal: aborter.signal }, workAndHold).catch(() => resolve(work()));
    });
  }
}

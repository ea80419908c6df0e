import type { Channel, Environment } from "./environment.js";

const MAX_LOCK_WAIT_MS = 3_000;

/** What the tabs of an origin do together: one refresh at a time, and telling each other that the session has changed. */
export class Tabs {
  readonly #environment: Environment;
  readonly #name: string;
  readonly #channel: Channel | undefined;

  constructor(environment: Environment, baseUrl: string, changed: () => void) {
    this.#environment = environment;
    this.#name = `auth_api:${baseUrl}`;
    this.#channel = environment.channel(this.#name);
    if (this.#channel) this.#channel.onmessage = changed;
    else environment.listen("storage", changed);
  }

  /** Makes the other tabs read the session again. */
  announce(): void {
    this.#channel?.postMessage("changed");
  }

  /**
   * Runs work, which never throws, while no other tab does, or after 3 s in spite of it.
   *
   * The lock only saves requests: two refreshes with the same token get the same successor.
   */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const { locks, setTimeout, clearTimeout } = this.#environment;
    if (!locks) return work();
    const aborter = new AbortController();
    const timer = setTimeout(() => aborter.abort(), MAX_LOCK_WAIT_MS);
    try {
      return (await locks.request(this.#name, { signal: aborter.signal }, work)) as T;
    } catch {
      return await work(); // the lock was not granted in time, or locks are forbidden here
    } finally {
      clearTimeout(timer);
    }
  }
}

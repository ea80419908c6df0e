import type { Environment } from "./environment.js";

const MAX_LOCK_WAIT_MS = 3_000;
const STORAGE_DELAY_MS = 100;

/** The lock of the tabs of an origin: one refresh at a time, and in cookie mode no log-in during a refresh. */
export class TabLock {
  readonly #environment: Environment;
  readonly #name: string;

  constructor(environment: Environment, baseUrl: string) {
    this.#environment = environment;
    this.#name = `auth_api:${baseUrl}`;
  }

  /**
   * Runs work while no other tab does, or after 3 s in spite of it.
   *
   * A refresh takes the lock to save requests: two refreshes with the same token get the same successor. After new tokens were
   * stored, it is held a little longer, as browsers need some milliseconds to show one tab what another has stored.
   */
  async exclusively<T>(work: () => Promise<T>, isStored?: (result: T) => unknown): Promise<T> {
    const release = await this.#lock();
    let isHeld: unknown;
    try {
      const result = await work();
      isHeld = isStored?.(result);
      return result;
    } finally {
      if (isHeld) this.#environment.setTimeout(release, STORAGE_DELAY_MS);
      else release();
    }
  }

  /** Returns a function that releases the lock; it does nothing if the lock was not granted in time, or is forbidden here. */
  #lock(): Promise<() => void> {
    const { locks, setTimeout, clearTimeout } = this.#environment;
    return new Promise((granted) => {
      if (!locks) return granted(() => undefined);
      const aborter = new AbortController();
      const timer = setTimeout(() => aborter.abort(), MAX_LOCK_WAIT_MS);
      const hold = () => {
        clearTimeout(timer);
        return new Promise<void>(granted);
      };
      locks.request(this.#name, { signal: aborter.signal }, hold).catch(() => granted(() => undefined));
    });
  }
}

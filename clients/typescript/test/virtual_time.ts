import type { Timer } from "../src/environment.js";

/** A clock that moves only when a test says so. */
export class VirtualTime {
  now = 0;
  #timers = new Map<number, { at: number; work: () => void }>();
  #last = 0;

  readonly setTimeout = (work: () => void, milliseconds: number): Timer => {
    this.#last += 1;
    this.#timers.set(this.#last, { at: this.now + milliseconds, work });
    return this.#last as unknown as Timer;
  };

  readonly clearTimeout = (timer: Timer | undefined): void => {
    this.#timers.delete(timer as unknown as number);
  };

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.setTimeout(resolve, milliseconds));
  }

  /** Lets time pass, and runs what is due on the way. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.now = Math.max(this.now, due[1].at);
      due[1].work();
      await settle();
    }
    this.now = end;
  }
}

/** Lets promises run that do not wait for time. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

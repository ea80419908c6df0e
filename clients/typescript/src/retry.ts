import type { Environment, Timer } from "./environment.js";

/** Well within the two minutes in which a refresh whose response was lost can be repeated. */
const MAX_DELAY_SECONDS = 15;

/** Repeats work that failed, at growing delays, until it is stopped. */
export class Retry {
  readonly #environment: Environment;
  readonly #work: () => void;
  #timer: Timer | undefined;
  #failures = 0;

  constructor(environment: Environment, work: () => void) {
    this.#environment = environment;
    this.#work = work;
  }

  /** Does the work after some seconds: by default after 1, 2, 4, 8, 15 s ± 20 %, so that not all clients come at once. */
  later(seconds = Math.min(2 ** this.#failures++, MAX_DELAY_SECONDS) * (0.8 + 0.4 * this.#environment.random())): void {
    this.#environment.clearTimeout(this.#timer);
    this.#timer = this.#environment.setTimeout(this.#work, seconds * 1000);
  }

  /** Stops after a success. */
  stop(): void {
    this.#environment.clearTimeout(this.#timer);
    this.#failures = 0;
  }
}

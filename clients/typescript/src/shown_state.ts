import type { AuthState, Reason, User } from "./types.js";

/** What the application shows, and the listeners that show it. */
export class ShownState {
  current: AuthState = Object.freeze({ status: "loading", user: null, stale: false });
  /** The first state that is not `loading`. */
  readonly ready: Promise<AuthState>;
  readonly #listeners = new Set<() => void>();
  #becomeReady!: (state: AuthState) => void;

  constructor() {
    this.ready = new Promise((resolve) => (this.#becomeReady = resolve));
  }

  get isSignedOut(): boolean {
    return this.current.status === "signed-out";
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(status: "signed-in" | "signed-out", user: User | null, reason?: Reason): void {
    this.#change({ status, user, stale: false, ...(reason && { reason }) });
  }

  setStale(): void {
    this.#change({ ...this.current, status: "signed-in", stale: true });
  }

  #change(state: AuthState): void {
    this.#becomeReady((this.current = Object.freeze(state)));
    // An error of a listener is reported as an unhandled rejection, and disturbs nothing else.
    for (const listener of [...this.#listeners]) void new Promise(() => listener());
  }
}

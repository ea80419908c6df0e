/** A timer that has been started. */
export type Timer = ReturnType<typeof setTimeout>;

/** What the client uses of the browser or of Node.js; tests replace it. */
export interface Environment {
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds of a clock that never goes back, but may stand still while the device sleeps. */
  readonly monotonic: () => number;
  /** Milliseconds of the clock of the device. Only the time between two of its values is used. */
  readonly wall: () => number;
  readonly random: () => number;
  readonly setTimeout: (work: () => void, milliseconds: number) => Timer;
  readonly clearTimeout: (timer: Timer | undefined) => void;
  /** Returns storage of the origin or of the tab; throws if it is forbidden. */
  readonly storage: (kind: "local" | "session") => Storage;
  readonly locks: Pick<LockManager, "request"> | undefined;
  /** Listens to an event of the page. */
  readonly listen: (event: "online" | "visibilitychange" | "pageshow" | "storage", listener: () => void) => void;
  /** The origin of the page; undefined outside of a browser. */
  readonly origin: string | undefined;
}

/** Returns the environment of this page or process. Nothing is read before the first use. */
export function ownEnvironment(fetch?: typeof globalThis.fetch): Environment {
  const page = globalThis.document as Document | undefined;
  return {
    fetch: (input, init) => (fetch ?? globalThis.fetch)(input, init), // not called as a method, which browsers forbid
    monotonic: () => performance.now(),
    wall: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (work, milliseconds) => setTimeout(work, milliseconds),
    clearTimeout: (timer) => clearTimeout(timer),
    storage: (kind) => (kind === "local" ? localStorage : sessionStorage),
    locks: page && globalThis.navigator?.locks,
    listen: (event, listener) => {
      globalThis.addEventListener?.(event, listener);
    },
    origin: page && globalThis.location.origin,
  };
}

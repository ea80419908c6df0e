import type { Environment } from "./environment.js";
import type { Tokens } from "./tokens.js";
import type { AuthClientOptions } from "./types.js";

/**
 * Where the session is kept between two loads of the page, shared by the tabs of the origin with `local`.
 *
 * Storage that is full or forbidden is replaced by memory. In cookie mode, only the fact that there is a session is stored.
 */
export class Store {
  readonly #environment: Environment;
  readonly #key: string;
  readonly #kind: "local" | "session" | "memory";
  readonly #isCookieMode: boolean;
  #memory: string | null = null;
  #usesMemory: boolean;

  constructor(environment: Environment, { baseUrl, mode, storage }: AuthClientOptions) {
    this.#environment = environment;
    this.#key = `auth_api:${baseUrl}`;
    this.#isCookieMode = mode === "cookie";
    this.#kind = this.#isCookieMode ? "local" : storage ?? "local";
    this.#usesMemory = this.#kind === "memory";
  }

  /** Returns the tokens; null if there are none. In cookie mode, there are never any. */
  read(): Tokens | null {
    try {
      const tokens = JSON.parse(this.#get() ?? "null") as Tokens | null;
      return typeof tokens?.access === "string" && typeof tokens.refresh === "string" ? tokens : null;
    } catch {
      return null;
    }
  }

  /** Returns what changes with each login, and in token mode with each refresh; null if no session is stored. */
  stamp(): string | null {
    return this.#isCookieMode ? this.#get() : this.read()?.refresh ?? null;
  }

  write(tokens: Tokens | null): void {
    const mark = () => this.#environment.random().toString(36).slice(2);
    this.#set(tokens && (this.#isCookieMode ? mark() : JSON.stringify(tokens)));
  }

  /** Replaces the tokens, or removes them, unless another tab has changed the session since a stamp. Returns whether it did. */
  replace(stamp: string | null, tokens: Tokens | null): boolean {
    if (stamp === null || this.stamp() !== stamp) return false;
    if (tokens === null || !this.#isCookieMode) this.write(tokens);
    return true;
  }

  #get(): string | null {
    if (this.#kind === "memory" || this.#usesMemory) return this.#memory;
    try {
      return this.#environment.storage(this.#kind).getItem(this.#key);
    } catch {
      this.#usesMemory = true;
      return this.#memory;
    }
  }

  #set(text: string | null): void {
    this.#memory = text;
    if (this.#kind === "memory" || this.#usesMemory) return;
    try {
      const storage = this.#environment.storage(this.#kind);
      if (text === null) storage.removeItem(this.#key);
      else storage.setItem(this.#key, text);
    } catch {
      this.#usesMemory = true;
      this.#removeOutdated();
    }
  }

  /** Removes what full storage still contains. */
  #removeOutdated(): void {
    try {
      this.#environment.storage(this.#kind === "session" ? "session" : "local").removeItem(this.#key);
    } catch {
      // Storage is forbidden, so it contains nothing.
    }
  }
}

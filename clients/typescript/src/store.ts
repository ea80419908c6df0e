import type { Environment } from "./environment.js";
import type { Tokens } from "./tokens.js";
import type { AuthClientOptions } from "./types.js";

/** What is stored of a session. */
export interface Stored {
  /** What changes with each login, and in token mode with each refresh; null without a session. */
  readonly stamp: string | null;
  /** In cookie mode always null. */
  readonly tokens: Tokens | null;
}

/**
 * Where the session is kept between two loads of the page, shared by the tabs of the origin with `local`.
 *
 * Storage that is full or forbidden is replaced by memory. In cookie mode, only the fact that there is a session is stored.
 */
export class Store {
  readonly #environment: Environment;
  readonly #key: string;
  readonly #kind: "local" | "session";
  readonly #isCookieMode: boolean;
  #memory: string | null = null;
  #usesMemory: boolean;

  constructor(environment: Environment, { baseUrl, mode, storage }: AuthClientOptions) {
    this.#environment = environment;
    this.#key = `auth_api:${baseUrl}`;
    this.#isCookieMode = mode === "cookie";
    this.#usesMemory = !this.#isCookieMode && storage === "memory";
    this.#kind = !this.#isCookieMode && storage === "session" ? storage : "local";
  }

  read(): Stored {
    const text = this.#get();
    if (text === null || this.#isCookieMode) return { stamp: text, tokens: null };
    try {
      const tokens = JSON.parse(text) as Tokens;
      if (typeof tokens.access === "string" && typeof tokens.refresh === "string") return { stamp: tokens.refresh, tokens };
    } catch {
      // Text of other programs is no session.
    }
    return { stamp: null, tokens: null };
  }

  /** Stores a session, or that there is none; returns its stamp. */
  write(tokens: Tokens | null): string | null {
    this.#set(tokens && (this.#isCookieMode ? String(this.#environment.random()) : JSON.stringify(tokens)));
    return this.read().stamp;
  }

  /** Replaces the tokens, or removes them, unless another tab has changed the session since a stamp. Returns whether it did. */
  replace(stamp: string | null, tokens: Tokens | null): boolean {
    if (stamp === null || this.read().stamp !== stamp) return false;
    if (tokens === null || !this.#isCookieMode) this.write(tokens);
    return true;
  }

  #get(): string | null {
    try {
      if (!this.#usesMemory) return this.#environment.storage(this.#kind).getItem(this.#key);
    } catch {
      this.#usesMemory = true;
    }
    return this.#memory;
  }

  #set(text: string | null, stored = text): void {
    this.#memory = text;
    if (this.#usesMemory) return;
    try {
      const storage = this.#environment.storage(this.#kind);
      if (stored === null) storage.removeItem(this.#key);
      else storage.setItem(this.#key, stored);
    } catch {
      if (stored !== null) this.#set(text, null); // removes what full storage still contains
      this.#usesMemory = true;
    }
  }
}

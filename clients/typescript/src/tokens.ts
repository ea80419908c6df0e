import type { Environment } from "./environment.js";
import { isObject } from "./http.js";
import type { User } from "./types.js";

/** What a session consists of. */
export interface Tokens {
  readonly access: string;
  /** Undefined in cookie mode. */
  readonly refresh: string | undefined;
  /** Seconds from the receipt until the access token expires. */
  readonly expiresIn: number;
  /** When the device received it, in milliseconds of its clock. */
  readonly receivedAt: number;
  readonly user: User | null;
}

/** Returns the tokens that a response contains; undefined if it contains none. */
export function tokensOf(document: unknown, before: Tokens | null, environment: Environment): Tokens | undefined {
  if (!isObject(document) || typeof document["access_token"] !== "string") return undefined;
  const access = document["access_token"];
  return {
    access,
    refresh: (document["refresh_token"] as string | undefined) ?? before?.refresh,
    expiresIn: Number(document["expires_in"]) || 0,
    receivedAt: environment.wall(),
    user: userOf(document) ?? (before && claim(before.access, "sub") === claim(access, "sub") ? before.user : null),
  };
}

/** Returns the user that a response contains: at a login as a member, at a registration as the document itself. */
function userOf(document: Record<string, unknown>): User | null {
  const user = document["user"] ?? document;
  if (!isObject(user) || typeof user["id"] !== "number") return null;
  const { access_token, refresh_token, token_type, expires_in, refresh_expires_in, ...rest } = user;
  return rest as User;
}

/** Returns a claim of an access token, whose signature is not checked: only auth_api and APIs do that. */
export function claim(access: string, name: "sub" | "sid"): unknown {
  try {
    return (JSON.parse(decoded(access.split(".")[1]!)) as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** Returns the bytes of base64url (RFC 4648 §5), one character each. */
export function decoded(text: string): string {
  return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
}

export function isSameSession(one: Tokens, other: Tokens | null | undefined): boolean {
  return !!other && claim(one.access, "sid") === claim(other.access, "sid");
}

import { AuthError } from "./errors.js";
import { TEMPORARY } from "./http.js";
import type { Reason } from "./types.js";

const ENDS = {
  __proto__: null, // so that it has no other codes, such as "constructor"
  TOKEN_EXPIRED: "expired",
  TOKEN_REVOKED: "revoked",
  TOKEN_INVALID: "revoked",
  REFRESH_TOKEN_REUSED: "reused",
} as unknown as Readonly<Record<string, Reason>>;

/** Whether the code of a response with the status 401 says that a token is not accepted. */
export function isTokenRefused(code = ""): boolean {
  return code in ENDS;
}

/** Returns why the response to a refresh ends the session; undefined if it does not. No other response ends a session. */
export function endOf({ status, code }: AuthError, isCookieMode: boolean): Reason | undefined {
  if (status !== 401) return undefined;
  return isCookieMode && code === "AUTHENTICATION_REQUIRED" ? "expired" : ENDS[code];
}

/** Whether the same request may succeed later, as the response is not one of auth_api, or says so. */
export function isTemporary({ code, status }: AuthError): boolean {
  return status < 400 || status >= 500 || TEMPORARY.includes(status) || code === "HTTP_ERROR";
}

export function loggedOut(): AuthError {
  return new AuthError("AUTHENTICATION_REQUIRED", 401, "There is no session.");
}

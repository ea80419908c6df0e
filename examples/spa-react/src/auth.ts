import { AuthError, createAuthClient } from "auth-api-sdk";

export const AUTH_URL: string = import.meta.env.VITE_AUTH_URL ?? "http://localhost:8000";
export const auth = createAuthClient({ baseUrl: AUTH_URL, mode: "cookie" });

/** Whether the person comes back from the pages of auth_api; asked once, before anything is shown. */
export const cameBack = auth.handleRedirect();

/** Returns a sentence that says what went wrong. */
export function sentence(error: unknown): string {
  if (error instanceof AuthError) return error.errors[0]?.message ?? error.detail;
  if (error instanceof DOMException) return "The passkey was not used.";
  return String(error);
}

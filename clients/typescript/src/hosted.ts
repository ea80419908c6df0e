import { AuthError } from "./errors.js";
import { addressOf } from "./http.js";
import { textOf } from "./passkeys.js";
import type { Call } from "./types.js";

export interface SignInOptions {
  /** The address of the application to come back to: one of `RETURN_URLS`. Default: the root of this origin. */
  readonly returnTo?: string;
  /** What `handleRedirect` returns afterwards, such as the path of the page that the person wanted to see. */
  readonly then?: string;
  readonly loginHint?: string;
  /** The language of the pages, such as `de`. */
  readonly lang?: string;
  /** The id of a provider, to go there at once. */
  readonly provider?: string;
}

export type RedirectResult = { readonly status: "none" } | { readonly status: "signed-in"; readonly then: string | undefined };

interface Pending {
  readonly verifier: string;
  readonly then: string | undefined;
}

/** Sends the browser to the pages of auth_api or to a provider. */
export async function signIn(baseUrl: string, { returnTo, then, loginHint, lang, provider }: SignInOptions): Promise<void> {
  const verifier = textOf(crypto.getRandomValues(new Uint8Array(32)));
  const challenge = textOf(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  const pending: Pending = { verifier, then };
  sessionStorage.setItem(keyOf(baseUrl), JSON.stringify(pending));
  const path = provider === undefined ? "/account/login" : `/api/auth/providers/${encodeURIComponent(provider)}/start`;
  const parameters = { return_to: returnTo ?? `${location.origin}/`, code_challenge: challenge, login_hint: loginHint, lang };
  location.assign(addressOf(baseUrl + path, parameters));
}

/** Finishes a sign-in, if this page was opened by one. Only the tab that began it can do that. */
export async function handleRedirect(baseUrl: string, call: Call): Promise<RedirectResult> {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const code = fragment.get("code");
  const error = fragment.get("error");
  if (code === null && error === null) return { status: "none" };
  history.replaceState(history.state, "", location.pathname + location.search);
  const pending = takePending(keyOf(baseUrl));
  if (!pending) return { status: "none" };
  if (code === null) throw new AuthError(error!, 0, "The login failed.");
  await call("POST", "/api/auth/exchange", { body: { code, code_verifier: pending.verifier }, anonymous: true });
  return { status: "signed-in", then: pending.then };
}

/** Sends the browser to the page on which people end their session with the pages of auth_api. */
export function leaveHosted(baseUrl: string, returnTo: string): void {
  location.assign(addressOf(`${baseUrl}/account/logout`, { return_to: returnTo }));
}

function keyOf(baseUrl: string): string {
  return `auth_api:${baseUrl}:sign-in`;
}

/** Returns what `signIn` has kept in this tab, once. */
function takePending(key: string): Pending | undefined {
  try {
    const pending = JSON.parse(sessionStorage.getItem(key) ?? "null") as Pending | null;
    sessionStorage.removeItem(key);
    return typeof pending?.verifier === "string" ? pending : undefined;
  } catch {
    return undefined;
  }
}

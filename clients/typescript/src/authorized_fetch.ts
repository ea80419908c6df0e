import { AuthError } from "./errors.js";
import { offline, problemOf, refuseRedirect, retryAfterOf, TEMPORARY } from "./http.js";
import type { Session } from "./session.js";
import { isTokenRefused } from "./session_ends.js";
import type { Tokens } from "./tokens.js";

const SAFE_TO_REPEAT: readonly string[] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];
/** With these codes, a server says that it has done nothing. */
const NOT_DONE: readonly string[] = ["SERVER_OVERLOADED", "CIRCUIT_BREAKER_OPEN", "RATE_LIMITED"];
const MAX_REPEATS = 2;
const MAX_REPEAT_MS = 30_000;

/**
 * Calls the API of the application with the access token.
 *
 * Refreshes the token if it has expired or was refused, and repeats what is safe to repeat, at most twice within 30 s. Only
 * origins of `tokenOrigins` get the token. Throws `AuthError` with the code `OFFLINE` or `REDIRECTED` if there is no response.
 */
export async function authorizedFetch(session: Session, input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const { environment, options } = session;
  const request = new Request(input, init);
  const origins = options.tokenOrigins?.map(originOf) ?? [originOf(options.baseUrl), environment.origin];
  if (!origins.includes(originOf(request.url))) return environment.fetch(request);
  const isStream = init?.body instanceof ReadableStream;
  const end = environment.monotonic() + MAX_REPEAT_MS;
  let tokens = await session.usableTokens(isStream ? 60 : 30);
  let mayRefresh = !isStream;
  for (let repeats = 0; ; ) {
    const result = await attempt(session, isStream ? request : request.clone(), tokens);
    if (mayRefresh && tokens && result.status === 401 && isTokenRefused(await codeOf(result))) {
      mayRefresh = false;
      tokens = await session.renew(tokens);
      if (tokens) continue;
    }
    const delay = isStream || repeats >= MAX_REPEATS ? undefined : await delayOf(request.method, result, repeats);
    if (delay === undefined || environment.monotonic() + delay > end) {
      if (result instanceof AuthError) throw result;
      return result;
    }
    repeats += 1;
    // A caller that aborts the request does not have to wait.
    await new Promise<unknown>((resolve) => environment.setTimeout((request.signal.onabort = resolve as () => void), delay));
    request.signal.throwIfAborted();
  }
}

function originOf(url: string): string {
  return new URL(url).origin;
}

/** Sends a request once; returns the response, or why there is none. */
async function attempt({ environment }: Session, request: Request, tokens: Tokens | null): Promise<Response | AuthError> {
  const { referrer, referrerPolicy, headers } = request;
  if (tokens) headers.set("Authorization", `Bearer ${tokens.access}`);
  try {
    // A request that is made of another one loses what it says about the referrer (Fetch §5.4).
    const response = await environment.fetch(new Request(request, { referrer, referrerPolicy, redirect: "manual" }));
    refuseRedirect(response);
    return response;
  } catch (error) {
    if (error instanceof AuthError || request.signal.aborted) throw error;
    return offline(error);
  }
}

/** Returns the `error_code` of a response; leaves its body to the application. */
async function codeOf(result: Response | AuthError): Promise<string> {
  if (result instanceof AuthError) return result.code;
  const document: unknown = await result.clone().json().catch(() => undefined);
  return problemOf(document)?.error_code ?? "";
}

/** Milliseconds after which a request may be repeated; undefined if it may not. */
async function delayOf(method: string, result: Response | AuthError, repeats: number): Promise<number | undefined> {
  if (!(result instanceof AuthError) && !TEMPORARY.includes(result.status)) return undefined;
  if (!SAFE_TO_REPEAT.includes(method) && !NOT_DONE.includes(await codeOf(result))) return undefined;
  return ((result instanceof AuthError ? undefined : retryAfterOf(result)) ?? 2 ** repeats) * 1000;
}

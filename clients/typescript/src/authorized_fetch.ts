import { AuthError } from "./errors.js";
import { isObject, offline, problemOf, refuseRedirect, retryAfterOf, TEMPORARY } from "./http.js";
import type { Session } from "./session.js";
import type { Tokens } from "./tokens.js";

const SAFE_TO_REPEAT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
/** With these codes, a server says that it has done nothing. */
const NOT_DONE: ReadonlySet<string> = new Set(["SERVER_OVERLOADED", "CIRCUIT_BREAKER_OPEN", "RATE_LIMITED"]);
const REFUSED: ReadonlySet<string> = new Set(["TOKEN_EXPIRED", "TOKEN_REVOKED", "TOKEN_INVALID"]);
const MAX_REPEATS = 2;
const MAX_REPEAT_MS = 30_000;

/**
 * Calls the API of the application with the access token.
 *
 * Refreshes the token if it has expired or was refused, and repeats what is safe to repeat, at most twice within 30 s. Only origins
 * of `tokenOrigins` get the token. Throws `AuthError` with the code `OFFLINE` or `REDIRECTED` if there is no response.
 */
export async function authorizedFetch(session: Session, input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const { environment, options } = session;
  const request = new Request(input instanceof Request ? input : new URL(input, environment.origin ?? options.baseUrl), init);
  const origins = options.tokenOrigins ?? [new URL(options.baseUrl).origin, environment.origin];
  if (!origins.includes(new URL(request.url).origin)) return environment.fetch(request);
  const isStream = isObject(init) && init.body instanceof ReadableStream;
  const began = environment.monotonic();
  let tokens = await session.usableTokens(isStream ? 60 : 30);
  let hasRefreshed = false;
  for (let repeats = 0; ; ) {
    const { response, error } = await attempt(session, isStream ? request : request.clone(), tokens);
    if (response && !hasRefreshed && tokens && (await isRefused(response)) && !isStream) {
      hasRefreshed = true;
      tokens = await session.refresh(tokens);
      continue;
    }
    const delay = isStream || repeats >= MAX_REPEATS ? undefined : await delayOf(request.method, response, repeats);
    if (delay === undefined || environment.monotonic() + delay - began > MAX_REPEAT_MS) {
      if (response) return response;
      throw error;
    }
    repeats += 1;
    await new Promise<void>((resolve) => environment.setTimeout(resolve, delay));
    request.signal.throwIfAborted();
  }
}

/** Sends a request once. */
async function attempt(
  { environment }: Session,
  request: Request,
  tokens: Tokens | null,
): Promise<{ response?: Response; error?: AuthError }> {
  const headers = new Headers(request.headers);
  if (tokens) headers.set("Authorization", `Bearer ${tokens.access}`);
  try {
    const response = await environment.fetch(new Request(request, { headers, redirect: "manual" }));
    refuseRedirect(response);
    return { response };
  } catch (error) {
    if (error instanceof AuthError || request.signal.aborted) throw error;
    return { error: offline(error) };
  }
}

/** Whether a response says, in the form of auth_api, that the access token is not accepted. */
async function isRefused(response: Response): Promise<boolean> {
  return response.status === 401 && REFUSED.has((await problemOf(response.clone()))?.error_code ?? "");
}

/** Milliseconds after which a request may be repeated; undefined if it may not. */
async function delayOf(method: string, response: Response | undefined, repeats: number): Promise<number | undefined> {
  if (response && !TEMPORARY.has(response.status)) return undefined;
  const isSafe = SAFE_TO_REPEAT.has(method);
  if (!isSafe && !(response && NOT_DONE.has((await problemOf(response.clone()))?.error_code ?? ""))) return undefined;
  return ((response && retryAfterOf(response)) ?? 2 ** repeats) * 1000;
}

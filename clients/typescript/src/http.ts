import type { Environment } from "./environment.js";
import { AuthError, type Problem } from "./errors.js";

export const TIMEOUT_MS = 10_000;

/** Answers after which the same request may succeed later: nothing is known about the session. */
export const TEMPORARY: ReadonlySet<number> = new Set([408, 429, 503]);

/** A request to auth_api. */
export interface ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly credentials: RequestCredentials;
  readonly keepalive?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Sends a request and returns the document of its response; throws `AuthError`. */
export async function send(environment: Environment, request: ApiRequest): Promise<unknown> {
  const { body, url, signal, headers, ...init } = request;
  const aborter = new AbortController();
  const abort = () => aborter.abort(signal?.reason);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  let isLate = false;
  const timer = environment.setTimeout(() => {
    isLate = true;
    aborter.abort();
  }, TIMEOUT_MS);
  try {
    const response = await environment.fetch(url, {
      ...init,
      headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "manual",
      signal: aborter.signal,
    });
    return await documentOf(response);
  } catch (cause) {
    if (cause instanceof AuthError || signal?.aborted) throw cause;
    throw isLate ? new AuthError("TIMEOUT", 0, "The server did not respond in time.", { cause }) : offline(cause);
  } finally {
    environment.clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Returns the error of a request that got no response. */
export function offline(cause: unknown): AuthError {
  return new AuthError("OFFLINE", 0, "The server cannot be reached.", { cause });
}

/** Throws if a response is a redirect, which no token may follow. */
export function refuseRedirect(response: Response): void {
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    throw new AuthError("REDIRECTED", 0, "The request was redirected to another address.");
  }
}

/** Returns the problem document of an error, if it is one of auth_api; reads the body. */
export async function problemOf(response: Response): Promise<Problem | undefined> {
  const document: unknown = await response.json().catch(() => undefined);
  return isObject(document) && typeof document["error_code"] === "string" ? (document as unknown as Problem) : undefined;
}

/** Returns the seconds of the header `Retry-After`, if there are any. */
export function retryAfterOf(response: Response): number | undefined {
  const text = response.headers.get("Retry-After");
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

async function documentOf(response: Response): Promise<unknown> {
  refuseRedirect(response);
  if (response.status === 204) return undefined;
  if (response.ok) {
    const text = await response.text();
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw new AuthError("HTTP_ERROR", response.status, "The response is not that of auth_api.", { cause });
    }
  }
  const problem = await problemOf(response);
  const retryAfter = retryAfterOf(response);
  const requestId = response.headers.get("X-Request-ID") ?? undefined;
  throw new AuthError(problem?.error_code ?? "HTTP_ERROR", response.status, problem?.detail ?? `HTTP ${response.status}`, {
    ...(problem && { problem }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(requestId !== undefined && { requestId }),
  });
}

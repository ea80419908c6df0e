import { AuthError, type Problem } from "./errors.js";

/** Answers after which the same request may succeed later: nothing is known about the session. */
export const TEMPORARY: readonly number[] = [408, 429, 503];

/** Returns an address with the parameters that are defined. */
export function addressOf(url: string, parameters: Readonly<Record<string, string | number | boolean | undefined>> = {}): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) target.searchParams.set(name, String(value));
  return target.href;
}

/** Returns the error of a request that got no response. */
export function offline(cause: unknown): AuthError {
  return new AuthError("OFFLINE", 0, "The server cannot be reached.", { cause });
}

/** Throws if a response is a redirect, which no token may follow. */
export function refuseRedirect(response: Response): void {
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400 && response.status !== 304)) {
    throw new AuthError("REDIRECTED", 0, "The request was redirected.");
  }
}

/** Returns a document as a problem of auth_api, if it is one. */
export function problemOf(document: unknown): Problem | undefined {
  return isObject(document) && typeof document["error_code"] === "string" ? (document as unknown as Problem) : undefined;
}

/** Returns the seconds of the header `Retry-After`, if there are any. */
export function retryAfterOf(response: Response): number | undefined {
  const text = response.headers.get("Retry-After");
  return /^\d{1,6}$/.test(text ?? "") ? Number(text) : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Returns the document of a response; throws `AuthError` if it is none of success. */
export async function documentOf(response: Response): Promise<unknown> {
  refuseRedirect(response);
  const { status, headers } = response;
  const document = parse(await response.text());
  if (status === 204 || (response.ok && document !== undefined)) return document;
  const problem = problemOf(document);
  throw new AuthError(problem?.error_code ?? "HTTP_ERROR", status, problem?.detail ?? `HTTP ${status}`, {
    problem,
    retryAfter: retryAfterOf(response),
    requestId: headers.get("X-Request-ID") ?? undefined,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // such as the page of a proxy
  }
}

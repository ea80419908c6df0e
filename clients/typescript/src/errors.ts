/** One invalid field of a request. */
export interface FieldError {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

/** The document of a refused request (RFC 9457). Members such as `mfa_token` and `methods` depend on the code. */
export interface Problem {
  readonly error_code: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly request_id?: string;
  readonly [member: string]: unknown;
}

interface ErrorDetails {
  readonly problem?: Problem | undefined;
  readonly retryAfter?: number | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/**
 * auth_api refused a request, or did not answer it.
 *
 * Decide by `code`, and for codes that you do not know by `status`.
 */
export class AuthError extends Error {
  override readonly name = "AuthError";
  /** The `error_code` of the response. Without a response: `OFFLINE`, `TIMEOUT` or `REDIRECTED`. A response that is not a problem
   * document of auth_api: `HTTP_ERROR`. */
  declare readonly code: string;
  /** The HTTP status; 0 without a response. */
  declare readonly status: number;
  /** A sentence that says what happened, for people. */
  declare readonly detail: string;
  /** The invalid fields. */
  declare readonly errors: readonly FieldError[];
  /** Seconds after which the request may be repeated, if the response says so. */
  declare readonly retryAfter: number | undefined;
  /** What finds the request in the log of the server. */
  declare readonly requestId: string | undefined;
  /** The whole problem document. */
  declare readonly problem: Problem | undefined;

  constructor(code: string, status = 0, detail = code, { problem, retryAfter, requestId, cause }: ErrorDetails = {}) {
    super(detail, { cause });
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.errors = problem?.errors ?? [];
    this.retryAfter = retryAfter;
    this.requestId = requestId ?? problem?.request_id;
    this.problem = problem;
  }
}

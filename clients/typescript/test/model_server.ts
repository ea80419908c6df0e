import type { VirtualTime } from "./virtual_time.js";

const ACCESS_SECONDS = 120;
const SESSION_SECONDS = 7 * 24 * 3600;
const COOKIE_AGE_SECONDS = 300;

export interface ModelSession {
  readonly id: string;
  readonly userId: number;
  readonly isCookie: boolean;
  current: string;
  currentSince: number;
  previous: string | undefined;
  spentAt: number;
  isAlive: boolean;
  /** Whether something happened that ends it rightly. */
  mayEnd: boolean;
  expiresAt: number;
}

export interface ModelResponse {
  readonly status: number;
  readonly body: unknown;
  /** The cookie that the response sets; null deletes it. */
  readonly cookie?: string | null;
}

/** The sessions of auth_api: rotation with a grace period, reuse, log-out, cookies that are replaced after five minutes. */
export class ModelServer {
  readonly sessions: ModelSession[] = [];
  /** What a browser keeps as the cookie of the refresh token. */
  cookie: string | undefined;
  refreshes = 0;
  graceSeconds = 120;
  readonly #time: VirtualTime;
  #last = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** Answers a request; the response also says which cookie the browser keeps once it has received it. */
  handle(
    method: string,
    path: string,
    headers: Headers,
    body: Record<string, unknown>,
    cookie: string | undefined,
  ): ModelResponse {
    const isCookie = headers.get("Token-Transport") === "cookie";
    const bearer = headers.get("Authorization")?.slice(7);
    if (path === "/api/auth/login") return this.#login(Number(body["user"]), isCookie ? cookie : undefined, isCookie);
    if (path === "/api/auth/refresh") return this.#refresh(isCookie ? cookie : (body["refresh_token"] as string), isCookie);
    const refresh = isCookie ? cookie : (body["refresh_token"] as string | undefined);
    if (path === "/api/auth/logout") return this.#logout(bearer, refresh, isCookie);
    const session = this.#byAccess(bearer);
    if (typeof session === "string") return problem(401, session);
    if (path === "/api/auth/step-up") return { status: 200, body: this.#access(session) };
    if (path === "/api/user/password") return this.#changePassword(session);
    if (path === "/api/user/profile") return { status: 200, body: { id: session.userId, username: `user-${session.userId}` } };
    return { status: 200, body: { user: session.userId, method } };
  }

  #access(session: ModelSession) {
    this.#last += 1;
    const end = this.#time.now + ACCESS_SECONDS * 1000;
    return { access_token: `h.${payloadOf(session)}.${end}-${this.#last}`, expires_in: ACCESS_SECONDS };
  }

  #login(userId: number, cookie: string | undefined, isCookie: boolean) {
    const before = cookie === undefined ? undefined : this.byRefresh(cookie);
    if (before) before.isAlive = false;
    return this.#open(userId, isCookie, { user: { id: userId, username: `user-${userId}` } });
  }

  /** Ends all sessions of the user, and begins another one. */
  #changePassword({ userId, isCookie }: ModelSession) {
    for (const session of this.sessions) if (session.userId === userId) session.isAlive = false;
    return this.#open(userId, isCookie, {});
  }

  #open(userId: number, isCookie: boolean, extra: object) {
    this.#last += 1;
    const session: ModelSession = {
      id: `s${this.#last}`, userId, isCookie, current: `rt${this.#last}.0`, currentSince: this.#time.now, previous: undefined,
      spentAt: 0, isAlive: true, mayEnd: false, expiresAt: this.#time.now + SESSION_SECONDS * 1000,
    };
    this.sessions.push(session);
    return this.#pair(session, extra);
  }

  #refresh(token: string | undefined, isCookie: boolean) {
    this.refreshes += 1;
    if (token === undefined) return problem(401, isCookie ? "AUTHENTICATION_REQUIRED" : "TOKEN_INVALID");
    const session = this.byRefresh(token);
    if (!session || session.isCookie !== isCookie) return problem(401, "TOKEN_INVALID");
    if (!session.isAlive) return problem(401, "TOKEN_REVOKED");
    if (session.expiresAt <= this.#time.now) return problem(401, "TOKEN_EXPIRED");
    if (token === session.current) {
      if (isCookie && this.#time.now - session.currentSince < COOKIE_AGE_SECONDS * 1000) return this.#pair(session, {});
      session.previous = session.current;
      session.current = `${session.current.split(".")[0]}.${Number(session.current.split(".")[1]) + 1}`;
      session.currentSince = session.spentAt = this.#time.now;
      return this.#pair(session, {});
    }
    if (token === session.previous && this.#time.now - session.spentAt <= this.graceSeconds * 1000) {
      return this.#pair(session, {});
    }
    session.isAlive = false;
    return problem(401, "REFRESH_TOKEN_REUSED");
  }

  #logout(bearer: string | undefined, refresh: string | undefined, isCookie: boolean) {
    for (const session of this.sessions) {
      const isOfRefresh = refresh !== undefined && session.current.split(".")[0] === refresh.split(".")[0];
      if (isOfRefresh || bearer?.includes(`.${payloadOf(session)}.`)) session.isAlive = false;
    }
    return { status: 200, body: { message: "Logged out." }, ...(isCookie && { cookie: null }) };
  }

  #pair(session: ModelSession, extra: object) {
    const body = { ...extra, ...this.#access(session) };
    if (session.isCookie) return { status: 200, body, cookie: session.current };
    return { status: 200, body: { ...body, refresh_token: session.current } };
  }

  #byAccess(bearer: string | undefined): ModelSession | string {
    if (bearer === undefined) return "AUTHENTICATION_REQUIRED";
    const [, payload = "", end = ""] = bearer.split(".");
    const { sid } = JSON.parse(atob(payload)) as { sid: string };
    const session = this.sessions.find(({ id }) => id === sid);
    if (!session) return "TOKEN_INVALID";
    if (Number(end.split("-")[0]) <= this.#time.now) return "TOKEN_EXPIRED";
    if (!session.isAlive) return "TOKEN_REVOKED";
    return session;
  }

  /** Returns the session that a refresh token belongs or belonged to. */
  byRefresh(token: string): ModelSession | undefined {
    return this.sessions.find(({ current }) => current.split(".")[0] === token.split(".")[0]);
  }
}

function payloadOf({ userId, id }: ModelSession): string {
  return btoa(JSON.stringify({ sub: String(userId), sid: id }));
}

export function problem(status: number, code: string): { status: number; body: unknown } {
  return { status, body: { error_code: code, detail: code } };
}

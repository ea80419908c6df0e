import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { createAuthClient } from "../src/client.js";
import { AuthError } from "../src/errors.js";
import { AUTH, respond, type Tab } from "./browser.js";
import { KEY, PROFILE, REFRESH, refused, Scenario, shown } from "./scenario.js";

async function errorOf(scenario: Scenario, tab: Tab, path = PROFILE, signal?: AbortSignal): Promise<AuthError> {
  const request = scenario.wait(tab.client.call("GET", path, { anonymous: true, ...(signal && { signal }) }));
  return request.then(() => assert.fail("no error"), (error: unknown) => error as AuthError);
}

test("an error has everything that the problem document says", async () => {
  const scenario = new Scenario();
  const tab = await scenario.open("token");
  const errors = [{ field: "email", code: "INVALID", message: "Not an address." }];
  const problem = { error_code: "MFA_REQUIRED", detail: "A second factor is needed.", errors, mfa_token: "t", methods: ["totp"] };
  scenario.answer(PROFILE, respond(403, { ...problem, request_id: "r1" }, { "Retry-After": "12" }));

  const error = await errorOf(scenario, tab);

  assert.ok(error instanceof AuthError && error instanceof Error);
  const { code, status, detail, message, name, retryAfter, requestId } = error;
  assert.deepEqual({ code, status, detail, message, name, retryAfter, requestId }, {
    code: "MFA_REQUIRED",
    status: 403,
    detail: problem.detail,
    message: problem.detail,
    name: "AuthError",
    retryAfter: 12,
    requestId: "r1",
  });
  assert.deepEqual(error.errors, errors);
  assert.deepEqual([error.problem?.["mfa_token"], error.problem?.["methods"]], ["t", ["totp"]]);
});

test("an error without a problem document has the status and the id of the request", async () => {
  const scenario = new Scenario();
  const tab = await scenario.open("token");
  for (const body of ["<html>", "[]", "null", "7", { error: "x" }, { error_code: 7 }]) {
    scenario.answer(PROFILE, respond(502, body, { "X-Request-ID": "r2", "Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT" }));

    const { code, status, problem, errors, retryAfter, requestId } = await errorOf(scenario, tab);

    assert.deepEqual({ code, status, problem, errors, retryAfter, requestId }, {
      code: "HTTP_ERROR", status: 502, problem: undefined, errors: [], retryAfter: undefined, requestId: "r2",
    });
  }
});

test("errors without a response have the status 0 and their cause", async () => {
  const scenario = new Scenario();
  const tab = await scenario.open("token");
  for (const [answer, code] of [["offline", "OFFLINE"], ["hang", "TIMEOUT"], [respond(307, ""), "REDIRECTED"]] as const) {
    scenario.answer(PROFILE, answer);
    const began = scenario.time.now;

    const error = await errorOf(scenario, tab);

    assert.deepEqual([error.code, error.status], [code, 0]);
    assert.equal(error.cause !== undefined, code !== "REDIRECTED");
    if (code === "TIMEOUT") assert.ok(Math.abs(scenario.time.now - began - 10_000) <= 10);
  }
});

test("a caller can abort a request, and gets its own reason", async () => {
  const scenario = new Scenario();
  const tab = await scenario.open("token");
  scenario.answer(PROFILE, "hang");
  const aborter = new AbortController();
  const failed = errorOf(scenario, tab, PROFILE, aborter.signal);
  await scenario.time.advance(1_000);
  assert.equal(tab.requests[0]?.init.signal?.aborted, false);
  aborter.abort();

  assert.equal((await failed).name, "AbortError");

  assert.equal(tab.requests[0]?.init.signal?.aborted, true);
  assert.equal((await errorOf(scenario, tab, PROFILE, aborter.signal)).name, "AbortError");
  assert.equal(tab.requests.length, 1, "an aborted request is not sent");
});

test("only requests with a body say what it is, and parameters that are undefined are left out", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  scenario.browser.answer = () => respond(200, {});
  tab.requests.length = 0;

  await scenario.wait(tab.client.call("GET", "/api/user/sessions", { query: { limit: 2, cursor: "a b&c", kind: undefined } }));
  await scenario.wait(tab.client.call("POST", "/api/user/keys", { body: { name: "é" } }));
  await scenario.wait(tab.client.call("GET", PROFILE, { anonymous: true }));

  const [get, post, anonymous] = tab.requests;
  assert.equal(get?.url, `${AUTH}/api/user/sessions?limit=2&cursor=a+b%26c`);
  assert.deepEqual([get.init.body, get.headers.has("Content-Type"), get.headers.has("Authorization")], [undefined, false, true]);
  assert.deepEqual([post?.init.body, post?.headers.get("Content-Type")], ['{"name":"é"}', "application/json"]);
  assert.equal(anonymous?.headers.has("Authorization"), false);
});

test("an invalid address of the server is an error at once, and its spelling makes no difference", async () => {
  for (const baseUrl of ["", "/auth", "auth.example.com", undefined as unknown as string]) {
    assert.throws(() => createAuthClient({ baseUrl, mode: "token" }), TypeError, baseUrl);
  }
  for (const baseUrl of [`${AUTH}//`, "HTTPS://Auth.Example.com:443/"]) {
    const scenario = new Scenario();

    const tab = await scenario.signedIn("token", { baseUrl });

    assert.equal(tab.requests[0]?.url, `${AUTH}/api/auth/login`);
    assert.deepEqual([...scenario.browser.storage.items.keys()], [KEY]);
  }
});

test("no path leads to another server", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  tab.requests.length = 0;
  scenario.browser.answer = () => respond(200, {});

  const paths = ["@other.org/a", ".other.org/a", "//other.org/a", "\\other.org/a", ":8443/a", "/../../a", "https://other.org/"];
  for (const path of paths) {
    await scenario.wait(tab.client.call("GET", path));
  }

  assert.deepEqual(new Set(tab.requests.map(({ url }) => new URL(url).origin)), new Set([AUTH]));
  assert.equal(tab.requests.length, paths.length);
});

test("a response without a body has no document", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  scenario.answer("/api/user/sessions", respond(204, ""));

  assert.equal(await scenario.wait(tab.client.call("DELETE", "/api/user/sessions")), undefined);
});

test("listeners are called after each change until they unsubscribe", async () => {
  const scenario = new Scenario();
  const tab = await scenario.open("token");
  const seen: string[] = [];
  const unsubscribe = tab.client.subscribe(() => seen.push(shown(tab).status));

  await scenario.login(tab);
  unsubscribe();
  await scenario.wait(tab.client.logout());

  assert.deepEqual(seen, ["signed-in"]);
  assert.ok(Object.isFrozen(tab.client.state));
});

test("a listener that throws disturbs nothing, and its error is reported", () => {
  const script = `
    const { ShownState } = await import(${JSON.stringify(new URL("../src/shown_state.js", import.meta.url))});
    process.on("unhandledRejection", ({ message }) => console.log("reported:", message));
    const shown = new ShownState();
    shown.subscribe(() => { throw new Error("a fault of the application"); });
    shown.subscribe(() => console.log(shown.current.status));
    shown.set("signed-out", null);
    console.log((await shown.ready).status);`;

  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });

  assert.deepEqual(stdout.trim().split("\n"), ["signed-out", "signed-out", "reported: a fault of the application"]);
});

test("a listener may use the client while the state changes", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  await scenario.time.advance(200_000);
  scenario.answer(REFRESH, refused(401, "TOKEN_REVOKED"));
  let loggedOut: Promise<void> | undefined;
  tab.client.subscribe(() => (loggedOut ??= tab.client.logout()));

  assert.equal(await scenario.codeOf(tab.client.accessToken()), "TOKEN_REVOKED");
  await scenario.wait(loggedOut!);

  assert.equal(shown(tab).reason, "revoked");
});

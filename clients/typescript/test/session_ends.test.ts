import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reason } from "../src/types.js";
import { respond } from "./browser.js";
import { KEY, MODES, PROFILE, REFRESH, refreshes, refused, Scenario, shown } from "./scenario.js";

const ENDING: readonly (readonly [string, Reason])[] = [
  ["TOKEN_EXPIRED", "expired"],
  ["TOKEN_REVOKED", "revoked"],
  ["TOKEN_INVALID", "revoked"],
  ["REFRESH_TOKEN_REUSED", "reused"],
];

for (const mode of MODES) {
  for (const [code, reason] of ENDING) {
    test(`a refresh that is refused with ${code} ends the session (${mode} mode)`, async () => {
      const scenario = new Scenario();
      const tab = await scenario.signedIn(mode);
      const other = await scenario.open(mode);
      scenario.answer(REFRESH, refused(401, code));
      await scenario.time.advance(200_000);

      assert.equal(await scenario.codeOf(tab.client.accessToken()), code);

      assert.deepEqual(shown(tab), { status: "signed-out", user: null, stale: false, reason });
      assert.equal(scenario.browser.storage.getItem(KEY), null);
      await scenario.time.advance(10);
      assert.deepEqual(shown(other), { status: "signed-out", user: null, stale: false, reason: "logged-out" });
      const sent = refreshes(tab, other).length;
      assert.equal(await scenario.codeOf(tab.client.accessToken()), "AUTHENTICATION_REQUIRED");
      await scenario.time.advance(200_000);
      assert.equal(refreshes(tab, other).length, sent, "a session that has ended is not refreshed");
      assert.equal(tab.client.state.reason, reason);
    });
  }
}

test("a refresh without a cookie ends the session in cookie mode", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("cookie");
  scenario.server.cookie = undefined; // the person has deleted the cookies
  await scenario.time.advance(200_000);

  assert.equal(await scenario.codeOf(tab.client.accessToken()), "AUTHENTICATION_REQUIRED");

  assert.deepEqual(shown(tab), { status: "signed-out", user: null, stale: false, reason: "expired" });
});

/** Responses to a refresh that say nothing about the session: the code that is thrown, and seconds until the next attempt. */
const KEEPING = new Map<string, readonly [Response | "offline" | "hang", string, number | undefined]>([
  ["400", [refused(400, "VALIDATION_ERROR"), "VALIDATION_ERROR", undefined]],
  ["403", [refused(403, "CROSS_SITE_REQUEST"), "CROSS_SITE_REQUEST", undefined]],
  ["403 with the code of an end", [refused(403, "TOKEN_REVOKED"), "TOKEN_REVOKED", undefined]],
  ["an unknown code of 401", [refused(401, "NEW_CODE"), "NEW_CODE", undefined]],
  ["a code that is the name of a member of all objects", [refused(401, "constructor"), "constructor", undefined]],
  ["a page with 401", [respond(401, "<html>"), "HTTP_ERROR", 1]],
  ["a document with 401", [respond(401, { error: "invalid_token" }), "HTTP_ERROR", 1]],
  ["a page with 403", [respond(403, "<html>"), "HTTP_ERROR", 1]],
  ["a page with 200", [respond(200, "<html>"), "HTTP_ERROR", 1]],
  ["a document without tokens", [respond(200, { status: "ok" }), "HTTP_ERROR", 1]],
  ["a redirect", [respond(302, ""), "REDIRECTED", 1]],
  ["408", [refused(408, "REQUEST_TIMEOUT"), "REQUEST_TIMEOUT", 1]],
  ["429", [refused(429, "RATE_LIMITED"), "RATE_LIMITED", 1]],
  ["429 with Retry-After", [refused(429, "RATE_LIMITED", { "Retry-After": "7" }), "RATE_LIMITED", 7]],
  ["500", [refused(500, "INTERNAL_ERROR"), "INTERNAL_ERROR", 1]],
  ["502 of a proxy", [respond(502, "Bad Gateway"), "HTTP_ERROR", 1]],
  ["503 with Retry-After", [refused(503, "SERVER_OVERLOADED", { "Retry-After": "3" }), "SERVER_OVERLOADED", 3]],
  ["no connection", ["offline", "OFFLINE", 1]],
  ["no answer", ["hang", "TIMEOUT", 1]],
]);

for (const mode of MODES) {
  for (const [name, [answer, code, delay]] of KEEPING) {
    test(`a refresh keeps the session after ${name} (${mode} mode)`, async () => {
      const scenario = new Scenario();
      const tab = await scenario.signedIn(mode);
      const stored = scenario.browser.storage.getItem(KEY);
      await scenario.time.advance(200_000);
      scenario.answer(REFRESH, answer);
      const before = refreshes(tab).length;

      assert.equal(await scenario.codeOf(tab.client.accessToken()), code);

      const failedAt = scenario.time.now;
      assert.deepEqual(shown(tab), { status: "signed-in", user: 1, stale: true });
      assert.equal(scenario.browser.storage.getItem(KEY), stored);
      scenario.browser.answer = () => undefined;
      await scenario.time.advance(20_000);
      const next = refreshes(tab)[before + 1];
      assert.equal(next && Math.round((next.at - failedAt) / 1000), delay);
      assert.equal(tab.client.state.stale, delay === undefined);
      assert.notEqual(await scenario.wait(tab.client.accessToken()), "");
      assert.equal(tab.client.state.stale, false);
    });
  }
}

for (const code of ["TOKEN_EXPIRED", "TOKEN_REVOKED", "TOKEN_INVALID"]) {
  test(`a request that is refused with ${code} is repeated once with a new token`, async () => {
    const scenario = new Scenario();
    const tab = await scenario.signedIn("token");
    scenario.browser.answer = ({ path, headers }) =>
      path === PROFILE && headers.get("Authorization") === first ? refused(401, code) : undefined;
    const first = `Bearer ${await scenario.wait(tab.client.accessToken())}`;

    const user = await scenario.wait(tab.client.call("GET", PROFILE));

    assert.deepEqual(user, { id: 1, username: "user-1" });
    assert.equal(refreshes(tab).length, 1);
    assert.equal(tab.client.state.status, "signed-in");
  });

  test(`a request that is refused with ${code} again is not repeated again, and the session stays`, async () => {
    const scenario = new Scenario();
    const tab = await scenario.signedIn("token");
    scenario.answer("/api/user/sessions", refused(401, code));

    assert.equal(await scenario.codeOf(tab.client.call("GET", "/api/user/sessions")), code);

    assert.equal(refreshes(tab).length, 1);
    assert.equal(tab.requests.filter(({ path }) => path === "/api/user/sessions").length, 2);
    assert.equal(tab.client.state.status, "signed-in");
  });
}

test("a request whose session has ended signs out by the answer to the refresh", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  for (const session of scenario.server.sessions) session.isAlive = false;

  assert.equal(await scenario.codeOf(tab.client.call("GET", PROFILE)), "TOKEN_REVOKED");

  assert.deepEqual(shown(tab), { status: "signed-out", user: null, stale: false, reason: "revoked" });
});

test("other refusals of a request are thrown once, and the session stays", async () => {
  const answers: readonly (readonly [Response | "offline" | "hang", string])[] = [
    [refused(401, "AUTHENTICATION_REQUIRED"), "AUTHENTICATION_REQUIRED"],
    [refused(401, "INVALID_CREDENTIALS"), "INVALID_CREDENTIALS"],
    [respond(401, "<html>"), "HTTP_ERROR"],
    [refused(403, "STEP_UP_REQUIRED"), "STEP_UP_REQUIRED"],
    [refused(403, "TOKEN_REVOKED"), "TOKEN_REVOKED"],
    [refused(429, "RATE_LIMITED"), "RATE_LIMITED"],
    [refused(503, "SERVER_OVERLOADED"), "SERVER_OVERLOADED"],
    [respond(302, ""), "REDIRECTED"],
    [respond(200, "<html>"), "HTTP_ERROR"],
    ["offline", "OFFLINE"],
    ["hang", "TIMEOUT"],
  ];
  for (const [answer, code] of answers) {
    const scenario = new Scenario();
    const tab = await scenario.signedIn("token");
    scenario.answer("/api/user/sessions", answer);
    const before = tab.client.state;

    assert.equal(await scenario.codeOf(tab.client.call("GET", "/api/user/sessions")), code);

    assert.equal(tab.client.state, before, code);
    assert.equal(refreshes(tab).length, 0, code);
    assert.equal(tab.requests.filter(({ path }) => path === "/api/user/sessions").length, 1, code);
  }
});

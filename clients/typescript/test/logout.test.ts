import assert from "node:assert/strict";
import { test } from "node:test";
import { respond } from "./browser.js";
import { KEY, LOGIN, LOGOUT, MODES, PROFILE, REFRESH, refreshes, refused, Scenario, shown } from "./scenario.js";

const SIGNED_OUT = { status: "signed-out", user: null, stale: false, reason: "logged-out" };

for (const mode of MODES) {
  test(`a log-out ends the session here at once, then on the server (${mode} mode)`, async () => {
    const scenario = new Scenario();
    const tab = await scenario.signedIn(mode);
    const token = await scenario.wait(tab.client.accessToken());

    const done = tab.client.logout();

    assert.deepEqual(shown(tab), SIGNED_OUT);
    assert.equal(scenario.browser.storage.getItem(KEY), null);
    await scenario.wait(done);
    const [sent] = tab.requests.filter(({ path }) => path === LOGOUT);
    assert.equal(sent?.init.keepalive, true, "it is sent although the page is left");
    assert.equal(sent?.headers.get("Authorization"), `Bearer ${token}`);
    assert.deepEqual(sent?.body, mode === "token" ? { refresh_token: "rt1.0" } : {});
    assert.equal(scenario.server.sessions[0]?.isAlive, false);
    assert.equal(scenario.server.cookie, undefined);
  });

  for (const answer of ["offline", "hang", refused(503, "SERVER_OVERLOADED"), respond(302, "")] as const) {
    test(`a log-out never fails: ${typeof answer === "string" ? answer : answer.status} (${mode} mode)`, async () => {
      const scenario = new Scenario();
      const tab = await scenario.signedIn(mode);
      scenario.answer(LOGOUT, answer);

      await scenario.wait(tab.client.logout());

      assert.deepEqual(shown(tab), SIGNED_OUT);
    });
  }

  test(`a refresh that is answered after a log-out is dropped, and its session ended (${mode} mode)`, async () => {
    const scenario = new Scenario();
    const tab = await scenario.signedIn(mode);
    const other = await scenario.open(mode);
    await scenario.time.advance(200_000);
    const refreshing = tab.client.accessToken();
    await scenario.time.advance(150); // the server has answered
    let logouts = 0;
    scenario.browser.answer = ({ path }) => (path === LOGOUT && ++logouts === 1 ? "offline" : undefined); // it is lost
    void tab.client.logout();

    assert.equal(await scenario.codeOf(refreshing), "AUTHENTICATION_REQUIRED");
    await scenario.time.advance(1_000);

    assert.deepEqual([shown(tab), shown(other)], [SIGNED_OUT, SIGNED_OUT]);
    assert.equal(scenario.browser.storage.getItem(KEY), null);
    assert.equal(scenario.server.sessions[0]?.isAlive, false);
  });

  test(`a log-out in another tab during a refresh stays (${mode} mode)`, async () => {
    const scenario = new Scenario();
    const tab = await scenario.signedIn(mode);
    const other = await scenario.open(mode);
    await scenario.time.advance(200_000);
    const refreshing = tab.client.accessToken();
    await scenario.time.advance(120);
    void other.client.logout();

    assert.equal(await scenario.codeOf(refreshing), "AUTHENTICATION_REQUIRED");
    await scenario.time.advance(1_000);

    assert.deepEqual([shown(tab), shown(other)], [SIGNED_OUT, SIGNED_OUT]);
    assert.equal(scenario.browser.storage.getItem(KEY), null);
    assert.equal(scenario.server.sessions[0]?.isAlive, false);
  });

  test(`a log-out does not wait until the profile is loaded (${mode} mode)`, async () => {
    const scenario = new Scenario();
    scenario.browser.close(await scenario.signedIn(mode));
    scenario.browser.network = "offline";
    const tab = scenario.browser.open({ mode });

    void tab.client.logout();

    assert.deepEqual(shown(tab), SIGNED_OUT);
    await scenario.time.advance(60_000);
    assert.deepEqual(shown(tab), SIGNED_OUT);
  });

  test(`a new password whose answer arrives after a log-out brings no session back (${mode} mode)`, async () => {
    const scenario = new Scenario();
    const tab = await scenario.signedIn(mode);
    const changing = tab.client.call("POST", "/api/user/password", { body: {} });
    await scenario.time.advance(110); // the server has changed it
    await scenario.wait(tab.client.logout());
    await scenario.wait(changing);
    await scenario.time.advance(1_000);

    assert.deepEqual(shown(tab), SIGNED_OUT);
    assert.equal(scenario.browser.storage.getItem(KEY), null);
    const [, ended] = tab.requests.filter(({ path }) => path === LOGOUT);
    assert.equal(ended?.init.credentials, "omit", "the cookie may belong to a later login");
    assert.deepEqual(scenario.server.sessions.map(({ isAlive }) => isAlive), [false, false]);
  });

  test(`a step-up whose answer arrives after a log-out brings no session back (${mode} mode)`, async () => {
    const scenario = new Scenario();
    const tab = await scenario.signedIn(mode);
    const steppingUp = tab.client.call("POST", "/api/auth/step-up", { body: {} });
    await scenario.time.advance(110);
    await scenario.wait(tab.client.logout());
    await scenario.wait(steppingUp);

    assert.deepEqual(shown(tab), SIGNED_OUT);
    assert.equal(scenario.browser.storage.getItem(KEY), null);
  });
}

test("a log-out without a session sends nothing in token mode, and deletes the cookie in cookie mode", async () => {
  for (const [mode, count] of [["token", 0], ["cookie", 1]] as const) {
    const scenario = new Scenario();
    const tab = await scenario.open(mode);

    await scenario.wait(tab.client.logout());

    assert.equal(tab.requests.length, count);
    assert.equal(shown(tab).status, "signed-out");
  }
});

test("a login after a log-out is not ended by the late refresh of the session before", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("cookie");
  await scenario.time.advance(200_000);
  let respondLate: (response: Response) => void = () => undefined;
  const late = new Promise<Response>((resolve) => (respondLate = resolve));
  scenario.browser.answer = ({ path }) => (path === REFRESH ? (late as unknown as Response) : undefined);
  const refreshing = tab.client.accessToken();
  await scenario.time.advance(150);
  await scenario.wait(tab.client.logout());
  await scenario.login(tab, 2);
  // The browser added the cookie when it sent the request, which may have been that of the new login.
  const payload = btoa(JSON.stringify({ sub: "2", sid: scenario.server.sessions.at(-1)!.id }));
  respondLate(respond(200, { access_token: `h.${payload}.9`, expires_in: 120 }));

  await scenario.wait(refreshing);
  await scenario.time.advance(1_000);

  assert.equal(shown(tab).user, 2);
  assert.equal(scenario.server.sessions.at(-1)?.isAlive, true);
});

test("a log-out everywhere ends this session, too, unless it is to be kept", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");

  await scenario.wait(tab.client.logoutAll({ keepCurrent: true }));
  assert.equal(shown(tab).status, "signed-in");
  await scenario.wait(tab.client.logoutAll());

  const sent = tab.requests.filter(({ path }) => path === "/api/auth/logout-all");
  assert.deepEqual(sent.map(({ body }) => body), [{ keep_current: true }, { keep_current: false }]);
  assert.deepEqual(shown(tab), SIGNED_OUT);
});

test("a log-out everywhere that did not reach the server is an error, and the session stays", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  scenario.browser.network = "offline";

  assert.equal(await scenario.codeOf(tab.client.logoutAll()), "OFFLINE");

  assert.equal(shown(tab).status, "signed-in");
});

test("the reason of an end stays when requests are refused afterwards", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  for (const session of scenario.server.sessions) session.isAlive = false;
  const requests = [1, 2, 3].map(() => scenario.codeOf(tab.client.call("GET", PROFILE)));

  assert.deepEqual(await Promise.all(requests), Array<string>(3).fill("TOKEN_REVOKED"));

  assert.equal(shown(tab).reason, "revoked");
  assert.equal(refreshes(tab).length, 1);
});

test("a login waits at most 3 s for a refresh that hangs", async () => {
  const scenario = new Scenario();
  scenario.browser.close(await scenario.signedIn("cookie"));
  scenario.answer(REFRESH, "hang");
  const tab = scenario.browser.open({ mode: "cookie" });
  void tab.client.ready;

  await scenario.wait(tab.client.call("POST", LOGIN, { body: { user: 2 }, anonymous: true }), 3_500);

  assert.deepEqual(shown(tab), { status: "signed-in", user: 2, stale: false });
  await scenario.time.advance(60_000);
  assert.deepEqual(shown(tab), { status: "signed-in", user: 2, stale: false });
});

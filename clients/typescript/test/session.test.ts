import assert from "node:assert/strict";
import { test } from "node:test";
import { respond } from "./browser.js";
import { bearers, KEY, PROFILE, REFRESH, refreshes, Scenario, shown } from "./scenario.js";

const STEP_UP = "/api/auth/step-up";
const EXCHANGE = "/api/auth/exchange";

/** Returns a promise, and what resolves it. */
function later(): [Promise<void>, () => void] {
  let resolve: () => void = () => undefined;
  return [new Promise<void>((done) => (resolve = done)), () => resolve()];
}

test("a token that has expired is replaced before a request, not after its refusal", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  await scenario.time.advance(200_000);
  tab.requests.length = 0;

  await scenario.wait(tab.client.call("GET", PROFILE));

  assert.deepEqual(tab.requests.map(({ path }) => path), [REFRESH, PROFILE]);
});

test("a token that is still valid for 30 s is not replaced before a request", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  await scenario.time.advance(85_000); // of 120
  tab.requests.length = 0;

  await scenario.wait(tab.client.call("GET", PROFILE));

  assert.deepEqual(tab.requests.map(({ path }) => path), [PROFILE]);
});

test("a step-up whose answer arrives after a refresh keeps the new refresh token", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  const [late, arrive] = later();
  scenario.browser.delayed = ({ path }) => (path === STEP_UP ? late : undefined);
  const stepUp = tab.client.call("POST", STEP_UP, { body: {} });
  await scenario.time.advance(1_000);
  await scenario.wait(tab.client.accessToken({ minSeconds: 1_000 }));
  const { refresh } = JSON.parse(scenario.browser.storage.getItem(KEY)!) as { refresh: string };
  arrive();
  const { access_token } = (await scenario.wait(stepUp)) as { access_token: string };

  const stored = JSON.parse(scenario.browser.storage.getItem(KEY)!) as { access: string; refresh: string };
  assert.deepEqual([stored.access, stored.refresh], [access_token, refresh]);
  await scenario.time.advance(400_000); // longer than the grace period of the spent token
  await scenario.wait(tab.client.accessToken());
  assert.deepEqual(shown(tab), { status: "signed-in", user: 1, stale: false });
});

test("a refusal that arrives after a refresh causes no second one", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  const [late, arrive] = later();
  let refusals = 0;
  scenario.browser.answer = ({ path }) =>
    path === PROFILE && refusals++ === 0
      ? (late.then(() => respond(401, { error_code: "TOKEN_EXPIRED", detail: "" })) as unknown as Response)
      : undefined;
  const call = tab.client.call("GET", PROFILE);
  await scenario.time.advance(1_000);
  await scenario.wait(tab.client.accessToken({ minSeconds: 1_000 }));
  arrive();

  assert.deepEqual(await scenario.wait(call), { id: 1, username: "user-1" });

  assert.equal(refreshes(tab).length, 1);
});

test("the profile is loaded when tokens come without a user, and the new token is used for it", async () => {
  const scenario = new Scenario();
  const tab = await scenario.open("token");
  const { body } = scenario.server.handle("POST", "/api/auth/login", new Headers(), { user: 2 }, undefined);
  const { user, ...tokens } = body as { user: object; access_token: string };
  assert.ok(user);
  scenario.answer(EXCHANGE, respond(200, tokens));

  await scenario.wait(tab.client.call("POST", EXCHANGE, { body: { code: "fc_1" }, anonymous: true }));

  assert.deepEqual(shown(tab), { status: "signed-in", user: 2, stale: false });
  const loads = tab.requests.filter(({ path }) => path === PROFILE);
  assert.deepEqual(bearers(loads), [`Bearer ${tokens.access_token}`]);
  assert.ok(scenario.browser.storage.getItem(KEY)?.includes("user-2"), "a reload shows the user at once");
});

test("the age of a token is measured by the clock that never goes back", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  scenario.browser.slept = -10_000_000; // the clock of the device was set back
  await scenario.time.advance(119_000);
  assert.equal(refreshes(tab).length, 0);

  await scenario.wait(tab.client.accessToken());

  assert.equal(refreshes(tab).length, 1);
});

test("a late refresh that arrives after a log-out and another login ends its own session only", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("cookie");
  await scenario.time.advance(400_000);
  const [late, arrive] = later();
  scenario.browser.delayed = ({ path }) => (path === REFRESH ? late : undefined);
  const refreshing = tab.client.accessToken().catch(() => undefined);
  await scenario.time.advance(1_000);
  void tab.client.logout();
  await scenario.time.advance(1_000);
  tab.requests.length = 0;
  arrive();
  await scenario.wait(refreshing);
  await scenario.time.advance(1_000);

  const logouts = tab.requests.filter(({ path }) => path.endsWith("/logout"));
  assert.deepEqual(logouts.map(({ init }) => init.credentials), ["omit"], "the cookie may belong to another login meanwhile");
});

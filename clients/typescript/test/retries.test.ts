import assert from "node:assert/strict";
import { test } from "node:test";
import { PROFILE, REFRESH, refreshes, refused, Scenario, shown } from "./scenario.js";

async function offlineAfterExpiry(random?: () => number) {
  const scenario = new Scenario(random);
  const tab = await scenario.signedIn("token");
  await scenario.time.advance(200_000);
  scenario.answer(REFRESH, "offline");
  assert.equal(await scenario.codeOf(tab.client.accessToken()), "OFFLINE");
  return { scenario, tab };
}

for (const [random, factor] of [[0, 0.8], [0.5, 1], [1, 1.2]] as const) {
  test(`failed refreshes are repeated at growing delays of ${factor} times 1, 2, 4, 8, then 15 s`, async () => {
    const { scenario, tab } = await offlineAfterExpiry(() => random);
    const latency = 1 + random * 200;

    await scenario.time.advance(70_000);

    const times = refreshes(tab).map(({ at }) => at);
    const delays = times.slice(1).map((at, index) => Math.round((at - times[index]! - latency) / 100) / 10);
    assert.deepEqual(delays.slice(0, 6), [1, 2, 4, 8, 15, 15].map((seconds) => Math.round(seconds * factor * 10) / 10));
  });
}

test("a server that wants repeats after 0 s gets them at the usual delays", async () => {
  const { scenario, tab } = await offlineAfterExpiry();
  scenario.answer(REFRESH, refused(503, "SERVER_OVERLOADED", { "Retry-After": "0" }));

  await scenario.time.advance(60_000);

  assert.ok(refreshes(tab).length < 10, String(refreshes(tab).length));
});

test("the delays begin anew after a success", async () => {
  const { scenario, tab } = await offlineAfterExpiry();
  await scenario.time.advance(30_000);
  scenario.browser.answer = () => undefined;
  await scenario.time.advance(20_000);
  assert.equal(tab.client.state.stale, false);
  await scenario.time.advance(200_000);
  scenario.answer(REFRESH, "offline");
  const before = refreshes(tab).length;

  await scenario.codeOf(tab.client.accessToken());
  await scenario.time.advance(1_500);

  assert.equal(refreshes(tab).length, before + 2);
});

for (const event of ["online", "visibilitychange", "pageshow"] as const) {
  test(`the event ${event} repeats a failed refresh at once, and only a failed one`, async () => {
    const { scenario, tab } = await offlineAfterExpiry();
    await scenario.time.advance(17_000); // the next attempt would come 13 s later
    const before = refreshes(tab).length;
    scenario.browser.answer = () => undefined;

    tab.fire(event);
    await scenario.time.advance(500);

    assert.equal(refreshes(tab).length, before + 1);
    assert.equal(tab.client.state.stale, false);
    tab.fire(event);
    await scenario.time.advance(30_000);
    assert.equal(refreshes(tab).length, before + 1);
  });
}

test("nothing is repeated after a log-out", async () => {
  const { scenario, tab } = await offlineAfterExpiry();
  const before = refreshes(tab).length;

  await scenario.wait(tab.client.logout());
  tab.fire("online");
  await scenario.time.advance(60_000);

  assert.equal(refreshes(tab).length, before);
  assert.deepEqual(shown(tab), { status: "signed-out", user: null, stale: false, reason: "logged-out" });
});

test("the profile is read again after an outage at the start, at growing delays", async () => {
  const scenario = new Scenario();
  const first = await scenario.signedIn("cookie");
  scenario.browser.close(first);
  scenario.answer(PROFILE, refused(500, "INTERNAL_ERROR"));
  const tab = await scenario.open("cookie");
  assert.deepEqual(shown(tab), { status: "signed-in", user: null, stale: true });

  await scenario.time.advance(60_000);
  const attempts = tab.requests.filter(({ path }) => path === PROFILE).length;
  assert.ok(attempts >= 4 && attempts <= 8, `${attempts} attempts within 60 s`);
  scenario.browser.answer = () => undefined;
  await scenario.time.advance(20_000);

  assert.deepEqual(shown(tab), { status: "signed-in", user: 1, stale: false });
});

test("a token that is still valid is used while refreshes fail", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  await scenario.time.advance(100_000); // 20 s are left
  scenario.answer(REFRESH, "offline");

  const token = await scenario.wait(tab.client.accessToken());

  assert.equal(refreshes(tab).length, 1);
  assert.equal(token.split(".")[2]?.startsWith("120"), true, token);
  await scenario.time.advance(20_000);
  assert.equal(await scenario.codeOf(tab.client.accessToken()), "OFFLINE");
});

test("an access token is refreshed if it is not valid for as many seconds as the caller needs", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  await scenario.time.advance(85_000); // 35 s are left

  await scenario.wait(tab.client.accessToken());
  assert.equal(refreshes(tab).length, 0);
  await scenario.wait(tab.client.accessToken({ minSeconds: 60 }));
  assert.equal(refreshes(tab).length, 1);
  await scenario.time.advance(95_000); // 25 s are left
  await scenario.wait(tab.client.accessToken());
  assert.equal(refreshes(tab).length, 2);
});

test("a device that has slept refreshes first, although one of its clocks stood still", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  scenario.browser.slept = 3_600_000;

  await scenario.wait(tab.client.accessToken());

  assert.equal(refreshes(tab).length, 1);
});

test("a clock that is set back does not prolong an access token, and a wrong clock costs no session", async () => {
  const scenario = new Scenario();
  scenario.browser.slept = 10 * 365 * 24 * 3_600_000;
  const tab = await scenario.signedIn("token");
  scenario.browser.slept = 0;
  await scenario.wait(tab.client.accessToken());
  assert.equal(refreshes(tab).length, 0);
  await scenario.time.advance(100_000);

  await scenario.wait(tab.client.accessToken());

  assert.equal(refreshes(tab).length, 1);
  assert.equal(tab.client.state.status, "signed-in");
});

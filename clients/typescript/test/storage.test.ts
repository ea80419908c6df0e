import assert from "node:assert/strict";
import { test } from "node:test";
import type { Environment } from "../src/environment.js";
import { APP } from "./browser.js";
import { FakeStorage } from "./fake_storage.js";
import { KEY, MODES, PROFILE, REFRESH, refreshes, Scenario, shown } from "./scenario.js";

const forbidden: Partial<Environment> = {
  storage: () => {
    throw new DOMException("denied", "SecurityError");
  },
};

test("tokens stay in local storage by default, and a reload takes them from there without a refresh", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  assert.ok(scenario.browser.storage.getItem(KEY)?.includes("rt1.0"));
  scenario.browser.close(tab);

  const reloaded = scenario.browser.open({ mode: "token" });
  void reloaded.client.ready;

  assert.deepEqual(shown(reloaded), { status: "signed-in", user: 1, stale: false });
  await scenario.time.advance(1_000);
  assert.deepEqual(reloaded.requests.map(({ path }) => path), [PROFILE]);
});

test("session storage belongs to one tab", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token", { storage: "session" });

  assert.ok(tab.sessionStorage.getItem(KEY)?.includes("rt1.0"));
  assert.equal(scenario.browser.storage.length, 0);
  assert.equal(shown(await scenario.open("token", { storage: "session" })).status, "signed-out");
});

for (const [name, options, changes] of [
  ["memory", { storage: "memory" }, {}],
  ["forbidden storage", {}, forbidden],
] as const) {
  test(`${name} keeps a session until the page is left`, async () => {
    const scenario = new Scenario();
    const tab = await scenario.signedIn("token", options, changes);
    await scenario.time.advance(200_000);

    assert.equal((await scenario.wait(tab.client.fetch(`${APP}/notes`))).status, 200);

    assert.equal(refreshes(tab).length, 1);
    assert.equal(scenario.browser.storage.length + tab.sessionStorage.length, 0);
    assert.deepEqual(shown(tab), { status: "signed-in", user: 1, stale: false });
    await scenario.wait(tab.client.logout());
    assert.equal(shown(tab).status, "signed-out");
    assert.equal(shown(await scenario.open("token", options, changes)).status, "signed-out");
  });
}

test("storage that becomes full is replaced by memory, and keeps no outdated token", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  scenario.browser.storage.isFull = true;
  await scenario.time.advance(200_000);

  for (let round = 0; round < 3; round += 1) {
    assert.equal((await scenario.wait(tab.client.fetch(`${APP}/notes`))).status, 200);
    await scenario.time.advance(300_000);
  }

  assert.equal(scenario.browser.storage.getItem(KEY), null);
  assert.equal(refreshes(tab).length, 3);
  assert.equal(scenario.server.sessions[0]?.isAlive, true);
  assert.deepEqual(shown(tab), { status: "signed-in", user: 1, stale: false });
});

test("storage that is forbidden later is replaced by memory", async () => {
  const scenario = new Scenario();
  let isForbidden = false;
  const storage = new FakeStorage();
  const tab = await scenario.signedIn("token", {}, {
    storage: () => {
      if (isForbidden) throw new DOMException("denied", "SecurityError");
      return storage;
    },
  });
  isForbidden = true;
  await scenario.time.advance(200_000);

  await scenario.wait(tab.client.accessToken());
  await scenario.time.advance(400_000);
  await scenario.wait(tab.client.accessToken());

  assert.equal(shown(tab).status, "signed-in");
});

for (const text of ["{", "null", "7", '"text"', "{}", '{"access":"a"}', '{"access":"a","refresh":7}', "[]"]) {
  test(`the stored text ${text} is no session`, async () => {
    const scenario = new Scenario();
    scenario.browser.storage.setItem(KEY, text);

    const tab = await scenario.open("token");

    assert.deepEqual(shown(tab), { status: "signed-out", user: null, stale: false });
    await scenario.login(tab);
    assert.equal(shown(tab).status, "signed-in");
  });
}

test("cookie mode stores no token and no user", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("cookie", { storage: "session" });
  await scenario.time.advance(500_000);
  await scenario.wait(tab.client.accessToken());

  const stored = scenario.browser.storage.getItem(KEY);
  assert.match(stored ?? "", /^[\d.]+$/);
  assert.equal(tab.sessionStorage.length, 0);
  assert.equal(shown(await scenario.open("cookie")).status, "signed-in");
});

test("a page without a session sends nothing", async () => {
  for (const mode of MODES) {
    const scenario = new Scenario();
    scenario.server.cookie = "rt1.0";

    const tab = await scenario.open(mode);
    await scenario.time.advance(100_000);

    assert.deepEqual(shown(tab), { status: "signed-out", user: null, stale: false });
    assert.equal(tab.requests.length, 0);
  }
});

test("a start without a connection keeps the session, and `ready` does not wait for the connection", async () => {
  for (const mode of MODES) {
    const scenario = new Scenario();
    scenario.browser.close(await scenario.signedIn(mode));
    scenario.answer(REFRESH, "hang");
    await scenario.time.advance(200_000);
    const tab = scenario.browser.open({ mode });

    const state = await scenario.wait(tab.client.ready, 11_000);

    assert.equal(state.status, "signed-in");
    assert.equal(state.stale, mode === "cookie");
    assert.ok(Object.isFrozen(state));
  }
});

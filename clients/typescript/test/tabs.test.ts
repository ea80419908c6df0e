import assert from "node:assert/strict";
import { test } from "node:test";
import type { Environment } from "../src/environment.js";
import { APP, respond, type Tab } from "./browser.js";
import { bearers, KEY, LOGIN, MODES, PROFILE, REFRESH, refreshes, Scenario, shown } from "./scenario.js";

async function fiveTabs(mode: "token" | "cookie", changes: Partial<Environment> = {}): Promise<[Scenario, Tab[]]> {
  const scenario = new Scenario();
  const tabs = [await scenario.signedIn(mode, {}, changes)];
  while (tabs.length < 5) tabs.push(await scenario.open(mode, {}, changes));
  await scenario.time.advance(200_000);
  for (const tab of tabs) tab.requests.length = 0;
  return [scenario, tabs];
}

async function callThrice(scenario: Scenario, tabs: readonly Tab[]): Promise<Response[]> {
  return scenario.wait(Promise.all(tabs.flatMap(({ client }) => [1, 2, 3].map(() => client.fetch(`${APP}/notes`)))));
}

test("five tabs with three requests each refresh once", async () => {
  const [scenario, tabs] = await fiveTabs("token");

  const responses = await callThrice(scenario, tabs);

  assert.ok(responses.every(({ status }) => status === 200));
  assert.equal(refreshes(...tabs).length, 1);
  const sent = tabs.flatMap(({ requests }) => bearers(requests.filter(({ path }) => path === "/notes")));
  assert.equal(new Set(sent).size, 1, "all tabs use the new token");
});

test("each tab refreshes once in cookie mode, as it has an access token of its own", async () => {
  const [scenario, tabs] = await fiveTabs("cookie");

  await callThrice(scenario, tabs);

  assert.deepEqual(tabs.map((tab) => refreshes(tab).length), [1, 1, 1, 1, 1]);
});

const WITHOUT_LOCKS: Readonly<Record<string, Partial<Environment>>> = {
  "no locks": { locks: undefined },
  "forbidden locks": {
    locks: { request: () => Promise.reject(new DOMException("opaque origin", "SecurityError")) } as unknown as LockManager,
  },
};
for (const [name, changes] of Object.entries(WITHOUT_LOCKS)) {
  test(`five tabs with ${name} get the same successor, and no error`, async () => {
    const [scenario, tabs] = await fiveTabs("token", changes);

    const responses = await callThrice(scenario, tabs);

    assert.ok(responses.every(({ status }) => status === 200));
    assert.equal(refreshes(...tabs).length, 5);
    await scenario.time.advance(400_000); // the grace period ends
    await callThrice(scenario, tabs);
    assert.deepEqual(tabs.map((tab) => shown(tab).status), Array<string>(5).fill("signed-in"));
    assert.ok(scenario.server.sessions.every(({ isAlive }) => isAlive));
  });
}

test("a hung holder of the lock delays a refresh by 3 s", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  await scenario.time.advance(200_000);
  scenario.browser.hangLock(60_000);
  const began = scenario.time.now;

  await scenario.wait(tab.client.accessToken());

  const waited = refreshes(tab)[0]!.at - began;
  assert.ok(waited >= 3_000 && waited < 3_100, `${waited} ms`);
});

test("a refresh that has the lock is not sent again when it takes longer than 3 s", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  await scenario.time.advance(200_000);
  scenario.answer(REFRESH, "hang");

  assert.equal(await scenario.codeOf(tab.client.accessToken()), "TIMEOUT");

  assert.equal(refreshes(tab).length, 1);
});

test("the tab that waits for a closed tab takes over, and its lost response is recovered", async () => {
  const [scenario, [first, second]] = await fiveTabs("token");
  void first!.client.accessToken().catch(() => undefined);
  await scenario.time.advance(150); // the server has replaced the token, and the response is on its way
  const waiting = second!.client.accessToken();
  scenario.browser.close(first!);

  await scenario.wait(waiting, 1_000);

  assert.deepEqual(shown(second!), { status: "signed-in", user: 1, stale: false });
  assert.ok(scenario.server.sessions.every(({ isAlive }) => isAlive));
});

for (const mode of MODES) {
  test(`a login in one tab signs in the others, and a log-out signs them out (${mode} mode)`, async () => {
    const scenario = new Scenario();
    const first = await scenario.open(mode);
    const second = await scenario.open(mode);
    assert.equal(shown(second).status, "signed-out");

    await scenario.login(first);
    await scenario.time.advance(1_000);
    assert.deepEqual(shown(second), { status: "signed-in", user: 1, stale: false });
    void first.client.logout();
    await scenario.time.advance(10);
    assert.deepEqual(shown(second), { status: "signed-out", user: null, stale: false, reason: "logged-out" });
  });

  test(`a page that was frozen during a log-out signs out when it is shown again (${mode} mode)`, async () => {
    const scenario = new Scenario();
    const first = await scenario.signedIn(mode);
    const frozen = await scenario.open(mode);
    frozen.isDeaf = true;

    await scenario.wait(first.client.logout());
    frozen.fire("pageshow");

    assert.equal(shown(frozen).status, "signed-out");
  });

  test(`a tab that missed the login of another account follows it at its next refresh (${mode} mode)`, async () => {
    const scenario = new Scenario();
    const first = await scenario.signedIn(mode);
    const second = await scenario.open(mode);
    second.isDeaf = true;
    await scenario.login(first, 2);
    await scenario.time.advance(200_000);

    const token = await scenario.wait(second.client.accessToken());

    assert.ok(atob(token.split(".")[1]!).includes('"sub":"2"'));
    await scenario.time.advance(1_000);
    assert.deepEqual(shown(second), { status: "signed-in", user: 2, stale: false, reason: "account-changed" });
  });

  test(`a login in another tab during a refresh is not undone by its answer (${mode} mode)`, async () => {
    for (const answer of ["success", "refusal"]) {
      const scenario = new Scenario();
      const first = await scenario.signedIn(mode);
      const second = await scenario.open(mode);
      second.isDeaf = true;
      await scenario.time.advance(200_000);
      let respondLate: (response: Response) => void = () => undefined;
      const late = new Promise<Response>((resolve) => (respondLate = resolve));
      scenario.browser.answer = ({ path }) => (path === REFRESH ? (late as unknown as Response) : undefined);
      const refreshing = second.client.accessToken();
      await scenario.time.advance(1_000);
      scenario.browser.answer = () => undefined;
      await scenario.login(first, 2);
      const [old] = scenario.server.sessions;
      const payload = btoa(JSON.stringify({ sub: "1", sid: old!.id }));
      const tokens = { access_token: `h.${payload}.0`, expires_in: 120, ...(mode === "token" && { refresh_token: "rt1.9" }) };
      respondLate(answer === "success" ? respond(200, tokens) : respond(401, { error_code: "TOKEN_REVOKED", detail: "" }));

      const token = await scenario.wait(refreshing, 2_000);

      assert.ok(atob(token.split(".")[1]!).includes('"sub":"2"'), answer);
      await scenario.time.advance(1_000);
      assert.deepEqual([shown(first).user, shown(second).user], [2, 2]);
      assert.equal(scenario.server.sessions.at(-1)?.isAlive, true, "the new session stays");
      assert.equal(scenario.server.sessions[0]?.isAlive, mode === "token" && answer === "refusal", "the old one is ended");
    }
  });
}

test("a profile that is read late does not overwrite newer tokens of another tab", async () => {
  const scenario = new Scenario();
  const first = await scenario.signedIn("token");
  scenario.answer(PROFILE, "hang");
  const second = await scenario.open("token");
  second.isDeaf = true;
  let respondLate: (response: Response) => void = () => undefined;
  const late = new Promise<Response>((resolve) => (respondLate = resolve));
  scenario.browser.answer = ({ path }) => (path === PROFILE ? (late as unknown as Response) : undefined);
  const third = await scenario.open("token");
  third.isDeaf = true;
  await scenario.wait(first.client.accessToken({ minSeconds: 1_000 }));
  const stored = scenario.browser.storage.getItem(KEY);

  respondLate(respond(200, { id: 1, username: "user-1" }));
  await scenario.time.advance(1_000);

  assert.equal(scenario.browser.storage.getItem(KEY), stored);
});

test("a profile that is read late is not shown for the account of a later login", async () => {
  const scenario = new Scenario();
  const first = await scenario.signedIn("token");
  let respondLate: (response: Response) => void = () => undefined;
  const late = new Promise<Response>((resolve) => (respondLate = resolve));
  scenario.browser.answer = ({ path }) => (path === PROFILE ? (late as unknown as Response) : undefined);
  const second = await scenario.open("token");
  await scenario.time.advance(1_000);
  await scenario.login(first, 2);

  respondLate(respond(200, { id: 1, username: "user-1" }));
  await scenario.time.advance(1_000);

  assert.equal(shown(second).user, 2);
  assert.ok(scenario.browser.storage.getItem(KEY)?.includes("user-2"));
});

for (const [what, path, body] of [
  ["a login", LOGIN, { user: 2 }],
  ["a new password", "/api/user/password", {}],
] as const) {
  test(`${what} waits for a refresh of another tab, whose late cookie would replace the new one`, async () => {
    const scenario = new Scenario();
    const first = await scenario.signedIn("cookie");
    const second = await scenario.open("cookie");
    await scenario.time.advance(200_000);
    await scenario.wait(first.client.accessToken());
    let respondLate: () => void = () => undefined;
    const late = new Promise<void>((resolve) => (respondLate = resolve));
    scenario.browser.delayed = ({ path: of }) => (of === REFRESH ? late : undefined);
    const refreshing = second.client.accessToken();
    await scenario.time.advance(1_000);
    const changing = first.client.call("POST", path, { body });
    await scenario.time.advance(1_000);
    respondLate();
    await scenario.wait(Promise.all([refreshing, changing]), 2_000);

    await scenario.time.advance(200_000);
    await scenario.wait(Promise.all([first, second].map(({ client }) => client.accessToken())));

    assert.deepEqual([first, second].map((tab) => shown(tab).status), ["signed-in", "signed-in"]);
    assert.equal(scenario.server.sessions.at(-1)?.isAlive, true);
  });
}

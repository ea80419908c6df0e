import assert from "node:assert/strict";
import { test } from "node:test";
import { respond } from "./browser.js";
import { MODES, PROFILE, REFRESH, refreshes, Scenario, shown } from "./scenario.js";

test("each request in cookie mode has the header and the cookie, and no refresh token", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("cookie");
  await scenario.time.advance(200_000);
  await scenario.wait(tab.client.call("GET", PROFILE));

  for (const { headers, init, body } of tab.requests) {
    assert.equal(headers.get("Token-Transport"), "cookie");
    assert.equal(init.credentials, "include");
    assert.equal("refresh_token" in body, false);
  }
  const [refresh] = refreshes(tab);
  assert.equal(refresh?.init.body, undefined);
  assert.equal(refresh?.headers.has("Content-Type"), false);
  assert.equal(refresh?.headers.has("Authorization"), false);
});

test("no request in token mode has cookies", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  await scenario.time.advance(200_000);
  await scenario.wait(tab.client.call("GET", PROFILE));

  for (const { headers, init } of tab.requests) {
    assert.equal(headers.has("Token-Transport"), false);
    assert.equal(init.credentials, "omit");
  }
});

test("no request to auth_api follows a redirect", async () => {
  for (const mode of MODES) {
    const scenario = new Scenario();
    const tab = await scenario.signedIn(mode);
    await scenario.time.advance(200_000);
    await scenario.wait(tab.client.call("GET", PROFILE));
    await scenario.wait(tab.client.logout());

    for (const { init } of tab.requests) assert.equal(init.redirect, "manual");
  }
});

test("a reload in cookie mode takes one refresh and one profile", async () => {
  const scenario = new Scenario();
  scenario.browser.close(await scenario.signedIn("cookie"));

  const tab = await scenario.open("cookie");
  await scenario.time.advance(60_000);

  assert.deepEqual(tab.requests.map(({ path }) => path), [REFRESH, PROFILE]);
  assert.deepEqual(shown(tab), { status: "signed-in", user: 1, stale: false });
});

test("the login of another account in another tab shows that account, and says why", async () => {
  for (const mode of MODES) {
    const scenario = new Scenario();
    const first = await scenario.signedIn(mode);
    const second = await scenario.open(mode);

    await scenario.login(first, 2);
    await scenario.time.advance(1_000);

    assert.deepEqual(shown(second), { status: "signed-in", user: 2, stale: false, reason: "account-changed" });
    assert.deepEqual(shown(first), { status: "signed-in", user: 2, stale: false });
  }
});

test("the data of the account before is not shown while the profile of the new one cannot be read", async () => {
  const scenario = new Scenario();
  const first = await scenario.signedIn("cookie");
  const second = await scenario.open("cookie");
  scenario.answer(PROFILE, "offline");

  await scenario.login(first, 2);
  await scenario.time.advance(1_000);

  assert.deepEqual(shown(second), { status: "signed-in", user: null, stale: true, reason: "account-changed" });
  const notes = tokenOwner(await scenario.wait(second.client.accessToken()));
  assert.equal(notes, "2");
  scenario.browser.answer = () => undefined;
  await scenario.time.advance(20_000);
  assert.deepEqual(shown(second), { status: "signed-in", user: 2, stale: false, reason: "account-changed" });
});

test("the same account stays without a reason", async () => {
  const scenario = new Scenario();
  const first = await scenario.signedIn("cookie");
  const second = await scenario.open("cookie");

  await scenario.login(first, 1);
  await scenario.time.advance(1_000);

  assert.deepEqual(shown(second), { status: "signed-in", user: 1, stale: false });
});

test("a response with only an access token keeps the refresh token and the user", async () => {
  for (const mode of MODES) {
    const scenario = new Scenario();
    const tab = await scenario.signedIn(mode);
    const payload = btoa(JSON.stringify({ sub: "1", sid: scenario.server.sessions[0]!.id, acr: "aal2" }));
    scenario.answer("/api/auth/step-up", respond(200, { access_token: `h.${payload}.9`, expires_in: 120, acr: "aal2" }));

    await scenario.wait(tab.client.call("POST", "/api/auth/step-up", { body: {} }));

    assert.equal(await scenario.wait(tab.client.accessToken()), `h.${payload}.9`);
    assert.deepEqual(shown(tab), { status: "signed-in", user: 1, stale: false });
    await scenario.time.advance(200_000);
    await scenario.wait(tab.client.accessToken());
    assert.equal(refreshes(tab).length, 1);
  }
});

test("the document of a registration is the user, without its tokens", async () => {
  const scenario = new Scenario();
  const tab = await scenario.open("token");
  const payload = btoa(JSON.stringify({ sub: "5", sid: "s5" }));
  const lifetimes = { expires_in: 120, refresh_expires_in: 9 };
  const tokens = { access_token: `h.${payload}.9`, refresh_token: "r", token_type: "bearer", ...lifetimes };
  scenario.answer("/api/auth/register", respond(201, { id: 5, username: "eve", email: "eve@example.com", ...tokens }));

  await scenario.wait(tab.client.call("POST", "/api/auth/register", { body: {}, anonymous: true }));

  assert.deepEqual(tab.client.state.user, { id: 5, username: "eve", email: "eve@example.com" });
});

test("two step-ups at once do not end the session", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  const payload = btoa(JSON.stringify({ sub: "1", sid: scenario.server.sessions[0]!.id }));
  let last = 0;
  scenario.browser.answer = ({ path }) =>
    path === "/api/auth/step-up" ? respond(200, { access_token: `h.${payload}.${(last += 1)}`, expires_in: 120 }) : undefined;

  await scenario.wait(Promise.all([1, 2].map(() => tab.client.call("POST", "/api/auth/step-up", { body: {} }))));
  await scenario.time.advance(1_000);

  assert.equal(scenario.server.sessions[0]?.isAlive, true);
  assert.equal(tab.requests.filter(({ path }) => path === "/api/auth/logout").length, 0);
});

function tokenOwner(access: string): string {
  return (JSON.parse(atob(access.split(".")[1]!)) as { sub: string }).sub;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuthClientOptions } from "../src/types.js";
import { APP, AUTH, type Sent, type Tab } from "./browser.js";
import { bearers, refreshes, Scenario, shown } from "./scenario.js";

const NOTES = `${APP}/notes`;

/** A response as the network gives it; each is read once only. */
function respondWith(status: number, code?: string, headers: Record<string, string> = {}): Response {
  const document = code === undefined ? {} : { error_code: code, detail: code };
  const body = status === 304 || status === 204 ? null : JSON.stringify(document);
  return new Response(body, { status, headers });
}

/** Answers the requests to the application by turns; the last answer stays. */
function answerInTurn(scenario: Scenario, ...answers: readonly (() => Response | "offline")[]): void {
  let count = 0;
  scenario.browser.answer = ({ path }) =>
    path === "/notes" ? answers[Math.min(count++, answers.length - 1)]!() : undefined;
}

function notes(tab: Tab): Sent[] {
  return tab.requests.filter(({ path }) => path === "/notes");
}

test("only the origins of auth_api and of the page get the token by default", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  const token = `Bearer ${await scenario.wait(tab.client.accessToken())}`;
  const expected = new Map([
    [NOTES, token],
    [`${AUTH}/notes`, token],
    ["https://other.example.com/notes", null],
    ["https://app.example.com.other.org/notes", null],
    ["https://app.example.com:8443/notes", null],
    ["http://app.example.com/notes", null],
  ]);
  scenario.browser.answer = ({ path }) => (path === "/notes" ? respondWith(200) : undefined);
  for (const [url, bearer] of expected) {
    tab.requests.length = 0;
    for (const input of [url, new URL(url), new Request(url)]) {
      await scenario.wait(tab.client.fetch(input));
    }
    assert.deepEqual(bearers(tab.requests), [bearer, bearer, bearer], url);
  }
});

test("tokenOrigins replaces the origins that get the token", async () => {
  const scenario = new Scenario();
  const options: Partial<AuthClientOptions> = { tokenOrigins: ["https://api.example.com", "https://Files.example.com:443/"] };
  const tab = await scenario.signedIn("token", options);
  scenario.browser.answer = () => respondWith(200);
  tab.requests.length = 0;

  for (const origin of ["https://api.example.com", "https://files.example.com", APP, AUTH]) {
    await scenario.wait(tab.client.fetch(`${origin}/notes`));
  }

  assert.deepEqual(bearers(tab.requests).map((bearer) => bearer !== null), [true, true, false, false]);
});

test("a redirect is an error, so that no token follows it; a response that is not modified is none", async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const scenario = new Scenario();
    const tab = await scenario.signedIn("token");
    answerInTurn(scenario, () => respondWith(status));

    assert.equal(await scenario.codeOf(tab.client.fetch(NOTES)), "REDIRECTED");

    assert.equal(notes(tab).length, 1);
    assert.equal(notes(tab)[0]?.request?.redirect, "manual");
    assert.equal(shown(tab).status, "signed-in");
  }
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  const filtered = { ...new Response(), status: 0, type: "opaqueredirect", clone: () => filtered } as unknown as Response;
  answerInTurn(scenario, () => filtered);
  assert.equal(await scenario.codeOf(tab.client.fetch(NOTES)), "REDIRECTED");
  answerInTurn(scenario, () => respondWith(304));
  assert.equal((await scenario.wait(tab.client.fetch(NOTES))).status, 304);
});

test("requests of a person who is not logged in have no token", async () => {
  const scenario = new Scenario();
  const tab = await scenario.open("token");
  answerInTurn(scenario, () => respondWith(401, "TOKEN_EXPIRED"));

  const response = await scenario.wait(tab.client.fetch(NOTES));

  assert.equal(response.status, 401);
  assert.deepEqual(bearers(notes(tab)), [null]);
});

type Case = readonly [name: string, answer: () => Response | "offline", count: number];

const SAFE: readonly Case[] = [
  ["no connection", () => "offline", 3],
  ["408", () => respondWith(408), 3],
  ["429", () => respondWith(429), 3],
  ["503", () => respondWith(503), 3],
  ["500", () => respondWith(500), 1],
  ["502", () => respondWith(502), 1],
  ["404", () => respondWith(404), 1],
  ["401 of another server", () => respondWith(401), 1],
  ["401 with an unknown code", () => respondWith(401, "SESSION_MISSING"), 1],
  ["403 with the code of a token", () => respondWith(403, "TOKEN_EXPIRED"), 1],
];
/** With these methods, only what was certainly not done is repeated. */
const UNSAFE: readonly Case[] = [
  ["no connection", () => "offline", 1],
  ["408", () => respondWith(408, "REQUEST_TIMEOUT"), 1],
  ["503", () => respondWith(503), 1],
  ["503 of a maintenance", () => respondWith(503, "MAINTENANCE"), 1],
  ["SERVER_OVERLOADED", () => respondWith(503, "SERVER_OVERLOADED"), 3],
  ["CIRCUIT_BREAKER_OPEN", () => respondWith(503, "CIRCUIT_BREAKER_OPEN"), 3],
  ["RATE_LIMITED", () => respondWith(429, "RATE_LIMITED"), 3],
  ["500 with a code", () => respondWith(500, "SERVER_OVERLOADED"), 1],
];
const REPEATED = [
  ...["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].flatMap((method) => SAFE.map((each) => [method, ...each] as const)),
  ...["POST", "PATCH"].flatMap((method) => UNSAFE.map((each) => [method, ...each] as const)),
];
for (const [method, name, answer, count] of REPEATED) {
  test(`${method} is sent ${count === 1 ? "once" : "3 times"} after ${name}`, async () => {
    const scenario = new Scenario();
    const tab = await scenario.signedIn("token");
    answerInTurn(scenario, answer);
    const init = { method, ...(["PUT", "POST", "PATCH"].includes(method) && { body: "text" }) };

    const result = await scenario.wait(tab.client.fetch(NOTES, init)).catch((error: unknown) => error);

    assert.equal(notes(tab).length, count);
    for (const { request } of notes(tab)) assert.equal(await request?.text(), init.body ?? "");
    if (result instanceof Response) await result.text(); // the application reads the body itself
    else assert.equal((result as { code: string }).code, "OFFLINE");
    assert.equal(shown(tab).status, "signed-in");
  });
}

test("repeats come after 1 and 2 s, or when Retry-After says, and end within 30 s", async () => {
  for (const [after, delays] of [[undefined, [1, 2]], ["5", [5, 5]], ["16", [16]], ["31", []]] as const) {
    const scenario = new Scenario();
    const tab = await scenario.signedIn("token");
    answerInTurn(scenario, () => respondWith(503, "SERVER_OVERLOADED", after === undefined ? {} : { "Retry-After": after }));

    const response = await scenario.wait(tab.client.fetch(NOTES));

    assert.equal(response.status, 503);
    const times = notes(tab).map(({ at }) => at);
    assert.deepEqual(times.slice(1).map((at, index) => Math.floor((at - times[index]!) / 1000)), delays);
  }
});

test("a repeat that succeeds is the response", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  answerInTurn(scenario, () => "offline", () => respondWith(503), () => respondWith(200));

  assert.equal((await scenario.wait(tab.client.fetch(NOTES))).status, 200);
});

test("a token that the application refuses is replaced once", async () => {
  for (const code of ["TOKEN_EXPIRED", "TOKEN_REVOKED", "TOKEN_INVALID"]) {
    for (const init of [{}, { method: "POST", body: "text" }]) {
      const scenario = new Scenario();
      const tab = await scenario.signedIn("token");
      answerInTurn(scenario, () => respondWith(401, code), () => respondWith(200));

      assert.equal((await scenario.wait(tab.client.fetch(NOTES, init))).status, 200);

      assert.equal(refreshes(tab).length, 1);
      assert.equal(new Set(bearers(notes(tab))).size, 2);
      answerInTurn(scenario, () => respondWith(401, code));
      const response = await scenario.wait(tab.client.fetch(NOTES, init));
      assert.deepEqual([response.status, ((await response.json()) as { error_code: string }).error_code], [401, code]);
      assert.equal(refreshes(tab).length, 2);
      assert.equal(shown(tab).status, "signed-in");
    }
  }
});

test("a stream is sent once, with a token that is valid for at least 60 s", async () => {
  const refusals = [respondWith(401, "TOKEN_EXPIRED"), respondWith(503, "SERVER_OVERLOADED"), "offline"] as const;
  for (const answer of refusals.map((each) => () => each)) {
    const scenario = new Scenario();
    const tab = await scenario.signedIn("token");
    answerInTurn(scenario, answer);
    await scenario.time.advance(70_000); // 50 s are left
    const stream = new Blob(["text"]).stream();

    const init = { method: "PUT", body: stream, duplex: "half" } as RequestInit;
    await scenario.wait(tab.client.fetch(NOTES, init)).catch(() => undefined);

    assert.equal(refreshes(tab).length, 1, "before it is sent");
    assert.equal(notes(tab).length, 1);
    assert.equal(await notes(tab)[0]?.request?.text(), "text");
  }
});

test("a request that is aborted is not repeated", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  answerInTurn(scenario, () => "offline");
  const aborter = new AbortController();
  const result = tab.client.fetch(NOTES, { signal: aborter.signal });
  await scenario.time.advance(500);
  aborter.abort();

  await assert.rejects(scenario.wait(result), { name: "AbortError" });

  assert.equal(notes(tab).length, 1);
});

test("the body of a response that is not an error is not read by the client", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  const endless = new ReadableStream({ pull: () => new Promise<void>(() => undefined) });
  answerInTurn(scenario, () => new Response(endless));

  const response = await scenario.wait(tab.client.fetch(NOTES), 1_000);

  assert.equal(response.bodyUsed, false);
});

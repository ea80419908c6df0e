import assert from "node:assert/strict";
import { test } from "node:test";
import { APP, respond, type Sent, type Tab } from "./browser.js";
import { bearers, refused, Scenario } from "./scenario.js";

const NOTES = `${APP}/notes`;

function notes(tab: Tab): Sent[] {
  return tab.requests.filter(({ path }) => path === "/notes");
}

test("a caller whose time limit ends between two repeats gets its error at once", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  scenario.browser.answer = () => refused(503, "SERVER_OVERLOADED", { "Retry-After": "20" });
  const aborter = new AbortController();
  const result = tab.client.fetch(new Request(NOTES, { signal: aborter.signal }));
  await scenario.time.advance(1_000);
  const reason = new DOMException("too late", "TimeoutError");
  aborter.abort(reason);

  await assert.rejects(scenario.wait(result, 100), reason);

  await scenario.time.advance(30_000);
  assert.equal(notes(tab).length, 1);
});

test("what a request says is kept, except for the redirects and its own token", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  scenario.browser.answer = () => (notes(tab).length === 1 ? "offline" : respond(200, {}));
  const said = {
    method: "PUT",
    cache: "no-store",
    credentials: "include",
    integrity: "sha256-abc",
    keepalive: true,
    mode: "same-origin",
    referrer: "",
    referrerPolicy: "no-referrer",
  } as const;
  const init = { ...said, body: "text", headers: { Authorization: "Basic own", "X-Own": "1" }, redirect: "follow" } as const;
  for (const [input, options] of [[NOTES, init], [new Request(NOTES, init), undefined]] as const) {
    tab.requests.length = 0;

    await scenario.wait(tab.client.fetch(input, options));

    assert.equal(notes(tab).length, 2);
    for (const { request } of notes(tab)) {
      for (const [name, value] of Object.entries(said)) assert.equal(request?.[name as keyof typeof said], value, name);
      assert.equal(request?.headers.get("X-Own"), "1");
      assert.match(request.headers.get("Authorization") ?? "", /^Bearer /);
      assert.equal(await request.text(), "text");
      assert.equal(request.redirect, "manual");
    }
  }
});

test("an address with a name of a user is refused, and the token of the application itself goes to other origins", async () => {
  const scenario = new Scenario();
  const tab = await scenario.signedIn("token");
  scenario.browser.answer = () => respond(200, {});
  tab.requests.length = 0;
  for (const url of ["https://app.example.com@other.org/notes", "https://ada:secret@app.example.com/notes", "/notes"]) {
    await assert.rejects(scenario.wait(tab.client.fetch(url)), TypeError, url);
  }
  assert.equal(tab.requests.length, 0);

  await scenario.wait(tab.client.fetch("https://other.org/notes", { headers: { Authorization: "Basic own" } }));

  assert.deepEqual(bearers(tab.requests), ["Basic own"]);
});

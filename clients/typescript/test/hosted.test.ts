import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { AuthError } from "../src/errors.js";
import { handleRedirect, leaveHosted, signIn, type SignInOptions } from "../src/hosted.js";
import { fakeGlobals } from "./fake_globals.js";
import { FakeStorage } from "./fake_storage.js";

const AUTH = "https://auth.example.com";
const KEY = `auth_api:${AUTH}:sign-in`;

/** A tab, and where its browser was sent. */
class Page {
  readonly sessionStorage = new FakeStorage();
  readonly visited: URL[] = [];
  readonly replaced: string[] = [];
  readonly calls: { method: string; path: string; options: unknown; addresses: readonly string[] }[] = [];

  constructor(address = "https://app.example.com/notes?sort=age") {
    this.show(address);
  }

  show(address: string): void {
    const url = new URL(address);
    const { origin, pathname, search, hash } = url;
    fakeGlobals({
      location: { origin, pathname, search, hash, assign: (target: string) => this.visited.push(new URL(target)) },
      history: {
        state: { page: 1 },
        replaceState: (state: unknown, _: string, to: string) => this.replaced.push(`${JSON.stringify(state)} ${to}`),
      },
      sessionStorage: this.sessionStorage,
    });
  }

  async signIn(options: SignInOptions = {}): Promise<URL> {
    await signIn(AUTH, options);
    return this.visited.at(-1)!;
  }

  handleRedirect(failure?: AuthError): ReturnType<typeof handleRedirect> {
    return handleRedirect(AUTH, (method, path, options) => {
      this.calls.push({ method, path, options, addresses: [...this.replaced] });
      return failure ? Promise.reject(failure) : Promise.resolve({});
    });
  }

  get pending(): { verifier: string; then?: string } {
    return JSON.parse(this.sessionStorage.getItem(KEY)!) as { verifier: string };
  }
}

test("a sign-in leads to the pages of auth_api with the challenge of a verifier that stays in the tab", async () => {
  const page = new Page();

  const url = await page.signIn({ then: "/notes/7", loginHint: "ada@example.com", lang: "de" });

  assert.equal(url.origin + url.pathname, `${AUTH}/account/login`);
  const { verifier, then } = page.pending;
  assert.match(verifier, /^[A-Za-z0-9_-]{43}$/); // RFC 7636 §4.1
  assert.equal(then, "/notes/7");
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    return_to: "https://app.example.com/",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    login_hint: "ada@example.com",
    lang: "de",
  });
});

test("a sign-in by a provider leads to its start, and each has another verifier", async () => {
  const page = new Page();

  const url = await page.signIn({ provider: "a/b", returnTo: "https://app.example.com/in" });
  const first = page.pending.verifier;
  await page.signIn();

  assert.equal(url.pathname, "/api/auth/providers/a%2Fb/start");
  assert.equal(url.searchParams.get("return_to"), "https://app.example.com/in");
  assert.deepEqual([...url.searchParams.keys()], ["return_to", "code_challenge"]);
  assert.notEqual(page.pending.verifier, first);
});

test("the code is removed from the address before it is sent, once, with the verifier of the tab", async () => {
  const page = new Page();
  await page.signIn({ then: "/notes/7" });
  const { verifier } = page.pending;
  page.show("https://app.example.com/?sort=age#code=fc_1");

  assert.deepEqual(await page.handleRedirect(), { status: "signed-in", then: "/notes/7" });
  assert.deepEqual(await page.handleRedirect(), { status: "none" }, "a page that is shown again sends nothing");

  const options = { body: { code: "fc_1", code_verifier: verifier }, anonymous: true };
  const addresses = ['{"page":1} /?sort=age'];
  assert.deepEqual(page.calls, [{ method: "POST", path: "/api/auth/exchange", options, addresses }]);
  assert.equal(page.sessionStorage.length, 0);
});

test("a code without a verifier in this tab is removed and not sent", async () => {
  for (const stored of [null, "garbage", "{}", '{"verifier":7}']) {
    const page = new Page("https://app.example.com/#code=fc_unasked");
    if (stored !== null) page.sessionStorage.setItem(KEY, stored);

    assert.deepEqual(await page.handleRedirect(), { status: "none" });

    assert.deepEqual([page.calls.length, page.replaced.length], [0, 1], String(stored));
  }
});

test("an ordinary page, with or without a fragment, is left as it is", async () => {
  for (const fragment of ["", "#", "#section-2", "#/notes/7"]) {
    const page = new Page(`https://app.example.com/${fragment}`);

    assert.deepEqual(await page.handleRedirect(), { status: "none" });

    assert.deepEqual([page.calls, page.replaced], [[], []], fragment);
  }
});

test("an error in the address is thrown once, after it was removed", async () => {
  const page = new Page();
  await page.signIn();
  page.show("https://app.example.com/#error=access_denied");

  await assert.rejects(page.handleRedirect(), (error: AuthError) => error.code === "access_denied" && error.status === 0);
  assert.deepEqual(await page.handleRedirect(), { status: "none" });

  assert.equal(page.replaced.length, 2);
  assert.deepEqual(page.calls, []);
});

test("a refused code is thrown, and its verifier is not used again", async () => {
  const page = new Page();
  await page.signIn();
  page.show("https://app.example.com/#code=fc_1");
  const refusal = new AuthError("FLOW_INVALID", 400, "The code has already been used.");

  await assert.rejects(page.handleRedirect(refusal), refusal);

  assert.equal(page.sessionStorage.length, 0);
});

test("storage that is forbidden on the way back is no pending sign-in", async () => {
  const page = new Page("https://app.example.com/#code=fc_1");
  fakeGlobals({
    sessionStorage: {
      getItem: () => {
        throw new DOMException("forbidden", "SecurityError");
      },
    },
  });

  assert.deepEqual(await page.handleRedirect(), { status: "none" });

  assert.equal(page.replaced.length, 1);
});

test("the log-out of the pages comes back to an address of the application", () => {
  const page = new Page();

  leaveHosted(AUTH, "https://app.example.com/?a=1&b=2");

  assert.equal(page.visited[0]?.href, `${AUTH}/account/logout?return_to=https%3A%2F%2Fapp.example.com%2F%3Fa%3D1%26b%3D2`);
});

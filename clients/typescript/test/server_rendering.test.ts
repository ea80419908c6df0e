import assert from "node:assert/strict";
import { test } from "node:test";

/** Imports nothing before the tests do: the first one checks the import itself. */
type Module = typeof import("../src/index.js");

const NAMES = ["document", "window", "location", "localStorage", "sessionStorage", "navigator", "fetch"];

/** Replaces the globals of a browser; returns the list to which each name is added that is read, and what restores them. */
function replaceGlobals(values: Readonly<Record<string, unknown>> = {}): { read: string[]; restore: () => void } {
  const read: string[] = [];
  const before = NAMES.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const name of NAMES) {
    const get = (): unknown => {
      read.push(name);
      return values[name];
    };
    Object.defineProperty(globalThis, name, { configurable: true, get });
  }
  const restore = () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  };
  return { read, restore };
}

const turns = () => new Promise((resolve) => setTimeout(resolve, 20));

test("nothing is read at import, and on a server the state stays `loading`", async () => {
  const { read, restore } = replaceGlobals();
  try {
    const { createAuthClient } = (await import("../src/index.js")) as Module;
    assert.deepEqual(read, []);

    const client = createAuthClient({ baseUrl: "https://auth.example.com/", mode: "token" });
    await turns();

    assert.deepEqual(new Set(read), new Set(["document"]));
    assert.deepEqual(client.state, { status: "loading", user: null, stale: false });
  } finally {
    restore();
  }
});

test("a client in Node.js keeps its session in memory", async () => {
  const { createAuthClient } = (await import("../src/index.js")) as Module;
  const payload = btoa(JSON.stringify({ sub: "1", sid: "s" }));
  const body = { access_token: `h.${payload}.9`, refresh_token: "r", expires_in: 120, user: { id: 1, username: "ada" } };
  const client = createAuthClient({
    baseUrl: "https://auth.example.com/",
    mode: "token",
    fetch: (url) => Promise.resolve(Response.json(String(url).endsWith("/login") ? body : { url: (url as Request).url })),
  });

  assert.deepEqual(await client.ready, { status: "signed-out", user: null, stale: false });
  await client.login({ username: "ada", password: "secret" });

  assert.equal(client.state.status, "signed-in");
  assert.equal(await client.accessToken(), body.access_token);
  const response = await client.fetch("https://auth.example.com/notes");
  assert.deepEqual(await response.json(), { url: "https://auth.example.com/notes" });
});

test("in a browser, the client starts itself with storage, locks and events of the page", async () => {
  const { createAuthClient } = (await import("../src/index.js")) as Module;
  const payload = btoa(JSON.stringify({ sub: "1", sid: "s" }));
  const used: string[] = [];
  const storage = (name: string) => ({
    getItem: (key: string) => (used.push(`${name} ${key}`), "mark"),
    setItem: () => undefined,
    removeItem: () => undefined,
  });
  const listeners: string[] = [];
  const { restore } = replaceGlobals({
    document: {},
    location: { origin: "https://app.example.com" },
    localStorage: storage("local"),
    navigator: { locks: { request: (name: string, _: unknown, work: () => unknown) => (used.push(`lock ${name}`), work()) } },
    fetch: (url: string) => {
      const tokens = { access_token: `h.${payload}.9`, expires_in: 120 };
      return Promise.resolve(Response.json(url.endsWith("/refresh") ? tokens : { id: 1, username: "ada" }));
    },
  });
  const listen = globalThis.addEventListener as unknown;
  globalThis.addEventListener = ((name: string) => listeners.push(name)) as typeof globalThis.addEventListener;
  try {
    const client = createAuthClient({ baseUrl: "https://auth.example.com", mode: "cookie" });
    const state = await new Promise((resolve) => client.subscribe(() => resolve(client.state)));
    assert.deepEqual(state, { status: "signed-in", user: { id: 1, username: "ada" }, stale: false });
  } finally {
    globalThis.addEventListener = listen as typeof globalThis.addEventListener;
    restore();
  }

  const key = "auth_api:https://auth.example.com";
  assert.deepEqual([...new Set(used)].sort(), [`local ${key}`, `lock ${key}`]);
  assert.deepEqual(listeners.sort(), ["online", "pageshow", "storage", "visibilitychange"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { typedApi } from "../src/typed_api.js";

test("operations are typed by the OpenAPI document, and sent with their parameters", async () => {
  const sent: unknown[] = [];
  const api = typedApi((...request) => {
    sent.push(request);
    return Promise.resolve({ items: [], next_cursor: null });
  });

  const { items } = await api.GET("/api/user/sessions", { query: { limit: 1 } });
  const device: string | null | undefined = items[0]?.user_agent;
  await api.DELETE("/api/user/passkeys/{passkey_id}", { path: { passkey_id: "7" } });
  await api.POST("/api/auth/login", { body: { username: "ada", password: "secret" } });
  await api.GET("/api/user/profile");
  // @ts-expect-error - the path has no such operation
  await api.DELETE("/api/user/profile");
  // @ts-expect-error - the body is required
  await api.POST("/api/auth/login");
  // @ts-expect-error - the password is a text
  await api.POST("/api/auth/login", { body: { username: "ada", password: 7 } });

  assert.equal(device, undefined);
  assert.deepEqual(sent.slice(0, 4), [
    ["GET", "/api/user/sessions", { query: { limit: 1 } }],
    ["DELETE", "/api/user/passkeys/7", {}],
    ["POST", "/api/auth/login", { body: { username: "ada", password: "secret" } }],
    ["GET", "/api/user/profile", {}],
  ]);
});

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

test("a parameter that is empty or consists of dots leads to no other operation", async () => {
  const paths: string[] = [];
  const api = typedApi((_, path) => {
    paths.push(new URL(path, "https://auth.example.com").pathname);
    return Promise.resolve(undefined);
  });

  for (const session_id of ["", ".", "..", "a/../b", "é", "7"]) {
    await api.DELETE("/api/admin/users/{user_id}/sessions/{session_id}", { path: { user_id: "1", session_id } });
  }

  const sessions = "/api/admin/users/1/sessions";
  assert.deepEqual(paths, ["!", "!", "!", "a%2F..%2Fb", "%C3%A9", "7"].map((each) => `${sessions}/${each}`));
});

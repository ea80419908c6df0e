import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { AuthError } from "../src/errors.js";
import { addPasskey, passkeyLogin, secondFactor, stepUp } from "../src/sign_in.js";
import type { Call } from "../src/types.js";
import { fakeGlobals } from "./fake_globals.js";

const CHALLENGE = "AP_-AQ"; // 00 ff fe 01
const BYTES = [0, 255, 254, 1];
const REQUEST = {
  public_key: { challenge: CHALLENGE, rpId: "example.com", allowCredentials: [{ id: CHALLENGE, type: "public-key" }] },
};
const CREATION = {
  public_key: {
    challenge: CHALLENGE,
    rp: { id: "example.com", name: "Example" },
    user: { id: CHALLENGE, name: "ada", displayName: "Ada" },
    excludeCredentials: [{ id: CHALLENGE, type: "public-key", transports: ["internal"] }],
  },
};
const JSON_CREDENTIAL = { id: CHALLENGE, type: "public-key" };
const buffer = () => Uint8Array.from(BYTES).buffer;

/** What the browser was asked for. */
let asked: { kind: string; options: Record<string, unknown> }[] = [];
let signalled: unknown[] = [];
let calls: { path: string; body: unknown; anonymous: boolean }[] = [];

/** Answers the options, and then the credential. */
function answering(options: unknown, result: unknown = { access_token: "t" }): Call {
  return (_, path, { body, anonymous = false } = {}) => {
    calls.push({ path, body, anonymous });
    if (path.endsWith("options")) return Promise.resolve(options);
    return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
  };
}

/** Gives the browser a credential; with `json`, it converts to and from JSON itself. */
function fakeBrowser(credential: unknown, json: boolean): void {
  const ask = (kind: string) => (options: Record<string, unknown>) => {
    asked.push({ kind, options });
    return credential instanceof Error ? Promise.reject(credential) : Promise.resolve(credential);
  };
  const converters = {
    parseCreationOptionsFromJSON: (options: object) => ({ ...options, isParsed: true }),
    parseRequestOptionsFromJSON: (options: object) => ({ ...options, isParsed: true }),
    signalUnknownCredential: (unknown: unknown) => (signalled.push(unknown), Promise.reject(new Error("not supported"))),
  };
  fakeGlobals({
    PublicKeyCredential: json ? converters : {},
    navigator: { credentials: { create: ask("create"), get: ask("get") } },
  });
}

/** A credential of a browser that cannot convert it: its members are on the prototype, as in browsers. */
class OldCredential {
  readonly id = CHALLENGE;
  readonly rawId = buffer();
  readonly type = "public-key";
  readonly authenticatorAttachment = "platform";
  readonly response: unknown;

  constructor(members: Record<string, unknown>, transports?: string[]) {
    this.response = Object.create({ ...members, ...(transports && { getTransports: () => transports }) });
  }

  getClientExtensionResults(): object {
    return { credProps: { rk: true } };
  }
}

beforeEach(() => {
  asked = [];
  signalled = [];
  calls = [];
});

test("a login by a passkey uses the browser's own conversion where it exists", async () => {
  fakeBrowser({ toJSON: () => JSON_CREDENTIAL }, true);
  const { signal } = new AbortController();

  const result = await passkeyLogin(answering(REQUEST), { conditional: true, signal });

  assert.deepEqual(result, { access_token: "t" });
  const publicKey = { ...REQUEST.public_key, isParsed: true };
  assert.deepEqual(asked, [{ kind: "get", options: { publicKey, mediation: "conditional", signal } }]);
  assert.deepEqual(calls, [
    { path: "/api/auth/passkey/options", body: {}, anonymous: true },
    { path: "/api/auth/passkey/login", body: { credential: JSON_CREDENTIAL }, anonymous: true },
  ]);
});

test("a login by a passkey converts itself where the browser cannot", async () => {
  fakeBrowser(new OldCredential({ clientDataJSON: buffer(), signature: buffer(), userHandle: null }), false);

  await passkeyLogin(answering(REQUEST));

  const { publicKey, mediation } = asked[0]!.options as { publicKey: PublicKeyCredentialRequestOptions; mediation: string };
  assert.deepEqual([...(publicKey.challenge as Uint8Array)], BYTES);
  assert.deepEqual([...(publicKey.allowCredentials![0]!.id as Uint8Array)], BYTES);
  assert.equal(mediation, "optional");
  const { credential } = calls[1]!.body as { credential: unknown };
  assert.deepEqual(JSON.parse(JSON.stringify(credential)), {
    id: CHALLENGE,
    rawId: CHALLENGE,
    type: "public-key",
    authenticatorAttachment: "platform",
    clientExtensionResults: { credProps: { rk: true } },
    response: { clientDataJSON: CHALLENGE, signature: CHALLENGE },
  });
});

test("a new passkey is converted in both ways, and its transports are kept", async () => {
  const old = new OldCredential({ clientDataJSON: buffer(), attestationObject: buffer() }, ["internal", "hybrid"]);
  for (const [credential, json] of [[{ toJSON: () => JSON_CREDENTIAL }, true], [old, false]] as const) {
    calls = [];
    fakeBrowser(credential, json);

    await addPasskey(answering(CREATION), { name: "Phone" });

    const body = calls[1]!.body as { name: string; credential: { response?: { transports: string[] } } };
    assert.equal(body.name, "Phone");
    if (json) assert.deepEqual(body.credential, JSON_CREDENTIAL);
    else assert.deepEqual(body.credential.response?.transports, ["internal", "hybrid"]);
  }
  const { publicKey } = asked[1]!.options as unknown as { publicKey: PublicKeyCredentialCreationOptions };
  const { challenge, user, excludeCredentials } = publicKey;
  const converted = [challenge, user.id, excludeCredentials![0]!.id].map((each) => [...(each as Uint8Array)]);
  assert.deepEqual(converted, [BYTES, BYTES, BYTES]);
  assert.deepEqual(excludeCredentials![0]!.transports, ["internal"]);
});

test("a credential whose own conversion fails is converted by the client", async () => {
  const broken = new OldCredential({ signature: buffer() });
  const toJSON = () => {
    throw new TypeError("of a password manager");
  };
  fakeBrowser(Object.assign(broken, { toJSON }), true);

  await passkeyLogin(answering(REQUEST));

  assert.equal((calls[1]!.body as { credential: { rawId: string } }).credential.rawId, CHALLENGE);
});

test("a passkey that auth_api does not know is forgotten by the device, and the error stays the same", async () => {
  fakeBrowser({ toJSON: () => JSON_CREDENTIAL }, true);
  const unknown = new AuthError("PASSKEY_UNKNOWN", 401, "The passkey is unknown.");

  await assert.rejects(passkeyLogin(answering(REQUEST, unknown)), unknown);

  assert.deepEqual(signalled, [{ rpId: "example.com", credentialId: CHALLENGE }]);
});

test("other failures of a login forget no passkey, and some browsers cannot forget any", async () => {
  for (const [json, code] of [[true, "RATE_LIMITED"], [false, "PASSKEY_UNKNOWN"]] as const) {
    fakeBrowser({ toJSON: () => JSON_CREDENTIAL }, json);
    const refusal = new AuthError(code, 400, "");
    await assert.rejects(passkeyLogin(answering(REQUEST, refusal)), refusal);
  }
  assert.deepEqual(signalled, []);
});

test("a caller can end the dialog of a second factor and of a step-up", async () => {
  fakeBrowser({ toJSON: () => JSON_CREDENTIAL }, true);
  const { signal } = new AbortController();

  await secondFactor(answering(REQUEST), { mfaToken: "m", method: "passkey", signal });
  await stepUp(answering(REQUEST), { method: "passkey", signal });

  assert.deepEqual(asked.map(({ options }) => options["signal"]), [signal, signal]);
});

test("a new passkey that was not added is forgotten, unless it may have been added", async () => {
  const errors: [number, string, number][] = [
    [403, "STEP_UP_REQUIRED", 1],
    [400, "FLOW_INVALID", 1],
    [409, "DUPLICATE_PASSKEY", 0],
    [503, "SERVER_OVERLOADED", 0],
    [0, "OFFLINE", 0],
  ];
  for (const [status, code, forgotten] of errors) {
    signalled = [];
    fakeBrowser({ toJSON: () => JSON_CREDENTIAL }, true);
    const error = new AuthError(code, status, "");
    await assert.rejects(addPasskey(answering(CREATION, error)), error);
    assert.equal(signalled.length, forgotten, code);
  }
});

test("what a person cancels is thrown as the browser's error, and nothing is sent", async () => {
  fakeBrowser(new DOMException("cancelled", "NotAllowedError"), true);

  await assert.rejects(passkeyLogin(answering(REQUEST)), { name: "NotAllowedError" });
  await assert.rejects(addPasskey(answering(CREATION)), { name: "NotAllowedError" });
  await assert.rejects(stepUp(answering(REQUEST), { method: "passkey" }), { name: "NotAllowedError" });

  assert.deepEqual(calls.map(({ path }) => path.endsWith("options")), [true, true, true]);
});

test("a second factor is sent without an access token, with the token of the first step", async () => {
  fakeBrowser({ toJSON: () => JSON_CREDENTIAL }, true);

  await secondFactor(answering(REQUEST), { mfaToken: "m", method: "totp", code: "123456" });
  await secondFactor(answering(REQUEST), { mfaToken: "m", method: "passkey" });
  await addPasskey(answering(CREATION), { mfaToken: "m" });

  const proof = { mfa_token: "m", method: "passkey", credential: JSON_CREDENTIAL };
  assert.deepEqual(calls, [
    { path: "/api/auth/mfa", body: { mfa_token: "m", method: "totp", code: "123456" }, anonymous: true },
    { path: "/api/auth/mfa/passkey-options", body: { mfa_token: "m" }, anonymous: true },
    { path: "/api/auth/mfa", body: proof, anonymous: true },
    { path: "/api/user/passkeys/options", body: { mfa_token: "m" }, anonymous: true },
    { path: "/api/user/passkeys", body: { mfa_token: "m", credential: JSON_CREDENTIAL, name: undefined }, anonymous: true },
  ]);
});

test("a step-up is sent with the access token, for each kind of proof", async () => {
  fakeBrowser({ toJSON: () => JSON_CREDENTIAL }, true);

  await stepUp(answering(REQUEST), { method: "password", password: "secret" });
  await stepUp(answering(REQUEST), { method: "recovery_code", code: "abc" });
  await stepUp(answering(REQUEST), { method: "passkey" });

  assert.deepEqual(calls, [
    { path: "/api/auth/step-up", body: { method: "password", password: "secret" }, anonymous: false },
    { path: "/api/auth/step-up", body: { method: "recovery_code", code: "abc" }, anonymous: false },
    { path: "/api/auth/step-up/passkey-options", body: {}, anonymous: false },
    { path: "/api/auth/step-up", body: { method: "passkey", credential: JSON_CREDENTIAL }, anonymous: false },
  ]);
});

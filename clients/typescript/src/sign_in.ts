import type { components } from "./api.js";
import { AuthError } from "./errors.js";
import { createPasskey, type CredentialJson, forgetPasskey, usePasskey } from "./passkeys.js";
import type { Call } from "./types.js";

type Schemas = components["schemas"];
type CreationOptions = Schemas["PasskeyCreationOptions"];
type RequestOptions = Schemas["PasskeyRequestOptions"];
export type LoggedIn = Schemas["LoggedIn"];

/** The second step of a login: a code, or a passkey. */
export type SecondFactor = { readonly mfaToken: string } & (
  | { readonly method: "totp" | "recovery_code"; readonly code: string }
  | { readonly method: "passkey"; readonly signal?: AbortSignal }
);

/** How a person proves their identity again. */
export type Proof =
  | { readonly method: "password"; readonly password: string }
  | { readonly method: "totp" | "recovery_code"; readonly code: string }
  | { readonly method: "passkey"; readonly signal?: AbortSignal };

const POST = "POST";

/** Sends the second step of a login that was refused with `MFA_REQUIRED`. */
export async function secondFactor(call: Call, factor: SecondFactor): Promise<unknown> {
  const { mfaToken: mfa_token, method } = factor;
  const proof =
    method === "passkey"
      ? { credential: await used(call, "/api/auth/mfa/passkey-options", factor, { mfa_token }) }
      : { code: factor.code };
  return call(POST, "/api/auth/mfa", { body: { mfa_token, method, ...proof }, anonymous: true });
}

/** Logs in by a passkey. */
export async function passkeyLogin(
  call: Call,
  { conditional = false, signal }: { conditional?: boolean; signal?: AbortSignal } = {},
): Promise<unknown> {
  const options = (await call(POST, "/api/auth/passkey/options", { body: {}, anonymous: true })) as RequestOptions;
  const credential = await usePasskey(options, { conditional, signal });
  try {
    return await call(POST, "/api/auth/passkey/login", { body: { credential }, anonymous: true });
  } catch (error) {
    if (error instanceof AuthError && error.code === "PASSKEY_UNKNOWN") await forgetPasskey(options.public_key.rpId, credential);
    throw error;
  }
}

/** Creates a passkey on this device and adds it to the account; with `mfaToken`, as the first factor that a login requires. */
export async function addPasskey(call: Call, { name, mfaToken }: { name?: string; mfaToken?: string } = {}): Promise<unknown> {
  const step = { mfa_token: mfaToken };
  const anonymous = mfaToken !== undefined;
  const options = (await call(POST, "/api/user/passkeys/options", { body: step, anonymous })) as CreationOptions;
  const credential = await createPasskey(options);
  try {
    return await call(POST, "/api/user/passkeys", { body: { ...step, credential, name }, anonymous });
  } catch (error) {
    const { status, code } = error as AuthError;
    if (status >= 400 && status < 500 && code !== "DUPLICATE_PASSKEY") await forgetPasskey(options.public_key.rp.id, credential);
    throw error;
  }
}

/** Proves the identity again, as `STEP_UP_REQUIRED` asks for. */
export async function stepUp(call: Call, proof: Proof): Promise<unknown> {
  const fields =
    proof.method === "passkey"
      ? { method: proof.method, credential: await used(call, "/api/auth/step-up/passkey-options", proof) }
      : proof;
  return call(POST, "/api/auth/step-up", { body: fields });
}

async function used(
  call: Call,
  path: string,
  { signal }: { readonly signal?: AbortSignal },
  step?: { readonly mfa_token: string },
): Promise<CredentialJson> {
  const options = (await call(POST, path, { body: step ?? {}, anonymous: step !== undefined })) as RequestOptions;
  return usePasskey(options, { signal });
}

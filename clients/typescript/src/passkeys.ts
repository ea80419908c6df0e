import type { components } from "./api.js";
import { decoded } from "./tokens.js";

type CreationOptions = components["schemas"]["PasskeyCreationOptions"];
type RequestOptions = components["schemas"]["PasskeyRequestOptions"];

/** A credential in the form of JSON (WebAuthn Level 3 §5.1.8), as auth_api takes it. */
export type CredentialJson = Record<string, unknown>;

/** Asks the person to create a passkey on the device. */
export async function createPasskey({ public_key }: CreationOptions): Promise<CredentialJson> {
  const json = public_key as unknown as PublicKeyCredentialCreationOptionsJSON;
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON?.(json) ?? {
    ...(json as unknown as PublicKeyCredentialCreationOptions),
    challenge: bytesOf(json.challenge),
    user: { ...json.user, id: bytesOf(json.user.id) },
    excludeCredentials: descriptors(json.excludeCredentials),
  };
  return jsonOf(await navigator.credentials.create({ publicKey }));
}

/** Asks the person to use a passkey; `conditional` offers passkeys in the list of an input, without a dialog. */
export async function usePasskey(
  { public_key }: RequestOptions,
  { conditional = false, signal }: { conditional?: boolean; signal?: AbortSignal | undefined },
): Promise<CredentialJson> {
  const json = public_key as unknown as PublicKeyCredentialRequestOptionsJSON;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON?.(json) ?? {
    ...(json as unknown as PublicKeyCredentialRequestOptions),
    challenge: bytesOf(json.challenge),
    allowCredentials: descriptors(json.allowCredentials),
  };
  const mediation = conditional ? "conditional" : "optional";
  return jsonOf(await navigator.credentials.get({ publicKey, mediation, ...(signal && { signal }) }));
}

/** Tells the device that auth_api does not know a passkey, where the browser can do that. */
export async function forgetPasskey(rpId: string | undefined, credential: CredentialJson): Promise<void> {
  const api = PublicKeyCredential as unknown as { signalUnknownCredential?: (_: object) => Promise<void> };
  await api.signalUnknownCredential?.({ rpId, credentialId: credential["id"] }).catch(() => undefined);
}

/** Returns a credential as JSON; some browsers cannot do that themselves, and some password managers fail at it. */
function jsonOf(credential: Credential | null): CredentialJson {
  const key = credential as PublicKeyCredential;
  try {
    return key.toJSON() as unknown as CredentialJson;
  } catch {
    const response: Record<string, string> = {};
    for (const name in key.response) {
      const value: unknown = key.response[name as keyof AuthenticatorResponse];
      if (value instanceof ArrayBuffer) response[name] = textOf(value);
    }
    return {
      id: key.id,
      rawId: textOf(key.rawId),
      type: key.type,
      authenticatorAttachment: key.authenticatorAttachment,
      clientExtensionResults: key.getClientExtensionResults(),
      response: { ...response, transports: (key.response as Partial<AuthenticatorAttestationResponse>).getTransports?.() },
    };
  }
}

function descriptors(listed: readonly PublicKeyCredentialDescriptorJSON[] | undefined): PublicKeyCredentialDescriptor[] {
  return (listed ?? []).map((each) => ({ ...each, id: bytesOf(each.id) }) as unknown as PublicKeyCredentialDescriptor);
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(decoded(text), (each) => each.charCodeAt(0));
}

/** Returns bytes in base64url (RFC 4648 §5), without padding. */
export function textOf(bytes: ArrayBuffer | Uint8Array): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

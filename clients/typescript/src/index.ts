export type { components, paths } from "./api.js";
export { createAuthClient } from "./client.js";
export type { AuthClient } from "./client.js";
export { AuthError } from "./errors.js";
export type { FieldError, Problem } from "./errors.js";
export type { RedirectResult, SignInOptions } from "./hosted.js";
export type { LoggedIn, Proof, SecondFactor } from "./sign_in.js";
export type { Api } from "./typed_api.js";
export type { AuthClientOptions, AuthState, Call, CallOptions, Reason, User } from "./types.js";

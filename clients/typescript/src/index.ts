export { createAuthClient } from "./client.js";
export type { AuthClient } from "./client.js";
export { AuthError } from "./errors.js";
export type { FieldError, Problem } from "./errors.js";
export type { AuthClientOptions, AuthState, CallOptions, Reason, User } from "./types.js";

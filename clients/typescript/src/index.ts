export { AuthError } from "./errors.js";
export type { FieldError, Problem } from "./errors.js";
export type { AuthClientOptions, AuthState, Reason, User } from "./types.js";

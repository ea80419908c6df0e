import { useSyncExternalStore } from "react";
import type { AuthClient } from "./client.js";
import type { AuthState } from "./types.js";

const LOADING: AuthState = Object.freeze({ status: "loading", user: null, stale: false });

/** Returns who is logged in, and renders the component again after each change; `loading` while a server renders. */
export function useAuth(auth: Pick<AuthClient, "state" | "subscribe">): AuthState {
  return useSyncExternalStore(
    auth.subscribe,
    () => auth.state,
    () => LOADING,
  );
}

import { useAuth } from "auth-api-sdk/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Account } from "./Account";
import { auth } from "./auth";
import { LogIn } from "./LogIn";
import { Notes } from "./Notes";
import "./style.css";

function App() {
  const { status, user, stale } = useAuth(auth);
  if (status === "loading") return <p>One moment …</p>;
  if (status === "signed-out") return <LogIn />;
  return (
    <>
      <header>
        <h1>Notes of {user?.display_name ?? user?.username ?? "…"}</h1>
        <button onClick={() => void auth.logout()}>Log out</button>
      </header>
      {stale && <p role="status">The server cannot be reached. Trying again …</p>}
      <Notes />
      <Account />
    </>
  );
}

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

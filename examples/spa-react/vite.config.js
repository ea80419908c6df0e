import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The API of the notes has the origin of the page, as behind a reverse proxy.
export default defineConfig({
  plugins: [react()],
  server: { port: 5173, strictPort: true, proxy: { "/notes": process.env.NOTES_URL ?? "http://localhost:9000" } },
});

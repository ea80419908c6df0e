// better-auth as its documentation shows it for Node.js: e-mail and password, sessions in PostgreSQL, checked on each request.
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import pg from "pg";

const { PORT, DATABASE_URL, UPDATE_AGE } = process.env;
const options = {
  baseURL: `http://127.0.0.1:${PORT}`,
  secret: process.env.SECRET,
  database: new pg.Pool({ connectionString: DATABASE_URL }),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { level: "error" },
  // With an age of 0, each session check extends the session, which is measured as a refresh.
  session: UPDATE_AGE ? { updateAge: Number(UPDATE_AGE) } : {},
};
await (await getMigrations(options)).runMigrations();
const handle = toNodeHandler(betterAuth(options));
createServer((request, response) => {
  if (request.url === "/alive") response.end("ok");
  else handle(request, response);
}).listen(Number(PORT), "127.0.0.1");

// Serve the single-page application in index.html, with oidc-client-ts and the settings of the environment.
import { readFile } from "node:fs/promises";
import http from "node:http";

const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_REDIRECT_URI } = process.env;
const settings = {
  authority: OIDC_ISSUER,
  client_id: OIDC_CLIENT_ID,
  redirect_uri: OIDC_REDIRECT_URI,
  post_logout_redirect_uri: new URL("/goodbye", OIDC_REDIRECT_URI).href,
  scope: "openid profile email offline_access",
  loadUserInfo: true,
};
const script = await readFile("node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js");
const page = (await readFile("index.html", "utf8")).replace("SETTINGS", JSON.stringify(settings));

http
  .createServer((request, response) => {
    const isScript = request.url === "/oidc-client-ts.js";
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(isScript ? script : page);
  })
  .listen(Number(new URL(OIDC_REDIRECT_URI).port), "localhost");

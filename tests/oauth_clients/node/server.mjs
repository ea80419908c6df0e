// An application that signs people in by openid-client, and shows what it learned as JSON.
import http from "node:http";
import * as client from "openid-client";

const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_REDIRECT_URI } = process.env;
const server = new URL(OIDC_ISSUER);
const options = server.protocol === "http:" ? { execute: [client.allowInsecureRequests] } : {};
const config = await client.discovery(server, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, undefined, options);
const home = new URL(OIDC_REDIRECT_URI);
const [verifier, state, nonce] = [0, 0, 0].map(() => client.randomPKCECodeVerifier()); // of the only person of this test

async function login() {
  return client.buildAuthorizationUrl(config, {
    redirect_uri: OIDC_REDIRECT_URI,
    scope: "openid profile email roles offline_access",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  });
}

async function signIn(url) {
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, url, checks);
  const claims = tokens.claims();
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  const before = await client.tokenIntrospection(config, refreshed.access_token);
  await client.tokenRevocation(config, refreshed.refresh_token);
  const after = await client.refreshTokenGrant(config, refreshed.refresh_token).catch((error) => error.error);
  const logout = client.buildEndSessionUrl(config, {
    id_token_hint: refreshed.id_token ?? tokens.id_token,
    post_logout_redirect_uri: new URL("/goodbye", home).href,
    state: "left",
  });
  return { id_token: claims, userinfo, active: before.active, after, logout: logout.href };
}

http
  .createServer(async (request, response) => {
    const url = new URL(request.url, home);
    if (url.pathname === "/login") {
      response.writeHead(303, { location: (await login()).href }).end();
      return;
    }
    const answer = url.pathname === home.pathname ? await signIn(url).catch(String) : url.href;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  })
  .listen(Number(home.port), "localhost");

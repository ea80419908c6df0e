// An OpenID provider on loopback, whose pages accept any name with any password. Each start has a new signing key:
// node server.mjs PORT ALGORITHM AUTHENTICATION CLIENT_ID CLIENT_SECRET REDIRECT_URI
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

const [port, algorithm, authentication, id, secret, redirectUri] = process.argv.slice(2);
const { privateKey } = await generateKeyPair(algorithm, { extractable: true });

const provider = new Provider(`http://localhost:${port}`, {
  jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: crypto.randomUUID(), alg: algorithm, use: "sig" }] },
  clients: [
    {
      client_id: id,
      client_secret: secret,
      redirect_uris: [redirectUri],
      id_token_signed_response_alg: algorithm,
      token_endpoint_auth_method: authentication,
    },
  ],
  clientAuthMethods: [authentication],
  pkce: { required: () => true },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
  findAccount: (_context, name) => ({
    accountId: name,
    claims: () => ({
      sub: name,
      email: `${name}@upstream.example`,
      email_verified: true,
      name: `Person ${name}`,
      preferred_username: name,
    }),
  }),
});
provider.listen(Number(port), "localhost");

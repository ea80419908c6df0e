// A provider with one client: node provider.mjs PORT ALGORITHM AUTHENTICATION CLIENT_ID CLIENT_SECRET REDIRECT_URI
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

const [port, algorithm, authentication, id, secret, redirectUri] = process.argv.slice(2);
const { privateKey } = await generateKeyPair(algorithm, { extractable: true });

const provider = new Provider(`http://localhost:${port}`, {
  jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'first', alg: algorithm, use: 'sig' }] },
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
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, email: `${sub}@example.com`, email_verified: true, name: 'Ada', preferred_username: sub }),
  }),
});
provider.listen(Number(port), 'localhost');

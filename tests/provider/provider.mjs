// A provider of identities on loopback that insists on PKCE: node provider.mjs PORT REDIRECT
import { Provider } from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    { client_id: "lightbox", client_secret: "secret", redirect_uris: [redirect] },
  ],
  pkce: { required: () => true },
  scopes: ["openid", "profile", "email", "groups"],
  claims: { openid: ["sub", "email", "email_verified", "groups"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      email: `${id}@lab.example`,
      email_verified: true,
      groups: ["labs"],
    }),
  }),
  cookies: { keys: ["of the tests"] },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("listens"));

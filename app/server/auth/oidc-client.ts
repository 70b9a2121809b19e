import * as oidc from "openid-client";
import { AkavelogError, reasonOf } from "#app/core/errors.ts";
import type { Env } from "#app/server/env.ts";

/** OidcError: the identity provider could not be asked, or what came back from it is not to be trusted. */
export class OidcError extends AkavelogError {
  constructor(code: "OIDC_UNAVAILABLE" | "OIDC_REFUSED", reason: string, options?: { cause?: unknown }) {
    super(code, `cannot sign in with the identity provider: ${reason}`, options);
  }
}

/** OidcRound is what has to be remembered between going to the provider and coming back. */
export interface OidcRound {
  state: string;
  nonce: string;
  verifier: string;
}

/** OidcIdentity is whom the provider vouches for; the address is one it has verified, in lower case. */
export interface OidcIdentity {
  /** `<issuer> <subject>`. */
  subject: string;
  email: string;
}

/**
 * OidcClient signs people in with OpenID Connect: authorization code with PKCE, state and nonce. The provider is looked up
 * at the first sign-in, so that its absence does not keep this server from starting.
 */
export class OidcClient {
  readonly #env: NonNullable<Env["oidc"]>;
  #provider: Promise<oidc.Configuration> | null = null;

  constructor(env: NonNullable<Env["oidc"]>) {
    this.#env = env;
  }

  /** Where the browser goes, and what it has to bring back. `redirectUrl` is our address for that. Throws OidcError. */
  async begin(redirectUrl: string): Promise<{ url: URL; round: OidcRound }> {
    const provider = await this.#find();
    const round = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
    };
    const url = oidc.buildAuthorizationUrl(provider, {
      redirect_uri: redirectUrl,
      scope: "openid email",
      state: round.state,
      nonce: round.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(round.verifier),
      code_challenge_method: "S256",
    });
    return { url, round };
  }

  /** Checks what the browser brought back to `currentUrl`. Throws OidcError. */
  async finish(currentUrl: URL, round: OidcRound): Promise<OidcIdentity> {
    const provider = await this.#find();
    const claims = await oidc
      .authorizationCodeGrant(provider, currentUrl, {
        expectedState: round.state,
        expectedNonce: round.nonce,
        pkceCodeVerifier: round.verifier,
        idTokenExpected: true,
      })
      .then(
        (tokens) => tokens.claims(),
        (error: unknown) => {
          throw new OidcError("OIDC_REFUSED", reasonOf(error), { cause: error });
        },
      );
    // An address that anyone may claim would open the account of whoever has it.
    if (claims === undefined || typeof claims["email"] !== "string" || claims["email_verified"] !== true) {
      throw new OidcError("OIDC_REFUSED", "it did not name a verified e-mail address");
    }
    return { subject: `${claims.iss} ${claims.sub}`, email: claims["email"].trim().toLowerCase() };
  }

  #find(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#env;
    // Plain HTTP is for a provider on this machine.
    const options = issuer.startsWith("http:") ? { execute: [oidc.allowInsecureRequests] } : {};
    this.#provider ??= oidc
      .discovery(new URL(issuer), clientId, undefined, oidc.ClientSecretPost(clientSecret), options)
      .catch((error: unknown) => {
        // The next sign-in asks again.
        this.#provider = null;
        throw new OidcError("OIDC_UNAVAILABLE", reasonOf(error), { cause: error });
      });
    return this.#provider;
  }
}

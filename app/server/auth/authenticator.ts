import { Authenticator } from "remix-auth";
import { FormStrategy } from "remix-auth-form";
import type { Account } from "#app/core/account.ts";
import { isPassword } from "#app/server/auth/password.ts";
import type { SignInThrottle } from "#app/server/auth/sign-in-throttle.ts";
import type { CatalogDatabase } from "#app/server/catalog/database.ts";
import { findCredentials } from "#app/server/catalog/users.ts";

/** SignInOutcome is what became of a try to sign in. Unknown accounts are `wrong` as wrong passwords are, after as long. */
export type SignInOutcome = { account: Account } | { refused: "wrong" } | { refused: "throttled"; waitMs: number };

export interface AuthenticatorOptions {
  database: CatalogDatabase;
  signIns: SignInThrottle;
  /** Where the try comes from. */
  clientAddress: string;
}

/** createAuthenticator knows the ways to sign in by name: `form`, whose fields are `email` (lower case) and `password`. */
export function createAuthenticator({
  database,
  signIns,
  clientAddress,
}: AuthenticatorOptions): Authenticator<SignInOutcome> {
  return new Authenticator<SignInOutcome>().use(
    new FormStrategy(async ({ form }) => {
      const email = textOf(form, "email");
      const waitMs = signIns.waitMs(email, clientAddress);
      if (waitMs > 0) return { refused: "throttled", waitMs };
      signIns.countTry(email, clientAddress);
      const found = await findCredentials(database, email);
      if (!(await isPassword(textOf(form, "password"), found?.passwordHash ?? null)) || found === null) {
        return { refused: "wrong" };
      }
      signIns.forgive(email);
      return { account: { id: found.id, email: found.email, isAdmin: found.isAdmin } };
    }),
    "form",
  );
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

import { z } from "zod";

/** What a person may do in a project, each including the next. */
export const ROLES = ["owner", "member", "viewer"] as const;

export type Role = (typeof ROLES)[number];

/** roleAllows tells whether `role` may do what `needed` may. */
export function roleAllows(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(needed);
}

export const MIN_PASSWORD_LENGTH = 10;
/** Hashing takes time by length; nobody remembers more. */
export const MAX_PASSWORD_LENGTH = 200;

/** emailSchema reads an address in any case; addresses are kept and compared in lower case. */
export const emailSchema = z
  .string("Enter an e-mail address.")
  .trim()
  .toLowerCase()
  .max(254, "An e-mail address has at most 254 characters.")
  .pipe(z.email("Enter an e-mail address, such as ada@example.org."));

export const newPasswordSchema = z
  .string("Enter a password.")
  .min(MIN_PASSWORD_LENGTH, `Use at least ${MIN_PASSWORD_LENGTH} characters.`)
  .max(MAX_PASSWORD_LENGTH, `Use at most ${MAX_PASSWORD_LENGTH} characters.`);

/** signInSchema reads the login form. A password that could never be one is refused like any wrong one. */
export const signInSchema = z.object({
  email: emailSchema,
  password: z.string("Enter your password.").max(MAX_PASSWORD_LENGTH, "The e-mail address or the password is wrong."),
});

/** signUpSchema reads the forms that make an account: the first visit's and an invitation's. */
export const signUpSchema = z.object({ email: emailSchema, password: newPasswordSchema });

export const changePasswordSchema = z.object({
  current: z.string("Enter your current password.").max(MAX_PASSWORD_LENGTH, "This is not your current password."),
  password: newPasswordSchema,
});

export const roleSchema = z.enum(ROLES, "Choose a role.");

/** Account is the person who is signed in, as pages show them. */
export interface Account {
  id: string;
  email: string;
  /** Sees every project and may make new ones. */
  isAdmin: boolean;
}

/** Member is a person of a project as its settings list them. `joinedAt` is RFC 3339. */
export interface Member {
  userId: string;
  email: string;
  role: Role;
  joinedAt: string;
}

/** Invitation is a link that was given out and not used yet. Times are RFC 3339. */
export interface Invitation {
  id: string;
  role: Role;
  createdAt: string;
  expiresAt: string;
}

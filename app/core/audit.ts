/** AuditEvent is something that somebody did, as owners read it. `at` is RFC 3339. */
export interface AuditEvent {
  id: string;
  at: string;
  /** A mail address, an API key, the operator. */
  actor: string;
  action: AuditAction;
  /** Whom or what it was done to; empty when that is the actor or the project. */
  target: string;
  /** Where the request came from; empty where nobody asked over the network. */
  address: string;
}

/** What is kept, and how pages say it. */
export const AUDIT_ACTIONS = {
  "sign-in": "signed in",
  "sign-in-refused": "was refused at sign-in",
  "sign-out": "signed out",
  "sign-out-everywhere": "signed out everywhere",
  "password-changed": "changed the password",
  "project-created": "created the project",
  "project-changed": "changed the project's",
  "project-deleted": "deleted the project",
  "key-created": "created the key",
  "key-rotated": "rotated the key",
  "key-revoked": "revoked the key",
  "member-invited": "invited somebody as",
  "invitation-withdrawn": "withdrew an invitation as",
  "member-joined": "joined as",
  "role-changed": "changed the role of",
  "member-removed": "removed",
  exported: "exported logs as",
} as const;

export type AuditAction = keyof typeof AUDIT_ACTIONS;

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, randomUUID } from "node:crypto";
import { AkavelogError } from "#app/core/errors.ts";
import { MASK, type AlertTarget } from "#app/core/alert-target.ts";
import type { StoredTarget } from "#app/server/catalog/alert-schema.ts";

const CIPHER = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** OpenTarget is a target as the sender needs it. */
export type OpenTarget =
  | { type: "webhook"; url: string; secret: string | null }
  | { type: "slack"; url: string }
  | { type: "email"; to: string[] };

/** SealedTargetError: the secret was sealed with another SESSION_SECRET. */
export class SealedTargetError extends AkavelogError {
  constructor(cause: unknown) {
    super("SEALED_TARGET", "cannot read the target's secret: SESSION_SECRET has changed; enter the secret again", {
      cause,
    });
  }
}

/** MissingSecret names a target that was given masked and is not stored. */
export interface MissingSecret {
  at: number;
  field: "url" | "secret";
}

/**
 * TargetSecrets keeps what lets others write to a channel: signing secrets and Slack's addresses. They have to be read again
 * to be used, so they are encrypted with a key that comes from SESSION_SECRET and stands nowhere in the database.
 */
export class TargetSecrets {
  readonly #key: Buffer;

  constructor(sessionSecret: string) {
    this.#key = Buffer.from(hkdfSync("sha256", sessionSecret, "", "akavelog alert targets", 32));
  }

  /** Seals a rule's targets. A masked secret is the stored one of the target with that id or, without an id, that address. */
  seal(targets: readonly AlertTarget[], stored: readonly StoredTarget[]): StoredTarget[] | MissingSecret {
    const sealed: StoredTarget[] = [];
    for (const [at, target] of targets.entries()) {
      const before = stored.find((each) => isSame(each, target));
      const id = before?.id ?? randomUUID();
      if (target.type === "email") sealed.push({ id, type: "email", to: target.to });
      else if (target.type === "slack") {
        const isMasked = target.url.endsWith(MASK);
        if (isMasked && before?.type !== "slack") return { at, field: "url" };
        sealed.push(
          isMasked && before?.type === "slack"
            ? before
            : { id, type: "slack", url: maskUrl(target.url), sealed: this.#seal(id, target.url) },
        );
      } else {
        const secret = this.#sealSecret(id, target.secret ?? null, before);
        if (secret === undefined) return { at, field: "secret" };
        sealed.push({ id, type: "webhook", url: target.url, sealed: secret });
      }
    }
    return sealed;
  }

  /** Throws SealedTargetError. */
  open(target: StoredTarget): OpenTarget {
    switch (target.type) {
      case "email":
        return { type: "email", to: target.to };
      case "slack":
        return { type: "slack", url: this.#open(target.id, target.sealed) };
      case "webhook":
        return {
          type: "webhook",
          url: target.url,
          secret: target.sealed === null ? null : this.#open(target.id, target.sealed),
        };
    }
  }

  #sealSecret(id: string, secret: string | null, before: StoredTarget | undefined): string | null | undefined {
    if (secret !== MASK) return secret === null ? null : this.#seal(id, secret);
    return before?.type === "webhook" && before.sealed !== null ? before.sealed : undefined;
  }

  /** The id is bound in: a sealed secret that is moved to another target does not open. */
  #seal(id: string, text: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, iv).setAAD(Buffer.from(id));
    const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64url");
  }

  #open(id: string, sealed: string): string {
    const bytes = Buffer.from(sealed, "base64url");
    try {
      const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(id)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
    } catch (error) {
      throw new SealedTargetError(error);
    }
  }
}

function isSame(stored: StoredTarget, target: AlertTarget): boolean {
  if (stored.type !== target.type) return false;
  if (target.id !== undefined) return stored.id === target.id;
  return stored.type !== "email" && target.type !== "email" && stored.url === target.url;
}

/** Of an incoming webhook's address the last part is the secret; host and channel may be seen. */
function maskUrl(text: string): string {
  const url = new URL(text);
  const path = url.pathname.replace(/[^/]*\/?$/, MASK);
  return `${url.origin}${path}`;
}

/** maskTarget is a target as answers show it. */
export function maskTarget(target: StoredTarget) {
  switch (target.type) {
    case "email":
      return { id: target.id, type: target.type, to: target.to };
    case "slack":
      return { id: target.id, type: target.type, url: target.url };
    case "webhook":
      return {
        id: target.id,
        type: target.type,
        url: target.url,
        ...(target.sealed === null ? {} : { secret: MASK }),
      };
  }
}

/** nameOfTarget says in the delivery log where something went. */
export function nameOfTarget(target: StoredTarget): string {
  return target.type === "email" ? target.to.join(", ") : target.url;
}

import type { Members } from "#app/server/protocols/json-text.ts";

/** gelfRecord maps a message: a sender's own fields begin with `_`, which is no part of their name; the standard's go first. */
export function gelfRecord(sent: Members): Members {
  const members: Members = new Map(sent);
  members.delete("version");
  for (const [name, value] of sent) {
    if (!name.startsWith("_") || name.length === 1) continue;
    members.delete(name);
    const own = name.slice(1);
    if (!members.has(own)) members.set(own, value);
  }
  const message = members.get("short_message");
  if (message !== undefined) {
    members.delete("short_message");
    const shadowed = members.get("message");
    if (shadowed !== undefined) members.set("message_field", shadowed);
    members.set("message", message);
  }
  return members;
}

/** Docker's driver names the container, older senders a facility. */
const SERVICE_HINTS = ["container_name", "facility"] as const;

/** gelfService is the service of a record that names none, or empty. */
export function gelfService(record: Members): string {
  for (const name of SERVICE_HINTS) {
    const value = record.get(name);
    if (value?.kind === "string" && value.text !== "") return value.text;
  }
  return "";
}

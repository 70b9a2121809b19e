import type { Members } from "#app/server/protocols/json-text.ts";

const TOKEN = /\{\{|\}\}|\{[@$]?([A-Za-z0-9_.]+)(?:,-?\d+)?(?::[^{}]*)?\}/g;

/**
 * renderTemplate fills a message template (https://messagetemplates.org) with an event's properties. Formats and alignment are
 * the sender's language's own and are left out; a name without a property stays as it stands.
 */
export function renderTemplate(template: string, properties: Members): string {
  return template.replace(TOKEN, (token, name?: string) => {
    if (name === undefined) return token.charAt(0);
    return properties.get(name)?.text ?? token;
  });
}

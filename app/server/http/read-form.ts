import { readBodyText } from "#app/server/http/read-json.ts";

/** readForm reads a form that was sent urlencoded, as all of ours are; throws the 413 Response for one too large. */
export async function readForm(request: Request): Promise<FormData> {
  const form = new FormData();
  for (const [name, value] of new URLSearchParams(await readBodyText(request))) form.append(name, value);
  return form;
}

/** formText is a field's text, empty where there is none. */
export function formText(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

import type { TestServer } from "#tests/support/server.ts";

/** BrowserClient is a browser without a window: it keeps cookies, sends forms and says where they come from. */
export interface BrowserClient {
  cookie: string;
  open(path: string): Promise<Response>;
  /** Sends a form of our own page; `headers` replaces what a browser says of it. */
  submit(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  /** Asks the API as a page's script does. */
  call(path: string, init?: RequestInit): Promise<Response>;
}

/** openBrowser opens one on a server that may be restarted under it. */
export function openBrowser(server: () => TestServer): BrowserClient {
  const client: BrowserClient = {
    cookie: "",
    open: (path) => request(path, { headers: { accept: "text/html" } }),
    submit: (path, fields, headers = { origin: server().url }) =>
      request(path, {
        method: "POST",
        body: new URLSearchParams(fields),
        headers: { accept: "text/html", ...headers },
      }),
    call: (path, init = {}) =>
      request(path, { ...init, headers: { "sec-fetch-site": "same-origin", ...init.headers } }),
  };

  function keep(set: string): void {
    const [pair = ""] = set.split(";");
    const name = pair.slice(0, pair.indexOf("=") + 1);
    const others = client.cookie.split("; ").filter((other) => other !== "" && !other.startsWith(name));
    client.cookie = [...others, ...(set.includes("Max-Age=0") ? [] : [pair])].join("; ");
  }

  async function request(path: string, init: RequestInit): Promise<Response> {
    const answer = await fetch(server().url + path, {
      ...init,
      redirect: "manual",
      headers: { ...(init.headers as Record<string, string>), cookie: client.cookie },
    });
    for (const set of answer.headers.getSetCookie()) keep(set);
    return answer;
  }
  return client;
}

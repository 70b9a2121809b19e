import type { AlertEvent } from "#app/server/alerts/alert-events.ts";
import type { AlertGroup, StoredRule } from "#app/server/alerts/alert-rules.ts";
import type { Delivery } from "#app/core/alert-delivery.ts";
import type { ApiClient } from "#tests/support/api-client.ts";

/** FullRule is what GET /alerts/:id answers. */
export type FullRule = StoredRule & { groups: AlertGroup[]; deliveries: Delivery[] };

/** AlertClient calls the alerts' part of the API for one key, and fails on any refusal. */
export interface AlertClient {
  create(rule: object): Promise<StoredRule>;
  get(id: string): Promise<FullRule>;
  change(id: string, change: object): Promise<StoredRule>;
  remove(id: string): Promise<void>;
  /** Oldest first. */
  events(id: string): Promise<AlertEvent[]>;
}

export function alertClient(api: ApiClient, key: string): AlertClient {
  async function call(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await api.call(path, { method, key, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? null : (JSON.parse(text) as unknown);
  }
  return {
    create: async (rule) => (await call("POST", "/alerts", rule)) as StoredRule,
    get: async (id) => (await call("GET", `/alerts/${id}`)) as FullRule,
    change: async (id, change) => (await call("PATCH", `/alerts/${id}`, change)) as StoredRule,
    remove: async (id) => void (await call("DELETE", `/alerts/${id}`)),
    events: async (id) =>
      ((await call("GET", `/alerts/${id}/events?limit=1000`)) as { events: AlertEvent[] }).events.reverse(),
  };
}

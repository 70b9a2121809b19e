/** Who asks, in the order of the columns below. Sessions name the own project where an address does not. */
export const CALLERS = [
  "ownKey",
  "otherKey",
  "revokedKey",
  "owner",
  "viewer",
  "otherOwner",
  "signedOut",
  "nobody",
] as const;

export type Caller = (typeof CALLERS)[number];

/** Things are what the addresses of the table stand for: all of one project, which the other callers have nothing to do with. */
export interface Things {
  projectId: string;
  slug: string;
  ruleId: string;
  batchId: string;
  entryId: string;
  inviteToken: string;
  /** Made anew for each call, since calls use them up. */
  spareKeyId: () => Promise<string>;
  spareRuleId: () => Promise<string>;
  /** Into another project, so that nobody comes closer to this one. */
  spareInviteToken: () => Promise<string>;
}

/** Access is what one method of one route answers whom. */
export interface Access {
  statuses: readonly number[];
  /** Who is asked for; all unless given. */
  callers?: readonly Caller[];
  body?: string | ((things: Things) => string);
  contentType?: string;
  headers?: Record<string, string>;
  /** The address, where it is not the route's path with the things put in. */
  path?: (things: Things) => Promise<string> | string;
  /** The answer has no end, so callers that get one are not asked for it. */
  isEndless?: boolean;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";

type Extra = Omit<Access, "statuses">;

/** Logs for the key's own project; a session is no key. */
const takes = (ok: number, body: string, extra: Extra = {}, refused = 401): Access => ({
  statuses: [ok, ok, refused, 401, 401, 401, 401, 401],
  body,
  contentType: "application/json",
  ...extra,
});
/** Something of the whole project, which another key finds in its own. */
const reads = (ok: number, extra: Extra = {}): Access => ({
  statuses: [ok, ok, 401, ok, ok, 404, 401, 401],
  ...extra,
});
/** One thing of the project, named in the address or body. */
const readsOne = (ok: number, extra: Extra = {}): Access => ({
  statuses: [ok, 404, 401, ok, ok, 404, 401, 401],
  ...extra,
});
const writes = (ok: number, extra: Extra = {}): Access => ({
  statuses: [ok, ok, 401, ok, 403, 404, 401, 401],
  ...extra,
});
const writesOne = (ok: number, extra: Extra = {}): Access => ({
  statuses: [ok, 404, 401, ok, 403, 404, 401, 401],
  ...extra,
});
const manages = (ok: number, extra: Extra = {}): Access => ({
  statuses: [403, 403, 401, ok, 403, 404, 401, 401],
  ...extra,
});
const page = (ok: number, viewer = ok): Access => ({ statuses: [302, 302, 302, ok, viewer, 404, 302, 302] });
/** A page of the person, not of a project. */
const ownPage = (ok: number): Access => ({ statuses: [302, 302, 302, ok, ok, ok, 302, 302] });
const open = (ok: number, extra: Extra = {}): Access => ({ statuses: CALLERS.map(() => ok), ...extra });

const PROBE = { GET: open(200) };
/** Shippers set up templates and the like before they send; they are told that it worked. */
const SETUP = { GET: open(200), POST: open(200), PUT: open(200) };
const JSON_BODY = { body: "{}", contentType: "application/json" };
const RULE = { body: '{"name":"r","window":"5m","condition":{"op":">","value":1}}', contentType: "application/json" };
const BULK = takes(200, '{"create":{}}\n{"message":"m"}\n');
const EVENT = takes(200, '{"event":"m"}', {}, 403);
const RAW = takes(200, "m", { headers: { "x-splunk-request-channel": "c" } }, 403);
const JOURNAL = takes(202, "MESSAGE=m\n\n", { contentType: "application/vnd.fdo.journal" });
const LOKI = takes(204, '{"streams":[]}');
const DATADOG = takes(202, '[{"message":"m"}]', {}, 403);
const CLEF = takes(201, '{"@mt":"m"}');

const withRule = (path: (id: string) => string) => ({
  path: async ({ spareRuleId }: Things) => path(await spareRuleId()),
});

/** Every route of the app by its path, and every method of each; what is not listed here fails the test. */
export const ROUTE_TABLE: Record<string, Partial<Record<Method, Access>>> = {
  "/ingest": { POST: takes(202, '{"message":"m"}') },
  "/ingest/clef": { POST: CLEF },
  "/api/events/raw": { POST: CLEF },
  "/ingest/journald/upload": { POST: JOURNAL },
  "/ingest/journald/:key/upload": { POST: JOURNAL },
  "/upload": { POST: JOURNAL },
  "/v1/logs": { POST: takes(200, '{"resourceLogs":[]}') },
  "/loki/api/v1/push": { POST: LOKI },
  "/api/prom/push": { POST: LOKI },
  "/_bulk": { POST: BULK, PUT: BULK },
  "/:index/_bulk": { POST: BULK, PUT: BULK },
  "/services/collector": { POST: EVENT, OPTIONS: open(200) },
  "/services/collector/event": { POST: EVENT, OPTIONS: open(200) },
  "/services/collector/event/1.0": { POST: EVENT, OPTIONS: open(200) },
  "/services/collector/raw": { POST: RAW },
  "/services/collector/raw/1.0": { POST: RAW },
  "/services/collector/ack": { POST: takes(400, "{}", {}, 403) },
  "/services/collector/health": PROBE,
  "/services/collector/health/1.0": PROBE,
  "/api/v2/logs": { POST: DATADOG },
  "/v1/input": { POST: DATADOG },
  "/api/v1/validate": { GET: takes(200, "", {}, 403) },
  "/gelf": { POST: takes(202, '{"short_message":"m"}') },
  "/:index/_refresh": SETUP,
  "/_cat/health": SETUP,
  "/_cluster/health": SETUP,
  "/_component_template/*": SETUP,
  "/_data_stream/*": SETUP,
  "/_ilm/policy/*": SETUP,
  "/_index_template/*": SETUP,
  "/_ingest/pipeline/*": SETUP,
  "/_license": SETUP,
  "/_nodes/http": SETUP,
  "/_template/*": SETUP,
  "/_xpack": SETUP,
  "/ready": PROBE,

  "/query": { POST: reads(200, JSON_BODY) },
  "/histogram": { POST: reads(200, JSON_BODY) },
  "/facets": { POST: reads(200, JSON_BODY) },
  "/context": {
    POST: readsOne(200, { body: ({ entryId }) => JSON.stringify({ id: entryId }), contentType: "application/json" }),
  },
  "/export": { GET: reads(200) },
  "/tail": { GET: reads(200, { isEndless: true }) },
  "/alerts": { GET: reads(200), POST: writes(201, RULE) },
  "/alerts/preview": { POST: reads(200, RULE) },
  "/alerts/:id": {
    GET: readsOne(200),
    PATCH: writesOne(200, { body: '{"enabled":false}', contentType: "application/json" }),
    DELETE: writesOne(
      204,
      withRule((id) => `/alerts/${id}`),
    ),
  },
  "/alerts/:id/events": { GET: readsOne(200) },
  "/alerts/:id/test": { POST: writesOne(200, JSON_BODY) },

  "/projects": {
    GET: { statuses: [403, 403, 401, 200, 200, 200, 401, 401] },
    POST: { statuses: [403, 403, 401, 403, 403, 403, 401, 401], ...JSON_BODY },
  },
  "/projects/current": { GET: { statuses: [200, 200, 401, 401, 401, 401, 401, 401] } },
  "/projects/:id": {
    GET: manages(200),
    PATCH: manages(200, { body: '{"retentionDays":30}', contentType: "application/json" }),
    DELETE: manages(204),
  },
  "/projects/:id/keys": {
    GET: manages(200),
    POST: manages(201, { body: '{"name":"k","scopes":["query"]}', contentType: "application/json" }),
  },
  "/projects/:id/keys/:keyId": { DELETE: manages(204) },
  "/projects/:id/keys/:keyId/rotate": { POST: manages(201) },

  "/healthz": PROBE,
  "/readyz": PROBE,
  "/metrics": PROBE,
  "/openapi.json": PROBE,
  "/status": { GET: open(200) },

  "/": { GET: ownPage(200) },
  "/account": { GET: ownPage(200), POST: ownPage(400) },
  "/projects/new": {
    GET: { statuses: [302, 302, 302, 403, 403, 403, 302, 302] },
    POST: { statuses: [302, 302, 302, 403, 403, 403, 302, 302] },
  },
  "/login": {
    GET: { statuses: [200, 200, 200, 302, 302, 302, 200, 200] },
    POST: { statuses: [200, 200, 200, 302, 302, 302, 200, 200] },
  },
  "/login/oidc": { GET: open(404) },
  "/login/oidc/callback": { GET: open(404) },
  // Signing out by a form of ours; what is signed out already stays so.
  "/logout": { GET: open(302), POST: open(302) },
  "/setup": { GET: open(302), POST: open(302) },
  "/invite/:token": {
    GET: open(200),
    // Whoever is signed in joins with it: the link is what allows it.
    POST: {
      statuses: [200, 200, 200, 302, 302, 302, 200, 200],
      path: async ({ spareInviteToken }) => `/invite/${await spareInviteToken()}`,
    },
  },
  "/p/:slug": { GET: page(200) },
  "/p/:slug/logs": { GET: page(200), POST: page(200, 403) },
  "/p/:slug/objects/:batch": { GET: page(200), OPTIONS: page(200) },
  "/p/:slug/alerts": { GET: page(200) },
  "/p/:slug/alerts/new": { GET: page(200, 403), POST: page(422, 403) },
  "/p/:slug/alerts/:id/edit": { GET: page(200, 403), POST: page(422, 403) },
  "/p/:slug/alerts/:id": { GET: page(200), POST: page(400, 403) },
  "/p/:slug/settings": {
    GET: page(200),
    POST: { ...page(400, 403), path: ({ slug }) => `/p/${slug}/settings?index` },
  },
  "/p/:slug/settings/audit": { GET: page(200, 403) },
  "/p/:slug/settings/channels": { GET: page(200) },
  "/p/:slug/settings/keys": { GET: page(200, 403), POST: page(400, 403) },
  "/p/:slug/settings/members": { GET: page(200), POST: page(400, 403) },
  "/p/:slug/settings/shippers": { GET: page(200), POST: page(200, 403) },
  "/*": { GET: open(404), POST: open(404) },
};

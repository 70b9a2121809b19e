import { apiRoute } from "#app/server/http/api-route.ts";
import { receiveJournal } from "#app/server/protocols/journald/receive-journal.ts";

const route = apiRoute({ POST: receiveJournal });

export const loader = route.loader;
export const action = route.action;

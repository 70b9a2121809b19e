import { apiRoute } from "#app/server/http/api-route.ts";
import { describeError } from "#app/server/http/error-response.ts";
import { readJson } from "#app/server/http/read-json.ts";
import { admitSender, senderRequestOf } from "#app/server/protocols/receive-records.ts";
import { hecEventProtocol } from "#app/server/protocols/splunk/hec-protocol.ts";
import { hecAnswer } from "#app/server/protocols/splunk/hec-answer.ts";
import { z } from "zod";

const acksSchema = z.object({ acks: z.array(z.int().min(0)).max(10_000) });

/** hecAckRoute answers whether events are safe: they were before their number was given out. */
export const hecAckRoute = apiRoute({
  async POST({ request, context, params }) {
    const sender = senderRequestOf(context.nodeRequest, params);
    try {
      await admitSender(context.runtime.services(), sender, context.nodeRequest);
      const { acks } = await readJson(request, acksSchema);
      return Response.json({ acks: Object.fromEntries(acks.map((id) => [id, true])) });
    } catch (error) {
      if (error instanceof Response) return hecAnswer("invalid-data");
      return hecEventProtocol.refuse(describeError(error, context), sender);
    }
  },
});

/** hecHealthRoute is what load balancers and Docker ask; it needs no token. */
export const hecHealthRoute = apiRoute({
  GET: ({ context }) =>
    context.runtime.ready().ok ? hecAnswer("healthy") : hecAnswer("busy", { headers: { "retry-after": "2" } }),
});

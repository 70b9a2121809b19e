import { apiRoute } from "#app/server/http/api-route.ts";
import { describeError } from "#app/server/http/error-response.ts";
import { datadogProtocol } from "#app/server/protocols/datadog/datadog-protocol.ts";
import { admitSender, senderRequestOf } from "#app/server/protocols/receive-records.ts";

/** GET /api/v1/validate: how a Datadog agent asks whether its key is good. */
const route = apiRoute({
  async GET({ context, params }) {
    const sender = senderRequestOf(context.nodeRequest, params);
    try {
      await admitSender(context.runtime.services(), sender, context.nodeRequest);
      return Response.json({});
    } catch (error) {
      return datadogProtocol.refuse(describeError(error, context), sender);
    }
  },
});

export const loader = route.loader;
export const action = route.action;

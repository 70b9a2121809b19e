import { findStoredObject } from "#app/server/catalog/stored-objects.ts";
import { pageProblem, pageResource, requireProject } from "#app/server/http/page.ts";

/** What the explorer shows of the object that holds a line. */
export const loader = pageResource(async (args) => {
  const { services, project } = await requireProject(args);
  const found = await findStoredObject(services.database, project.id, args.params["batch"] ?? "");
  if (found === null) throw pageProblem(404, "Object not found", "The project has no such object.");
  return Response.json(found, { headers: { "cache-control": "private, no-store" } });
});

import { data, redirect, type LoaderFunctionArgs } from "@remix-run/server-runtime";
import { roleAllows, type Role } from "#app/core/account.ts";
import type { Actor } from "#app/server/catalog/audit-log.ts";
import { findProjectOf, type ProjectOfAccount } from "#app/server/catalog/memberships.ts";
import { hasUsers } from "#app/server/catalog/users.ts";
import { describeError, errorResponse } from "#app/server/http/error-response.ts";
import { problem } from "#app/server/http/problem.ts";
import { actorOf, readSession, type Session } from "#app/server/http/session.ts";
import type { Services } from "#app/server/services.ts";

/** PageArgs is what loaders and actions of pages get. */
export type PageArgs = Pick<LoaderFunctionArgs, "request" | "context" | "params">;

/** PageProblem is what an error boundary finds in a thrown answer's `data`. */
export interface PageProblem {
  title: string;
  detail: string;
}

/** SignedIn is a page's visitor. */
export interface SignedIn {
  services: Services;
  session: Session;
}

/**
 * page wraps the loader or action of a page: what the server's modules throw becomes an answer that the error boundary can
 * show, with the same words as in the API. Answers that are thrown pass.
 */
export function page<Result>(handler: (args: PageArgs) => Promise<Result>): (args: PageArgs) => Promise<Result> {
  return async (args) => {
    try {
      return await handler(args);
    } catch (error) {
      if (!(error instanceof Error)) throw error instanceof Response ? await pageProblemOf(error) : error;
      const { status, title, detail = "", headers = {} } = describeError(error, args.context);
      throw pageProblem(status, title, detail, headers);
    }
  };
}

/** pageResource wraps the loader of an address that pages fetch: there what would be an error page is a problem document. */
export function pageResource(handler: (args: PageArgs) => Promise<Response>): (args: PageArgs) => Promise<Response> {
  return async (args) => {
    try {
      return await handler(args);
    } catch (error) {
      if (error instanceof Error) return errorResponse(error, args.context);
      if (!isPageProblem(error)) throw error;
      return problem({ ...error.data, status: error.init?.status ?? 500 });
    }
  };
}

function isPageProblem(thrown: unknown): thrown is ReturnType<typeof pageProblem> {
  return typeof thrown === "object" && thrown !== null && "type" in thrown && thrown.type === "DataWithResponseInit";
}

/** pageProblem is thrown where a page cannot be shown. */
export function pageProblem(status: number, title: string, detail: string, headers: Record<string, string> = {}) {
  return data({ title, detail } satisfies PageProblem, { status, headers });
}

export function noSuchAlert() {
  return pageProblem(404, "Alert not found", "There is no such alert in this project; it may have been deleted.");
}

/** requireSession returns the visitor; throws the way to the login, or to the setup where nobody is known yet. */
export async function requireSession({ request, context }: PageArgs): Promise<SignedIn> {
  const services = context.runtime.services();
  const session = await readSession(services, request);
  if (session !== null) return { services, session };
  if (services.oidc === null && !(await hasUsers(services.database))) throw redirect("/setup");
  const { pathname, search } = new URL(request.url);
  throw redirect(pathname === "/" ? "/login" : `/login?next=${encodeURIComponent(pathname + search)}`);
}

/**
 * requireProject returns the visitor and the project of the address (`/p/:slug/…`). Throws a 404 page for a project that
 * is not theirs, 403 when they may not do what `needed` may.
 */
export async function requireProject(
  args: PageArgs,
  needed: Role = "viewer",
): Promise<SignedIn & ProjectOfAccount & { actor: Actor }> {
  const { services, session } = await requireSession(args);
  const found = await findProjectOf(services.database, session.account, args.params["slug"] ?? "");
  if (found === null) {
    throw pageProblem(404, "Project not found", "There is no such project, or you are not a member of it.");
  }
  if (!roleAllows(found.role, needed)) {
    throw pageProblem(403, "Not allowed", `Your role in this project is ${found.role}; this takes ${needed}.`);
  }
  return { services, session, actor: actorOf(session.account, args.context), ...found };
}

/** A problem document that was thrown by what pages and API share becomes a page; redirects pass. */
async function pageProblemOf(answer: Response): Promise<unknown> {
  if (!answer.headers.get("content-type")?.startsWith("application/problem+json")) return answer;
  const { title, detail } = (await answer.json()) as PageProblem;
  return pageProblem(answer.status, title, detail);
}

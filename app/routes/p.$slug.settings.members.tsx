import { useLoaderData } from "@remix-run/react";
import { data } from "@remix-run/server-runtime";
import { InvitationPanel } from "#app/components/settings/invitation-panel.tsx";
import { MemberTable } from "#app/components/settings/member-table.tsx";
import { roleSchema } from "#app/core/account.ts";
import { createSecretToken, hashSecretToken } from "#app/server/auth/secret-token.ts";
import { createInvitation, listInvitations, withdrawInvitation } from "#app/server/catalog/invitations.ts";
import { changeRole, listMembers, removeMember } from "#app/server/catalog/memberships.ts";
import { page, pageProblem, requireProject } from "#app/server/http/page.ts";
import { publicOrigin } from "#app/server/http/public-origin.ts";
import { formText, readForm } from "#app/server/http/read-form.ts";

/** Long enough for a weekend, short enough that a forgotten link is no door. */
const INVITATION_MS = 7 * 86_400_000;

export const loader = page(async (args) => {
  const { services, session, project, role } = await requireProject(args);
  const mayChange = role === "owner";
  return {
    mayChange,
    ownId: session.account.id,
    members: await listMembers(services.database, project.id),
    invitations: mayChange ? await listInvitations(services.database, project.id) : [],
  };
});

export const action = page(async (args) => {
  const { services, project, actor } = await requireProject(args, "owner");
  const { database, clock, env } = services;
  const form = await readForm(args.request);
  const userId = formText(form, "userId");
  const intent = formText(form, "intent");
  switch (intent) {
    case "invite": {
      const role = readRole(form);
      const token = createSecretToken();
      const expiresAt = new Date(clock.nowMs() + INVITATION_MS);
      const tokenSha256 = hashSecretToken(token);
      await createInvitation(database, { projectId: project.id, tokenSha256, role, expiresAt }, actor);
      return answer(intent, { link: `${publicOrigin(env, args.request)}/invite/${token}` });
    }
    case "withdraw":
      await withdrawInvitation(database, project.id, formText(form, "invitationId"), actor);
      return answer(intent, {});
    case "role": {
      const isChanged = await changeRole(database, { projectId: project.id, userId, role: readRole(form) }, actor);
      return answer(intent, { userId, isSaved: isChanged });
    }
    case "remove": {
      const isRemoved = await removeMember(database, project.id, userId, actor);
      return answer(intent, { userId, isSaved: isRemoved });
    }
    default:
      throw pageProblem(400, "Not understood", "The form asked for nothing that is known here.");
  }
});

interface Outcome {
  /** The link of a new invitation. */
  link?: string;
  /** Whom it was about. */
  userId?: string;
  isSaved?: boolean;
}

function answer(intent: string, { link = "", userId = "", isSaved = true }: Outcome) {
  return data({ intent, isSaved, result: null, link, userId }, { status: isSaved ? 200 : 422 });
}

function readRole(form: FormData) {
  const role = roleSchema.safeParse(form.get("role"));
  if (role.success) return role.data;
  throw pageProblem(422, "Not understood", "Choose one of the roles owner, member and viewer.");
}

export default function MemberSettings() {
  const { members, invitations, mayChange, ownId } = useLoaderData<typeof loader>();
  return (
    <div className="space-y-6">
      <MemberTable members={members} mayChange={mayChange} ownId={ownId} />
      {mayChange && <InvitationPanel invitations={invitations} />}
    </div>
  );
}

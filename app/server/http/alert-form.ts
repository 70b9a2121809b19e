import type { SubmissionResult } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { data, redirect } from "@remix-run/server-runtime";
import { alertFormField, alertFormSchema, alertPreviewFormSchema, sentence } from "#app/core/alert-forms.ts";
import type { AlertRule } from "#app/core/alert-rule.ts";
import { UnusableRuleError, type StoredRule } from "#app/server/alerts/alert-rules.ts";
import { previewRule, type AlertPreview } from "#app/server/alerts/preview-rule.ts";
import { requireProject, type PageArgs } from "#app/server/http/page.ts";
import { formText, readForm } from "#app/server/http/read-form.ts";

type SignedInProject = Awaited<ReturnType<typeof requireProject>>;

interface FormAnswer {
  result: SubmissionResult | null;
  preview: AlertPreview | null;
}

/** answerAlertForm says what the form's rule would have done, or saves it and leads to its page. */
export async function answerAlertForm(
  { request, context }: PageArgs,
  { services, project }: SignedInProject,
  save: (rule: AlertRule) => Promise<StoredRule>,
) {
  const form = await readForm(request);
  if (formText(form, "intent") === "preview") {
    const asked = parseWithZod(form, { schema: alertPreviewFormSchema });
    if (asked.status !== "success") return refuse(asked.reply());
    const { search, env, clock, querySlots } = services;
    const options = { search, intervalMs: env.alerts.intervalMs, nowMs: clock.nowMs() };
    const { gone } = context;
    const preview = await querySlots.run(project.id, gone, () => previewRule(options, project.id, asked.value, gone));
    return data<FormAnswer>({ result: null, preview });
  }
  const submission = parseWithZod(form, { schema: alertFormSchema });
  if (submission.status !== "success") return refuse(submission.reply());
  try {
    const rule = await save(submission.value);
    throw redirect(`/p/${project.slug}/alerts/${rule.id}`);
  } catch (error) {
    if (!(error instanceof UnusableRuleError)) throw error;
    const given = {
      webhookUrl: formText(form, "webhookUrl"),
      slackUrl: formText(form, "slackUrl"),
      emailTo: formText(form, "emailTo"),
    };
    const fieldErrors = Object.fromEntries(
      error.errors.map(({ field, reason }) => [alertFormField(given, field), [sentence(reason)]]),
    );
    return refuse(submission.reply({ fieldErrors }));
  }
}

function refuse(result: SubmissionResult) {
  return data<FormAnswer>({ result, preview: null }, { status: 422 });
}

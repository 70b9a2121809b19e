import { Badge, type BadgeTone } from "#app/components/ui/badge.tsx";

/** RuleStatus is the state of a rule as a whole. */
export type RuleStatus = "disabled" | "failing" | "firing" | "ok";

const TONES: Record<RuleStatus, BadgeTone> = { disabled: "neutral", failing: "warn", firing: "bad", ok: "good" };

/** StatusBadge says how a rule or a group is. */
export function AlertStatusBadge({ status }: { status: RuleStatus }) {
  return <Badge tone={TONES[status]}>{status}</Badge>;
}

/** SilenceBadge says that nobody is told at the moment. */
export function SilenceBadge({ isSilenced }: { isSilenced: boolean }) {
  return isSilenced ? <Badge tone="warn">silenced</Badge> : null;
}

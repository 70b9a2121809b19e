/** Delivery is one line of a rule's delivery log. Times are RFC 3339. */
export interface Delivery {
  /** The webhook-id. */
  id: string;
  /** Null for a test. */
  eventId: string | null;
  target: string;
  state: "pending" | "delivered" | "failed";
  attempts: number;
  status: number | null;
  error: string | null;
  createdAt: string;
  settledAt: string | null;
  /** When it is tried again. */
  nextAttemptAt: string | null;
}

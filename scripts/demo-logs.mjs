/** Logs of a small shop, as its services would write them: mostly routine, now and then a payment provider that hangs. */

const HOSTS = ["n1", "n2", "n3"];
const PAGES = ["/", "/products", "/products/4711", "/cart", "/search?q=kettle", "/checkout", "/account"];
const USERS = ["ada", "grace", "linus", "margaret", "ken", "barbara"];

/** An incident returns every so often and lasts a few minutes, so that there is something to find. */
const INCIDENT_EVERY_MS = 20 * 60_000;
const INCIDENT_LASTS_MS = 3 * 60_000;

/** demoEntries is what one visit leaves behind: one to five entries around a time. */
export function demoEntries(timeMs) {
  const traceId = hex(16);
  const host = pick(HOSTS);
  const page = pick(PAGES);
  const isIncident = timeMs % INCIDENT_EVERY_MS < INCIDENT_LASTS_MS;
  const durationMs = Math.round(12 + Math.random() ** 4 * 900);
  const entries = [];
  const add = (offsetMs, service, level, message, tags) =>
    entries.push({
      timestamp: new Date(timeMs + offsetMs).toISOString(),
      service,
      level,
      message,
      tags: { host, traceId, env: "production", ...tags },
    });

  add(0, "web", "info", `GET ${page} 200 ${durationMs}ms`, { method: "GET", path: page, status: 200, durationMs });
  if (Math.random() < 0.3) {
    add(3, "auth", "debug", `session of ${pick(USERS)} refreshed`, { user: pick(USERS) });
  }
  if (durationMs > 500) {
    add(durationMs, "web", "warn", `slow answer: ${page} took ${durationMs}ms`, { path: page, durationMs });
  }
  if (page === "/checkout") addCheckout(add, isIncident);
  if (Math.random() < 0.05) {
    const jobId = hex(4);
    add(40, "worker", "info", `job ${jobId} done: sent order confirmation`, { jobId, queue: "mail" });
  }
  if (Math.random() < 0.004) {
    add(60, "auth", "error", `login failed for ${pick(USERS)}: wrong password, 5th time`, { reason: "password" });
  }
  return entries;
}

function addCheckout(add, isIncident) {
  const orderId = `A-${Math.floor(100_000 + Math.random() * 900_000)}`;
  const amount = (5 + Math.random() * 200).toFixed(2);
  add(8, "checkout", "info", `order ${orderId} placed, ${amount} EUR`, { orderId, amount });
  if (isIncident && Math.random() < 0.7) {
    add(30, "payments", "warn", `provider did not answer order ${orderId}, trying again`, { orderId, attempt: 1 });
    add(5_030, "payments", "error", `charging order ${orderId} timed out after 5000ms`, {
      orderId,
      provider: "acmepay",
      timeoutMs: 5_000,
    });
    add(5_034, "checkout", "error", `order ${orderId} failed: payment timed out`, { orderId });
    return;
  }
  add(180, "payments", "info", `order ${orderId} charged, ${amount} EUR`, { orderId, provider: "acmepay", amount });
}

function pick(values) {
  return values[Math.floor(Math.random() * values.length)];
}

function hex(bytes) {
  return Array.from({ length: bytes }, () =>
    Math.floor(Math.random() * 256)
      .toString(16)
      .padStart(2, "0"),
  ).join("");
}

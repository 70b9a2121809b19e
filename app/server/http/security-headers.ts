/**
 * securityHeaders are set on every HTML answer. Scripts run only from our own files or with this answer's nonce;
 * styles likewise, so data can never style the page; nothing is asked of another host.
 */
export function securityHeaders(cspNonce: string): Record<string, string> {
  return {
    "content-security-policy": [
      "default-src 'self'",
      `script-src 'self' 'nonce-${cspNonce}'`,
      `style-src 'self' 'nonce-${cspNonce}'`,
      "img-src 'self' data:",
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join("; "),
    // Addresses of the explorer carry queries; no other site is told of them.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
  };
}

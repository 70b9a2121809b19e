import { createContext, useContext } from "react";

/** The nonce exists on the server only: browsers hide it from scripts, so hydration has none to compare. */
const CspNonceContext = createContext<string | undefined>(undefined);

export const CspNonceProvider = CspNonceContext.Provider;

/** useCspNonce is the nonce that inline scripts of this page need. */
export function useCspNonce(): string | undefined {
  return useContext(CspNonceContext);
}

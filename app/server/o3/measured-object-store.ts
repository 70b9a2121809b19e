import { ObjectNotFoundError, type ObjectStore } from "#app/server/o3/object-store.ts";

/** StoreCall is one call of a store that ended. An object that is not there is an answer, no failure. */
export interface StoreCall {
  operation: "put" | "get" | "head" | "delete";
  outcome: "ok" | "failed";
  elapsedMs: number;
}

/** measureStore tells of every call how long it took. Listings are left out: they last as long as whoever reads them. */
export function measureStore(store: ObjectStore, onCall: (call: StoreCall) => void): ObjectStore {
  async function measured<T>(operation: StoreCall["operation"], call: Promise<T>): Promise<T> {
    const startedMs = performance.now();
    const end = (outcome: StoreCall["outcome"]) =>
      onCall({ operation, outcome, elapsedMs: performance.now() - startedMs });
    try {
      const result = await call;
      end("ok");
      return result;
    } catch (error) {
      end(error instanceof ObjectNotFoundError ? "ok" : "failed");
      throw error;
    }
  }
  return {
    put: (key, bytes, options) => measured("put", store.put(key, bytes, options)),
    get: (key, options) => measured("get", store.get(key, options)),
    head: (key, options) => measured("head", store.head(key, options)),
    delete: (key, options) => measured("delete", store.delete(key, options)),
    list: (prefix, options) => store.list(prefix, options),
    close: () => store.close(),
  };
}

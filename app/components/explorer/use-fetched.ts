import { useCallback, useEffect, useState } from "react";
import { failureOf, fetchJson, isAbort, type ApiFailure } from "#app/components/explorer/api-client.ts";

export interface Fetched<T> {
  /** Of the last answer; it stays while a new one is on its way. */
  data: T | null;
  failure: ApiFailure | null;
  isLoading: boolean;
  reload: () => void;
}

/**
 * useFetched reads something that accompanies the rows. `isDue` holds it back while the rows themselves are awaited; a
 * null body asks for nothing. Its failure is its own.
 */
export function useFetched<T>(
  path: string,
  slug: string,
  body: object | null,
  isDue: boolean,
  runId: number,
): Fetched<T> {
  const [attempt, setAttempt] = useState(0);
  const [answer, setAnswer] = useState<{ question: string; data: T | null; failure: ApiFailure | null } | null>(null);
  const key = body === null ? null : JSON.stringify(body);
  const question = `${path} ${slug} ${runId} ${attempt} ${key}`;

  useEffect(() => {
    if (key === null || !isDue) return;
    const abort = new AbortController();
    fetchJson<T>(path, slug, JSON.parse(key) as object, abort.signal).then(
      (data) => setAnswer({ question, data, failure: null }),
      (error: unknown) => {
        if (!isAbort(error)) setAnswer({ question, data: null, failure: failureOf(error) });
      },
    );
    return () => abort.abort();
  }, [path, slug, key, isDue, question]);

  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  return {
    data: answer?.data ?? null,
    failure: answer?.failure ?? null,
    isLoading: key !== null && answer?.question !== question,
    reload,
  };
}

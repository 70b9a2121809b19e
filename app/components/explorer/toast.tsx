import { useCallback, useEffect, useState } from "react";

/** A message stays this long. */
const SHOWN_MS = 2_500;

export interface Toast {
  message: string | null;
  show: (message: string) => void;
}

/** useToast keeps one short message at a time. */
export function useToast(): Toast {
  const [shown, setShown] = useState<{ message: string } | null>(null);
  useEffect(() => {
    if (shown === null) return;
    const timer = setTimeout(() => setShown(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  const show = useCallback((message: string) => setShown({ message }), []);
  return { message: shown?.message ?? null, show };
}

/** ToastLine says the message; it is always there, since a live region that comes with its text is not read out. */
export function ToastLine({ message }: { message: string | null }) {
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 bottom-4 z-50 flex justify-center px-4">
      {message !== null && <p className="rounded-full bg-ink px-4 py-2 text-sm text-surface shadow-lg">{message}</p>}
    </div>
  );
}

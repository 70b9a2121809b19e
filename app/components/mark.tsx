/** Mark is the sign of Akavelog. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" className="size-6 shrink-0" aria-hidden="true">
      <rect width="32" height="32" rx="8" className="fill-accent" />
      <path d="M8 10.5h10M8 16h16M8 21.5h7" className="stroke-accent-ink" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}

/** SkipLink leads past the header, for those who go by keyboard. */
export function SkipLink() {
  return (
    <a
      href="#content"
      className="sr-only rounded bg-accent px-3 py-2 text-sm text-accent-ink focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50"
    >
      Skip to content
    </a>
  );
}

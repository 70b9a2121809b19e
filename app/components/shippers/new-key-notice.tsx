import { CodeBlock } from "#app/components/code-block.tsx";

/** NewKeyNotice shows a key for the one time that it can be seen. */
export function NewKeyNotice({ name, apiKey }: { name: string; apiKey: string }) {
  return (
    <div role="status" className="rounded-lg border border-accent/40 bg-accent-soft p-4">
      <p className="text-sm font-medium">Keep the key &ldquo;{name}&rdquo; now: it is not shown again.</p>
      <div className="mt-3">
        <CodeBlock label={`key ${name}`} code={apiKey} />
      </div>
    </div>
  );
}

import type { ReactNode } from "react";
import { CodeBlock } from "#app/components/code-block.tsx";

export interface FirstStepsProps {
  /** Where the API is reached from outside. */
  origin: string;
  /** What a shell puts in the place of the operator's token; null when the operator API is off. */
  operatorToken: string | null;
}

/** FirstSteps leads from an empty server to a line that was found again, with commands to copy. */
export function FirstSteps({ origin, operatorToken }: FirstStepsProps) {
  return (
    <ol className="mt-9 space-y-9 sm:mt-10">
      <Step number={1} title="Create a project">
        {operatorToken === null && (
          <p>
            The operator API is off: start the server with an <Command>AKAVELOG_ADMIN_TOKEN</Command> of at least 32
            characters, and set it here as well.
          </p>
        )}
        <p>
          Run this in the folder that Akavelog was started from. The answer shows the project&rsquo;s key once: keep it
          with <Command>export KEY=akl_&hellip;</Command>
        </p>
        <CodeBlock
          label="command that creates a project"
          code={`curl -s -X POST "${origin}/projects" \\
  -H "Authorization: Bearer ${operatorToken ?? "$AKAVELOG_ADMIN_TOKEN"}" \\
  -H 'content-type: application/json' \\
  -d '{"name":"demo"}'`}
        />
      </Step>
      <Step number={2} title="Send a line">
        <p>
          With <Command>wait=commit</Command> the answer comes once the line is in the object store and in the index,
          and names the object that holds it.
        </p>
        <CodeBlock
          label="command that sends a line"
          code={`curl -s "${origin}/ingest?wait=commit" \\
  -H "X-API-Key: $KEY" \\
  -d '{"level":"info","service":"web","message":"hello"}'`}
        />
      </Step>
      <Step number={3} title="Find it again">
        <p>Lines come back as they are found, one JSON document each, newest first.</p>
        <CodeBlock
          label="command that finds the line"
          code={`curl -s "${origin}/query" \\
  -H "X-API-Key: $KEY" \\
  -d '{"keyword":"hello"}'`}
        />
      </Step>
    </ol>
  );
}

function Step({ number, title, children }: { number: number; title: string; children: ReactNode }) {
  return (
    <li className="sm:grid sm:grid-cols-[2.25rem_minmax(0,1fr)] sm:gap-x-4">
      <span
        aria-hidden="true"
        className="hidden size-8 place-items-center rounded-full bg-accent-soft text-sm font-semibold text-accent sm:grid"
      >
        {number}
      </span>
      <div>
        <h2 className="text-lg leading-8 font-semibold tracking-tight">
          <span aria-hidden="true" className="text-accent sm:hidden">
            {number}.{" "}
          </span>
          {title}
        </h2>
        <div className="mt-1 space-y-4 leading-7 text-muted [&_pre]:text-ink">{children}</div>
      </div>
    </li>
  );
}

function Command({ children }: { children: ReactNode }) {
  return (
    <code className="rounded bg-sunken px-1.5 py-0.5 font-mono text-[0.875em] whitespace-nowrap text-ink">
      {children}
    </code>
  );
}

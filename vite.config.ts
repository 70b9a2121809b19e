import { existsSync } from "node:fs";
import { vitePlugin as remix } from "@remix-run/dev";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig, type Plugin, type Rollup } from "vite";
import { denyImports } from "vite-env-only";
import remixOptions from "./remix.config.js";

/**
 * Every entry of the server build, by the name of its file in build/server.
 * Routes and `server.ts` are bundled together, so that they share one instance of every module.
 */
const SERVER_ENTRIES: Record<string, string> = {
  index: "server.ts",
  "seal-worker": "app/server/ingest/seal-worker.ts",
  "compaction-worker": "app/server/compaction/compaction-worker.ts",
  "engine-worker": "app/server/search/engine-worker.ts",
  "scan-worker": "app/server/search/scan-worker.ts",
};

export default defineConfig({
  build: { target: "es2022", rollupOptions: { onwarn } },
  // Bundled into the server, so that it holds the few parts it uses: lucide-react alone has thousands of icons.
  ssr: { noExternal: ["lucide-react", "radix-ui", /^@radix-ui\//, "cmdk", "react-day-picker"] },
  plugins: [
    // Remix guards `.server` names only; this keeps the whole folder out of the browser.
    denyImports({ client: { specifiers: [/^#app\/server\//], files: ["app/server/**"] } }),
    tailwindcss(),
    remix(remixOptions),
    serverEntries(),
  ],
});

/** A route without a page leaves nothing in the browser build, and misplaced notes to bundlers in packages cost nothing. */
const HARMLESS = new Set(["EMPTY_BUNDLE", "INVALID_ANNOTATION"]);

function onwarn(warning: Rollup.RollupLog, warn: Rollup.LoggingFunction): void {
  if (!HARMLESS.has(warning.code ?? "")) warn(warning);
}

/** serverEntries replaces Remix's own server entry, so it has to stand after remix(). */
function serverEntries(): Plugin {
  return {
    name: "akavelog:server-entries",
    enforce: "post",
    config(_config, { command, isSsrBuild }) {
      if (command !== "build" || !isSsrBuild) return undefined;
      const input = Object.fromEntries(Object.entries(SERVER_ENTRIES).filter(([, file]) => existsSync(file)));
      return {
        build: {
          rollupOptions: {
            input,
            output: { entryFileNames: "[name].js" },
            // What pages load late imports what it shares from index.js. Without this Rollup would move all of index.js into
            // a chunk, from which it finds none of its neighbours and does not know that it is what was started.
            preserveEntrySignatures: "allow-extension",
          },
        },
      };
    },
  };
}

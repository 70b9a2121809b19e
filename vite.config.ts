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
};

export default defineConfig({
  build: { target: "es2022", rollupOptions: { onwarn } },
  plugins: [
    // Remix guards `.server` names only; this keeps the whole folder out of the browser.
    denyImports({ client: { specifiers: [/^#app\/server\//], files: ["app/server/**"] } }),
    tailwindcss(),
    remix(remixOptions),
    serverEntries(),
  ],
});

/** A route without a page leaves nothing in the browser build, and that is as it should be. */
function onwarn(warning: Rollup.RollupLog, warn: Rollup.LoggingFunction): void {
  if (warning.code !== "EMPTY_BUNDLE") warn(warning);
}

/** serverEntries replaces Remix's own server entry, so it has to stand after remix(). */
function serverEntries(): Plugin {
  return {
    name: "akavelog:server-entries",
    enforce: "post",
    config(_config, { command, isSsrBuild }) {
      if (command !== "build" || !isSsrBuild) return undefined;
      const input = Object.fromEntries(Object.entries(SERVER_ENTRIES).filter(([, file]) => existsSync(file)));
      return { build: { rollupOptions: { input, output: { entryFileNames: "[name].js" } } } };
    },
  };
}

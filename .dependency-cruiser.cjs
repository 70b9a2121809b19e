// The floors of docs/architecture.md: imports go only downward. Each rule is one law.
const TESTS = "\\.test\\.tsx?$";
const FLOOR_2 = "^app/server/(system|kernel|ingest|o3|search|compaction|retention)/";
const FLOOR_3 =
  "^app/server/((catalog|alerts|auth|protocols|canary|telemetry|http)/|(runtime|services|open-services|world|env|start-upkeep)\\.ts$)";
const FLOOR_4 = "^app/(routes|components)/|^app/(root|entry\\.(client|server))\\.tsx$";

/** A package in node_modules, or the types of it. */
const packages = (...names) => `node_modules/(@types/)?(${names.join("|")})(/|$)`;

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "core-is-pure",
      comment: "app/core runs in the browser and on the server: nothing of the server, of Node or of React.",
      severity: "error",
      from: { path: "^app/core/", pathNot: TESTS },
      to: { path: `^app/(?!core/)|${packages("react", "react-dom", "@remix-run/[^/]+", "express")}` },
    },
    {
      name: "core-uses-no-node-builtins",
      comment: "app/core runs in the browser, where there are no Node modules.",
      severity: "error",
      from: { path: "^app/core/", pathNot: TESTS },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "bytes-know-no-framework",
      comment: "What touches bytes (floor 2) knows no HTTP framework, no React and no SQL.",
      severity: "error",
      from: { path: FLOOR_2, pathNot: TESTS },
      to: { path: packages("express", "@remix-run/[^/]+", "react", "react-dom", "drizzle-orm", "postgres") },
    },
    {
      name: "bytes-look-down",
      comment: "Floor 2 imports nothing of the services and pages above; it declares interfaces that they implement.",
      severity: "error",
      from: { path: FLOOR_2, pathNot: TESTS },
      to: { path: [FLOOR_3, FLOOR_4] },
    },
    {
      name: "services-look-down",
      comment: "Services (floor 3) import no route and no component.",
      severity: "error",
      from: { path: FLOOR_3, pathNot: TESTS },
      to: { path: FLOOR_4 },
    },
    {
      name: "components-stay-in-the-browser",
      comment: "Components take props; loaders in routes read from the server for them.",
      severity: "error",
      from: { path: "^app/components/" },
      to: { path: "^app/server/" },
    },
    {
      name: "telemetry-is-loaded-when-asked-for",
      comment:
        "Nothing but app/server/telemetry imports OpenTelemetry, and of that everybody imports the interface alone.",
      severity: "error",
      from: { path: "^(app/|server\\.ts$)", pathNot: `^app/server/telemetry/|${TESTS}` },
      to: { path: packages("@opentelemetry/[^/]+") },
    },
    {
      name: "no-tests-in-the-app",
      comment: "What ships does not depend on tests.",
      severity: "error",
      from: { path: "^(app/|server\\.ts$)", pathNot: TESTS },
      to: { path: `^tests/|${TESTS}` },
    },
    {
      name: "no-cycles",
      comment: "Files that need each other are one file or three. Types alone may point both ways.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-unresolvable",
      comment: "Every import leads somewhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^virtual:" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
      extensions: [".ts", ".tsx", ".js", ".mjs", ".cjs", ".json"],
    },
  },
};

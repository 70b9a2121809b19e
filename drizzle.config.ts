import { defineConfig } from "drizzle-kit";

/** `npx drizzle-kit generate` compares the schema with `drizzle/meta` and writes the next migration. */
export default defineConfig({
  dialect: "postgresql",
  schema: ["./app/server/catalog/schema.ts", "./app/server/catalog/alert-schema.ts"],
  out: "./drizzle",
});

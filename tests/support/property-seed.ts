import fc from "fast-check";
import { seedOf } from "#tests/support/seeded-random.ts";

fc.configureGlobal({ seed: seedOf("PROPERTY_SEED") });

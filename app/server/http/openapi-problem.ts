/** PROBLEM_CONTENT is a refusal's body in the contract. */
export const PROBLEM_CONTENT = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };

/** PROBLEM is any refusal in the contract. */
export const PROBLEM = { $ref: "#/components/responses/Problem" };

/** PROBLEM_COMPONENTS is what the two above point to. */
export const PROBLEM_COMPONENTS = {
  responses: { Problem: { description: "What is wrong, as RFC 9457 has it.", content: PROBLEM_CONTENT } },
  schemas: {
    Problem: {
      type: "object",
      required: ["type", "title", "status"],
      properties: {
        type: { type: "string" },
        title: { type: "string" },
        status: { type: "integer" },
        detail: { type: "string" },
        position: { type: "integer", description: "Of a query that is not understood: where." },
        errors: {
          type: "array",
          description: "Of a body or an address with fields that will not do: each of them.",
          items: {
            type: "object",
            required: ["field", "reason"],
            properties: { field: { type: "string" }, reason: { type: "string" } },
          },
        },
      },
    },
  },
};

/** PRODUCT_HEADER is what official clients look for before they believe an answer. */
export const PRODUCT_HEADER = { "x-elastic-product": "Elasticsearch" } as const;

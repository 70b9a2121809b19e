declare module "winston-log2gelf" {
  import type Transport from "winston-transport";

  /** What of its options the tests use; the package has no types. */
  export default class GelfTransport extends Transport {
    constructor(options: {
      protocol: "http" | "https";
      host: string;
      port: number;
      hostname: string;
      service: string;
      protocolOptions: { headers: Record<string, string> };
    });
  }
}

import { describeObjectStore } from "#tests/integration/o3/object-store-cases.ts";
import { openS3ObjectStore } from "#app/server/o3/s3-object-store.ts";
import { externalS3Server, startS3Server } from "#tests/support/s3-server.ts";
import type { S3Server } from "#tests/support/s3-server.ts";
import { startStrictS3Server } from "#tests/support/s3-strict-server.ts";

async function openOn(server: S3Server) {
  const store = openS3ObjectStore(server);
  return {
    store,
    async close() {
      await store.close();
      await server.close();
    },
  };
}

const traits = { checksSha256: true, refusesOverwrite: false, listsInKeyOrder: true };

describeObjectStore("the S3 store on s3rver", async () => await openOn(await startS3Server()), {
  ...traits,
  checksSha256: false,
  listsInKeyOrder: false,
});
describeObjectStore(
  "the S3 store on a strict, versioned server with pages of 3",
  async () => await openOn(await startStrictS3Server({ pageSize: 3 })),
  traits,
);
describeObjectStore(
  "the S3 store on a server without ranges",
  async () => await openOn(await startStrictS3Server({ ignoresRanges: true })),
  traits,
);

const external = externalS3Server();
if (external !== null) {
  describeObjectStore(`the S3 store on ${external.endpoint}`, async () => await openOn(external), {
    ...traits,
    checksSha256: false,
  });
}

import { DeleteObjectCommand, HeadObjectCommand, ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import { ObjectStoreError } from "#app/server/o3/object-store.ts";
import { assertIsList, isUnsupported } from "#app/server/o3/s3-errors.ts";

export interface VersionRequests {
  /** Removes every version and delete marker of a key. */
  deleteAll(key: string, signal: AbortSignal): Promise<void>;
  /** Versions and markers of a key, at most the thousand of one page; null where the store cannot list them. */
  count(key: string, signal: AbortSignal): Promise<number | null>;
}

/**
 * createVersionRequests deletes for good. On a versioned bucket, and Akave's always are, a plain delete only hides
 * the object behind a marker: its bytes stay, and are paid for.
 */
export function createVersionRequests(client: S3Client, bucket: string): VersionRequests {
  return { deleteAll, count };

  async function deleteAll(key: string, abortSignal: AbortSignal): Promise<void> {
    const outcome = await deleteListed(key, abortSignal);
    // Some stores list no versions for a bucket that keeps none. Looked at first, because deleting a key that is not
    // there would leave a marker on a versioned bucket.
    if (outcome === "unsupported" || (outcome === "nothing listed" && (await exists(key, abortSignal)))) {
      const { DeleteMarker: isHidden } = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), {
        abortSignal,
      });
      if (isHidden === true && outcome === "nothing listed") {
        const reason = "the store keeps versions and listed none; the next try lists them again";
        throw new ObjectStoreError("delete", key, reason, { retryable: true });
      }
    }
  }

  async function deleteListed(
    key: string,
    abortSignal: AbortSignal,
  ): Promise<"deleted" | "nothing listed" | "unsupported"> {
    for (let isFirst = true; ; isFirst = false) {
      const page = await listVersions(key, abortSignal);
      if (page === null) return "unsupported";
      for (const versionId of page.versionIds) {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }), { abortSignal });
      }
      // Listed again, from the start, until nothing is left: there may be more, and a 200 that some proxy gave in the place
      // of the store deleted nothing. The row is forgotten after this, and without it nobody looks for the object.
      if (page.versionIds.length === 0) return isFirst ? "nothing listed" : "deleted";
    }
  }

  async function count(key: string, abortSignal: AbortSignal): Promise<number | null> {
    return (await listVersions(key, abortSignal))?.versionIds.length ?? null;
  }

  /**
   * The first page of version ids of exactly this key, or null where the store cannot list versions.
   * The key itself comes before all longer keys that start with it, so they cannot crowd it out of that page.
   * A refusal (403) is not taken for a missing operation: every delete would become a hidden version without a word.
   */
  async function listVersions(
    key: string,
    abortSignal: AbortSignal,
  ): Promise<{ versionIds: (string | undefined)[] } | null> {
    try {
      const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }), { abortSignal });
      const listed = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
      assertIsList("list versions of", key, page.IsTruncated, listed.length);
      const versionIds = listed.filter((version) => version.Key === key).map((version) => version.VersionId);
      return { versionIds };
    } catch (error) {
      if (isUnsupported(error)) return null;
      throw error;
    }
  }

  async function exists(key: string, abortSignal: AbortSignal): Promise<boolean> {
    try {
      await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === "NotFound") return false;
      throw error;
    }
  }
}

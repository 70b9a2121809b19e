/** StoredObject is what the index knows of an object in the store. */
export interface StoredObject {
  key: string;
  /** Hex. */
  sha256: string;
  tier: 0 | 1;
  entries: number;
  bytes: number;
  rawBytes: number;
}

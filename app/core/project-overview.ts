/** ProjectOverview is a project at a glance, from what is committed. */
export interface ProjectOverview {
  name: string;
  slug: string;
  retentionDays: number;
  /** Entries in each of the last 24 hours, the oldest first; the last hour is not over. */
  hourly: number[];
  /** Entries of level error or fatal in the same time. */
  errors: number;
  storedBytes: number;
  rawBytes: number;
}

/** ServiceVolume is how much a service wrote. */
export interface ServiceVolume {
  service: string;
  entries: number;
  /** Of level error or fatal. */
  errors: number;
}

import { readFileSync, readdirSync } from "node:fs";

/** Clock ticks of Linux's /proc, fixed at 100 a second for user space. */
const TICKS_PER_S = 100;

/** cpuSecondsOf is user and system time of a process with all its threads. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

/** cpuSecondsOfApp is the time of a process and of those that it has waited for: not of the database, which lives on. */
export function cpuSecondsOfApp(pid: number): number {
  return cpuSecondsOf(pid) + waitedForSeconds(pid);
}

/** cpuSecondsOfTree is the time of a process, its living descendants, and all that these have waited for. */
export function cpuSecondsOfTree(rootPid: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It ended between the two calls.
    }
  }
  let seconds = 0;
  for (const pid of parents.keys()) {
    let ancestor: number | undefined = pid;
    while (ancestor !== undefined && ancestor !== rootPid) ancestor = parents.get(ancestor);
    if (ancestor === rootPid) seconds += cpuSecondsOf(pid) + waitedForSeconds(pid);
  }
  return seconds;
}

function waitedForSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_S;
}

/** peakResidentBytesOf is the most memory a process ever had resident. */
export function peakResidentBytesOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** residentBytesOfApp is what a process and those of its children that run Node hold now: the database does not. */
export function residentBytesOfApp(rootPid: number): number {
  const children = readFileSync(`/proc/${rootPid}/task/${rootPid}/children`, "utf8").trim().split(" ").filter(Boolean);
  let bytes = 0;
  for (const pid of [String(rootPid), ...children]) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      if (/^Name:\s+node/m.test(status)) bytes += Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      // It ended between the two calls.
    }
  }
  return bytes;
}

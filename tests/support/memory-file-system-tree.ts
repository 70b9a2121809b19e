/** FileNode is a file as programs see it, and as the disk has it for certain. Buffers and maps are replaced, never changed. */
export interface FileNode {
  kind: "file";
  bytes: Buffer;
  diskBytes: Buffer;
  /** What leads from `diskBytes` to `bytes`, in order. */
  pending: FileChange[];
}

export interface DirectoryNode {
  kind: "directory";
  names: Names;
  diskNames: Names;
  pending: NamesChange[];
}

type Names = ReadonlyMap<string, FileNode | DirectoryNode>;

export type FileChange = { kind: "write"; position: number; bytes: Buffer } | { kind: "truncate"; sizeBytes: number };

/** A rename inside one folder is one change; between two folders it is one in each. */
export interface NamesChange {
  kind: "names";
  set: [string, FileNode | DirectoryNode][];
  removed: string[];
}

export type Change = FileChange | NamesChange;

/** What becomes of a change that was not synced; a torn write leaves its first half, which only writes can be. */
export type Fate = "lost" | "whole" | "torn";

export function newFile(): FileNode {
  return { kind: "file", bytes: Buffer.alloc(0), diskBytes: Buffer.alloc(0), pending: [] };
}

export function newDirectory(): DirectoryNode {
  return { kind: "directory", names: new Map(), diskNames: new Map(), pending: [] };
}

/** overwritten fills a gap before `position` with zeros, as a disk does that kept a later write and lost an earlier one. */
export function overwritten(bytes: Buffer, part: Buffer, position: number): Buffer {
  const result = Buffer.alloc(Math.max(bytes.length, position + part.length));
  bytes.copy(result);
  part.copy(result, position);
  return result;
}

export function truncated(bytes: Buffer, sizeBytes: number): Buffer {
  const result = Buffer.alloc(sizeBytes);
  bytes.copy(result);
  return result;
}

export function renamed(names: Names, { set, removed }: Omit<NamesChange, "kind">): Names {
  const result = new Map(names);
  for (const name of removed) result.delete(name);
  for (const [name, node] of set) result.set(name, node);
  return result;
}

/** pendingChanges lists what is not synced, in everything that the programs or the disk can still reach. */
export function pendingChanges(root: DirectoryNode): Change[] {
  const changes: Change[] = [];
  const visited = new Set<FileNode | DirectoryNode>();
  function visit(node: FileNode | DirectoryNode): void {
    if (visited.has(node)) return;
    visited.add(node);
    changes.push(...node.pending);
    if (node.kind === "file") return;
    for (const child of [...node.diskNames.values(), ...node.names.values()]) visit(child);
    // A name that came and went can come back: its set survived, its removal did not.
    for (const { set } of node.pending) for (const [, child] of set) visit(child);
  }
  visit(root);
  return changes;
}

/** survivingTree is the tree after a crash; everything in it is on disk for certain. */
export function survivingTree(root: DirectoryNode, fateOf: (change: Change) => Fate): DirectoryNode {
  const kept = new Map<FileNode | DirectoryNode, FileNode | DirectoryNode>();
  function survivor(node: FileNode | DirectoryNode): FileNode | DirectoryNode {
    let copy = kept.get(node);
    if (copy === undefined)
      kept.set(node, (copy = node.kind === "file" ? survivingFile(node) : survivingDirectory(node)));
    return copy;
  }
  function survivingFile(file: FileNode): FileNode {
    let bytes = file.diskBytes;
    for (const change of file.pending) {
      const fate = fateOf(change);
      if (fate === "lost") continue;
      if (change.kind === "truncate") bytes = truncated(bytes, change.sizeBytes);
      else {
        const length = fate === "torn" ? change.bytes.length >> 1 : change.bytes.length;
        bytes = overwritten(bytes, change.bytes.subarray(0, length), change.position);
      }
    }
    return { kind: "file", bytes, diskBytes: bytes, pending: [] };
  }
  function survivingDirectory(directory: DirectoryNode): DirectoryNode {
    let names = directory.diskNames;
    for (const change of directory.pending) if (fateOf(change) !== "lost") names = renamed(names, change);
    const copies = new Map([...names].map(([name, node]) => [name, survivor(node)]));
    return { kind: "directory", names: copies, diskNames: copies, pending: [] };
  }
  return survivingDirectory(root);
}

/** cloneTree copies the tree with what is on disk and what is not. */
export function cloneTree(root: DirectoryNode): DirectoryNode {
  const clones = new Map<FileNode | DirectoryNode, FileNode | DirectoryNode>();
  function clone<T extends FileNode | DirectoryNode>(node: T): T {
    const known = clones.get(node);
    if (known !== undefined) return known as T;
    const copy = { ...node };
    clones.set(node, copy);
    if (copy.kind === "file") copy.pending = [...copy.pending];
    else {
      copy.names = cloneNames(copy.names);
      copy.diskNames = cloneNames(copy.diskNames);
      copy.pending = copy.pending.map((change) => ({
        ...change,
        set: change.set.map(([name, child]) => [name, clone(child)]),
      }));
    }
    return copy;
  }
  function cloneNames(names: Names): Names {
    return new Map([...names].map(([name, child]) => [name, clone(child)]));
  }
  return clone(root);
}

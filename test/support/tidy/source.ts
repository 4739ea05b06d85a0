import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import ts from 'typescript';

/** A file of the project: what a rule looks at. */
export interface Source {
  /** From the top of the project, with slashes. */
  path: string;
  text: string;
  /** The syntax tree; `undefined` unless it is TypeScript or JavaScript. */
  tree: ts.SourceFile | undefined;
}

/** A rule of the house. */
export interface Rule {
  /** What must hold, and what to use in place of what is banned. */
  name: string;
  /** What breaks the rule in this file: the line, and a few words. */
  find(source: Source): Finding[];
  /** Files that break the rule, so that it is known to be able to fail. */
  breaks: { path: string; text: string }[];
  /** Files that look like breaking it and do not. */
  keeps: { path: string; text: string }[];
}

/** A place where a rule is broken. */
export interface Finding {
  line: number;
  what: string;
}

/** Reads every text file of the project, with the syntax trees of its programs. */
export async function readProject(root: string): Promise<Source[]> {
  const sources: Source[] = [];
  for (const path of await listFiles(root, root)) {
    if (!TEXT.test(path)) continue;
    sources.push(sourceOf(path, await readFile(join(root, path), 'utf8')));
  }
  return sources;
}

/** The same for a text that is in no file. */
export function sourceOf(path: string, text: string): Source {
  const tree = /\.[jt]s$/.test(path)
    ? ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
    : undefined;
  return { path, text, tree };
}

/** Every node of the tree, outer ones first. */
export function nodesOf(source: Source): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    node.forEachChild(visit);
  };
  if (source.tree !== undefined) visit(source.tree);
  return nodes;
}

/** A finding at this node. */
export function at(node: ts.Node, what: string): Finding {
  const tree = node.getSourceFile();
  return { line: tree.getLineAndCharacterOfPosition(node.getStart()).line + 1, what };
}

/** A finding for every match in the text. */
export function matches(text: string, pattern: RegExp): Finding[] {
  return text.split('\n').flatMap((content, index) => {
    const match = pattern.exec(content);
    return match === null ? [] : [{ line: index + 1, what: match[0] }];
  });
}

const NOT_OURS = new Set(['node_modules', '.git', 'dist', '.levy', 'coverage']);
const TEXT =
  /\.(ts|js|json|jsonc|sql|css|html|md|yml|yaml|txt|csv)$|(^|\/)(Dockerfile|run|\.[a-z]+)$/;

async function listFiles(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (NOT_OURS.has(entry.name)) return [];
    if (entry.isDirectory()) return listFiles(root, path);
    return entry.isFile() ? [relative(root, path).replaceAll('\\', '/')] : [];
  });
  return (await Promise.all(nested)).flat();
}

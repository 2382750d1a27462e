// The source tree as values: every file with its imports, comments and syntax tree, for the house rules in tidy.test.ts.
// Parsed with oxc-parser. Knows nothing of the rules themselves.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

import { parseSync, type StaticExport } from 'oxc-parser'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

export interface Import {
  /** As written. */
  readonly from: string
  /** Path from the root of the project for relative imports, undefined for packages. */
  readonly file: string | undefined
  /** The package's name for others, `node:fs` included. */
  readonly package: string | undefined
  readonly line: number
}

export interface SourceFile {
  /** From the root of the project, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly lines: number
  readonly imports: readonly Import[]
  readonly exports: readonly StaticExport[]
  readonly program: SyntaxNode
  lineAt(offset: number): number
}

/** Every .ts file below a folder of the project, packages installed there apart. */
export function readSourceTree(folder: string): SourceFile[] {
  return filesBelow(join(root, folder))
    .filter((path) => path.endsWith('.ts') && !path.includes(`${sep}node_modules${sep}`))
    .map((path) => parseSource(relative(root, path).replaceAll('\\', '/'), readFileSync(path, 'utf8')))
}

export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

export function parseSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text)
  const broken = parsed.errors[0]
  if (broken !== undefined) throw new Error(`${path}: ${broken.message}`)
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  const lineAt = (offset: number): number => starts.findLastIndex((start) => start <= offset) + 1
  const { staticImports, staticExports, dynamicImports } = parsed.module
  const literal = (start: number, end: number): string => text.slice(start, end).replace(/^['"`]|['"`]$/g, '')
  const requests = [
    ...staticImports.map(({ moduleRequest }) => ({ from: moduleRequest.value, start: moduleRequest.start })),
    ...staticExports.flatMap((one) =>
      one.entries
        .slice(0, 1)
        .flatMap(({ moduleRequest }) =>
          moduleRequest === null ? [] : [{ from: moduleRequest.value, start: moduleRequest.start }],
        ),
    ),
    ...dynamicImports.map(({ moduleRequest: { start, end } }) => ({ from: literal(start, end), start })),
  ]
  const program = parsed.program as unknown as SyntaxNode
  const types = importTypes(program)
  return {
    path,
    text,
    lines: text.endsWith('\n') ? starts.length - 1 : starts.length,
    imports: [...requests, ...types].map(({ from, start }) => resolveImport(path, from, lineAt(start))),
    exports: staticExports,
    program,
    lineAt,
  }
}

/** `import('./x.ts').Type` in type position. */
function importTypes(program: SyntaxNode): { from: string; start: number }[] {
  const found: { from: string; start: number }[] = []
  walk(program, (node) => {
    if (node.type !== 'TSImportType') return
    const source = node.source as { value?: unknown } | undefined
    if (typeof source?.value === 'string') found.push({ from: source.value, start: node.start })
  })
  return found
}

function resolveImport(path: string, from: string, line: number): Import {
  if (from.startsWith('.')) return { from, file: posix.join(posix.dirname(path), from), package: undefined, line }
  const name = from.startsWith('node:')
    ? from
    : from
        .split('/')
        .slice(0, from.startsWith('@') ? 2 : 1)
        .join('/')
  return { from, file: undefined, package: name, line }
}

/** Depth first, parents before children; `ancestors` is outermost first and reused: copy it to keep it. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => void): void {
  const ancestors: SyntaxNode[] = []
  const step = (one: SyntaxNode): void => {
    visit(one, ancestors)
    ancestors.push(one)
    for (const field in one) {
      const value = one[field]
      if (Array.isArray(value)) for (const element of value) if (isNode(element)) step(element)
      if (isNode(value)) step(value)
    }
    ancestors.pop()
  }
  step(node)
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

// The house rules that can be checked on the syntax tree (house.md sections 1 to 3). A rule takes source files and returns
// one line for each place that breaks it, naming what to do instead. Rules look at src only; files are sized everywhere.

import { posix } from 'node:path'

import { type SourceFile, type SyntaxNode, walk } from './source-tree.ts'

export type Rule = (files: readonly SourceFile[]) => string[]

const maxFileLines = 600
const maxFunctionLines = 70
const maxFilesPerFolder = 15
const maxParameters = 4

/** Highest first. Folders of one row do not import each other. */
const layers: readonly (readonly string[])[] = [
  ['main'],
  ['cli'],
  ['config'],
  ['center', 'edge', 'agent', 'migrate', 'console'],
  ['identity'],
  ['pod'],
  ['core'],
  ['base'],
]
const layerExceptions = new Set(['center → migrate'])

/** Inside core: who may import whom. A folder that is not listed may import only base. */
const coreGraph: Readonly<Record<string, readonly string[]>> = {
  cache: ['objects'],
  db: ['threads'],
  objects: ['threads'],
  http: ['routing'],
}

/** A package and the only places that may import it: a folder (ends in a slash) or a file. */
const doors: Readonly<Record<string, readonly string[]>> = {
  'better-sqlite3': ['src/core/db/sqlite/'],
  pg: ['src/core/db/postgres/'],
  undici: ['src/core/http/'],
  // Which sends through node:http.
  minio: ['src/core/objects/s3/'],
  ws: ['src/core/http/'],
  'node:http': ['src/core/http/', 'src/pod/exchange.ts', 'src/core/objects/s3/'],
  'node:https': ['src/core/http/', 'src/core/objects/s3/'],
  'node:worker_threads': ['src/core/threads/', 'src/main.ts', 'src/threads.ts'],
  commander: ['src/cli/'],
  chalk: ['src/cli/'],
  'string-width': ['src/cli/'],
  jose: ['src/pod/auth/', 'src/identity/'],
  nodemailer: ['src/identity/mail/'],
  'oidc-provider': ['src/identity/'],
  '@simplewebauthn/server': ['src/identity/'],
  n3: ['src/pod/rdf/'],
  sparqljs: ['src/pod/rdf/'],
  'jsonld-streaming-parser': ['src/pod/rdf/'],
  'rdfxml-streaming-parser': ['src/pod/rdf/'],
  // Their globals have one place each (see `places`); importing them would be a way round.
  'node:process': [],
  'node:timers': [],
  'node:timers/promises': [],
  'node:console': [],
  'node:sqlite': [],
}

interface Place {
  readonly name: string
  readonly files: readonly string[]
  readonly instead: string
  readonly matches: (expression: string) => boolean
}

const clock: readonly string[] = ['src/base/clock.ts']
const places: readonly Place[] = [
  place('process.env', ['src/config/load.ts'], 'take the option as a parameter', /^process\.env$/),
  place('process.argv', ['src/main.ts'], 'take the arguments as a parameter', /^process\.argv$/),
  place('process.exit', ['src/main.ts'], 'throw an XpodError, or return the exit status', /^process\.(exit|abort)$/),
  place('console', ['src/cli/render.ts'], 'log an event, or print through cli/render.ts', /^console$/),
  place('process.stdout', ['src/cli/render.ts'], 'print through cli/render.ts', /^process\.stdout$/),
  place('Date.now', clock, 'take a Clock', /^(Date\.now|performance\.now|process\.hrtime)$/),
  place('timers', clock, 'take a Clock: after, every, delay', /^(globalThis\.)?(setTimeout|setInterval)$/),
  place('AbortSignal.timeout', clock, 'take a Clock', /^AbortSignal\.timeout$/),
  place(
    'chance',
    ['src/base/random.ts'],
    'take a Random',
    /^(Math\.random|(.*\.)?(randomUUID|randomBytes|randomInt|randomFillSync|getRandomValues))$/,
  ),
]

function place(name: string, files: readonly string[], instead: string, pattern: RegExp): Place {
  return { name, files, instead, matches: (expression) => pattern.test(expression) }
}

function sources(files: readonly SourceFile[]): readonly SourceFile[] {
  return files.filter((file) => file.path.startsWith('src/'))
}

function at(file: SourceFile, node: SyntaxNode): string {
  return `${file.path}:${file.lineAt(node.start)}`
}

/** src/pod/x.ts → pod; files directly in src are the program itself. */
function layerOf(path: string): string {
  const [, folder, rest] = path.split('/')
  return rest === undefined ? 'main' : folder!
}

export const importsGoDownward: Rule = (files) =>
  sources(files).flatMap((file) =>
    file.imports.flatMap(({ file: target, from, line }) => {
      if (target === undefined) return []
      const here = `${file.path}:${line} imports ${from}`
      if (!target.startsWith('src/')) return [`${here}: nothing outside src; move what is needed into src`]
      const [mine, its] = [layerOf(file.path), layerOf(target)]
      const rank = (layer: string): number => layers.findIndex((row) => row.includes(layer))
      if (rank(mine) < 0) return [`${file.path}: folder ${mine} is no layer; put it into one, or add it to the table`]
      if (mine === its || layerExceptions.has(`${mine} → ${its}`) || rank(mine) < rank(its)) return []
      return [`${here}: ${mine} may not import ${its}; hand it in as a parameter typed below, or move it down`]
    }),
  )

export const coreKeepsItsInnerGraph: Rule = (files) =>
  sources(files)
    .filter((file) => file.path.startsWith('src/core/'))
    .flatMap((file) =>
      file.imports.flatMap(({ file: target, line }) => {
        if (target === undefined || !target.startsWith('src/core/')) return []
        const [mine, its] = [file.path.split('/')[2]!, target.split('/')[2]!]
        if (mine === its || coreGraph[mine]?.includes(its)) return []
        return [
          `${file.path}:${line}: core/${mine} may not import core/${its}; compose them in center, or extend the table`,
        ]
      }),
    )

export const packagesHaveOneDoor: Rule = (files) =>
  sources(files).flatMap((file) =>
    file.imports.flatMap(({ package: name, line }) => {
      if (name === undefined) return []
      const allowed = doors[name]
      if (allowed === undefined) {
        if (name.startsWith('node:')) return []
        return [`${file.path}:${line}: package ${name} has no door; add one place for it to the table`]
      }
      if (allowed.some((door) => file.path === door || (door.endsWith('/') && file.path.startsWith(door)))) return []
      const where = allowed.length === 0 ? 'is not used here; see base/' : `only in ${allowed.join(', ')}`
      return [`${file.path}:${line}: ${name} ${where}`]
    }),
  )

export const globalsHaveOnePlace: Rule = (files) =>
  sources(files).flatMap((file) => {
    const found: string[] = []
    walk(file.program, (node, ancestors) => {
      const expression = expressionOf(node, ancestors)
      if (expression === undefined) return
      for (const { name, files: allowed, instead, matches } of places) {
        if (!matches(expression) || allowed.includes(file.path)) continue
        found.push(`${at(file, node)}: ${name} only in ${allowed.join(', ')}; ${instead}`)
      }
    })
    return found
  })

/** Dotted text of a member expression or of a name that is read; undefined for keys, declarations and types. */
function expressionOf(node: SyntaxNode, ancestors: readonly SyntaxNode[]): string | undefined {
  if (node.type === 'NewExpression') {
    const isBareDate = (node.callee as SyntaxNode).name === 'Date' && (node.arguments as unknown[]).length === 0
    return isBareDate ? 'Date.now' : undefined
  }
  if (node.type === 'MemberExpression') return dotted(node)
  if (node.type === 'ImportSpecifier') return String((node.imported as SyntaxNode).name)
  if (node.type !== 'Identifier') return undefined
  const parent = ancestors.at(-1)
  if (parent === undefined || parent.type.startsWith('TS') || parent.type === 'ImportSpecifier') return undefined
  const isKey = (parent.property === node || parent.key === node) && parent.computed !== true
  return isKey ? undefined : String(node.name)
}

function dotted(node: SyntaxNode): string | undefined {
  if (node.type === 'Identifier') return String(node.name)
  if (node.type !== 'MemberExpression' || node.computed === true) return undefined
  const object = dotted(node.object as SyntaxNode)
  const property = String((node.property as SyntaxNode).name)
  return object === undefined ? undefined : `${object}.${property}`
}

/** Tarjan's strongly connected components; type-only imports count. */
export const importsHaveNoCycles: Rule = (files) => {
  const graph = new Map(sources(files).map((file) => [file.path, file.imports.flatMap((one) => one.file ?? [])]))
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const cycles: string[] = []
  const visit = (path: string): number => {
    order.set(path, order.size)
    low.set(path, order.get(path)!)
    stack.push(path)
    for (const next of graph.get(path) ?? []) {
      if (!graph.has(next)) continue
      if (!order.has(next)) low.set(path, Math.min(low.get(path)!, visit(next)))
      else if (stack.includes(next)) low.set(path, Math.min(low.get(path)!, order.get(next)!))
      if (next === path) cycles.push(`${path} imports itself`)
    }
    if (low.get(path) === order.get(path)) {
      const group = stack.splice(stack.indexOf(path))
      if (group.length > 1) cycles.push(`cycle of imports: ${group.join(' → ')}; move what both need into a third file`)
    }
    return low.get(path)!
  }
  for (const path of graph.keys()) if (!order.has(path)) visit(path)
  return cycles
}

export const everyFileIsReached: Rule = (files) => {
  const byPath = new Map(sources(files).map((file) => [file.path, file]))
  const reached = new Set<string>()
  const visit = (path: string): void => {
    if (reached.has(path)) return
    reached.add(path)
    for (const { file } of byPath.get(path)?.imports ?? []) if (file !== undefined) visit(file)
  }
  visit('src/main.ts')
  return [...byPath.keys()]
    .filter((path) => !reached.has(path))
    .map((path) => `${path}: nothing that starts at src/main.ts imports it; delete it, or use it`)
}

export const importsNameTheirFile: Rule = (files) =>
  files.flatMap((file) => {
    const name = posix.basename(file.path)
    const barrels = file.exports
      .flatMap((one) => one.entries)
      .filter((entry) => entry.moduleRequest?.value.startsWith('.'))
      .map(
        (entry) =>
          `${file.path}:${file.lineAt(entry.start)}: no re-export; import ${entry.moduleRequest!.value} by its name`,
      )
    const defaults = file.exports
      .flatMap((one) => one.entries)
      .filter((entry) => (entry.exportName.kind as string) === 'Default' || entry.exportName.name === 'default')
      .map((entry) => `${file.path}:${file.lineAt(entry.start)}: no default export; export it by its name`)
    const index = name.startsWith('index.') ? [`${file.path}: no index files; name it after what it holds`] : []
    return [...index, ...defaults, ...barrels]
  })

export const filesAreSmall: Rule = (files) => [
  ...files
    .filter((file) => file.lines > maxFileLines)
    .map((file) => `${file.path}: ${file.lines} lines, at most ${maxFileLines}; split it by noun`),
  ...[...Map.groupBy(sources(files), (file) => posix.dirname(file.path))]
    .filter(([folder, inside]) => inside.length > maxFilesPerFolder && folder !== 'src/cli/commands')
    .map(([folder, inside]) => `${folder}: ${inside.length} files, at most ${maxFilesPerFolder}; make a folder inside`),
]

export const functionsAreSmall: Rule = (files) =>
  sources(files).flatMap((file) => {
    const found: string[] = []
    walk(file.program, (node) => {
      if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return
      const lines = file.lineAt(node.end) - file.lineAt(node.start) + 1
      if (lines > maxFunctionLines) {
        found.push(
          `${at(file, node)}: a function of ${lines} lines, at most ${maxFunctionLines}; take parts out and name them`,
        )
      }
      const parameters = (node.params as SyntaxNode[]).filter((one) => one.name !== 'this').length
      if (parameters > maxParameters) {
        found.push(`${at(file, node)}: ${parameters} parameters, at most ${maxParameters}; take an options object`)
      }
    })
    return found
  })

const bannedWords = /^(manager|service|helper|helpers|util|utils|coordinator|bridge|impl)$/
const emptyWords = /^(data|info|item|items)$/

export const namesSayWhatTheyMean: Rule = (files) => [
  ...files.flatMap((file) => fileNames(file)),
  ...sources(files).flatMap((file) => {
    const found: string[] = []
    walk(file.program, (node, ancestors) => {
      const declared = declaredName(node, ancestors)
      const complaint = declared === undefined ? undefined : nameComplaint(declared.name, declared.isType)
      if (complaint !== undefined) found.push(`${at(file, node)}: ${declared!.name} ${complaint}`)
    })
    return found
  }),
]

function fileNames(file: SourceFile): string[] {
  const name = posix.basename(file.path).replace(/\.ts$/, '')
  const folder = posix.basename(posix.dirname(file.path))
  const words = name.split(/[-.]/)
  const found: string[] = []
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?$/.test(name)) found.push(`${file.path}: file names are kebab-case nouns`)
  if (words.some((word) => bannedWords.test(word))) found.push(`${file.path}: name it after what it does`)
  // center/center.ts is the folder's own list of parts; a name that only starts with the folder's says it twice.
  if (words.length > 1 && words[1] !== 'test' && words[0] === folder) {
    found.push(`${file.path}: the folder says "${folder}" already; leave it out of the file's name`)
  }
  return found
}

/** The name that a node brings into being: a binding, a function, a class or a type. Properties are not bindings. */
function declaredName(
  node: SyntaxNode,
  ancestors: readonly SyntaxNode[],
): { name: string; isType: boolean } | undefined {
  if (node.type !== 'Identifier') return undefined
  const parent = ancestors.at(-1)!
  const name = String(node.name)
  if (/^(TSInterfaceDeclaration|TSTypeAliasDeclaration|ClassDeclaration)$/.test(parent.type)) {
    return parent.id === node ? { name, isType: true } : undefined
  }
  if (/^(FunctionDeclaration|VariableDeclarator)$/.test(parent.type) && parent.id === node)
    return { name, isType: false }
  const isParameter = Array.isArray(parent.params) && parent.params.includes(node) && 'body' in parent
  return isParameter ? { name, isType: false } : undefined
}

function nameComplaint(name: string, isType: boolean): string | undefined {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[\s_$]+/)
  const vague = words.find((word) => bannedWords.test(word))
  if (vague !== undefined) return `contains "${vague}"; say what it does`
  if (isType && /^I[A-Z][a-z]/.test(name)) return 'has an I-prefix; interfaces are named like everything else'
  if (isType && /^Base[A-Z]/.test(name)) return 'starts with Base; name what it is'
  const isEmpty = emptyWords.test(isType ? words.at(-1)! : name)
  return isEmpty ? 'could be anything; use the word of the field' : undefined
}

export const filesSayWhatTheyAre: Rule = (files) =>
  files
    .filter((file) => !/^(#!.*\n)?(\/\/ \S|\/\*\*? ?\S)/.test(file.text))
    .map((file) => `${file.path}: opens without a comment; say what it is, what it guarantees and what it does not do`)

export const failuresAreNotSwallowed: Rule = (files) =>
  sources(files).flatMap((file) => {
    const found: string[] = []
    walk(file.program, (node) => {
      if (node.type !== 'CatchClause') return
      const body = (node.body as SyntaxNode).body as unknown[]
      if (body.length === 0) found.push(`${at(file, node)}: an empty catch; handle it, translate it, or do not catch`)
    })
    return found
  })

const codesFile = 'src/base/error-codes.ts'

/** Every code that is thrown stands in the table, and every row of the table is thrown. */
export const errorCodesMatchTheTable: Rule = (files) => {
  const listed = new Set<string>()
  const used = new Set<string>()
  const found: string[] = []
  for (const file of sources(files)) {
    walk(file.program, (node, ancestors) => {
      const parent = ancestors.at(-1)
      if (file.path === codesFile && node.type === 'Property' && ancestors.some((one) => isNamed(one, 'errorCodes'))) {
        listed.add(String((node.key as SyntaxNode).name))
      }
      if (node.type !== 'Literal' || typeof node.value !== 'string') return
      if (file.path !== codesFile) used.add(node.value)
      const isThrown = parent?.type === 'NewExpression' && (parent.callee as SyntaxNode).name === 'XpodError'
      if (isThrown && (parent.arguments as SyntaxNode[])[0] === node) found.push(`${node.value} ${at(file, node)}`)
    })
  }
  return [
    ...found
      .map((line) => line.split(' '))
      .filter(([code]) => !listed.has(code!))
      .map(([code, where]) => `${where}: ${code} is not in ${codesFile}; add a row`),
    ...[...listed]
      .filter((code) => !used.has(code))
      .map((code) => `${codesFile}: ${code} is never thrown; delete the row`),
  ]
}

function isNamed(node: SyntaxNode, name: string): boolean {
  return node.type === 'VariableDeclarator' && (node.id as SyntaxNode).name === name
}

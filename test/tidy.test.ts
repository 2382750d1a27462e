// The house rules as a test. Each rule is run on the real tree and must find nothing, and on a small tree that breaks it
// and must find that: a rule that cannot fail proves nothing. The rules themselves are in support/house-rules.ts.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import {
  coreKeepsItsInnerGraph,
  errorCodesMatchTheTable,
  everyFileIsReached,
  failuresAreNotSwallowed,
  filesAreSmall,
  filesSayWhatTheyAre,
  functionsAreSmall,
  globalsHaveOnePlace,
  importsGoDownward,
  importsHaveNoCycles,
  importsNameTheirFile,
  namesSayWhatTheyMean,
  packagesHaveOneDoor,
  type Rule,
} from './support/house-rules.ts'
import { parseSource, readSourceTree, root, type SourceFile } from './support/source-tree.ts'

const tree: readonly SourceFile[] = [...readSourceTree('src'), ...readSourceTree('test')]

type Files = Readonly<Record<string, string>>
interface Case {
  readonly rule: Rule
  /** Trees that break the rule, one way each. */
  readonly broken: Readonly<Record<string, Files>>
  /** Trees that look alike and do not break it. */
  readonly fine: Readonly<Record<string, Files>>
}

const codes = 'export const errorCodes = { GONE: row(404) }'

const cases: Readonly<Record<string, Case>> = {
  'imports go downward: main → cli → config → center → identity → pod → core → base': {
    rule: importsGoDownward,
    broken: {
      upward: { 'src/core/a/x.ts': "import { y } from '../../pod/y.ts'" },
      'as a type': { 'src/core/a/x.ts': "import type { Y } from '../../pod/y.ts'" },
      'as an import type': { 'src/base/x.ts': "export type X = import('../pod/y.ts').Y" },
      dynamic: { 'src/pod/x.ts': "export const x = () => import('../center/y.ts')" },
      sideways: { 'src/agent/x.ts': "import { y } from '../migrate/y.ts'" },
      'out of src': { 'src/pod/x.ts': "import { y } from '../../test/y.ts'" },
      'from no layer': { 'src/other/x.ts': "import { y } from '../base/y.ts'" },
    },
    fine: {
      downward: { 'src/pod/x.ts': "import { y } from '../base/y.ts'" },
      'written exception': { 'src/center/x.ts': "import { y } from '../migrate/y.ts'" },
    },
  },
  'core keeps its inner graph': {
    rule: coreKeepsItsInnerGraph,
    broken: { unlisted: { 'src/core/objects/x.ts': "import { y } from '../db/y.ts'" } },
    fine: { listed: { 'src/core/db/x.ts': "import { y } from '../threads/y.ts'" } },
  },
  'a package has one door': {
    rule: packagesHaveOneDoor,
    broken: {
      'wrong place': { 'src/pod/x.ts': "import Database from 'better-sqlite3'" },
      'no door at all': { 'src/pod/x.ts': "import { z } from 'unheard-of/deep'" },
      'a way round a global': { 'src/pod/x.ts': "import { env } from 'node:process'" },
    },
    fine: { 'its door': { 'src/core/db/sqlite/x.ts': "import Database from 'better-sqlite3'" } },
  },
  'time, chance, environment and console have one place each': {
    rule: globalsHaveOnePlace,
    broken: Object.fromEntries(
      [
        'process.env.HOME',
        'process.argv',
        'process.exit(1)',
        'console.log(1)',
        'process.stdout.write("x")',
        'Date.now()',
        'new Date()',
        'performance.now()',
        'setTimeout(f, 1)',
        'globalThis.setInterval(f, 1)',
        'AbortSignal.timeout(1)',
        'Math.random()',
        'crypto.randomUUID()',
        "import('x').then(({ y }) => console.error(y))",
      ].map((text) => [text, { 'src/pod/x.ts': `export const f = (): unknown => ${text}` }]),
    ),
    fine: {
      'its place': { 'src/base/clock.ts': 'export const now = () => Date.now()' },
      'a key of the same name': { 'src/pod/x.ts': 'export const a = (s: S) => s.setTimeout({ console: 1 })' },
      'a date of a number': { 'src/pod/x.ts': 'export const a = (ms: number) => new Date(ms)' },
    },
  },
  'imports have no cycles': {
    rule: importsHaveNoCycles,
    broken: {
      'of two, one a type': {
        'src/pod/a.ts': "import type { B } from './b.ts'",
        'src/pod/b.ts': "import { a } from './a.ts'",
      },
      'of three': {
        'src/pod/a.ts': "import { b } from './b.ts'",
        'src/pod/b.ts': "import { c } from './c.ts'",
        'src/pod/c.ts': "import { a } from './a.ts'",
      },
    },
    fine: {
      'a diamond': {
        'src/pod/a.ts': "import { b } from './b.ts'\nimport { c } from './c.ts'",
        'src/pod/b.ts': "import { d } from './d.ts'",
        'src/pod/c.ts': "import { d } from './d.ts'",
        'src/pod/d.ts': 'export const d = 1',
      },
    },
  },
  'every file is reached from main': {
    rule: everyFileIsReached,
    broken: { island: { 'src/main.ts': 'export const a = 1', 'src/pod/x.ts': 'export const b = 1' } },
    fine: { dynamic: { 'src/main.ts': "await import('./cli/x.ts')", 'src/cli/x.ts': 'export const b = 1' } },
  },
  'a thing is imported by its name from its file': {
    rule: importsNameTheirFile,
    broken: {
      index: { 'src/pod/index.ts': 'export const a = 1' },
      'default export': { 'src/pod/x.ts': 'const x = 1\nexport default x' },
      'default by name': { 'src/pod/x.ts': 'const x = 1\nexport { x as default }' },
      barrel: { 'src/pod/x.ts': "export * from './y.ts'" },
      're-export': { 'src/pod/x.ts': "export type { Y } from './y.ts'" },
    },
    fine: { named: { 'src/pod/x.ts': "export const x = 1\nexport type { Quad } from 'n3'" } },
  },
  'files and folders are small': {
    rule: filesAreSmall,
    broken: {
      'long file': { 'test/x.ts': 'f()\n'.repeat(601) },
      'full folder': Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`src/pod/x${n}.ts`, ''])),
    },
    fine: {
      'full of commands': Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`src/cli/commands/x${n}.ts`, ''])),
    },
  },
  'functions are small': {
    rule: functionsAreSmall,
    broken: {
      long: { 'src/pod/x.ts': `export function f() {\n${'  g()\n'.repeat(70)}}` },
      'many parameters': { 'src/pod/x.ts': 'export const f = (a, b, c, d, e) => 1' },
    },
    fine: { short: { 'src/pod/x.ts': `export function f(a, b, c, d) {\n${'  g()\n'.repeat(68)}}` } },
  },
  'names say what they mean': {
    rule: namesSayWhatTheyMean,
    broken: {
      type: { 'src/pod/x.ts': 'export class PodManager {}' },
      function: { 'src/pod/x.ts': 'export function cacheHelper() {}' },
      'I-prefix': { 'src/pod/x.ts': 'export interface IStore {}' },
      'Base*': { 'src/pod/x.ts': 'export class BaseStore {}' },
      data: { 'src/pod/x.ts': 'export const f = (data) => data' },
      info: { 'src/pod/x.ts': 'export interface ResourceInfo {}' },
      file: { 'src/pod/path-utils.ts': '' },
      'camel-case file': { 'src/pod/podServer.ts': '' },
      'folder repeated': { 'src/core/routing/routing-cache.ts': '' },
    },
    fine: {
      fields: { 'src/pod/x.ts': 'export interface Log { info(event: string): void; data: string }' },
      'a name of the field': { 'src/pod/x.ts': 'export const dataDir = 1, information = 2' },
      'the folder itself': { 'src/center/center.ts': '' },
    },
  },
  'files say what they are': {
    rule: filesSayWhatTheyAre,
    broken: { bare: { 'src/pod/x.ts': 'export const x = 1' } },
    fine: { said: { 'src/pod/x.ts': '// What it is.\nexport const x = 1' } },
  },
  'failures are not swallowed': {
    rule: failuresAreNotSwallowed,
    broken: { empty: { 'src/pod/x.ts': 'try { f() } catch { /* never mind */ }' } },
    fine: { handled: { 'src/pod/x.ts': 'try { f() } catch { g() }' } },
  },
  'error codes and their table agree': {
    rule: errorCodesMatchTheTable,
    broken: {
      'not listed': {
        'src/base/error-codes.ts': codes,
        'src/pod/x.ts': "throw new XpodError('NO_SUCH', 'GONE')",
      },
      'never thrown': { 'src/base/error-codes.ts': codes },
    },
    fine: { both: { 'src/base/error-codes.ts': codes, 'src/pod/x.ts': "throw new XpodError('GONE')" } },
  },
}

for (const [title, { rule, broken, fine }] of Object.entries(cases)) {
  test(title, () => {
    for (const [name, files] of Object.entries(broken)) {
      assert.notEqual(rule(parse(files)).length, 0, `the rule does not see: ${name}`)
    }
    for (const [name, files] of Object.entries(fine)) assert.deepEqual(rule(parse(files)), [], `wrongly found: ${name}`)
    const found = rule(tree)
    assert.equal(found.length, 0, `\n${found.join('\n')}`)
  })
}

function parse(files: Files): SourceFile[] {
  return Object.entries(files).map(([path, text]) => parseSource(path, text))
}

test('the lock file has every platform of what it locks, so that npm ci works where a registry lacks some', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> }
  const missing = Object.entries(lock.packages).flatMap(([place, { optionalDependencies = {}, dev }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !(`${place}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages))
      .map((name) => `${name}, for ${place}: add it to the lock with version, os, cpu, optional${dev ? ', dev' : ''}`),
  )
  assert.deepEqual(missing, [])
})

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly dev?: boolean
}

// `db copy`: everything of one database into an empty one, on the same or the other engine, while no center runs on either.
// Tables page by page, then large bodies where they move into S3, then every row of both is compared and the digest of every
// pod made again; only then may somebody start on the copy. Versions, times and positions stay, so ETags, sessions, channels
// and tokens do; epochs go up by one (store rule 29). Killed at any moment it goes on where it was; a source that was used
// meanwhile is copied from the beginning. The source is only read, unless it is to be put out of use at the end.

import { join } from 'node:path'

import { XpodError } from '../../../base/errors.ts'
import { createMetrics } from '../../../base/metrics.ts'
import { lockDataDirectory } from '../../../core/db/data-directory.ts'
import { compareTable } from '../../../core/db/copy/compare.ts'
import { type CopiedTable, countRows, insertSteps, keyOf, pagesOf } from '../../../core/db/copy/table.ts'
import type { Row, SqlValue, Step } from '../../../core/db/database.ts'
import { connectPostgres } from '../../../core/db/postgres/open.ts'
import { readSetting, writeSetting } from '../../../core/db/settings.ts'
import { openSqlite } from '../../../core/db/sqlite/open.ts'
import { requireSqlite } from '../../../core/db/sqlite/read-only.ts'
import { openFilesystemObjects } from '../../../core/objects/filesystem.ts'
import type { S3Place } from '../../options.ts'
import type { Surround } from '../../store.ts'
import { addressOf } from '../inspection.ts'
import { nameMachine, readMachine } from '../machine.ts'
import { migrations } from '../migrations.ts'
import { copyBodies } from './bodies.ts'
import { beginLedger, type CopyMark, type Ledger, markSetting, readLedger, retiredSetting } from './mark.ts'
import { placeBodies } from './place.ts'
import { PodDigests } from './pod-digests.ts'
import { lastNumber, openSource, type Source, stampOf } from './source.ts'
import { copiedTables, headTable, numberedTables, resourceTable } from './tables.ts'
import { clearSteps, numberSteps, openTarget, requireEmpty, type Target } from './target.ts'

export interface CopyWish {
  /** `sqlite:`, the file in the data directory, or postgres://… */
  readonly from: string
  readonly to: string
  readonly dataDir: string
  /** Where the copy keeps large bodies; undefined: where they are. */
  readonly s3: S3Place | undefined
  /** What an earlier run brought is thrown away. */
  readonly isRestart: boolean
  /** Nobody starts on the source any more. */
  readonly isRetiring: boolean
}

export interface CopyProgress {
  readonly stage: 'rows' | 'bodies' | 'compare'
  /** Empty for bodies. */
  readonly table: string
  readonly done: number
  /** Undefined where it is not known. */
  readonly total: number | undefined
}

export interface CopyReport {
  readonly from: string
  readonly to: string
  /** An earlier run had finished it. */
  readonly already: boolean
  readonly tables: readonly { readonly name: string; readonly rows: number }[]
  /** Whose digest agrees with their rows. */
  readonly pods: number
  readonly bodies: { readonly place: string; readonly copied: number; readonly bytes: number }
  /** Absolute; belongs to the copy from now on. */
  readonly dataDir: string
  readonly node: string
  readonly retired: boolean
}

interface Run {
  readonly dir: string
  readonly source: Source
  readonly target: Target
  readonly ledger: Ledger
  readonly wish: CopyWish
  readonly isMove: boolean
  readonly parts: Surround
  readonly onProgress: (progress: CopyProgress) => void
}

/**
 * Throws USAGE, DATA_DIR_LOCKED, DATABASE_IN_USE, COPY_TARGET_TAKEN, COPY_MISMATCH, OBJECTS_ELSEWHERE, SCHEMA_OLDER and what
 * opening either database throws.
 */
export async function copyDatabase(
  wish: CopyWish,
  parts: Surround,
  onProgress: (progress: CopyProgress) => void,
): Promise<CopyReport> {
  if (wish.from === wish.to) throw new XpodError('USAGE', 'both ends of the copy are the same database')
  if (wish.from === 'sqlite:') requireSqlite(wish.dataDir)
  await using stack = new AsyncDisposableStack()
  const { dir } = stack.use(await lockDataDirectory(wish.dataDir))
  const source = stack.use(await openSource(wish.from, dir, parts))
  const target = stack.use(await openTarget(wish.to, dir, parts))
  const { mark, isMove } = await planCopy({ dir, source, target, wish, parts })
  const ledger = await takeLedger(target, mark, wish)
  const already = ledger.mark.stage === 'done'
  const run: Run = { dir, source, target, ledger, wish, isMove, parts, onProgress }
  if (!already) await carryOut(run)
  await stack.disposeAsync()
  if (wish.isRetiring) await retire(wish, parts)
  return report(run, already)
}

interface Ends {
  readonly dir: string
  readonly source: Source
  readonly target: Target
  readonly wish: CopyWish
  readonly parts: Surround
}

/** What a copy that begins now would be. */
async function planCopy({ dir, source, target, wish, parts }: Ends): Promise<{ mark: CopyMark; isMove: boolean }> {
  const begun = (await readLedger(target.db))?.mark.home
  const home = readMachine(dir) ?? (await readNode(source)) ?? begun ?? parts.random.uuid()
  const kept = await readSetting(source.db, 'objects')
  const { place, isMove } = placeBodies({ kept, s3: wish.s3, engine: target.engine, home })
  const nothing = { stage: 'rows', at: null, rows: {}, bodies: 0, bodyBytes: 0, pods: 0 } as const
  return { mark: { source: await stampOf(source), home, place, ...nothing }, isMove }
}

/** A file names its node itself; several may have pods in a shared database. */
async function readNode({ engine, db }: Source): Promise<string | undefined> {
  return engine === 'sqlite' ? readSetting(db, 'node') : undefined
}

/** Goes on with what an earlier run left of the same copy, else begins. */
async function takeLedger(target: Target, mark: CopyMark, { isRestart }: CopyWish): Promise<Ledger> {
  const begun = await readLedger(target.db)
  if (begun === undefined) {
    await requireEmpty(target)
    return beginLedger(target.db, mark)
  }
  const isSame = (['source', 'home', 'place'] as const).every((name) => begun.mark[name] === mark[name])
  if (begun.mark.stage === 'done') {
    if (!isSame) throw new XpodError('COPY_TARGET_TAKEN', 'it is a finished copy of something else')
    return begun
  }
  if (!isSame || isRestart) await begun.move(mark, clearSteps(target))
  return begun
}

async function carryOut(run: Run): Promise<void> {
  const { ledger } = run
  if (ledger.mark.stage === 'rows') await copyRows(run)
  if (ledger.mark.stage === 'bodies') await moveBodies(run)
  await compare(run)
  await finish(run)
}

async function copyRows(run: Run): Promise<void> {
  const { source, target, ledger, onProgress } = run
  for (const table of copiedTables) {
    const { name } = table
    if (ledger.mark.rows[name] !== undefined) continue
    const total = await countRows(source, table)
    let { rows, after } = whereIn(ledger.mark, name)
    for await (const page of pagesOf(source, table, after)) {
      rows += page.length
      after = keyOf(table, page.at(-1)!)
      const carried = page.map(carryInto(table, ledger.mark.home))
      await ledger.move({ at: { table: name, after, rows } }, insertSteps(target.engine, table, carried))
      onProgress({ stage: 'rows', table: name, done: rows, total })
    }
    await ledger.move({ at: null, rows: { ...ledger.mark.rows, [name]: rows } })
  }
  await ledger.move({ stage: 'bodies' })
}

function whereIn({ at }: CopyMark, table: string): { rows: number; after: readonly SqlValue[] | undefined } {
  return at?.table === table ? at : { rows: 0, after: undefined }
}

/** All pods get one home, and a new epoch: what was known of them under the old one is out of date. */
function carryInto(table: CopiedTable, home: string): (row: Row) => Row {
  if (table !== headTable) return (row) => row
  return (row) => ({ ...row, node: home, epoch: (row.epoch as number) + 1 })
}

async function moveBodies(run: Run): Promise<void> {
  const { dir, target, ledger, wish, isMove, parts, onProgress } = run
  if (isMove) {
    await using from = await openFilesystemObjects({ dir: join(dir, 'objects'), random: parts.random })
    const { openS3Objects } = await import('../../../core/objects/s3.ts')
    await using to = await openS3Objects({ ...parts, ...wish.s3!, metrics: createMetrics() })
    const { after } = whereIn(ledger.mark, resourceTable.name)
    await copyBodies(target, { from, to }, after, async (page) => {
      const bodies = ledger.mark.bodies + page.bodies
      const bodyBytes = ledger.mark.bodyBytes + page.bytes
      await ledger.move({ at: { table: resourceTable.name, after: page.after, rows: 0 }, bodies, bodyBytes })
      onProgress({ stage: 'bodies', table: '', done: bodies, total: undefined })
    })
  }
  await ledger.move({ stage: 'compare', at: null })
}

async function compare({ source, target, ledger, onProgress }: Run): Promise<void> {
  const digests = new PodDigests(target)
  for (const table of copiedTables) {
    const total = ledger.mark.rows[table.name]!
    let done = 0
    const onPage = async (page: readonly Row[]): Promise<void> => {
      if (table === resourceTable) for (const row of page) await digests.add(row)
      done += page.length
      onProgress({ stage: 'compare', table: table.name, done, total })
    }
    const rows = await compareTable({ source, target, table, carry: carryInto(table, ledger.mark.home), onPage })
    if (rows !== total) throw new XpodError('DATABASE_IN_USE', `${table.name} changed while it was copied`)
  }
  await ledger.move({ pods: await digests.end() })
}

/** The last step in the target makes it one that can be started on. */
async function finish({ dir, source, target, ledger }: Run): Promise<void> {
  const { mark } = ledger
  if ((await stampOf(source)) !== mark.source) {
    throw new XpodError('DATABASE_IN_USE', 'a center ran on the source meanwhile')
  }
  const steps: Step[] = await settingSteps(source)
  steps.push(settingStep('objects', mark.place))
  for (const table of numberedTables) {
    steps.push(...numberSteps(target, table, await lastNumber(source, table.name, table.column)))
  }
  if (target.engine === 'sqlite') steps.push(settingStep('node', mark.home))
  else {
    // A node without a row is nobody's to take over from.
    const query = 'INSERT INTO node (id, instance) VALUES (?, ?) ON CONFLICT (id) DO NOTHING'
    steps.push({ query, args: [mark.home, 'copy'] })
    if (readMachine(dir) === undefined) nameMachine(dir, mark.home)
  }
  await ledger.move({ stage: 'done' }, steps)
}

/** What says something of a place is not carried to another one. */
const ownSettings: readonly unknown[] = ['node', 'objects', markSetting, retiredSetting]

async function settingSteps({ db }: Source): Promise<Step[]> {
  const rows = await db.read<Row & { key: string; value: string }>('SELECT key, value FROM setting ORDER BY key', [])
  return rows.filter(({ key }) => !ownSettings.includes(key)).map(({ key, value }) => settingStep(key, value))
}

function settingStep(key: string, value: string): Step {
  const query = 'INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'
  return { query, args: [key, value] }
}

async function retire({ from, to, dataDir }: CopyWish, parts: Surround): Promise<void> {
  const own = { ...parts, metrics: createMetrics() }
  await using lock = await lockDataDirectory(dataDir)
  await using db =
    from === 'sqlite:'
      ? await openSqlite({ ...own, dir: lock.dir, migrations, ballastBytes: 0 })
      : await connectPostgres({ ...own, url: from, poolSize: 1, startWithinMs: 0 })
  await writeSetting(db, retiredSetting, await addressOf({ db: to, dataDir }))
}

async function report({ dir, ledger, wish }: Run, already: boolean): Promise<CopyReport> {
  const { rows, pods, place, home, bodies, bodyBytes } = ledger.mark
  return {
    from: await addressOf({ db: wish.from, dataDir: dir }),
    to: await addressOf({ db: wish.to, dataDir: dir }),
    already,
    tables: copiedTables.map(({ name }) => ({ name, rows: rows[name] ?? 0 })),
    pods,
    bodies: { place, copied: bodies, bytes: bodyBytes },
    dataDir: dir,
    node: home,
    retired: wish.isRetiring,
  }
}

// xpod db copy: all of one database into an empty one, on SQLite or PostgreSQL, while no center runs. Says how far it is on
// stderr and what was copied and compared on stdout.

import { resolve } from 'node:path'

import { type Clock, systemClock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import { silentLog } from '../../base/log.ts'
import type { CopyProgress, CopyReport, CopyWish } from '../../center/database/copy/copy.ts'
import type { Settings } from '../../config/keys.ts'
import type { Flags } from '../../config/load.ts'
import { s3Of } from '../../config/s3.ts'
import { databaseUrl } from '../../config/types.ts'
import type { Invocation } from '../invocation.ts'
import { type Output, sizeText } from '../render.ts'
import { fill, type Texts } from '../texts.ts'
import { surround } from './center-options.ts'

const progressEveryMs = 1000

export async function copyAll({ out, texts, flags, loadSettings }: Invocation): Promise<number> {
  const wish = wishOf(flags, loadSettings().settings)
  const { copyDatabase } = await import('../../center/database/copy/copy.ts')
  const parts = surround(silentLog, () => {})
  const copied = await copyDatabase(wish, parts, showProgress({ out, texts, clock: systemClock }))
  if (flags.json === true) out.json(copied)
  else await show(copied, { out, texts, wide: flags.wide === true })
  return 0
}

/** A file is named by `sqlite:` in the data directory, or with its directory. Throws USAGE. */
function wishOf(flags: Flags, settings: Settings): CopyWish {
  const from = endOf(flags.from, 'sqlite:')
  const to = endOf(flags.to, settings.db)
  if (from.db === to.db) throw new XpodError('USAGE', 'name two databases with --from and --to')
  return {
    from: from.db,
    to: to.db,
    dataDir: from.dir ?? to.dir ?? settings['data-dir'],
    s3: s3Of(settings),
    isRestart: flags.restart === true,
    isRetiring: flags.retire === true,
  }
}

interface End {
  readonly db: string
  readonly dir: string | undefined
}

function endOf(flag: Flags[string], standard: string): End {
  const text = typeof flag === 'string' ? flag : standard
  const [, path] = /^sqlite:(.+)$/.exec(text) ?? []
  if (path !== undefined) return { db: 'sqlite:', dir: resolve(path.replace(/(^|\/)xpod\.db$/, '$1.')) }
  try {
    return { db: databaseUrl.parse(text), dir: undefined }
  } catch (cause) {
    throw new XpodError('USAGE', 'an end of the copy is not the URL of a database', {
      cause,
      hint: 'Write sqlite:, sqlite:DIRECTORY or postgres://USER:PASSWORD@HOST/NAME.',
    })
  }
}

interface Showing {
  readonly out: Output
  readonly texts: Texts
}

/** A line when something else begins, and now and then in between. */
function showProgress({ out, texts, clock }: Showing & { readonly clock: Clock }): (progress: CopyProgress) => void {
  const lines = { rows: texts.copyRows, bodies: texts.copyBodies, compare: texts.copyCompares }
  let shown = ''
  let shownMs = 0
  return ({ stage, table, done, total = '' }) => {
    const what = `${stage} ${table}`
    const nowMs = clock.monotonicMs()
    if (what === shown && nowMs - shownMs < progressEveryMs) return
    shown = what
    shownMs = nowMs
    out.complain(fill(lines[stage], { table, done, total }))
  }
}

async function show(copied: CopyReport, { out, texts, wide }: Showing & { readonly wide: boolean }): Promise<void> {
  const { from, to, already, tables, pods, bodies, dataDir, retired } = copied
  await out.table(
    tables.map(({ name, rows }) => [name, String(rows), texts.copyEqual]),
    { head: [texts.columnTable, texts.columnRows, texts.columnCompared], showHead: true, wide, right: [1] },
  )
  const { place, copied: count, bytes } = bodies
  out.print('')
  out.print(fill(already ? texts.copyWasDone : texts.copyDone, { from, to }))
  out.print(fill(texts.copyPods, { pods }))
  out.print(
    count === 0
      ? fill(texts.copyBodiesStay, { place })
      : fill(texts.copyBodiesMoved, { count, place, size: sizeText(bytes) }),
  )
  out.print(fill(texts.copyCarry, { dataDir }))
  if (retired) out.print(texts.copyRetired)
}

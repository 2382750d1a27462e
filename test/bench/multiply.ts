// Very many resources in a moment, to see how cost grows with what is there: rows and small bodies of the embedded store are
// copied inside its database, while no server runs. Counters and digests of the pod stay as they were.

import { join } from 'node:path'

import Database from 'better-sqlite3'

import type { Scene } from '../support/load-scene.ts'

/** Where a pod has the one document to copy: PUT it first. */
export const model = 'filled/0/r.ttl'
const modelKey = `/${model}`
const perContainer = 1000
/** Above every id that the server has given. */
const firstBody = 1_000_000_000

/** Copies the model of the newest pod that has one, into containers of a thousand. */
export function multiply(scene: Scene, count: number): void {
  const db = new Database(join(scene.dataDir, 'xpod.db'))
  const columns = db.prepare("SELECT name FROM pragma_table_info('resource')").pluck().all() as string[]
  const selected = (changed: Readonly<Record<string, string>>): string =>
    columns.map((name) => changed[name] ?? name).join(', ')
  const rowOf = (key: string): string => `(SELECT * FROM resource WHERE key = '${key}' ORDER BY pod DESC LIMIT 1)`
  const numbers = (last: number): string =>
    `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${last})`
  const container = `'/filled/' || (n / ${perContainer})`
  const document = { parent: container, key: `${container} || '/r' || n || '.ttl'`, body: `${firstBody} + n` }
  db.transaction(() => {
    db.exec(`${numbers(Math.floor(count / perContainer))}
      INSERT INTO resource SELECT ${selected({ key: "'/filled/' || n" })} FROM numbers, ${rowOf('/filled/0')}`)
    db.exec(`${numbers(count)}
      INSERT INTO resource SELECT ${selected(document)} FROM numbers, ${rowOf(modelKey)}`)
    db.exec(`${numbers(count)}
      INSERT INTO body SELECT ${firstBody} + n, pod, bytes FROM numbers,
        (SELECT * FROM body WHERE id = (SELECT body FROM ${rowOf(modelKey)}))`)
  })()
  db.close()
}

// Looks into the stores of a stopped server for bodies that no row names. Reads the database itself, because what is asked is
// whether the server's own book of its files is complete. Uploads that an S3 store still knows are not asked for: they are
// swept a day later.

import { basename, join } from 'node:path'

import Database from 'better-sqlite3'
import { Client } from 'minio'
import pg from 'pg'

import type { S3Place } from '../../src/center/options.ts'
import { filesBelow } from './source-tree.ts'
import { storesOf } from './stores.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(\.part)?$/

/** Bodies, finished or not, that neither a resource, an upload under way nor the garbage names. */
export async function leftovers(dataDir: string): Promise<string[]> {
  const { db, s3 } = await storesOf(dataDir)
  const named = new Set((await namedKeys(dataDir, db)).map((key) => basename(key)))
  const bodies = s3 === undefined ? bodyFiles(dataDir) : await objectsIn(s3)
  return bodies.filter((path) => !named.has(basename(path).replace(/\.part$/, '')))
}

/** Files of unfinished uploads. */
export function unfinished(dataDir: string): string[] {
  return bodyFiles(dataDir).filter((path) => path.endsWith('.part'))
}

export function bodyFiles(dataDir: string): string[] {
  return filesBelow(dataDir).filter((path) => uuid.test(basename(path)))
}

const query = `SELECT blob AS key FROM resource WHERE blob IS NOT NULL
  UNION ALL SELECT blob FROM stage UNION ALL SELECT ref FROM garbage`

async function namedKeys(dataDir: string, url: string): Promise<string[]> {
  const rows = url === 'sqlite:' ? askSqlite(dataDir) : await askPostgres(url)
  return rows.map(({ key }) => key)
}

function askSqlite(dataDir: string): { key: string }[] {
  const db = new Database(join(dataDir, 'xpod.db'), { readonly: true })
  try {
    return db.prepare<[], { key: string }>(query).all()
  } finally {
    db.close()
  }
}

async function askPostgres(url: string): Promise<{ key: string }[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<{ key: string }>(query)).rows
  } finally {
    await client.end()
  }
}

async function objectsIn({ endpoint, bucket, prefix, ...keys }: S3Place): Promise<string[]> {
  const { hostname, port } = new URL(endpoint)
  const { accessKey, secretKey } = keys
  const client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey })
  const names: string[] = []
  for await (const { name } of client.listObjectsV2(bucket, prefix, true)) names.push(name)
  return names.filter((name) => uuid.test(basename(name)))
}

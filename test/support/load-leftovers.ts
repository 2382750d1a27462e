// Looks into the stores of a stopped server for bodies that no row names. Reads the database itself, because what is asked is
// whether the server's own book of its files is complete. Uploads that an S3 store still knows are not asked for: they are
// swept a day later.

import { basename } from 'node:path'

import { Client } from 'minio'

import type { S3Place } from '../../src/center/options.ts'
import { askRaw } from './raw-database.ts'
import { filesBelow } from './source-tree.ts'
import { storesOf } from './stores.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(\.part)?$/

/** Bodies, finished or not, that neither a resource, an upload under way nor the garbage names. */
export async function leftovers(dataDir: string, s3?: S3Place): Promise<string[]> {
  const rows = await askRaw<{ key: string }>(dataDir, named)
  const names = new Set(rows.map(({ key }) => basename(key)))
  return (await bodies(dataDir, s3)).filter((path) => !names.has(basename(path).replace(/\.part$/, '')))
}

/** Bodies outside of the database: files, finished or not, or objects. */
export async function bodies(dataDir: string, s3?: S3Place): Promise<string[]> {
  const place = s3 ?? (await storesOf(dataDir)).s3
  return place === undefined ? bodyFiles(dataDir) : objectsIn(place)
}

/** Uploads that the server knows to be under way. */
export async function uploadsUnderWay(dataDir: string): Promise<number> {
  return (await askRaw(dataDir, 'SELECT blob FROM stage')).length
}

/** Files of unfinished uploads. */
export function unfinished(dataDir: string): string[] {
  return bodyFiles(dataDir).filter((path) => path.endsWith('.part'))
}

function bodyFiles(dataDir: string): string[] {
  return filesBelow(dataDir).filter((path) => uuid.test(basename(path)))
}

const named = `SELECT blob AS key FROM resource WHERE blob IS NOT NULL
  UNION ALL SELECT blob FROM stage UNION ALL SELECT ref FROM garbage`

async function objectsIn({ endpoint, bucket, prefix, ...keys }: S3Place): Promise<string[]> {
  const { hostname, port } = new URL(endpoint)
  const { accessKey, secretKey } = keys
  const client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey })
  const names: string[] = []
  for await (const { name } of client.listObjectsV2(bucket, prefix, true)) names.push(name)
  return names.filter((name) => uuid.test(basename(name)))
}

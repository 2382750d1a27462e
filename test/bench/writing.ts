// P3, P6 and P7: writes.

import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import Database from 'better-sqlite3'
import { Parser, Writer } from 'n3'

import type { Bare } from './bare.ts'
import { alternate, middle, residentMiB } from './measure.ts'
import { atLeast, type Claim, perSecond, type Row, type Stage, turtle } from './stage.ts'

const pods = 16
const connections = 16
const pathsPerConnection = 50
const mebibyte = 1 << 20
const turtleType = { 'Content-Type': 'text/turtle' }

function puts(stage: Stage, roots: readonly string[]): Buffer[] {
  const body = turtle(13)
  return Array.from({ length: connections * pathsPerConnection }, (_, number) =>
    stage.request('PUT', `${roots[number % roots.length]}p3/r${number}.ttl`, turtleType, body),
  )
}

/** Each row is called `claim` and what it is about. */
export async function durablePuts(stage: Stage, claim: string): Promise<Row[]> {
  const others = []
  for (let number = 1; number < pods; number++) others.push(await stage.scene.createPod(`bench-${number}`))
  const single = puts(stage, [stage.pod])
  const spread = puts(stage, [stage.pod, ...others])
  await stage.bare.serve({ kind: 'parse', headers: [] })
  const [alone, one, many, bare] = await alternate(
    stage.generator,
    [
      { side: stage.xpod, requests: single, connections: 1 },
      { side: stage.xpod, requests: single, connections },
      { side: stage.xpod, requests: spread, connections },
      { side: stage.bare, requests: single, connections },
    ],
    stage.options,
  )
  const limit = perSecond(bare!)
  return [
    atLeast(`${claim} PUT 1 KiB Turtle, one pod, against read+hash+parse`, one!.rate / bare!.rate, 0.35, {
      figure: perSecond(one!),
      limit,
    }),
    atLeast(`${claim} the same to 16 pods`, many!.rate / bare!.rate, 0.35, { figure: perSecond(many!), limit }),
    atLeast(`${claim} 16 connections, against one`, one!.rate / alone!.rate, 3, {
      figure: perSecond(one!),
      limit: perSecond(alone!),
    }),
    atLeast(`${claim} 16 connections to 16 pods, against one`, many!.rate / alone!.rate, 3, {
      figure: perSecond(many!),
      limit: perSecond(alone!),
    }),
  ]
}

const durablePut: Claim = { name: 'P3', run: (stage) => durablePuts(stage, 'P3') }

/** Seconds that a PUT of this file takes. */
function upload(port: number, path: string, file: string, bytes: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const startMs = performance.now()
  const headers = { 'content-type': 'application/octet-stream', 'content-length': bytes, host: `localhost:${port}` }
  const outgoing = httpRequest({ port, host: '127.0.0.1', method: 'PUT', path, headers, agent: false }, (answer) => {
    answer.resume().on('end', () => {
      if (answer.statusCode! >= 300) reject(new Error(`PUT ${path}: ${answer.statusCode}`))
      else resolve((performance.now() - startMs) / 1000)
    })
  })
  outgoing.on('error', reject)
  createReadStream(file, { highWaterMark: mebibyte }).pipe(outgoing)
  return promise
}

/** The largest resident size while something runs. */
async function peakMiB(pid: number, action: () => Promise<unknown>): Promise<number> {
  let peak = residentMiB(pid)
  const timer = setInterval(() => (peak = Math.max(peak, residentMiB(pid))), 25)
  try {
    await action()
  } finally {
    clearInterval(timer)
  }
  return peak
}

const uploads = 50

/** Against a bare server that takes the same upload in its way. */
export async function blobPuts(
  stage: Stage,
  { claim, against, bare: kind }: { claim: string; against: string; bare: (folder: string) => Bare },
): Promise<Row[]> {
  const { uploadBytes } = stage.options
  const folder = await mkdtemp(join(tmpdir(), 'xpod-bench-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(folder, { recursive: true }))
  const file = join(folder, 'body')
  await writeFile(file, '')
  for (let at = 0; at < uploadBytes; at += 16 * mebibyte) {
    await writeFile(file, Buffer.alloc(Math.min(16 * mebibyte, uploadBytes - at), 'u'), { flag: 'a' })
  }
  await stage.bare.serve(kind(folder))
  const [ours, bare]: [number[], number[]] = [[], []]
  const idle = residentMiB(stage.running.pid)
  let number = 0
  const peak = await peakMiB(stage.running.pid, async () => {
    for (let turn = 0; turn < stage.options.turns; turn++) {
      ours.push(await upload(stage.scene.port, `${stage.pod}p6/${number++}.bin`, file, uploadBytes))
      bare.push(await upload(stage.bare.port, '/x', file, uploadBytes))
    }
  })
  const small = join(folder, 'small')
  await writeFile(small, Buffer.alloc(8 * mebibyte, 's'))
  const crowded = await peakMiB(stage.running.pid, () =>
    Promise.all(
      Array.from({ length: uploads }, () =>
        upload(stage.scene.port, `${stage.pod}p6/${number++}.bin`, small, 8 * mebibyte),
      ),
    ),
  )
  const speed = (seconds: number): string => `${(uploadBytes / mebibyte / seconds).toFixed(0)} MiB/s`
  const texts = { figure: speed(middle(ours)), limit: speed(middle(bare)) }
  return [
    atLeast(
      `${claim} PUT of ${uploadBytes / mebibyte} MiB, against ${against}`,
      middle(bare) / middle(ours),
      0.7,
      texts,
    ),
    memory(`${claim} growth of memory, one upload`, peak - idle, 32),
    memory(`${claim} growth of memory, ${uploads} uploads at once`, crowded - idle, 300),
  ]
}

const blobPut: Claim = {
  name: 'P6',
  run: (stage) =>
    blobPuts(stage, {
      claim: 'P6',
      against: 'write+hash+sync',
      bare: (folder) => ({ kind: 'store', path: join(folder, 'bare') }),
    }),
}

function memory(claim: string, mebibytes: number, goal: number): Row {
  const figure = `${mebibytes.toFixed(0)} MiB`
  return { claim, figure, limit: '', ratio: mebibytes, goal: `≤ ${goal} MiB`, pass: mebibytes <= goal }
}

const triples = 500 // of which turtle() makes 1000

/** Seconds to serialise the document, and to commit one row durably, in this process. */
async function patchLimit(document: string): Promise<number> {
  const quads = new Parser({ baseIRI: 'http://localhost/x' }).parse(document)
  const serialising: number[] = []
  for (let turn = 0; turn < 20; turn++) {
    const startMs = performance.now()
    new Writer().quadsToString(quads)
    serialising.push(performance.now() - startMs)
  }
  const folder = await mkdtemp(join(tmpdir(), 'xpod-bench-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(folder, { recursive: true }))
  const db = new Database(join(folder, 'x.db'))
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec('CREATE TABLE t (a BLOB)')
  const insert = db.prepare('INSERT INTO t VALUES (?)')
  const committing: number[] = []
  for (let turn = 0; turn < 50; turn++) {
    const startMs = performance.now()
    insert.run(Buffer.from(document))
    committing.push(performance.now() - startMs)
  }
  db.close()
  return (middle(serialising) + middle(committing)) / 1000
}

interface PatchText {
  readonly mediaType: string
  readonly text: string
}

function sparqlPatch(triple: string, isInsert: boolean): PatchText {
  return { mediaType: 'application/sparql-update', text: `${isInsert ? 'INSERT' : 'DELETE'} DATA { ${triple} }` }
}

function n3Patch(triple: string, isInsert: boolean): PatchText {
  const prefix = '@prefix solid: <http://www.w3.org/ns/solid/terms#>.'
  const change = `solid:${isInsert ? 'inserts' : 'deletes'} { ${triple} }`
  return { mediaType: 'text/n3', text: `${prefix}\n_:p a solid:InsertDeletePatch; ${change}.` }
}

/** Each connection inserts a triple of its own and deletes it again, so that every PATCH changes the document. */
function patches(
  stage: Stage,
  path: string,
  write: (triple: string, isInsert: boolean) => PatchText,
  clients: number,
): Buffer[] {
  return [true, false].flatMap((isInsert) =>
    Array.from({ length: clients }, (_, client) => {
      const { mediaType, text } = write(`<#it> <http://example.org/ns#counts> ${client} .`, isInsert)
      return stage.request('PATCH', path, { 'Content-Type': mediaType }, text)
    }),
  )
}

const patch: Claim = {
  name: 'P7',
  async run(stage) {
    const path = `${stage.pod}p7/document.ttl`
    const document = turtle(triples)
    const limit = 1 / (await patchLimit(document))
    const rows: Row[] = []
    const rates: number[] = []
    for (const [name, write, at] of [
      ['SPARQL Update', sparqlPatch, 1],
      ['N3', n3Patch, 1],
      ['16 clients, N3', n3Patch, 16],
    ] as const) {
      await stage.put(path, 'text/turtle', document)
      const turn = { side: stage.xpod, requests: patches(stage, path, write, at), connections: at }
      const [measured] = await alternate(stage.generator, [turn], stage.options)
      rates.push(measured!.rate)
      const against = at === 1 ? limit : rates[1]!
      const claim = `P7 PATCH of 1000 triples, ${name}, against ${at === 1 ? 'serialising + commit' : 'one client'}`
      rows.push(
        atLeast(claim, measured!.rate / against, 0.5, {
          figure: perSecond(measured!),
          limit: `${against.toFixed(0)}/s`,
        }),
      )
    }
    return rows
  },
}

export const writing: readonly Claim[] = [durablePut, blobPut, patch]

// P1, P2, P4 and P5: reads.

import { once } from 'node:events'
import { connect } from 'node:net'
import { writeFileSync } from 'node:fs'

import { LoadClient } from '../support/load-client.ts'
import { type Login, startIssuer } from '../support/issuer.ts'
import type { Bare } from './bare.ts'
import { cpuSeconds, residentMiB } from './measure.ts'
import { atLeast, atMost, type Claim, perSecond, type Row, type Stage, turtle } from './stage.ts'

/** What P1 asks for: 1 KiB, from memory. */
export async function putCard(stage: Stage): Promise<string> {
  const path = `${stage.pod}p1/card.ttl`
  await stage.put(path, 'text/turtle', turtle(13))
  return path
}

const browserAccept = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'
const connections = 16
const mebibyte = 1 << 20

async function versusBytes(stage: Stage, claim: string, request: Buffer, goal: number): Promise<Row> {
  const [xpod, bare] = await stage.against(await stage.likeXpod(request), [request], connections)
  return atLeast(claim, xpod.rate / bare.rate, goal, { figure: perSecond(xpod), limit: perSecond(bare) })
}

const publicGet: Claim = {
  name: 'P1',
  async run(stage) {
    const path = await putCard(stage)
    const etag = (await stage.client.send('GET', path)).headers.etag!
    const get = (headers: Record<string, string>): Buffer => stage.request('GET', path, headers)
    return [
      await versusBytes(stage, 'P1 public GET, 1 KiB Turtle, against bare node:http', get({}), 0.5),
      await versusBytes(stage, 'P1 the same with Origin', get({ Origin: 'https://app.example' }), 0.45),
      await versusBytes(stage, "P1 the same with a browser's Accept", get({ Accept: browserAccept }), 0.45),
      await versusBytes(stage, 'P1 the same with If-None-Match (304)', get({ 'If-None-Match': etag }), 0.45),
    ]
  },
}

const proofs = 8000

/** CPU of one ES256 verification in this process, seconds. */
async function verificationCpu(): Promise<number> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ])
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
  const text = Buffer.alloc(400, 'a')
  const signature = await crypto.subtle.sign(algorithm, privateKey, text)
  const start = process.cpuUsage()
  for (let turn = 0; turn < proofs; turn++) await crypto.subtle.verify(algorithm, publicKey, signature, text)
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6 / proofs
}

/** CPU of the server for GETs that each bring a fresh proof. */
export async function proofRow(stage: Stage, login: Login, claim: string, path: string): Promise<Row> {
  const url = new URL(path, stage.scene.baseUrl).href
  const requests: Buffer[] = []
  for (let turn = 0; turn < proofs; turn++) {
    const { authorization, dpop } = await login.headers('GET', url)
    requests.push(stage.request('GET', path, { Authorization: authorization, DPoP: dpop }))
  }
  const warm = requests.splice(0, 200)
  const send = async (some: readonly Buffer[]): Promise<number> => {
    const before = cpuSeconds(stage.running.pid)
    const texts = some.map((request) => request.toString('base64'))
    const plan = { port: stage.scene.port, connections, durationMs: 60_000, requests: texts, once: true }
    await stage.generator.run(plan)
    return (cpuSeconds(stage.running.pid) - before) / some.length
  }
  await send(warm)
  const cpu = await send(requests)
  const limit = await verificationCpu()
  const texts = { figure: `${(cpu * 1e6).toFixed(0)} µs CPU`, limit: `${(limit * 1e6).toFixed(0)} µs CPU` }
  return atMost(`${claim}, against one ES256 verification`, cpu / limit, 1.6, texts)
}

const proofOfPossession: Claim = {
  name: 'P2',
  async run(stage) {
    await using issuer = await startIssuer()
    const login = await issuer.login('reader')
    const path = `${stage.pod}p2/card.ttl`
    await stage.put(path, 'text/turtle', turtle(13))
    return [await proofRow(stage, login, 'P2 GET with a fresh DPoP proof', path)]
  },
}

const members = 1000

const listing: Claim = {
  name: 'P4',
  async run(stage) {
    await stage.fill(members, `${stage.pod}p4/`)
    const path = `${stage.pod}p4/0/`
    const request = stage.request('GET', path, { Accept: 'text/turtle' })
    const warm = await versusBytes(
      stage,
      `P4 container of ${members}, Turtle, warm, against the same bytes`,
      request,
      0.3,
    )
    const times: number[] = []
    for (let turn = 0; turn < 15; turn++) {
      await stage.put(`${path}r0.ttl`, 'text/turtle', turtle(2, turn))
      const startMs = performance.now()
      await stage.client.send('GET', path, { headers: { accept: 'text/turtle' } })
      times.push(performance.now() - startMs)
    }
    const ms = times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!
    const texts = { figure: `${ms.toFixed(2)} ms`, limit: '' }
    return [warm, { claim: 'P4 the same after one member changed', ...texts, ratio: ms, goal: '≤ 5 ms', pass: ms <= 5 }]
  },
}

const large: Claim = {
  name: 'P5',
  async run(stage) {
    const rows: Row[] = []
    for (const [bytes, goal, at] of [
      [65_536, 0.7, connections],
      [100 * mebibyte, 0.9, 2],
    ] as const) {
      const path = `${stage.pod}p5/${bytes}.bin`
      const body = Buffer.alloc(bytes, 'xpod')
      await stage.put(path, 'application/octet-stream', body)
      const file = stage.scene.path(`bare-${bytes}`)
      writeFileSync(file, body)
      const headers = ['Content-Type', 'application/octet-stream', 'Content-Length', String(bytes)]
      const before = residentMiB(stage.running.pid)
      const bare: Bare = { kind: 'file', path: file, headers }
      const [xpod, limit] = await stage.against(bare, [stage.request('GET', path)], at)
      const grown = residentMiB(stage.running.pid) - before
      const name = bytes < mebibyte ? '64 KiB' : '100 MiB'
      const texts = { figure: perSecond(xpod), limit: perSecond(limit) }
      rows.push(atLeast(`P5 GET of ${name}, against createReadStream().pipe()`, xpod.rate / limit.rate, goal, texts))
      const memory = { figure: `${grown.toFixed(0)} MiB`, limit: '' }
      if (bytes > mebibyte)
        rows.push({ claim: 'P5 growth of memory', ...memory, ratio: grown, goal: '≤ 32 MiB', pass: grown <= 32 })
    }
    return rows
  },
}

/** Milliseconds until the first byte of an answer. */
async function firstByteMs(port: number, request: Buffer): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  const startMs = performance.now()
  socket.write(request)
  await once(socket, 'data')
  socket.destroy()
  return performance.now() - startMs
}

const hugeMembers = 100_000

/** Takes minutes; only by its name. */
const hugeListing: Claim = {
  name: 'P4-100000',
  async run(stage) {
    const path = `${stage.pod}huge/`
    const clients = Array.from({ length: 32 }, () => new LoadClient(stage.scene.baseUrl))
    const headers = { 'content-type': 'text/plain' }
    await Promise.all(
      clients.map(async (_, at) => {
        for (let number = at; number < hugeMembers; number += clients.length)
          await clients[at]!.send('PUT', `${path}m${number}.txt`, { headers, body: 'm' })
      }),
    )
    const before = residentMiB(stage.running.pid)
    const ms = await firstByteMs(stage.scene.port, stage.request('GET', path, { Accept: 'text/turtle' }))
    await stage.client.send('GET', path, { headers: { accept: 'text/turtle' } })
    const grown = residentMiB(stage.running.pid) - before
    return [
      {
        claim: `P4 ${hugeMembers} members, first byte`,
        figure: `${ms.toFixed(1)} ms`,
        limit: '',
        ratio: ms,
        goal: '≤ 50 ms',
        pass: ms <= 50,
      },
      {
        claim: 'P4 growth of memory',
        figure: `${grown.toFixed(0)} MiB`,
        limit: '',
        ratio: grown,
        goal: '≤ 64 MiB',
        pass: grown <= 64,
      },
    ]
  },
}

export const reading: readonly Claim[] = [publicGet, proofOfPossession, listing, large]
export const readingAtScale: readonly Claim[] = [hugeListing]

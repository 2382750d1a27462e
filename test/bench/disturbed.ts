// P17: how long public GETs of a small document take while the server does something heavy for others. Two connections ask
// without a pause, so that the times are those of answers and not of a queue in front of a busy core.

import { setTimeout as delay } from 'node:timers/promises'
import { join } from 'node:path'

import Database from 'better-sqlite3'

import { LoadClient } from '../support/load-client.ts'
import { model, multiply } from './multiply.ts'
import { type Claim, type Row, type Stage, turtle } from './stage.ts'

const maxP99Ms = 20
const connections = 2
const measureMs = 4000
const resources = 1_000_000

/** GETs while `work` is repeated, until both the time is over and the work that ran is done. */
async function disturbed(stage: Stage, what: string, work: () => Promise<unknown>): Promise<Row> {
  const path = `${stage.pod}p17/card.ttl`
  await stage.put(path, 'text/turtle', turtle(13))
  await work()
  let isOver = false
  let rounds = 0
  const working = (async () => {
    while (!isOver) {
      await work()
      rounds++
    }
  })()
  const load = await stage.generator.run({
    port: stage.scene.port,
    connections,
    durationMs: measureMs,
    requests: [stage.request('GET', path).toString('base64')],
    once: false,
  })
  isOver = true
  await working
  const figure = `p99 ${load.p99Ms.toFixed(1)} ms, p50 ${load.p50Ms.toFixed(2)} ms, ${rounds} times`
  return row(what, figure, load.p99Ms)
}

function row(what: string, figure: string, p99Ms: number): Row {
  return { claim: `P17 GET while ${what}`, figure, limit: '', ratio: p99Ms, goal: '< 20 ms', pass: p99Ms < maxP99Ms }
}

async function expectStatus(answer: Promise<{ readonly status: number; readonly body: Buffer }>, status: number) {
  const { status: actual, body } = await answer
  if (actual !== status) throw new Error(`${actual} instead of ${status}: ${body.toString().slice(0, 200)}`)
}

const whileWorking: Claim = {
  name: 'P17',
  async run(stage) {
    const client = new LoadClient(stage.scene.baseUrl)
    const large = turtle(130_000)
    const put = () => stage.put(`${stage.pod}p17/large.ttl`, 'text/turtle', large)
    const target = `${stage.pod}p17/target.ttl`
    await stage.put(target, 'text/turtle', turtle(500))
    const where = 'DELETE { ?a ?b ?c } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . }'
    const headers = { 'content-type': 'application/sparql-update' }
    const patch = () => expectStatus(client.send('PATCH', target, { headers, body: where }), 422)
    const logIns = () => Promise.all(Array.from({ length: 8 }, (_, at) => failToLogIn(stage.scene.baseUrl, at)))
    const rows = [
      await disturbed(stage, `${(large.length / 1e6).toFixed(0)} MB of Turtle are PUT`, put),
      await disturbed(stage, 'a heavy WHERE is refused', patch),
      await disturbed(stage, 'eight people log in', logIns),
    ]
    client.close()
    return rows
  },
}

/** A password is hashed whether it is right or not. */
async function failToLogIn(baseUrl: string, number: number): Promise<void> {
  const url = new URL('/.account/login/password/', baseUrl)
  const body = JSON.stringify({ email: `nobody-${number}@example.org`, password: 'not the password' })
  await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then((answer) =>
    answer.text(),
  )
}

/** Takes minutes; only by its name. */
const whileDeleting: Claim = {
  name: 'P17-delete',
  async run(stage) {
    await stage.scene.createPod('huge')
    await stage.put(`/huge/${model}`, 'text/turtle', turtle(4))
    await stage.running.stop()
    multiply(stage.scene, resources)
    const path = join(stage.scene.dataDir, 'xpod.db')
    await stage.scene.start()
    const card = `${stage.pod}p17/card.ttl`
    await stage.put(card, 'text/turtle', turtle(13))
    await stage.scene.command('pod', 'delete', 'huge', '--yes')
    const db = new Database(path, { readonly: true })
    const left = (): number => db.prepare('SELECT count(*) FROM resource').pluck().get() as number
    const before = left()
    let p99Ms = 0
    while (left() > 1000) {
      const requests = [stage.request('GET', card).toString('base64')]
      const load = await stage.generator.run({
        port: stage.scene.port,
        connections,
        durationMs: 3000,
        requests,
        once: false,
      })
      p99Ms = Math.max(p99Ms, load.p99Ms)
      await delay(50)
    }
    db.close()
    return [row(`a pod of ${before} resources is deleted`, `worst p99 of 3 s ${p99Ms.toFixed(1)} ms`, p99Ms)]
  },
}

export const disturbing: readonly Claim[] = [whileWorking]
export const disturbingAtScale: readonly Claim[] = [whileDeleting]

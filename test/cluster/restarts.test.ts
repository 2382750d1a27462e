// A whole center whose database is restarted again and again while people write and read: what was acknowledged is there and
// whole, memory answers as long as its lease lasts, everybody else is told at once to come back, and nothing ends the process.

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'

import { History, judge } from '../support/checker.ts'
import { LoadClient } from '../support/load-client.ts'
import { observe, seeded, write } from '../support/load-writers.ts'
import { rounds } from '../support/needs.ts'
import { lacksPostgres } from '../support/postgres-programs.ts'
import { lacksS3 } from '../support/s3-server.ts'
import type { SpawnedXpod } from '../support/spawn.ts'
import { until } from '../support/until.ts'
import { openPlace, type Place, type Reply } from './centers.ts'

const modes = ['fast', 'immediate', 'kill'] as const
const writers = 3
/** What operators are promised, and a slow machine besides. */
const backMs = 15_000
/** A lease, and a beat that was just sent. */
const lapseMs = 14_000

function assertAway(reply: Reply): void {
  assert.equal(reply.status, 503, reply.text)
  assert.equal(reply.headers['retry-after'], '1')
}

async function holdsLease({ adminUrl }: SpawnedXpod): Promise<boolean> {
  const metrics = await (await fetch(new URL('/metrics', adminUrl))).text()
  return /^xpod_lease_held 1$/m.test(metrics)
}

interface Load extends AsyncDisposable {
  readonly history: History
  /** Ends it, and looks at everything that is there. */
  compare(): Promise<void>
}

interface Scene {
  readonly place: Place
  readonly center: SpawnedXpod
  readonly pod: string
  /** Path of a document that nobody changes. */
  readonly kept: string
}

/** As many as there are write below the pod, and one reads what never changes. */
function startLoad({ place, center, pod, kept }: Scene): Load {
  const seed = Number(process.env.XPOD_TEST_SEED ?? randomInt(2 ** 31))
  const chance = seeded(seed)
  const history = new History()
  const clients = Array.from({ length: writers }, () => new LoadClient(place.baseUrl))
  const over = new AbortController()
  const isOver = (): boolean => over.signal.aborted
  let serial = 0
  const written = clients.map((client, index) =>
    write({ client, history, chance, folder: `${pod}load/w${index}/`, serial: () => ++serial }, isOver),
  )
  async function read(): Promise<void> {
    while (!isOver()) {
      const reply = await place.ask(center, 'GET', kept)
      if (reply.status === 200) assert.equal(reply.text, 'kept')
      else assertAway(reply)
    }
  }
  const all = Promise.all([...written, read()])
  // Looked at when it is over.
  all.catch(() => undefined)
  const end = async (): Promise<void> => {
    over.abort()
    await all
  }
  return {
    history,
    async compare() {
      await end()
      const root = `${pod}load/`
      const observed = await observe(clients[0]!, root, history)
      assert.deepEqual(judge(history, observed, root), [], `seed ${seed}`)
    },
    async [Symbol.asyncDispose]() {
      over.abort()
      await all.catch(() => undefined)
      for (const client of clients) client.close()
    },
  }
}

test('restarts of the database in a row, under load', {
  skip: lacksPostgres || lacksS3,
  timeout: 300_000,
}, async () => {
  await using place = await openPlace()
  const center = await place.start('first')
  const pod = await place.createPod(center, 'alice')
  const put = (name: string): Promise<Reply> => place.ask(center, 'PUT', `${pod}${name}`, { body: name })
  // Where nobody writes meanwhile: a write whose answer is lost takes the memory of its pod along.
  const kept = `${await place.createPod(center, 'bob')}kept`
  assert.equal((await place.ask(center, 'PUT', kept, { body: 'kept' })).status, 201)
  await using load = startLoad({ place, center, pod, kept })

  const count = rounds('RESTARTS', 4)
  for (let round = 0; round < count; round++) {
    await until('memory may answer', () => holdsLease(center), backMs)
    assert.equal((await place.ask(center, 'GET', kept)).text, 'kept')
    const before = load.history.acknowledged
    await until('writes are acknowledged', () => load.history.acknowledged > before + 5, backMs)
    await place.database.stop(modes[round % modes.length])
    assert.equal((await place.ask(center, 'GET', kept)).text, 'kept', 'from memory')
    assertAway(await put(`during${round}`))
    if (round === count - 1) {
      const lapsed = await until(
        'the lease is over',
        async () => {
          const reply = await place.ask(center, 'GET', kept)
          return reply.status === 200 ? undefined : reply
        },
        lapseMs,
      )
      assert.ok(lapsed)
      assertAway(lapsed)
    }
    await place.database.start()
    await until('it serves again', async () => (await put(`after${round}`)).status < 300, backMs)
  }

  await load.compare()
  for (let round = 0; round < count; round++) {
    assert.equal((await place.ask(center, 'GET', `${pod}after${round}`)).text, `after${round}`)
    assert.equal((await place.ask(center, 'GET', `${pod}during${round}`)).status, 404)
  }
  assert.equal(center.process.exitCode, null, center.output())
  assert.equal(await center.stop(), 0)
})

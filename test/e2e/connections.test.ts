// Ten thousand connections at once: each is answered and stays open, others are still served promptly, the memory for an
// idle connection is small, and the server forgets them when they end. On a machine whose limit of open files is lower the
// number is scaled down, and the test says so; under XPOD_TEST_REQUIRE=connections that is an error.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { test } from 'node:test'

import { LoadClient } from '../support/load-client.ts'
import { openRaw } from '../support/load-raw.ts'
import { Scene } from '../support/load-scene.ts'
import { lacks, openFileLimit, rounds } from '../support/needs.ts'

const wished = rounds('CONNECTIONS', 2000)
const batch = 200
const maxBytesPerConnection = 32 * 1024

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024
}

async function answerOn(socket: Socket, request: string): Promise<string> {
  socket.write(request)
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString('latin1', 0, 15)
}

test(`${wished} connections are held at once`, { skip: process.platform !== 'linux' }, async (t) => {
  const count = Math.min(wished, openFileLimit() - 500)
  if (count < wished) {
    const missing = lacks('connections', false)
    t.diagnostic(`SCALED DOWN to ${count}: ${String(missing)}`)
  }
  await using scene = await Scene.open()
  const running = await scene.start()
  const pod = await scene.createPod('alice')
  const client = new LoadClient(scene.baseUrl)
  const headers = { 'content-type': 'text/plain' }
  assert.equal((await client.send('PUT', `${pod}a.txt`, { headers, body: 'hello' })).status, 201)
  const request = `GET ${pod}a.txt HTTP/1.1\r\nHost: localhost:${scene.port}\r\n\r\n`
  const before = residentBytes(running.pid)
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const more = await Promise.all(
      Array.from({ length: Math.min(batch, count - sockets.length) }, () => openRaw(scene.port)),
    )
    sockets.push(...more)
    const answers = await Promise.all(more.map((socket) => answerOn(socket, request)))
    assert.ok(answers.every((answer) => answer === 'HTTP/1.1 200 OK'))
  }
  const perConnection = (residentBytes(running.pid) - before) / count
  t.diagnostic(`${count} connections, ${Math.round(perConnection)} bytes each`)
  assert.ok(perConnection < maxBytesPerConnection, `${Math.round(perConnection)} bytes for a connection`)

  const startMs = performance.now()
  assert.equal((await client.send('PUT', `${pod}b.txt`, { headers, body: 'beside' })).status, 201)
  assert.ok(performance.now() - startMs < 5000, 'a write beside them takes 5 s')
  const last = await Promise.all(sockets.slice(-batch).map((socket) => answerOn(socket, request)))
  assert.ok(
    last.every((answer) => answer === 'HTTP/1.1 200 OK'),
    'a connection is not answered a second time',
  )

  for (const socket of sockets) socket.destroy()
  client.close()
  assert.equal(await running.stop(), 0)
})

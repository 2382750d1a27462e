// What an idle WebSocket costs this process (performance P9): its share of the heap and of buffers, with clients elsewhere.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { KiB } from '../../../src/base/bytes.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { startHttpServer } from '../../../src/core/http/server.ts'
import type { WebSocketPeer } from '../../../src/core/http/websocket.ts'
import { until } from '../../support/until.ts'

const count = 2000

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function usedBytes(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

test('an idle WebSocket costs at most 12 KiB of the heap, and nothing of it stays', async () => {
  const peers = new Set<WebSocketPeer>()
  await using server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    log: silentLog,
    handler: () => ({ status: 404, headers: [], body: undefined }),
    upgrade: () => ({
      open: (peer) => {
        peers.add(peer)
        peer.onClose(() => peers.delete(peer))
      },
    }),
  })
  const before = usedBytes()
  const script = new URL('../../support/idle-websockets.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, String(server.port), String(count)], { stdio: 'inherit' })
  try {
    await until('all are open', () => peers.size === count)
    // Their handshakes have left.
    await until('nothing is buffered', () => [...peers].every((peer) => peer.bufferedBytes === 0))
    const each = (usedBytes() - before) / count
    assert.ok(each < 12 * KiB, `${Math.round(each)} bytes each`)
  } finally {
    child.kill()
    await once(child, 'exit')
  }
  await until('all are closed', () => peers.size === 0)
  const left = (usedBytes() - before) / count
  assert.ok(left < KiB, `${Math.round(left)} bytes of each are left`)
})

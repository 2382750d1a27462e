// A port for a server that must know it before it starts. It was free a moment ago; another test may take it meanwhile, so a
// server that finds it taken is started again on another one. Below those that the kernel gives to outgoing connections, of
// which some tests have thousands.

import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

const [lowest, highest] = [11_000, 32_000]
const maxAttempts = 50
const maxStarts = 5

export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = randomInt(lowest, highest)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch (error) {
      if (attempt === maxAttempts || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      continue
    }
    server.close()
    await once(server, 'close')
    return port
  }
}

interface Starting {
  start(port: number): Promise<void>
  /** Of what did not start. */
  stop(): Promise<void>
  log(): string
}

export async function startOnFreePort(server: Starting): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await server.start(await freePort())
    } catch (error) {
      await server.stop()
      if (attempt === maxStarts || !/address already in use/i.test(server.log())) throw error
    }
  }
}

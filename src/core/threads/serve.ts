// The thread's side of thread.ts for work that is done one request at a time. The SQLite writer has a loop of its own,
// because it answers many requests with one COMMIT.

import type { MessagePort, Transferable } from 'node:worker_threads'
import { errorToValue, type FromThread, type ReplyLine, type RequestLine } from './messages.ts'

export type RunThreadRole = (port: MessagePort, data: unknown) => void

/** A reply together with the buffers in it that move instead of being copied. */
export interface Handled<Reply> {
  readonly reply: Reply
  readonly transfer?: readonly Transferable[]
}

/** Answers each request with what `handle` returns or throws, in the order in which they end. */
export function serveThread<Request, Reply>(
  port: MessagePort,
  handle: (request: Request) => Handled<Reply> | Promise<Handled<Reply>>,
): void {
  port.on('message', (lines: readonly RequestLine[]) => {
    for (const [id, request] of lines) void answer(id, request as Request)
  })

  async function answer(id: number, request: Request): Promise<void> {
    let line: ReplyLine
    let transfer: readonly Transferable[] = []
    try {
      const handled = await handle(request)
      line = [id, false, handled.reply]
      transfer = handled.transfer ?? []
    } catch (error) {
      line = [id, true, errorToValue(error)]
    }
    port.postMessage({ replies: [line] } satisfies FromThread, [...transfer])
  }
}

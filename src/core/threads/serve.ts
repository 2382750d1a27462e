// The thread's side of thread.ts for work that is done one request at a time. The SQLite writer has a loop of its own,
// because it answers many requests with one COMMIT.

import { type MessagePort, receiveMessageOnPort, type Transferable } from 'node:worker_threads'
import { errorToValue, type FromThread, type ReplyLine, type RequestLine } from './messages.ts'

/** A thread's end of its connection. */
export type ThreadPort = MessagePort

/** `start` is the owner's ThreadOptions.data. */
export type RunThreadRole = (port: ThreadPort, start: unknown) => void

/** What has arrived while the thread was busy, without a turn of its event loop; undefined when nothing has. */
export function arrivedLines(port: ThreadPort): readonly RequestLine[] | undefined {
  const arrived = receiveMessageOnPort(port) as { readonly message: readonly RequestLine[] } | undefined
  return arrived?.message
}

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

// A new name in a directory survives a power cut only once the directory is synced. Many writers that finish together share
// one sync: whoever comes while one is running gets the next, because the running one may have started too early for it.

import { open } from 'node:fs/promises'

interface Turn {
  readonly running: Promise<void>
  next: Promise<void> | undefined
}

export class DirectorySync {
  readonly #syncDirectory: (dir: string) => Promise<void>
  /** One entry for each directory that is being synced right now. */
  readonly #turns = new Map<string, Turn>()

  constructor(sync: (dir: string) => Promise<void> = syncDirectory) {
    this.#syncDirectory = sync
  }

  sync(dir: string): Promise<void> {
    const turn = this.#turns.get(dir)
    if (turn === undefined) return this.#start(dir)
    turn.next ??= turn.running.then(
      () => this.#start(dir),
      () => this.#start(dir),
    )
    return turn.next
  }

  #start(dir: string): Promise<void> {
    const running = this.#syncDirectory(dir)
    const turn: Turn = { running, next: undefined }
    this.#turns.set(dir, turn)
    const end = (): void => {
      if (this.#turns.get(dir) === turn && turn.next === undefined) this.#turns.delete(dir)
    }
    running.then(end, end)
    return running
  }
}

async function syncDirectory(dir: string): Promise<void> {
  await using handle = await open(dir, 'r')
  await handle.sync()
}

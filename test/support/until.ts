// Waiting for a condition instead of sleeping.

const everyMs = 20

/** Resolves with the first truthy value; throws when there is none in time. */
export async function until<T>(what: string, probe: () => T | Promise<T>, withinMs = 20_000): Promise<T> {
  const endMs = Date.now() + withinMs
  for (;;) {
    const value = await probe()
    if (value) return value
    if (Date.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

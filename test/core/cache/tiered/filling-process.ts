// A process that fills a cache for ever, until it is killed. Says when it has begun.

import { openWorld, pattern, blockBytes, putBehind, signal, MiB } from './world.ts'

const [dir = ''] = process.argv.slice(2)
const world = await openWorld({ dir, maxSize: 64 * MiB })
console.log('begun')
for (let index = 0; ; index++) {
  const key = `pod/${process.pid}${index}`
  await putBehind(world, key, pattern(3 * blockBytes + 100, Number(`${process.pid}${index}`)))
  for await (const chunk of await world.objects.get(key, undefined, signal)) if (chunk.length === 0) break
  // The store in memory never waits for anything; the disk has to have its turn.
  await new Promise((resolve) => setTimeout(resolve, 1))
}

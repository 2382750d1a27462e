// A process that uploads to an S3 store and never ends, for a test that kills it. Takes the location as JSON.

import { randomBytes } from 'node:crypto'

import { MiB } from '../../src/base/bytes.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createMetrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import { openS3Objects, type S3Options } from '../../src/core/objects/s3.ts'

const location = JSON.parse(process.argv[2]!) as Pick<
  S3Options,
  'endpoint' | 'bucket' | 'accessKey' | 'secretKey' | 'prefix'
>
const surround = { clock: systemClock, random: systemRandom, log: silentLog, metrics: createMetrics() }
const objects = await openS3Objects({ ...location, ...surround })

async function* endless(): AsyncGenerator<Uint8Array> {
  for (let part = 0; part < 20; part++) yield randomBytes(MiB)
  // Keeps the process alive, waiting for the next bytes.
  await new Promise(() => setInterval(() => undefined, 60_000))
}

await objects.put('pod/killed', endless(), {}, new AbortController().signal)

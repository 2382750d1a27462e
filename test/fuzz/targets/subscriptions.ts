// Subscriptions: JSON-LD and Turtle of strangers, read without fetching anything; what is read makes a channel that holds
// together.

import assert from 'node:assert/strict'

import { silentLog } from '../../../src/base/log.ts'
import { channelMediaTypes, channelTypes } from '../../../src/pod/notify/channel.ts'
import { readSubscription } from '../../../src/pod/notify/subscription/request.ts'
import { openRdfWorkers } from '../../../src/pod/rdf/workers.ts'
import type { Target } from '../target.ts'

// Documents of this size never reach the thread, so there is nothing to close.
const rdf = openRdfWorkers({ log: silentLog })
const base = 'https://pod.example/alice/'

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

export const subscriptionTarget: Target = {
  name: 'subscription',
  snippets: [
    '"@context": ["https://www.w3.org/ns/solid/notification/v1"]',
    '"@context": "https://www.w3.org/ns/solid/notifications-context/v1"',
    '"@context": "https://elsewhere.example/context"',
    '"type": "WebSocketChannel2023"',
    '"type": "http://www.w3.org/ns/solid/notifications#WebhookChannel2023"',
    '"topic": "https://pod.example/alice/notes/"',
    '"topic": ["/a", "/b"]',
    '"startAt": "2030-01-31T12:00:00Z"',
    '"endAt": "2030-01-31T12:00:00.123+02:00"',
    '"rate": "PT5S"',
    '"rate": "P1Y2M3DT4H5M6.7S"',
    '"accept": "text/turtle;q=0.5, */*;q=0.1"',
    '"state": "\\"1-2\\""',
    '"sendTo": "https://hook.example/"',
    '@prefix notify: <http://www.w3.org/ns/solid/notifications#>.\n',
    '[] a notify:WebSocketChannel2023',
    '; notify:topic <notes/>',
    '; notify:rate "PT1S"',
    ', ',
    '{',
    '}',
    '[',
    ']',
    'null',
    '0',
  ],
  run: async (input) => {
    const mediaType = input.trimStart().startsWith('{') ? 'application/ld+json' : 'text/turtle'
    const sent = { headers: { 'content-type': mediaType }, body: once(Buffer.from(input)), signal: AbortSignal.any([]) }
    const asked = await readSubscription(sent, { rdf, base })
    assert.ok(channelTypes.includes(asked.type) && channelMediaTypes.includes(asked.mediaType))
    // Spaces beyond ASCII are characters of IRIs (RFC 3987 section 2.2, ucschar).
    assert.ok(asked.topic !== '' && !/[\u0000-\u0020<>"]/.test(asked.topic))
    for (const ms of [asked.startMs ?? 0, asked.endMs ?? 0, asked.rateMs]) assert.ok(Number.isSafeInteger(ms))
    assert.ok(asked.rateMs >= 0)
  },
}

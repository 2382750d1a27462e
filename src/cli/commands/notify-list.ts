// xpod notify list: who is told of changes. What needs somebody comes first: parked webhooks, then failing ones.

import { type ChannelReport, maxChannelsAPage } from '../../pod/notify/administration.ts'
import type { Invocation } from '../invocation.ts'
import { fill } from '../texts.ts'
import { openNotifications } from './center-options.ts'

const urgency: Readonly<Record<ChannelReport['state'], number>> = { parked: 0, failing: 1, delivering: 2, open: 2 }

export async function listChannels(call: Invocation): Promise<number> {
  const { out, texts, flags } = call
  await using notifications = await openNotifications(call)
  const wish = { pod: typeof flags.pod === 'string' ? flags.pod : undefined, parked: flags.parked === true }
  const found: ChannelReport[] = []
  for (;;) {
    const page = await notifications.list({ ...wish, after: found.at(-1)?.id, limit: maxChannelsAPage })
    found.push(...page)
    if (page.length < maxChannelsAPage) break
  }
  const all = found.toSorted((one, other) => urgency[one.state] - urgency[other.state])
  if (flags.json === true) out.json(all)
  else if (all.length === 0) out.complain(texts.noChannels)
  else {
    const { columnId, columnState, columnType, columnPod, columnTopic, columnSendTo, columnProblem } = texts
    await out.table(all.map(cellsOf), {
      head: [columnId, columnState, columnType, columnPod, columnTopic, columnSendTo, columnProblem],
      showHead: flags['no-header'] !== true,
      wide: flags.wide === true,
    })
    const count = all.filter(({ state }) => state === 'parked').length
    if (count > 0) out.complain(out.errorStyle.yellow(fill(texts.channelsParked, { count })))
  }
  return 0
}

function cellsOf({ id, state, type, pod, topic, sendTo, problem }: ChannelReport): string[] {
  return [id, state === 'parked' ? 'PARKED' : state, shortType(type), pod, topic, sendTo ?? '', problem ?? '']
}

/** WebhookChannel2023 → Webhook. */
export function shortType(type: string): string {
  return type.replace(/Channel2023$/, '')
}

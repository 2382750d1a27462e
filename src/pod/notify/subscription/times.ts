// The two XML Schema types that subscriptions use, as milliseconds: xsd:dateTime and xsd:duration. Pure.

const dateTimeShape = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})?$/
const durationShape =
  /^P(?=[\dT])(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$/

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
/** Of years, months, days, hours, minutes and seconds; calendar lengths count as their usual number of days. */
const durationUnitsMs = [365 * dayMs, 30 * dayMs, dayMs, 60 * minuteMs, minuteMs, 1000]

/** Without a time zone it is UTC. Undefined when it is no such time. */
export function parseDateTime(text: string): number | undefined {
  const match = dateTimeShape.exec(text.trim())
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const fraction = Number(`0.${match[7] ?? 0}`)
  const offsetMs = zoneMs(match[8] ?? 'Z')
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59 || offsetMs === undefined) return undefined
  const ms = Date.UTC(year, month - 1, day, hour, minute, second, Math.floor(fraction * 1000))
  // The 31st of a shorter month would run over into the next.
  return new Date(ms).getUTCDate() === day ? ms - offsetMs : undefined
}

function zoneMs(zone: string): number | undefined {
  if (zone === 'Z') return 0
  const [hours = 0, minutes = 0] = zone.slice(1).split(':').map(Number)
  if (hours > 14 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * minuteMs
}

export function formatDateTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** Undefined when it is none, also when it is negative. */
export function parseDuration(text: string): number | undefined {
  const match = durationShape.exec(text.trim())
  if (match === null) return undefined
  return Math.round(durationUnitsMs.reduce((sum, unitMs, index) => sum + unitMs * Number(match[index + 1] ?? 0), 0))
}

export function formatDuration(ms: number): string {
  return `PT${ms / 1000}S`
}

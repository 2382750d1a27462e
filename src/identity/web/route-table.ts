// Finding the row of a path: by the number of segments, then segment by segment. Few rows, so a walk is quick enough.

import type { Params, Route } from './route.ts'

export interface Found {
  readonly route: Route
  readonly params: Params
}

export type FindRoute = (path: string) => Found | undefined

export function createRouteTable(routes: readonly Route[]): FindRoute {
  const byLength = new Map<number, { readonly route: Route; readonly segments: readonly string[] }[]>()
  for (const route of routes) {
    const segments = route.path.split('/')
    const rows = byLength.get(segments.length)
    if (rows === undefined) byLength.set(segments.length, [{ route, segments }])
    else rows.push({ route, segments })
  }
  return (path) => {
    const given = path.split('/')
    for (const { route, segments } of byLength.get(given.length) ?? []) {
      const params = match(segments, given)
      if (params !== undefined) return { route, params }
    }
    return undefined
  }
}

function match(segments: readonly string[], given: readonly string[]): Params | undefined {
  const params: Record<string, string> = {}
  for (const [index, segment] of segments.entries()) {
    const value = given[index]!
    if (segment.startsWith(':') && value !== '') params[segment.slice(1)] = value
    else if (segment !== value) return undefined
  }
  return params
}

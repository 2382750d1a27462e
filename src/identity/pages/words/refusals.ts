// What went wrong and what has been done, in each language: by the codes of the error table that a person on these pages
// can meet, with their own words and their own next step (the table speaks to scripts and operators). Any other code says
// what its status says. No sentence tells whether an account exists (rule 16).

import { type ErrorCode, errorCodes } from '../../../base/error-codes.ts'
import type { Language } from '../../account/accounts.ts'
import type { Notice } from '../models.ts'

const en = {
  BODY_INVALID: 'The form did not arrive complete. Try again.',
  BODY_TOO_LARGE: 'That is more than this form takes.',
  LOGIN_REQUIRED: 'Log in to see this page.',
  FORBIDDEN: 'You may not do this.',
  NOT_FOUND: 'There is nothing at this address. Check it for typing errors.',
  FETCH_FAILED: 'The document could not be fetched. Check its address, and try again later.',
  FETCH_REFUSED: 'This server does not fetch documents from that address.',
  POD_EXISTS: 'This name is taken. Choose another one.',
  POD_NAME_INVALID: 'Use lower-case letters, digits and hyphens, at most 63, not beginning or ending with a hyphen.',
  POD_NAME_RESERVED: 'This name is not available. Choose another one.',
  POD_UNKNOWN: 'There is no such pod.',
  ACCOUNT_FULL: 'Your account has as many of these as it may. Remove one first.',
  NAME_INVALID: 'This name cannot be used.',
  NAME_MISMATCH: 'This is not the name. Type it exactly as it is shown.',
  EMAIL_INVALID: 'Write an e-mail address like name@example.org.',
  EMAIL_TAKEN: 'There is an account with this address. Log in, or use another one.',
  PASSWORD_INVALID: 'This password is too short or too long.',
  PASSWORD_WRONG: 'The password is not right.',
  LOGIN_FAILED: 'These do not go together. Check both and try again, or get back in another way.',
  LOGIN_AGAIN: 'This needs a log-in of the last few minutes. Log in again, then repeat it.',
  LOGIN_UNKNOWN: 'This way to log in does not exist any more.',
  ACCOUNT_DISABLED: 'This account is disabled. Ask whoever runs this server.',
  ACCOUNT_DELETING: 'This account is about to be deleted. Keep it first, on its overview.',
  REGISTRATION_CLOSED: 'This server takes no new accounts.',
  INVITE_INVALID: 'This invitation is not valid, or is used up.',
  MAIL_OFF: 'This server sends no e-mail. Ask whoever runs it for a reset link.',
  FORM_STALE: 'The form was too old, or came from elsewhere. Check it and send it once more.',
  FIELD_INVALID: 'Something is missing here, or not valid.',
  EXPIRY_INVALID: 'Choose a time ahead, at most ten years.',
  OWNER_LAST: 'A pod needs an owner. Add another one first.',
  WEBID_UNPROVEN: 'It is not proved yet that this WebID is yours.',
  APP_UNKNOWN: 'This app is not connected any more.',
  SESSION_UNKNOWN: 'That device is not logged in any more.',
  INTERACTION_UNKNOWN: 'This log-in has ended meanwhile. Go back to the app and begin again.',
  NOT_SURE: 'Tick the box to say that you are sure.',
  LOGIN_LAST: 'This is your only way to log in. Add another one first.',
  PASSKEY_INVALID: 'The passkey was not accepted. Try again, or log in another way.',
  PASSKEY_TAKEN: 'This passkey is already in use.',
  RESET_INVALID: 'This link no longer works. Ask for a new one.',
  WEBID_INVALID: 'A WebID is an address that begins with https:// or http://.',
  WEBID_TAKEN: 'This WebID is linked to another account.',
  WEBID_UNKNOWN: 'This WebID is not linked to your account.',
  CREDENTIAL_UNKNOWN: 'These credentials do not exist any more.',
  OVERLOADED: 'The server is busy. Try again in a moment.',
  SHUTTING_DOWN: 'The server is restarting. Try again in a moment.',
} satisfies Partial<Record<ErrorCode, string>>

type Spoken = keyof typeof en

const zh: Readonly<Record<Spoken, string>> = {
  BODY_INVALID: '表单未能完整送达，请重试。',
  BODY_TOO_LARGE: '内容超出了此表单的限制。',
  LOGIN_REQUIRED: '请登录后查看此页面。',
  FORBIDDEN: '您无权进行此操作。',
  NOT_FOUND: '此地址没有内容，请检查是否有误。',
  FETCH_FAILED: '无法获取该文档。请检查地址，稍后再试。',
  FETCH_REFUSED: '本服务器不从该地址获取文档。',
  POD_EXISTS: '此名称已被使用，请换一个。',
  POD_NAME_INVALID: '请使用小写字母、数字和连字符，最多 63 个字符，且不能以连字符开头或结尾。',
  POD_NAME_RESERVED: '此名称不可用，请换一个。',
  POD_UNKNOWN: '没有这个 Pod。',
  ACCOUNT_FULL: '您的账号已达到数量上限，请先移除一个。',
  NAME_INVALID: '此名称不可用。',
  NAME_MISMATCH: '名称不一致，请完全按照显示的名称输入。',
  EMAIL_INVALID: '请输入有效的电子邮箱，例如 name@example.org。',
  EMAIL_TAKEN: '此邮箱已有账号。请登录，或换一个邮箱。',
  PASSWORD_INVALID: '密码太短或太长。',
  PASSWORD_WRONG: '密码不正确。',
  LOGIN_FAILED: '两者不匹配。请检查后重试，或用其他方式找回账号。',
  LOGIN_AGAIN: '此操作需要在几分钟内登录过。请重新登录后再试。',
  LOGIN_UNKNOWN: '这种登录方式已不存在。',
  ACCOUNT_DISABLED: '此账号已停用，请联系本服务器的管理员。',
  ACCOUNT_DELETING: '此账号即将删除。请先在概览页保留账号。',
  REGISTRATION_CLOSED: '本服务器不接受新账号。',
  INVITE_INVALID: '此邀请无效，或已用完。',
  MAIL_OFF: '本服务器不发送邮件。请向管理员索取重置链接。',
  FORM_STALE: '表单已过期，或来自别处。请检查后重新提交。',
  FIELD_INVALID: '此处缺少内容，或内容无效。',
  EXPIRY_INVALID: '请选择将来的时间，最长十年。',
  OWNER_LAST: 'Pod 需要有所有者，请先添加另一位。',
  WEBID_UNPROVEN: '尚未证明此 WebID 属于您。',
  APP_UNKNOWN: '此应用已不再连接。',
  SESSION_UNKNOWN: '该设备已不再登录。',
  INTERACTION_UNKNOWN: '此次登录已结束。请回到应用重新开始。',
  NOT_SURE: '请勾选以确认。',
  LOGIN_LAST: '这是您唯一的登录方式，请先添加另一种。',
  PASSKEY_INVALID: '通行密钥未被接受。请重试，或用其他方式登录。',
  PASSKEY_TAKEN: '此通行密钥已被使用。',
  RESET_INVALID: '此链接已失效，请重新获取。',
  WEBID_INVALID: 'WebID 是以 https:// 或 http:// 开头的地址。',
  WEBID_TAKEN: '此 WebID 已关联到其他账号。',
  WEBID_UNKNOWN: '此 WebID 未关联到您的账号。',
  CREDENTIAL_UNKNOWN: '这些凭据已不存在。',
  OVERLOADED: '服务器繁忙，请稍后再试。',
  SHUTTING_DOWN: '服务器正在重启，请稍后再试。',
}

const spoken: Readonly<Record<Language, Partial<Record<ErrorCode, string>>>> = { en, zh }

const otherwise = {
  en: {
    refused: 'This could not be done. Check what you entered.',
    failed: 'Something broke here. Try again in a moment.',
  },
  zh: { refused: '无法完成此操作，请检查您输入的内容。', failed: '服务器出了问题，请稍后再试。' },
} as const

const waiting = {
  en: (minutes: number) =>
    `Too many attempts. Try again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}, or from a device you have used before.`,
  zh: (minutes: number) => `尝试次数过多。请在 ${minutes} 分钟后重试，或使用曾经登录过的设备。`,
} as const

/** One sentence or two, with the next step. */
export function refusal(
  problem: { readonly code: ErrorCode; readonly retryAfterS?: number },
  language: Language,
): string {
  if (problem.code === 'TOO_MANY_ATTEMPTS')
    return waiting[language](Math.max(1, Math.ceil((problem.retryAfterS ?? 60) / 60)))
  const { refused, failed } = otherwise[language]
  return spoken[language][problem.code] ?? (errorCodes[problem.code].status >= 500 ? failed : refused)
}

/** What has just been done. */
export const noticeTexts: Readonly<Record<Language, Readonly<Record<Notice, string>>>> = {
  en: {
    passwordChanged: 'Your password is changed.',
    emailChanged: 'Your e-mail address is changed.',
    podCreated: 'The pod is ready.',
    podDeleted: 'The pod is deleted. For a week you can bring it back.',
    podKept: 'The pod is back.',
    webIdLinked: 'The WebID is linked.',
    webIdUnlinked: 'The WebID is unlinked.',
    appRevoked: 'The app is disconnected.',
    sessionEnded: 'That device is logged out.',
    othersEnded: 'All other devices are logged out.',
    credentialDeleted: 'The credentials are revoked.',
    passkeyAdded: 'The passkey is added.',
    passkeyRemoved: 'The passkey is removed.',
    deletionCancelled: 'Your account stays.',
    passwordReset: 'Your new password is set. Log in with it.',
  },
  zh: {
    passwordChanged: '密码已更改。',
    emailChanged: '电子邮箱已更改。',
    podCreated: 'Pod 已创建。',
    podDeleted: 'Pod 已删除，一周之内您可以恢复它。',
    podKept: 'Pod 已恢复。',
    webIdLinked: 'WebID 已关联。',
    webIdUnlinked: 'WebID 已取消关联。',
    appRevoked: '应用已断开。',
    sessionEnded: '该设备已退出登录。',
    othersEnded: '其他设备均已退出登录。',
    credentialDeleted: '凭据已撤销。',
    passkeyAdded: '通行密钥已添加。',
    passkeyRemoved: '通行密钥已移除。',
    deletionCancelled: '您的账号将予保留。',
    passwordReset: '新密码已设置，请用它登录。',
  },
}

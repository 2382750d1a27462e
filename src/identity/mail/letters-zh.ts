// Simplified Chinese.

export const chinese = {
  reset: {
    subject: '重设您在 {host} 的密码',
    text: `您好：

有人（应该是您本人）请求重设 {baseUrl} 上的密码。
请在一小时内打开以下链接，设置新密码：

{link}

该链接只能使用一次。如果不是您本人操作，无需理会，密码不会改变。
`,
  },
  passwordChanged: {
    subject: '您在 {host} 的密码已更改',
    text: `您好：

您在 {baseUrl} 的账户密码已于 {time} 更改。

如果不是您本人操作，请立即在该网站重设密码，并结束您不认识的会话。
`,
  },
  emailChanged: {
    subject: '您在 {host} 的电子邮箱已更改',
    text: `您好：

您在 {baseUrl} 的账户已于 {time} 改用其他电子邮箱。本邮件发往原来的地址。

如果不是您本人操作，请联系该服务器的管理员。
`,
  },
  passkeyAdded: {
    subject: '您在 {host} 的账户添加了通行密钥',
    text: `您好：

您在 {baseUrl} 的账户已于 {time} 添加一个通行密钥，持有者无需密码即可登录。

如果不是您本人操作，请登录后将其移除，并更改密码。
`,
  },
}

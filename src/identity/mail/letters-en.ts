// English.

export const english = {
  reset: {
    subject: 'A new password for {host}',
    text: `Hello,

somebody, probably you, asked for a new password at {baseUrl}
Open this link within one hour to choose one:

{link}

It works once. If it was not you, there is nothing to do: your password stays as it is.
`,
  },
  passwordChanged: {
    subject: 'Your password at {host} was changed',
    text: `Hello,

the password of your account at {baseUrl} was changed at {time}.

If it was not you, ask for a new password there now and end the sessions you do not know.
`,
  },
  emailChanged: {
    subject: 'Your e-mail address at {host} was changed',
    text: `Hello,

your account at {baseUrl} has had another e-mail address since {time}. This letter goes to the old one.

If it was not you, tell the people who run that server.
`,
  },
  passkeyAdded: {
    subject: 'A passkey was added to your account at {host}',
    text: `Hello,

a passkey was added to your account at {baseUrl} at {time}. Whoever has it can log in without a password.

If it was not you, log in, remove it and change your password.
`,
  },
}

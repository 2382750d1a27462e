// Addresses below `.account/` that are handed out in letters and by the command line.

export function resetUrl(baseUrl: string, token: string): string {
  return `${baseUrl}.account/login/password/reset/?rid=${encodeURIComponent(token)}`
}

export function inviteUrl(baseUrl: string, code: string): string {
  return `${baseUrl}.account/login/password/register/?invite=${encodeURIComponent(code)}`
}

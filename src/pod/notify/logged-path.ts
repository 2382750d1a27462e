// A request's path as a log may show it. Whoever knows the address that a channel is received from receives it, so that
// part is left out, however it was spelled. Paths without one are shown as they came.

const receiving = /\/\.notifications\/.*?\/receive\//
const encodedPlain = /%(?:2[d-f]|3\d|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi

export function loggedPath(path: string): string {
  const plain = path.replace(encodedPlain, decodeURIComponent)
  const found = receiving.exec(plain)
  return found === null ? path : `${plain.slice(0, found.index + found[0].length)}…`
}

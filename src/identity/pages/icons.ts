// The few drawings of the account pages: lines in the colour of the text around them, hidden from screen readers because
// a word always stands beside them. Inline, so that a page asks for nothing else.

import { constant, html, type Html } from './html.ts'

const lines = {
  home: '<path d="M3 9.5 10 4l7 5.5V16a1 1 0 0 1-1 1h-3.5v-5h-5v5H4a1 1 0 0 1-1-1Z"/>',
  pod: '<ellipse cx="10" cy="5" rx="6.5" ry="2.5"/><path d="M3.5 5v10c0 1.4 2.9 2.5 6.5 2.5s6.5-1.1 6.5-2.5V5M3.5 10c0 1.4 2.9 2.5 6.5 2.5s6.5-1.1 6.5-2.5"/>',
  person: '<circle cx="10" cy="6.5" r="3.5"/><path d="M3.5 17c.6-3.4 3.2-5 6.5-5s5.9 1.6 6.5 5"/>',
  apps: '<rect x="3" y="3" width="5.5" height="5.5" rx="1.5"/><rect x="11.5" y="3" width="5.5" height="5.5" rx="1.5"/><rect x="3" y="11.5" width="5.5" height="5.5" rx="1.5"/><path d="M14.25 11.5V17M11.5 14.25H17"/>',
  device: '<rect x="3" y="4" width="14" height="9.5" rx="1.5"/><path d="M7 17h6M10 13.5V17"/>',
  key: '<circle cx="7" cy="13" r="3.5"/><path d="m9.6 10.4 7-7M13.5 6.5l2.5 2.5M16.6 3.4"/>',
  shield: '<path d="M10 2.5 16.5 5v4.5c0 4-2.7 6.7-6.5 8-3.8-1.3-6.5-4-6.5-8V5Z"/><path d="m7.2 9.8 2 2 3.6-3.8"/>',
  terminal: '<rect x="2.5" y="3.5" width="15" height="13" rx="1.5"/><path d="m6 8 2.5 2L6 12M10.5 12.5H14"/>',
  lock: '<rect x="4" y="9" width="12" height="8" rx="1.5"/><path d="M6.5 9V6.5a3.5 3.5 0 0 1 7 0V9"/>',
  mail: '<rect x="2.5" y="4" width="15" height="12" rx="1.5"/><path d="m3 5.5 7 5.5 7-5.5"/>',
  bin: '<path d="M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5"/>',
  check: '<path d="m4 10.5 4 4L16.5 6"/>',
  globe:
    '<circle cx="10" cy="10" r="7"/><path d="M3 10h14M10 3c2.5 2.2 3.2 4.6 3.2 7S12.5 14.8 10 17c-2.5-2.2-3.2-4.6-3.2-7S7.5 5.2 10 3Z"/>',
  finger:
    '<path d="M4.5 12.5c0-5 .5-8.5 5.5-8.5s5.5 3.5 5.5 8M7.3 15.5c-.5-5-.3-8.3 2.7-8.3s3.2 3.3 2.7 9.3M10 10.3c.2 2 .1 4.4-.3 6.7"/>',
} as const

export type Icon = keyof typeof lines

export function icon(name: Icon, size = 20): Html {
  return html`<svg width="${size}" height="${size}" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${constant(lines[name])}</svg>`
}

/** Two pods, crossed. */
const crossed =
  '<rect x="8.8" y="1" width="6.4" height="22" rx="3.2" transform="rotate(45 12 12)"/><rect x="8.8" y="1" width="6.4" height="22" rx="3.2" transform="rotate(-45 12 12)" opacity=".5"/>'

export const logo = html`<svg width="26" height="26" viewBox="0 0 24 24" aria-hidden="true">${constant(crossed)}</svg>`

/** As the address of an icon, so that browsers do not ask for /favicon.ico. */
export const favicon = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="#4a78ee">${crossed}</svg>`)}`

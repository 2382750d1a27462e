// A process of its own that opens many WebSockets and keeps them, saying nothing. Arguments: port, how many, path.

import { connect } from 'node:net'

import { handshake } from './raw-websocket.ts'

const [port = '', count = '', path = '/'] = process.argv.slice(2)
const atOnce = 100
let opened = 0

function open(): void {
  if (opened++ >= Number(count)) return
  const socket = connect({ port: Number(port), host: '127.0.0.1' })
  socket.once('connect', () => socket.write(handshake(path)))
  // The 101 has come: the next one. Pings are not answered.
  socket.once('data', open)
  socket.on('data', () => {})
  socket.on('error', () => {})
}

for (let index = 0; index < atOnce; index++) open()

import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Packet } from 'mqtt-packet'
import { WebSocket } from 'ws'
import { openInstance, ownerSecret, startBroker, type BrokerFixture } from './testing/broker-fixture.ts'
import { accepted, connectPacket, mqttClient, messageTo, rawClient } from './testing/clients.ts'
import { holdReads, type Hold } from './testing/held-store.ts'
import { connectWire, mqttBytes, rawFrame, type Wire } from './testing/wire.ts'

let fixture: BrokerFixture
afterEach(() => fixture.close())

const clientId = 'GID_demo@@@device'
const credentials = {
  username: `Signature|LTAIowner|${openInstance}`,
  password: createHmac('sha1', ownerSecret).update(clientId).digest('base64'),
}
const connectOpen = (more: object = {}) => connectPacket(clientId, { ...credentials, ...more })
const publish = (payload: string | Buffer, more: object = {}) =>
  ({ cmd: 'publish', topic: 'demo', payload, qos: 0, dup: false, retain: false, ...more }) as Packet

async function portOf(transport: 'wss' | 'ws') {
  return { port: await fixture.listen(transport), serverCa: fixture.serverCa }
}

/** Sends a text over TCP and resolves with all that comes back. */
async function answerTo(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.setEncoding('utf8')
  let answer = ''
  socket.on('data', (chunk: string) => {
    answer += chunk
  })
  socket.write(text)
  await once(socket, 'close')
  return answer
}

function request(line: string, fields: Record<string, string> = {}): string {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    ...fields,
  }
  const key = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', ...all }
  const lines = Object.entries(key).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n`
}

const mqtt = { 'Sec-WebSocket-Protocol': 'mqtt' }
const notOffered = 'the subprotocol mqtt is not offered in Sec-WebSocket-Protocol'

describe('a request that opens no MQTT over WebSocket is answered in a sentence, with its cause in the log:', () => {
  test.each([
    [
      'a page',
      'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
      426,
      'GET "/"',
      'this port speaks MQTT over WebSocket, subprotocol mqtt',
    ],
    [
      'a form',
      'POST /mqtt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nuser=',
      426,
      'POST "/mqtt"',
      'this port speaks MQTT over WebSocket, subprotocol mqtt',
    ],
    ['another path', request('GET /chat?a=b', mqtt), 404, 'GET "/chat?a=b"', 'MQTT over WebSocket is at /mqtt and /'],
    ['no subprotocol', request('GET /mqtt'), 400, 'GET "/mqtt"', notOffered],
    [
      'another subprotocol',
      request('GET /mqtt', { 'Sec-WebSocket-Protocol': 'chat, MQTT' }),
      400,
      'GET "/mqtt"',
      notOffered,
    ],
    [
      'another protocol',
      request('GET /mqtt', { ...mqtt, Upgrade: 'h2c' }),
      400,
      'GET "/mqtt"',
      'Invalid Upgrade header',
    ],
    ['another method', request('POST /mqtt', mqtt), 400, 'POST "/mqtt"', 'Invalid HTTP method'],
    [
      'another version',
      request('GET /mqtt', { ...mqtt, 'Sec-WebSocket-Version': '7' }),
      400,
      'GET "/mqtt"',
      'Missing or invalid Sec-WebSocket-Version header',
    ],
    [
      'a key that is none',
      request('GET /mqtt', { ...mqtt, 'Sec-WebSocket-Key': 'x' }),
      400,
      'GET "/mqtt"',
      'Missing or invalid Sec-WebSocket-Key header',
    ],
    ['MQTT without HTTP', mqttBytes(connectPacket()).toString('latin1'), 400, 'a request', 'this is no HTTP request'],
    [
      'a huge head',
      request('GET /mqtt', { ...mqtt, Cookie: 'x'.repeat(20_000) }),
      431,
      'a request',
      'the head of the request is larger than 16 KiB',
    ],
  ])('%s', async (_, text, status, what, message) => {
    fixture = await startBroker()
    const { port } = await portOf('ws')
    const answer = await answerTo(port, text)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(answer.endsWith(`\r\n\r\n${message}\n`) || answer.endsWith(`${message}\n\r\n0\r\n\r\n`)).toBe(true)
    expect(fixture.log.find({ kind: 'refuse' })).toEqual([
      {
        plane: 'mqtt',
        kind: 'refuse',
        cause: 'upgrade-refused',
        message: `${what} is answered ${status}: ${message}`,
        remoteAddress: '127.0.0.1',
      },
    ])
    expect(fixture.log.assumed.some(({ id }) => id === 'A-62')).toBe(status === 404)
  })

  test('plain HTTP on the port of wss', async () => {
    fixture = await startBroker()
    const { port } = await portOf('wss')
    expect(await answerTo(port, request('GET /mqtt', mqtt))).toBe('')
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([{ cause: 'tls-failed', remoteAddress: '127.0.0.1' }])
  })
})

describe('the upgrade', () => {
  test.each([
    ['mqtt', 'mqtt', '/mqtt'],
    ['mqttv3.1', 'mqttv3.1', '/'],
    ['chat,mqttv3.1,mqtt', 'mqtt', '/mqtt?client=1'],
  ])('of a client that offers %s agrees on %s at %s', async (offered, chosen, path) => {
    fixture = await startBroker()
    const { port } = await portOf('ws')
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}${path}`, offered.split(','), { perMessageDeflate: true })
    await once(webSocket, 'open')
    expect([webSocket.protocol, webSocket.extensions]).toEqual([chosen, ''])
    webSocket.terminate()
  })

  test.each([
    ['nothing', ''],
    ['half a head', 'GET /mqtt HTTP/1.1\r\nHost: localhost\r\n'],
  ])('that does not come in time ends the connection, after %s', async (_, text) => {
    fixture = await startBroker()
    const { port } = await portOf('ws')
    const late = await connectWire('mqtt', { port, serverCa: '' }) // TCP, where HTTP is expected
    late.socket.write(text)
    await connectWire('ws', { port, serverCa: '' }) // the server has taken the one before it by then
    fixture.clock.advance(9_999)
    expect(fixture.log.find({ cause: 'connect-timeout' })).toEqual([])
    fixture.clock.advance(1)
    await late.closed
    const timeouts = fixture.log.find({ cause: 'connect-timeout' }).map(({ message }) => message)
    expect(timeouts).toEqual(['no WebSocket within 10000 ms', 'no CONNECT within 10000 ms'])
  })

  test('that does not come in time ends a TLS connection, too', async () => {
    fixture = await startBroker()
    const raw = await rawClient(await portOf('wss'), undefined)
    fixture.clock.advance(10_000)
    await raw.closed
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([
      { cause: 'connect-timeout', message: 'no WebSocket within 10000 ms' },
    ])
  })
})

/** A WebSocket whose client has been admitted, and the raw socket below it, to be written to by hand. */
async function admitted(): Promise<Wire> {
  fixture = await startBroker()
  const wire = await connectWire('ws', await portOf('ws'))
  wire.send(connectOpen())
  await wire.received(4)
  return wire
}

describe('a client that breaks the rules of MQTT over WebSocket is cut, with its cause:', () => {
  const cases: [string, Buffer, number, object][] = [
    [
      'a text frame',
      rawFrame(0x81, Buffer.from('hi')),
      1003,
      { cause: 'protocol-error', message: 'a text frame, where MQTT comes in binary ones' },
    ],
    [
      'a frame without mask',
      Buffer.from([0x82, 1, 0xc0]),
      1002,
      { cause: 'protocol-error', message: 'WebSocket: Invalid WebSocket frame: MASK must be set' },
    ],
    [
      'a reserved opcode',
      rawFrame(0x83, Buffer.from([1])),
      1002,
      { cause: 'protocol-error', message: 'WebSocket: Invalid WebSocket frame: invalid opcode 3' },
    ],
    [
      'a compressed frame',
      rawFrame(0xc2, Buffer.from([1])),
      1002,
      { cause: 'protocol-error', message: 'WebSocket: Invalid WebSocket frame: RSV1 must be clear' },
    ],
    [
      'a message that is too large',
      Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0, 0]),
      1009,
      { cause: 'packet-too-large', message: 'WebSocket: Max payload size exceeded' },
    ],
    [
      'a continuation of nothing',
      rawFrame(0x80, Buffer.from([1])),
      1002,
      { cause: 'protocol-error', message: 'WebSocket: Invalid WebSocket frame: invalid opcode 0' },
    ],
  ]

  test.each(cases)('%s, when it is live', async (_, bytes, code, said) => {
    const wire = await admitted()
    const close = once(wire.webSocket!, 'close')
    wire.socket.write(bytes)
    expect((await close)[0]).toBe(code)
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([{ ...said, clientId }])
    expect(fixture.store.sessions.count()).toBe(0)
  })

  test.each(cases)('%s, before its CONNECT', async (_, bytes, code, said) => {
    fixture = await startBroker()
    const wire = await connectWire('ws', await portOf('ws'))
    const close = once(wire.webSocket!, 'close')
    wire.socket.write(bytes)
    expect((await close)[0]).toBe(code)
    expect(fixture.log.find({ kind: 'refuse' })).toMatchObject([said])
  })

  test('a message in more pieces than are kept', async () => {
    const wire = await admitted()
    const close = once(wire.webSocket!, 'close')
    const piece = rawFrame(0x00, Buffer.from([0]))
    wire.socket.write(
      Buffer.concat([rawFrame(0x02, Buffer.from([0x30])), ...Array.from({ length: 4200 }, () => piece)]),
    )
    await close
    expect(fixture.log.find({ kind: 'drop' })).toMatchObject([
      { cause: 'packet-too-large', message: 'WebSocket: Too many message fragments' },
    ])
  })

  test('the will of the one that is cut is published, as after any lost connection', async () => {
    fixture = await startBroker()
    const listener = await mqttClient(fixture, undefined, { ...openOptions('listener') })
    await listener.subscribeAsync('demo/#')
    const wire = await connectWire('ws', await portOf('ws'))
    wire.send(connectOpen({ will: { topic: 'demo/will', payload: Buffer.from('gone'), qos: 0, retain: false } }))
    await wire.received(4)
    const heard = messageTo(listener)
    wire.socket.write(rawFrame(0x81, Buffer.from('hi')))
    expect(await heard).toBe('demo/will gone')
  })
})

function openOptions(name: string) {
  const id = `GID_demo@@@${name}`
  return {
    clientId: id,
    username: credentials.username,
    password: createHmac('sha1', ownerSecret).update(id).digest('base64'),
  }
}

describe('MQTT in messages', () => {
  test('may come packet by packet, several in one, and byte by byte', async () => {
    fixture = await startBroker()
    const listener = await mqttClient(fixture, undefined, openOptions('listener'))
    const heard: string[] = []
    listener.on('message', (_topic, payload) => heard.push(payload.toString()))
    await listener.subscribeAsync('demo')
    const wire = await connectWire('ws', await portOf('ws'))
    for (const byte of mqttBytes(connectOpen())) wire.webSocket!.send(Buffer.from([byte]))
    expect(await wire.received(4)).toEqual(accepted)
    wire.webSocket!.send(Buffer.alloc(0))
    wire.send(publish('one'), publish('two'), mqttBytes(publish('three')).subarray(0, 7))
    const rest = mqttBytes(publish('three'), publish('four')).subarray(7)
    wire.webSocket!.send(rest.subarray(0, 3), { fin: false })
    wire.webSocket!.send(rest.subarray(3), { fin: true })
    wire.send({ cmd: 'pingreq' })
    expect(await wire.received(6)).toEqual(Buffer.concat([accepted, Buffer.from([0xd0, 0])]))
    while (heard.length < 4) await messageTo(listener)
    expect(heard).toEqual(['one', 'two', 'three', 'four'])
  })

  test('goes out in as many messages as there were writes, not in pieces of packets', async () => {
    const wire = await admitted()
    const messages: number[] = []
    wire.webSocket!.on('message', (data: Buffer) => messages.push(data.length))
    wire.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'demo', qos: 0 }] })
    await wire.received(9)
    wire.send(publish(Buffer.alloc(1000)))
    await wire.received(9 + 1009)
    expect(messages).toEqual([5, 1009])
  })

  test('is not read while the client is judged, and then is, whole and in order', async () => {
    let hold!: Hold
    fixture = await startBroker({}, (store) => (hold = holdReads(store, 'instances')).store)
    const held = hold.next()
    const wire = await connectWire('ws', await portOf('ws'))
    wire.send(connectOpen())
    await held
    const listener = await mqttClient(fixture, undefined, openOptions('listener'))
    const heard: number[] = []
    listener.on('message', (_topic, payload) => heard.push(payload.readUInt32BE()))
    await listener.subscribeAsync('demo', { qos: 1 }) // of QoS 0 some is dropped where a listener is slow
    const payload = Buffer.alloc(60_000)
    for (let at = 0; at < 500; at += 1) {
      payload.writeUInt32BE(at)
      wire.send(publish(Buffer.from(payload), { qos: 1, messageId: at + 1 }))
    }
    await listener.publishAsync('demo/marker', '', { qos: 1 }) // the broker has had time to read by then
    expect(wire.socket.writableLength).toBeGreaterThan(10_000_000)
    expect(heard).toEqual([])
    hold.release()
    while (heard.length < 500) await messageTo(listener)
    expect(heard).toEqual(Array.from({ length: 500 }, (_, at) => at))
  })
})

describe('the end', () => {
  test('by a close frame behind DISCONNECT is one in order', async () => {
    const wire = await admitted()
    const close = once(wire.webSocket!, 'close')
    wire.send({ cmd: 'disconnect' })
    wire.webSocket!.close(1000)
    await close
    expect(await fixture.log.waitFor({ kind: 'disconnect' })).toMatchObject({ message: 'the client sent DISCONNECT' })
  })

  test.each([
    ['a close frame', (wire: Wire) => wire.webSocket!.close(1000)],
    ['the end of TCP', (wire: Wire) => void wire.socket.end()],
    ['a reset', (wire: Wire) => void (wire.socket as Socket).resetAndDestroy()],
  ])('by %s is a lost connection', async (_, end) => {
    const wire = await admitted()
    end(wire)
    expect(await fixture.log.waitFor({ kind: 'disconnect' })).toMatchObject({
      message: 'the connection closed without DISCONNECT',
      clientId,
    })
    expect(fixture.store.sessions.count()).toBe(0)
    await wire.closed
  })

  test('by a close frame comes at once, although the client keeps its connection', async () => {
    fixture = await startBroker()
    const { port } = await portOf('ws')
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    socket.write(request('GET /mqtt', mqtt))
    await once(socket, 'data')
    socket.write(rawFrame(0x82, connectOpen()))
    await fixture.log.waitFor({ kind: 'connect' })
    const end = once(socket, 'end')
    socket.on('data', () => undefined)
    socket.write(rawFrame(0x88, Buffer.from([3, 232])))
    await fixture.log.waitFor({ kind: 'disconnect', message: 'the connection closed without DISCONNECT' })
    expect(fixture.store.sessions.count()).toBe(0)
    await end
    socket.destroy()
  })

  test('comes to who sends pings and does not read the answers, which others get', async () => {
    const wire = await admitted()
    const pong = once(wire.webSocket!, 'pong')
    wire.webSocket!.ping('hello')
    expect((await pong)[0]).toEqual(Buffer.from('hello'))
    wire.socket.pause()
    const pings = Buffer.concat(Array.from({ length: 4000 }, () => rawFrame(0x89, Buffer.alloc(125))))
    const flood = () => void (wire.socket.destroyed || wire.socket.write(pings, flood))
    flood()
    await fixture.log.waitFor({ kind: 'disconnect' })
    wire.socket.destroy()
  })
})

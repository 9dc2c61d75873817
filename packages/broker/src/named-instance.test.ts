import { expect, test } from 'vitest'
import { namedInstance } from './named-instance.ts'

const hostOf = (id: string) => `${id}.mqtt.aliyuncs.com`
const usernameOf = (id: string) => `Signature|key|${id}`

test.each([
  ['localhost', undefined, undefined, undefined],
  [hostOf('one'), undefined, undefined, 'one'],
  ['localhost', hostOf('one'), undefined, 'one'],
  ['localhost', hostOf('one'), usernameOf('ONE'), 'ONE'],
  [undefined, undefined, usernameOf('one'), 'one'],
])('C15: server name %s, Host header %s and username %s name %s', (serverName, requestedHost, username, instanceId) => {
  expect(namedInstance({ serverName, requestedHost }, username)).toEqual({ instanceId, conflict: undefined })
})

test.each([
  [hostOf('one'), hostOf('two'), undefined, 'server name', 'Host header'],
  [hostOf('one'), hostOf('one'), usernameOf('two'), 'server name', 'username'],
  ['localhost', hostOf('one'), usernameOf('two'), 'Host header', 'username'],
  [undefined, hostOf('one'), usernameOf('two'), 'Host header', 'username'],
])(
  'C15: server name %s, Host header %s and username %s contradict each other',
  (serverName, requestedHost, username, one, other) => {
    const conflict = `the ${one} asks for instance one, the ${other} for two`
    expect(namedInstance({ serverName, requestedHost }, username)).toMatchObject({ conflict })
  },
)

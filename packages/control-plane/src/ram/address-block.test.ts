import { expect, test } from 'vitest'
import { parseAddressBlock, plainAddress } from './address-block.ts'

test.each([
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.1', '127.0.0.2', false],
  ['10.1.2.3/8', '10.255.0.0', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['0.0.0.0/0', '::1', false],
  ['10.0.0.4/31', '10.0.0.5', true],
  ['10.0.0.4/32', '10.0.0.5', false],
  ['::1', '::1', true],
  ['0:0:0:0:0:0:0:1', '::1', true],
  ['::1/128', '::2', false],
  ['2001:db8::/32', '2001:db8:ffff::9', true],
  ['2001:DB8::/32', '2001:db9::', false],
  ['::/0', '2001:db8::1', true],
  ['::/0', '10.0.0.1', false],
  ['::ffff:10.0.0.0/104', '10.9.9.9', true],
  ['::ffff:10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '::ffff:10.0.0.1', true],
  ['10.0.0.0/8', '::FFFF:10.0.0.1', true],
  ['fe80::/10', 'fe80::1%eth0', true],
])('B6: %s has %s: %j', (block, address, lies) => {
  expect(parseAddressBlock(block)?.(plainAddress(address))).toBe(lies)
})

test.each([
  '',
  'localhost',
  '10.0.0',
  '10.0.0.256',
  '010.0.0.1',
  '10.0.0.1/33',
  '10.0.0.1/',
  '10.0.0.1/-1',
  '10.0.0.1/255.0.0.0',
  '::1/129',
  '::ffff:10.0.0.1/95',
  'fe80::1%eth0',
  '10.0.0.1-10.0.0.9',
  '*',
])('B6: %j is no block', (text) => {
  expect(parseAddressBlock(text)).toBeUndefined()
})

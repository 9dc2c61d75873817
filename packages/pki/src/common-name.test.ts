import { expect, test } from 'vitest'
import { commonNameOf } from './common-name.ts'

test.for([
  ['', ''],
  ['O=x', ''],
  ['CN=GID_demo@@@1', 'GID_demo@@@1'],
  ['C=CN\nO=x\nCN=name', 'name'],
  ['CN=first\nCN=last\nOU=x', 'last'],
  ['CN=a\\+b\\, c + O=Müller', 'a+b, c'],
  ['O=CN=no + CN=yes', 'yes'],
  ['O=x \\+ CN\\=no', ''],
  ['CN=zz \\"q\\" \\<x\\>\\;\\\\é', 'zz "q" <x>;\\é'],
  ['CN=\\ lead#x trail\\ ', ' lead#x trail '],
  ['CN=\\ lead trail\\  + O=x', ' lead trail '],
  ['CN=\\#abc\\0Adef\\01z\\7F', '#abc\ndef\u0001z\u007f'],
  ['CN=x=y', 'x=y'],
  ['CN=设备', '设备'],
  ['CN=', ''],
])('the last common name of %j is %j', ([subject, commonName]) => {
  expect(commonNameOf(subject!)).toBe(commonName)
})

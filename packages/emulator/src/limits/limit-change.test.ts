import { describe, expect, it } from 'vitest'
import { limitChangeOf, LimitChangeError } from './limit-change.ts'

describe('D7: a change of a limit', () => {
  it('is of everyone, or of a rule, an operation and an account', () => {
    expect(limitChangeOf({ limit: 1000 })).toEqual({ perSecond: 1000 })
    expect(limitChangeOf({ limit: 7, rule: 'calls', action: 'GetRegisterCode', accountId: '1' })).toEqual({
      perSecond: 7,
      rule: 'calls',
      action: 'GetRegisterCode',
      accountId: '1',
    })
  })

  const example = 'for example {"limit": 1000, "action": "GetRegisterCode"}'
  it.each([
    [undefined, `a change of a limit is an object, ${example}`],
    [null, `a change of a limit is an object, ${example}`],
    [500, `a change of a limit is an object, ${example}`],
    [[{ limit: 500 }], `a change of a limit is an object, ${example}`],
    [{}, `a change of a limit says which limit, ${example}`],
    [{ limit: '500' }, 'the limit must be a number; it was "500"'],
    [{ limit: null }, 'the limit must be a number; it was null'],
    [{ limit: 500, operation: 'A' }, '"operation" is nothing a limit has: limit, rule, action, accountId'],
    [{ limit: 500, action: 7 }, 'the action must be a text of 1 to 128 characters'],
    [{ limit: 500, accountId: '' }, 'the accountId must be a text of 1 to 128 characters'],
    [{ limit: 500, rule: 'x'.repeat(129) }, 'the rule must be a text of 1 to 128 characters'],
    [
      JSON.parse('{"limit": 5, "__proto__": "A"}'),
      '"__proto__" is nothing a limit has: limit, rule, action, accountId',
    ],
  ])('%j is none, and the sentence says why', (body, sentence) => {
    expect(() => limitChangeOf(body)).toThrow(new LimitChangeError(sentence))
  })
})

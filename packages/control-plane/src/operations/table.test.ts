import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorTable, type ErrorCode } from '../errors.ts'
import { gateway } from '../gateway/index.ts'
import { call, errorBodyOf } from '../testing/caller.ts'
import { vendorOperationNames } from '../testing/vendor-operation-names.ts'
import { createWorld, instanceId } from '../testing/world.ts'
import { declinedOperations } from './declined.ts'
import { operations } from './index.ts'

const source = new URL('..', import.meta.url)
const sources = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.startsWith('testing'),
)
const textOf = (path: string) => readFileSync(new URL(path, source), 'utf8')

test('B1: served and declined operations together are the 50 the vendor names, each once', () => {
  const names = [...operations.map(({ action }) => action), ...Object.keys(declinedOperations)]
  expect(names.toSorted()).toEqual(vendorOperationNames.toSorted())
  expect([names.length, operations.length]).toEqual([50, 17])
})

/** What the operations answer that are no certificate operation with more parameters. */
const withTheInstanceAlone: Record<string, string | undefined> = {
  GetRegisterCode: undefined,
  BatchQuerySessionByClientIds: 'ParameterCheckFailed',
  CloseConnection: 'ParameterCheckFailed',
  ListInstances: '200',
  QuerySessionByClientId: 'ParameterCheckFailed',
}

test.each(vendorOperationNames)('B1: %s answers: served, or declined by name', async (action) => {
  const world = await createWorld()
  const answer = await call(world, action, { MqttInstanceId: instanceId })
  const reason = declinedOperations[action]
  if (reason === undefined) {
    const expected = action in withTheInstanceAlone ? withTheInstanceAlone[action] : 'ParameterFieldCheckFailed'
    expect(answer.body.Code).toBe(expected)
    return
  }
  expect(answer.status).toBe(404)
  expect(answer.body).toEqual(errorBodyOf(answer, 'ApiNotSupport', 'The specified API is not supported.'))
  expect(world.log).toEqual([
    expect.objectContaining({ cause: 'operation-declined', message: `${action} was refused: ${reason}` }),
  ])
})

const kebab = (action: string) => action.replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase()

test('each served operation has a file of its own, named after it', () => {
  const defining = sources.filter((path) => /= define(Account)?Operation\(\{/.test(textOf(path)))
  expect(defining.toSorted()).toEqual(operations.map(({ action }) => `operations/${kebab(action)}.ts`).toSorted())
  for (const { action } of operations) {
    expect(textOf(`operations/${kebab(action)}.ts`)).toContain(`action: '${action}'`)
  }
})

/** Codes of what HTTP itself refuses, and of what nobody meant. */
const envelope: ErrorCode[] = [
  'MalformedRequest',
  'RequestTimeout',
  'RequestTooLarge',
  'RequestHeaderTooLarge',
  'UnsupportedHTTPMethod',
  'InvalidAction.NotFound',
  'InternalError',
]

test('each error is declared by an operation, a step of the gateway or the envelope, and none is invented', () => {
  const declared = [...envelope, ...operations, ...gateway.map(({ step }) => step)].flatMap((one) =>
    typeof one === 'string' ? one : one.errors,
  )
  expect([...new Set(declared)].toSorted()).toEqual(Object.keys(errorTable).toSorted())
})

test('each error is used: thrown by its code somewhere, and nothing else is thrown', () => {
  const written = sources.filter((path) => !path.startsWith('errors')).map(textOf)
  const used = Object.keys(errorTable).filter(
    (code) => written.some((text) => text.includes(`'${code}'`)) || /^Missing(Signature(Method|Version)?)$/.test(code),
  )
  expect(used).toEqual(Object.keys(errorTable))
})

test('each error says where it is documented, and has a message that ends as the page has it', () => {
  for (const [code, row] of Object.entries(errorTable)) {
    expect(row.documented, code).not.toBe('')
    expect(row.status, code).toBeGreaterThanOrEqual(400)
    expect(row.message, code).toMatch(/^[A-Z].*[a-z.]$/)
  }
})

test('each step of the gateway names the one before it, so that the list boots in no other order', () => {
  const names = gateway.map(({ step }) => step.name)
  expect(gateway.map(({ step }) => step.after)).toEqual(['pause', ...names.slice(0, -1)])
})

import { Ajv, type ErrorObject } from 'ajv'
import type { SeedDocument, SeedFault, SeedPath } from './seed-document.ts'
import { seedSchema, type SeedContent } from './seed-schema.ts'

/**
 * Checks keys and types of a seed against its schema.
 *
 * @throws {SeedError} naming every fault with its line, its path and what must stand there
 */
export function checkShape(document: SeedDocument): SeedContent {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: true, allowUnionTypes: false })
  const validate = ajv.compile(seedSchema)
  if (validate(document.value)) return document.value as SeedContent // the schema is the type
  // a choice that fits nothing is one fault, whatever its parts say
  const errors = validate.errors!.filter(({ schemaPath }) => !schemaPath.includes('/anyOf/'))
  const first = errors.filter(({ instancePath, keyword }, at) => {
    const same = errors.findIndex((error) => error.instancePath === instancePath && isAboutValue(error))
    return !isAboutValue({ keyword }) || same === at
  })
  throw document.error(first.map((error) => faultOf(error, document.value)))
}

/** Faults of one object's keys are told one by one, those of one value once. */
function isAboutValue({ keyword }: Pick<ErrorObject, 'keyword'>): boolean {
  return keyword !== 'required' && keyword !== 'additionalProperties'
}

interface Described {
  description?: string
  properties?: Record<string, Described>
}

function faultOf({ instancePath, keyword, params, parentSchema, data }: ErrorObject, root: unknown): SeedFault {
  const path = pathOf(instancePath, root)
  const { description = 'something else', properties = {} } = parentSchema as Described
  if (keyword === 'required') {
    const missing = String(params['missingProperty'])
    return { path, says: `lacks ${missing}: add it, ${properties[missing]?.description ?? 'it is required'}` }
  }
  if (keyword === 'additionalProperties') {
    const known = Object.keys(properties).join(', ')
    return {
      path: [...path, String(params['additionalProperty'])],
      says: `is not a key that is known here: ${known}`,
      atKey: true,
    }
  }
  return { path, says: `must be ${description}${unquoted(parentSchema as { type?: string }, data)}` }
}

/** The most frequent slip of YAML: digits without quotes are a number. */
function unquoted({ type }: { type?: string }, value: unknown): string {
  if (type !== 'string' || (typeof value !== 'number' && typeof value !== 'boolean')) return ''
  return `; without quotes it is a ${typeof value}`
}

/** The steps of a JSON pointer; digits are an index where a list is. */
function pathOf(pointer: string, root: unknown): SeedPath {
  const steps: (string | number)[] = []
  let value: unknown = root
  for (const text of pointer.split('/').slice(1)) {
    const key = text.replaceAll('~1', '/').replaceAll('~0', '~')
    const step = Array.isArray(value) ? Number(key) : key
    steps.push(step)
    value = (value as Record<string | number, unknown> | undefined)?.[step]
  }
  return steps
}

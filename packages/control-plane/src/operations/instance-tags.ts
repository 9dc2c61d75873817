import type { InstanceTag } from '@apsaramq/model'
import { Type } from '@sinclair/typebox'
import { ApiError } from '../api-error.ts'

/** Tags as JSON, for example `[{"key":"stage","value":"test"}]`. */
export const Tags = Type.String({ maxLength: 16 * 1024 })

/** Reads tags; an empty text has none. @throws {ApiError} InvalidParameter.Tags where they are not a list of keys and values */
export function parseTagFilter(text: string): InstanceTag[] {
  if (text === '') return []
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw notTags(`is not JSON: ${(error as Error).message}`)
  }
  if (Array.isArray(content) && content.every(isTag)) return content
  throw notTags('is not a list of objects, each with a key and a value')
}

function isTag(one: unknown): one is InstanceTag {
  if (typeof one !== 'object' || one === null) return false
  const { key, value } = one as Partial<Record<keyof InstanceTag, unknown>>
  return typeof key === 'string' && typeof value === 'string'
}

function notTags(why: string): ApiError {
  return new ApiError('InvalidParameter.%s', { detail: `Tags ${why}`, about: 'Tags' })
}
